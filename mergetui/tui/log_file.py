"""One growing log file, followed by a thread of its own and read line by line."""

import os
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from threading import Event, Thread
from typing import NamedTuple

from mergetui.cleaning import redact
from mergetui.masking import LONGEST, Mask
from mergetui.tui.line_index import LineIndex

CHUNK = 262_144
"""Bytes read at a time: what bounds memory, and how long a scan keeps the other threads waiting."""
BLOCK = 16_384
"""Lines are read in twos of this many bytes."""
LINE_CAP = 4_000
WHOLE_CAP = 1_048_576
ELLIPSIS = "…"
_BREATH = 0.0005


class Spot(NamedTuple):
    """How far a scan has come: the bytes and the lines before it, in one incarnation of the file."""

    incarnation: int = 0
    offset: int = 0
    line: int = 0


class LogFile:
    """The lines of a file that may not exist yet, grow, be truncated or be replaced.

    The file is opened anew for every read: nothing is kept open that a cleanup or a replacement could hurt.
    A file that cannot be read has no lines. What is secret by `mask` is neither read out nor found.
    """

    def __init__(
        self,
        path: Path,
        *,
        mask: Mask = redact,
        poll: float = 0.05,
        beside: Callable[[], object] = lambda: None,
    ) -> None:
        """`beside` is called on the thread that follows the file, at every look; it raises nothing."""
        self.path = path
        self._beside = beside
        self._mask = mask
        self.generation = 0
        """Grows with everything that was seen: what a screen compares to know that it is out of date."""
        self.incarnation = 0
        """Grows when the file started anew: lines known before are gone."""
        self._index = LineIndex()
        self._block = (self._index, 0, b"")
        self._identity: tuple[int, int] | None = None
        self._poll = poll
        self._closing = Event()
        self._reader = Thread(target=self._follow, name="log-reader", daemon=True)
        self._reader.start()

    @property
    def count(self) -> int:
        """Lines seen so far, an unfinished last one included."""
        return self._index.count

    @property
    def size(self) -> int:
        """Bytes seen so far."""
        return self._index.size

    @property
    def errors(self) -> Sequence[int]:
        """The numbers of the error lines, ascending; grows as they are found."""
        return self._index.errors

    def is_error(self, number: int) -> bool:
        return self._index.is_error(number)

    def error_after(self, number: int) -> int | None:
        """The next error line below `number`, or else the first of all; None if there is none."""
        return self._index.error_after(number)

    def is_complete(self, number: int) -> bool:
        """The line has its newline, so it will not change any more."""
        return number < self._index.newlines

    def line(self, number: int) -> str:
        """The line as it was written but for secrets, about `LINE_CAP` bytes; empty if it cannot be read.

        Of a longer line that rewrites itself with carriage returns it is the end that counts.
        """
        text = self._read(number, LINE_CAP)
        return self._last_rewrite(number, text) if text.endswith(ELLIPSIS) and "\r" in text else text

    def whole(self, number: int) -> str:
        """The line, at most `WHOLE_CAP` bytes of it."""
        return self._read(number, WHOLE_CAP)

    def find(self, text: str, start: int, *, forward: bool, cancelled: Event | None = None) -> int | None:
        """The first line from `start` on that holds `text`, downwards or upwards; None also if cancelled.

        Upper and lower case are the same unless `text` has upper case. Scans the file: not for the UI thread.
        """
        needle = _needle(text)
        index = self._index
        if not text or not 0 <= start < index.count:
            return None
        windows = self._downwards(index, start) if forward else self._upwards(index, start)
        for low, high in windows:
            if self._closing.is_set() or (cancelled is not None and cancelled.is_set()):
                return None
            found = needle.finditer(self._bytes(low, high - low + 4 * len(text)))
            hits = [(low + hit.start(), low + hit.end()) for hit in found if low + hit.start() < high]
            open_hits = (
                start for start, end in (hits if forward else reversed(hits)) if self._is_open(start, end)
            )
            if (at := next(open_hits, None)) is not None:
                return self._number_at(index, at)
        return None

    def hits_from(self, text: str, spot: Spot, *, gap: int = 1) -> tuple[list[int], Spot]:
        """The lines in the chunk at `spot` that hold `text`, `gap` lines apart at least, and where to go on.

        Only complete lines are looked at. The spot stays as it is when there is no more for now.
        """
        if spot.incarnation != self.incarnation:
            return [], Spot(self.incarnation)
        piece = self._bytes(spot.offset, min(CHUNK, self._index.size - spot.offset))
        end = piece.rfind(b"\n") + 1 or (CHUNK if len(piece) == CHUNK else 0)
        piece, seen, line, found = piece[:end], 0, spot.line, list[int]()
        for hit in _needle(text).finditer(piece):
            line += piece.count(b"\n", seen, hit.start())
            seen = hit.start()
            far = not found or line - found[-1] >= gap
            if far and self._is_open(spot.offset + hit.start(), spot.offset + hit.end()):
                found.append(line)
        return found, Spot(spot.incarnation, spot.offset + end, spot.line + piece.count(b"\n"))

    def close(self) -> None:
        """Stop following, at once."""
        self._closing.set()

    def _follow(self) -> None:
        while not self._closing.is_set():
            caught_up = self._read_on()
            self._beside()
            # Also of a file without a line it is known by now that it has none.
            self.generation = max(self.generation, 1)
            self._closing.wait(self._poll if caught_up else _BREATH)

    def _read_on(self) -> bool:
        """Take in one chunk more; True when there is no more for now."""
        try:
            file = os.open(self.path, os.O_RDONLY)
        except OSError:
            self._start_anew(None)
            return True
        try:
            return self._take(file)
        except OSError:
            return True
        finally:
            os.close(file)

    def _take(self, file: int) -> bool:
        state = os.fstat(file)
        identity = (state.st_dev, state.st_ino)
        head = self._index.head
        same = identity == self._identity and state.st_size >= self._index.size
        # An inode number is used again soon after its file is gone, so the first bytes are compared as well.
        if not same or os.pread(file, len(head), 0) != head:
            self._start_anew(identity)
        chunk = os.pread(file, CHUNK, self._index.size)
        if chunk:
            self._index.add(chunk)
            self.generation += 1
        return len(chunk) < CHUNK

    def _start_anew(self, identity: tuple[int, int] | None) -> None:
        self._identity = identity
        if self._index.size:
            self._index = LineIndex()
            self.incarnation += 1
            self.generation += 1

    def _read(self, number: int, cap: int) -> str:
        index = self._index
        start, end = self._span(index, number)
        # More than is shown: a secret that goes on beyond the cap is known by its end.
        raw = self._near(index, start, min(end - start, cap + LONGEST if end - start > cap else cap))
        text = raw.decode(errors="replace")
        if end - start <= cap:
            return self._mask(text)
        shown = self._mask.cut(text, len(raw[:cap].decode(errors="ignore")))
        return self._mask(text[:shown]).rstrip("\ufffd") + ELLIPSIS

    def _near(self, index: LineIndex, offset: int, length: int) -> bytes:
        """As `_bytes`, but the bytes around are kept: the lines of one screen cost one read, not one each."""
        known, first, block = self._block
        if known is not index or not first <= offset <= offset + length <= first + len(block):
            first = offset - offset % BLOCK
            block = self._bytes(first, min(offset - first + max(length, 2 * BLOCK), index.size - first))
            self._block = (index, first, block)
        return block[offset - first : offset - first + length]

    def _last_rewrite(self, number: int, head: str) -> str:
        start, end = self._span(self._index, number)
        raw = self._bytes(max(start, end - LINE_CAP), LINE_CAP)[: end - start]
        tail = self._mask(raw.decode(errors="replace"))
        return tail.partition("\r")[2] if "\r" in tail.rstrip("\r") else head

    def _is_open(self, start: int, end: int) -> bool:
        """Nothing secret is in the bytes from `start` to `end`, as far as their line tells."""
        first = max(start - LONGEST, 0)
        around = self._bytes(first, end + LONGEST - first)
        begin = around.rfind(b"\n", 0, start - first) + 1
        line = around[begin:].partition(b"\n")[0].decode(errors="replace")
        low, high = (len(around[begin : at - first].decode(errors="replace")) for at in (start, end))
        return all(high <= secret or low >= past for secret, past in self._mask.spans(line))

    def _span(self, index: LineIndex, number: int) -> tuple[int, int]:
        """Where the line starts, and where its newline or the file's end is."""
        if not 0 <= number < index.count:
            return 0, 0
        size = index.size
        end = self._start(index, number + 1) - 1 if number < index.newlines else size
        return self._start(index, number), end

    def _start(self, index: LineIndex, number: int) -> int:
        offset, skip = index.starts.before_line(number)
        while skip:
            piece = self._bytes(offset, 32_768)
            ends = [found.end() for found in re.finditer(b"\n", piece)][:skip]
            if not piece:
                return offset
            skip -= len(ends)
            offset += len(piece) if skip else ends[-1]
        return offset

    def _number_at(self, index: LineIndex, offset: int) -> int:
        known, number = index.starts.before_offset(offset)
        while index.starts.shift and known < offset:
            piece = self._bytes(known, min(CHUNK, offset - known))
            number += piece.count(b"\n")
            known += len(piece) or offset
        return number

    def _downwards(self, index: LineIndex, start: int) -> Iterator[tuple[int, int]]:
        for low in range(self._span(index, start)[0], index.size, CHUNK):
            yield low, min(low + CHUNK, index.size)

    def _upwards(self, index: LineIndex, start: int) -> Iterator[tuple[int, int]]:
        for high in range(self._span(index, start)[1], 0, -CHUNK):
            yield max(high - CHUNK, 0), high

    def _bytes(self, offset: int, length: int) -> bytes:
        try:
            file = os.open(self.path, os.O_RDONLY)
        except OSError:
            return b""
        try:
            return os.pread(file, length, offset)
        except OSError:
            return b""
        finally:
            os.close(file)


def _needle(text: str) -> re.Pattern[bytes]:
    return re.compile(re.escape(text.encode(errors="replace")), re.IGNORECASE if text == text.lower() else 0)
