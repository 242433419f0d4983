"""What happened, as JSON lines in a file that is only ever appended to."""

import errno
import os
import stat
import threading
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

import msgspec
from msgspec import Struct

from mergetui.adapters.durable import as_json, make_directory, sync_directory, telling
from mergetui.events import Event, LandingStarted, LeaseForced, LeaseGranted
from mergetui.model import FencingToken
from mergetui.ports import StoreError

_ANCHOR = 64


def last_token(events: Iterable[Event]) -> FencingToken:
    """The highest token that was handed out or used; 0 if none was."""
    tokens = (fact.token for fact in events if isinstance(fact, LeaseGranted | LeaseForced | LandingStarted))
    return max(tokens, default=0)


class FileJournal:
    """Keeps the promises of `Journal`; any number of processes may append to the same path."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._threads = threading.Lock()
        self._decoder: msgspec.json.Decoder[Event] = msgspec.json.Decoder(Event)
        self._read = _Read()

    def append(self, event: Event) -> None:
        line = as_json(event) + b"\n"
        make_directory(self._path.parent)
        is_new = not self._path.exists()
        descriptor = os.open(
            self._path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NONBLOCK, 0o600
        )
        try:
            with self._threads, telling(self._path):
                _append(descriptor, line)
        finally:
            os.close(descriptor)
        if is_new:
            sync_directory(self._path.parent)

    def read(self) -> Sequence[Event]:
        with self._threads, telling(self._path):
            self._read = self._read_on()
            return self._read.events

    def unreadable_lines(self) -> int:
        """How many whole lines `read` passes over: torn ones, and facts that this version does not know."""
        with self._threads, telling(self._path):
            self._read = self._read_on()
            return self._read.unreadable

    def _read_on(self) -> "_Read":
        try:
            with open(self._path, "rb", opener=_without_waiting) as file:
                if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                    raise StoreError(f"{self._path} is not a regular file: move it away")
                return _read_on(file, self._read, self._decoder)
        except FileNotFoundError:
            return _Read()


class _Read(Struct, frozen=True, kw_only=True):
    """How far a file was read, and what was in it."""

    inode: int = 0
    offset: int = 0
    """Bytes; the end of the last whole line."""
    anchor: bytes = b""
    """The bytes before the offset: they tell when a file was cut and grew again."""
    events: tuple[Event, ...] = ()
    unreadable: int = 0
    """Lines that hold no fact."""


def _without_waiting(path: str, flags: int) -> int:
    """A named pipe in the place of the journal would hang a plain open."""
    return os.open(path, flags | os.O_NONBLOCK | os.O_CLOEXEC)


def _append(descriptor: int, line: bytes) -> None:
    # A line of its own even after a torn one, which is thereby lost alone.
    whole = line if _ends_with_a_line(descriptor) else b"\n" + line
    if os.write(descriptor, whole) < len(whole):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    os.fsync(descriptor)


def _ends_with_a_line(descriptor: int) -> bool:
    size = os.fstat(descriptor).st_size
    return size == 0 or os.pread(descriptor, 1, size - 1) == b"\n"


def _read_on(file: BinaryIO, read: _Read, decoder: msgspec.json.Decoder[Event]) -> _Read:
    inode = os.fstat(file.fileno()).st_ino
    if inode != read.inode or _bytes_before(file, read.offset) != read.anchor:
        read = _Read(inode=inode)
    file.seek(read.offset)
    offset, added, unreadable = read.offset, list[Event](), read.unreadable
    for line in _whole_lines(file):
        offset += len(line)
        facts = _facts(line, decoder)
        added += facts
        unreadable += not facts
    if offset == read.offset:
        return read
    return _Read(
        inode=inode,
        offset=offset,
        anchor=_bytes_before(file, offset),
        events=(*read.events, *added),
        unreadable=unreadable,
    )


def _bytes_before(file: BinaryIO, offset: int) -> bytes:
    start = max(0, offset - _ANCHOR)
    file.seek(start)
    return file.read(offset - start)


def _whole_lines(file: BinaryIO) -> Iterator[bytes]:
    return (line for line in file if line.endswith(b"\n"))


def _facts(line: bytes, decoder: msgspec.json.Decoder[Event]) -> list[Event]:
    """The fact of a line; none if it cannot be read."""
    try:
        return [decoder.decode(line)]
    except (ValueError, RecursionError):
        return []
