"""Deliveries on disk: one file each, there before the forge has its answer, and gone over when they are done.

`waiting/` has what is to be done, `done/` the empty files of the last that were; a file's name is the number
of its arrival and the digest of the delivery's id, so that what was delivered is known from the names alone.
"""

import os
import re
import threading
from collections import deque
from contextlib import suppress
from pathlib import Path

import msgspec
from msgspec import Struct

from mergetui.adapters.durable import as_json, make_directory, sync_directory
from mergetui.adapters.occupancy import DirectoryLock
from mergetui.webhooks.deeds import Delivery

REMEMBERED = 10_000
"""Deliveries that are done and still known, so that the same one again does nothing."""


_NAME = re.compile(r"[0-9]{16}-[0-9a-f]{64}")


class Spooled(Struct, frozen=True):
    name: str
    delivery: Delivery


class Spool:
    """One per process: whoever has opened the directory is alone with it until it ends."""

    def __init__(self, directory: Path, *, remembered: int = REMEMBERED) -> None:
        self.directory = directory
        self._waiting = directory / "waiting"
        self._done = directory / "done"
        self._remembered = remembered
        self._lock = threading.Lock()
        self._occupancy = DirectoryLock(directory)
        self._known: set[str] = set()
        self._over: deque[str] = deque()
        self._arrivals = 0

    def open(self) -> list[Spooled] | None:
        """What is to be done, oldest first; None while another process has the directory."""
        if not self._occupancy.take():
            return None
        for directory in (self._waiting, self._done):
            make_directory(directory)
        for unfinished in self.directory.glob("*.new"):
            unfinished.unlink()
        waiting, over = _names(self._waiting), _names(self._done)
        self._over.extend(over)
        self._known.update(name.partition("-")[2] for name in (*waiting, *over))
        self._arrivals = max((int(name.partition("-")[0]) for name in (*waiting, *over)), default=0)
        return [spooled for name in waiting if (spooled := self._read(name)) is not None]

    def close(self) -> None:
        self._occupancy.leave()

    def knows(self, delivery: Delivery) -> bool:
        with self._lock:
            return delivery.key in self._known

    def keep(self, delivery: Delivery) -> Spooled | None:
        """On disk when it returns; None when it was there before. OSError: it is not kept."""
        unfinished = self.directory / f"{delivery.key}-{threading.get_ident()}.new"
        _write(unfinished, as_json(delivery))
        try:
            with self._lock:
                if delivery.key in self._known:
                    return None
                name = f"{self._arrivals + 1:016d}-{delivery.key}"
                unfinished.rename(self._waiting / name)
                self._arrivals += 1
                self._known.add(delivery.key)
                sync_directory(self._waiting)
                return Spooled(name, delivery)
        finally:
            unfinished.unlink(missing_ok=True)

    def settle(self, spooled: Spooled) -> None:
        """It is done, and stays known for a while."""
        with self._lock:
            settled = self._done / spooled.name
            # Not there: an earlier try came as far as this.
            with suppress(FileNotFoundError):
                (self._waiting / spooled.name).rename(settled)
            os.truncate(settled, 0)
            self._over.append(spooled.name)
            while len(self._over) > self._remembered:
                self._forget(self._over.popleft())

    def _forget(self, name: str) -> None:
        (self._done / name).unlink(missing_ok=True)
        self._known.discard(name.partition("-")[2])

    def _read(self, name: str) -> Spooled | None:
        """None for what a damaged disk has left: it is kept aside, and known."""
        path = self._waiting / name
        try:
            return Spooled(name, msgspec.json.decode(path.read_bytes(), type=Delivery))
        except msgspec.MsgspecError:
            path.rename(self.directory / f"{name}.damaged")
            return None


def _names(directory: Path) -> list[str]:
    """In the order of their arrival."""
    return sorted(path.name for path in directory.iterdir() if _NAME.fullmatch(path.name))


def _write(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(descriptor)
