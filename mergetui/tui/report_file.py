"""A retest's report log, read where the retest writes it: below a checkout that belongs to what is tested.

Links, pipes, lines without an end, files of an earlier retest: whatever lies there, it costs no more than its
reading, and leads nowhere else.
"""

import os
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from mergetui.model import Instant
from mergetui.tui.report_log import Tally, collected_in

CHUNK = 262_144
"""Bytes read at a time."""
MOST = 64_000_000
"""Bytes of a report log that are read; a longer one tells nothing from there on."""
LINE_MOST = 1_000_000
_START = 65_536
"""Bytes of the output in which pytest says how many tests there are."""
_EVERY = 0.2
"""Seconds between two looks."""


class ReportFile:
    """`inner` is a path below `checkout`. A file that was last written before `since` is an earlier retest's.

    `look` may block as a disk does, and raises nothing; one thread calls it, any other asks for `percent`.
    """

    def __init__(self, checkout: Path, inner: str, *, since: Instant, log: Path) -> None:
        self._checkout = checkout
        self._parts = PurePosixPath(inner).parts
        self._since = since.timestamp()
        self._log = log
        self._due = 0.0
        self._collected: int | None = None
        self._read = _Read()
        self.percent: int | None = None
        """Of the tests that were collected, those that have ended; None while that is not known."""

    def look(self) -> None:
        """Take in what has been written meanwhile."""
        if time.monotonic() < self._due:
            return
        try:
            with _opened(self._checkout, self._parts) as file:
                caught_up = self._take(file)
        except OSError:
            caught_up = True
        self._due = time.monotonic() + _EVERY if caught_up else 0.0

    def _take(self, file: int) -> bool:
        """One chunk; True when there is no more for now."""
        state = os.fstat(file)
        if not stat.S_ISREG(state.st_mode) or state.st_mtime < self._since:
            return True
        identity, read = (state.st_dev, state.st_ino), self._read
        if identity != read.identity or state.st_size < read.offset:
            read = self._read = _Read(identity)
            self.percent = None
        chunk = os.pread(file, min(CHUNK, MOST - read.offset), read.offset)
        read.take(chunk)
        if read.offset >= MOST:
            self.percent = None
        elif chunk:
            self.percent = read.tally.percent(self._known_from_output())
        return len(chunk) < CHUNK

    def _known_from_output(self) -> int | None:
        if self._collected is None and not self._read.tally.collected:
            with self._log.open("rb") as output:
                self._collected = collected_in(output.read(_START).decode(errors="replace"))
        return self._collected


class _Read:
    """One file, as far as it was read."""

    def __init__(self, identity: tuple[int, int] | None = None) -> None:
        self.identity = identity
        self.offset = 0
        self.tally = Tally()
        self._rest = b""
        self._is_too_long = False

    def take(self, chunk: bytes) -> None:
        self.offset += len(chunk)
        *whole, self._rest = (self._rest + chunk).split(b"\n")
        for line in whole:
            if not self._is_too_long:
                self.tally.add(line)
            self._is_too_long = False
        if len(self._rest) > LINE_MOST:
            self._rest, self._is_too_long = b"", True


@contextmanager
def _opened(directory: Path, parts: tuple[str, ...]) -> Iterator[int]:
    """The file, reached without following a link or waiting for a pipe; OSError where that cannot be."""
    at = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        for part in parts[:-1]:
            inner = os.open(part, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=at)
            os.close(at)
            at = inner
        file = os.open(parts[-1], os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=at)
    finally:
        os.close(at)
    try:
        yield file
    finally:
        os.close(file)
