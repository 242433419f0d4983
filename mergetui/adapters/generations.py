"""The file under TinyDB: a checksummed generation, and the one before it as `<file>.prev`.

A file is never changed, only replaced, so readers need no lock; writers hold one (see tinydb_store).
"""

import fcntl
import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any, TypeAlias

import msgspec
from msgspec import Struct
from tinydb.storages import Storage

from mergetui.adapters.durable import sync_directory, telling
from mergetui.adapters.sealing import SCHEMA, Tables, is_foreign, pack, unseal
from mergetui.ports import StoreError

LARGEST = 256 * 2**20
"""Bytes of a file that is still read, and written."""

Stamp: TypeAlias = tuple[int, int, int]
"""Modification time in ns, inode, size."""

NOWHERE: Stamp = (0, 0, 0)
"""The stamp of a file that is missing."""


class Loaded(Struct, frozen=True, kw_only=True):
    """What can be used of a file and its previous generation."""

    tables: Tables
    generation: int
    stamp: Stamp
    """Of the file itself, also when it is the previous generation that is served."""
    damage: str | None = None
    """What is wrong with the file, so that the previous generation is served."""


class SupersededError(StoreError):
    """Somebody replaced the file since it was loaded; nothing was stored."""


class GenerationStorage(Storage):
    """TinyDB works on the loaded tables in memory; only `commit` writes, all of it or nothing."""

    def __init__(self, path: Path) -> None:
        self.loaded = load(path)
        self._path = path
        self._tables = self.loaded.tables
        self._is_dirty = False

    def read(self) -> Tables:
        return self._tables

    def write(self, data: Tables) -> None:
        self._tables = data
        self._is_dirty = True

    def commit(self) -> None:
        """One new generation, durable when this returns; none if nothing was written to the tables.

        May raise SupersededError, StoreError, OSError; the file is then what it was.
        """
        if self._is_dirty:
            save(self._path, self._tables, after=self.loaded)


def stamp_of(path: Path) -> Stamp:
    """Differs for any two generations of the file; costs a stat."""
    try:
        return _stamp(path.stat())
    except FileNotFoundError:
        return NOWHERE


def previous_of(path: Path) -> Path:
    return path.with_name(f"{path.name}.prev")


def damaged_of(path: Path) -> list[Path]:
    """The files that were set aside, none of which is ever deleted here."""
    return sorted(path.parent.glob(f"{path.name}.damaged-*"))


def load(path: Path, *, row: Any = Any) -> Loaded:
    """The tables of the file, or of its previous generation if the file is damaged or gone.

    `row` is what a row is taken for: whatever it holds, or `msgspec.Raw` for one that is left as it stands.
    Empty when there is neither. StoreError if neither can be used, or one is not ours to touch.
    """
    current = _examine(path, row)
    if isinstance(current, Loaded):
        return current
    previous = _examine(previous_of(path), row)
    if isinstance(previous, Loaded):
        return msgspec.structs.replace(previous, stamp=current.stamp, damage=current.fault)
    if current.stamp == previous.stamp == NOWHERE:
        return Loaded(tables={}, generation=0, stamp=NOWHERE)
    raise StoreError(
        f"{path} {current.fault}, and {previous_of(path).name} {previous.fault}: "
        f"put a good copy in its place, or move both away to start with an empty queue"
    )


def save(path: Path, tables: Tables, *, after: Loaded, largest: int = LARGEST) -> None:
    """Replace the loaded generation by the next one; may raise SupersededError, StoreError, OSError."""
    content = pack(tables, generation=after.generation + 1)
    if len(content) > largest:
        raise StoreError(f"{path} would take {len(content)} bytes, {largest} are allowed: dequeue something")
    _sweep(path)
    temporary = _write_beside(path, content, newer_than=after.stamp[0])
    try:
        _replace(path, temporary, after)
    except (FileNotFoundError, FileExistsError, BlockingIOError) as error:
        raise _superseded(path) from error
    finally:
        temporary.unlink(missing_ok=True)
    sync_directory(path.parent)


class _Unusable(Struct, frozen=True):
    fault: str
    stamp: Stamp


def _examine(path: Path, row: Any) -> Loaded | _Unusable:
    try:
        raw, stamp = _read(path)
    except FileNotFoundError:
        return _Unusable("is missing", NOWHERE)
    sealed = unseal(raw, row=row)
    if sealed is None:
        return _Unusable(_fault(path, raw), stamp)
    if sealed.schema > SCHEMA:
        raise StoreError(
            f"{path} was written by a newer mergetui (schema {sealed.schema}, this one knows {SCHEMA}): "
            f"use that version, or move the file away"
        )
    if sealed.tables is None:
        return _Unusable("has a body that is not tables of rows", stamp)
    return Loaded(tables=sealed.tables, generation=sealed.generation, stamp=stamp)


def _read(path: Path) -> tuple[bytes, Stamp]:
    # O_NONBLOCK: a named pipe in the place of the file would hang the open.
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise StoreError(f"{path} is not a regular file: move it away")
        if status.st_size > LARGEST:
            raise StoreError(f"{path} has {status.st_size} bytes, {LARGEST} are allowed: move it away")
        with telling(path), os.fdopen(descriptor, "rb", closefd=False) as file:
            return file.read(), _stamp(status)
    finally:
        os.close(descriptor)


def _fault(path: Path, raw: bytes) -> str:
    if not raw.strip(b"\0"):
        return f"is damaged ({len(raw)} bytes, all of them zero)" if raw else "is damaged (it is empty)"
    if is_foreign(raw):
        raise StoreError(f"{path} was not written by mergetui and is left alone: move it away")
    return "is damaged (its checksum does not match)"


def _stamp(status: os.stat_result) -> Stamp:
    return status.st_mtime_ns, status.st_ino, status.st_size


def _superseded(path: Path) -> SupersededError:
    return SupersededError(
        f"{path} was replaced past its lock and nothing was stored: see who else writes there"
    )


def _sweep(path: Path) -> None:
    """What writers that were killed left half done."""
    for left in path.parent.glob(f"{path.name}.*.tmp"):
        left.unlink(missing_ok=True)


def _write_beside(path: Path, content: bytes, *, newer_than: int) -> Path:
    descriptor, name = tempfile.mkstemp(prefix=f"{path.name}.", suffix=".tmp", dir=path.parent)
    try:
        with telling(path), os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            _make_newer(descriptor, newer_than)
            os.fsync(descriptor)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return Path(name)


def _make_newer(descriptor: int, than: int) -> None:
    # Inodes come back and file clocks tick in ms: without this two generations could have the same stamp.
    if os.fstat(descriptor).st_mtime_ns <= than:
        os.utime(descriptor, ns=(than + 1, than + 1))


def _replace(path: Path, temporary: Path, after: Loaded) -> None:
    if after.stamp == NOWHERE:
        path.hardlink_to(temporary)
        return
    with _claimed(path, after.stamp):
        if after.damage is None:
            _keep_as_previous(path)
            temporary.rename(path)
        else:
            path.rename(_next_damaged(path))
            path.hardlink_to(temporary)


@contextmanager
def _claimed(path: Path, stamp: Stamp) -> Iterator[None]:
    """Only one process can replace the generation that has `stamp`."""
    # The lock file can be deleted under its holder and then be held twice; this inode cannot, for whoever
    # locks it later finds another one at the path.
    with path.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if stamp_of(path) != stamp:
            raise _superseded(path)
        yield


def _keep_as_previous(path: Path) -> None:
    link = path.with_name(f"{path.name}.prev.tmp")
    link.hardlink_to(path)
    link.rename(previous_of(path))
    # rename(2) leaves both names when they are one file already, as after a kill right here.
    link.unlink(missing_ok=True)


def _next_damaged(path: Path) -> Path:
    names = (path.with_name(f"{path.name}.damaged-{number}") for number in count(1))
    return next(name for name in names if not name.exists())
