"""Statuses on their way to a forge: a file per commit, the newest word on it alone.

`COMMIT.json` is what is to be told next. Whoever sends renames it to `COMMIT.sending` first: what is put in
meanwhile is another file, and a process that is killed while it sends leaves the status to the next one.
"""

import os
import re
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

import msgspec
from msgspec import Struct

from mergetui.adapters.durable import as_json, make_directory, sync_directory, telling
from mergetui.adapters.occupancy import DirectoryLock
from mergetui.model import Instant, Oid
from mergetui.statuses import Status

S = TypeVar("S", bound=Struct)

MOST = 1_000
"""Files of one spool; the oldest give way."""

_LARGEST = 100_000
_COMMIT = re.compile(r"[0-9a-f]{4,64}")


class Refusal(Struct, frozen=True, kw_only=True):
    """The forge's latest no, until it takes one again."""

    at: Instant
    commit: Oid
    why: str


class Spool:
    """The statuses of one repository; any process may put one in, one at a time sends."""

    def __init__(self, directory: Path, *, most: int = MOST) -> None:
        self._directory = directory
        self._most = most
        self._lock = DirectoryLock(directory)

    def put(self, status: Status) -> None:
        """Durable when this returns, in the place of any other on that commit. May raise OSError."""
        if _COMMIT.fullmatch(status.commit):
            make_directory(self._directory)
            self._write(f"{status.commit}.json", status)
            self._make_room()

    def waiting(self) -> tuple[Oid, ...]:
        """The commits of which something is still to be told, oldest first."""
        found = (path.stem for path in self._files() if path.suffix in (".json", ".sending"))
        return tuple(commit for commit in dict.fromkeys(found) if _COMMIT.fullmatch(commit))

    def begin(self) -> bool:
        """Become who sends, among all processes; False when another one does."""
        return self._directory.is_dir() and self._lock.take()

    def leave(self) -> None:
        self._lock.leave()

    def claim(self, commit: Oid) -> Status | None:
        """The newest word on the commit; it stays here until it is `done`. None: it cannot be read."""
        claimed = self._directory / f"{commit}.sending"
        with suppress(FileNotFoundError):
            claimed.with_suffix(".json").rename(claimed)
        status = _read(claimed, Status)
        if status is None:
            self.done(commit)
        return status

    def done(self, commit: Oid) -> None:
        """What was claimed has been told, or is given up."""
        (self._directory / f"{commit}.sending").unlink(missing_ok=True)

    def refusal(self) -> Refusal | None:
        return _read(self._refused, Refusal)

    def note(self, refusal: Refusal | None) -> None:
        """The forge's latest no; None: it takes statuses. May raise OSError."""
        if refusal is not None:
            self._write(self._refused.name, refusal)
        else:
            self._refused.unlink(missing_ok=True)

    @property
    def _refused(self) -> Path:
        return self._directory / "refused"

    def _write(self, name: str, value: Struct) -> None:
        # mkstemp(3) makes it for nobody but the user.
        descriptor, temporary = tempfile.mkstemp(prefix=f"{name}.", suffix=".tmp", dir=self._directory)
        try:
            with telling(self._directory / name), os.fdopen(descriptor, "wb") as file:
                file.write(as_json(value))
                file.flush()
                os.fsync(descriptor)
            Path(temporary).rename(self._directory / name)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
        sync_directory(self._directory)

    def _make_room(self) -> None:
        """Also of what writers that were killed left half done."""
        files = self._files()
        for path in files[: max(len(files) - self._most, 0)]:
            path.unlink(missing_ok=True)

    def _files(self) -> list[Path]:
        """Oldest first."""
        try:
            found = [(_age(path), path) for path in self._directory.iterdir()]
        except FileNotFoundError:
            return []
        return [path for _, path in sorted(found)]


def _age(path: Path) -> int:
    """When it was written; 0 for what is gone again."""
    try:
        return path.stat().st_mtime_ns
    except FileNotFoundError:
        return 0


def _read(path: Path, kind: type[S]) -> S | None:
    """None for what is not there, and for what is no such thing."""
    try:
        if not path.is_file() or path.stat().st_size > _LARGEST:
            return None
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except (FileNotFoundError, ValueError):
        return None
