"""The positive control: a lease as it is usually done, a lock file with an age."""

import json
import time
from pathlib import Path

_TTL = 600.0
"""Seconds; a file that is older, or that cannot be read, is taken over."""


class LockFile:
    """Created, then written; overwritten when it is stale; unlinked on release, whoever holds it."""

    def __init__(self, directory: Path, number: int) -> None:
        self._path = directory / "lock.json"
        self._number = number

    def take(self) -> int | None:
        try:
            self._path.open("x").close()
        except FileExistsError:
            return self._write(time.monotonic()) if self._is_stale() else None
        return self._write(time.monotonic())

    def holds(self) -> bool:
        return self._read().get("owner") == self._number

    def renew(self) -> bool:
        if not self.holds():
            return False
        self._write(time.monotonic())
        return True

    def give_back(self) -> None:
        self._path.unlink(missing_ok=True)

    def leave_a_dead_holder(self) -> None:
        self._write(time.monotonic() - 2 * _TTL)

    def force(self) -> None:
        self._path.unlink(missing_ok=True)

    def _write(self, at: float) -> int:
        self._path.write_text(json.dumps({"owner": self._number, "at": at}))
        return time.monotonic_ns()

    def _is_stale(self) -> bool:
        return time.monotonic() - self._read().get("at", 0.0) > _TTL

    def _read(self) -> dict[str, float]:
        """Nothing, if it is gone or half written."""
        try:
            read: dict[str, float] = json.loads(self._path.read_text())
        except (OSError, ValueError):
            return {}
        return read
