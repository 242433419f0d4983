"""Where the lines of a growing file start, and which of them tell of an error."""

import re
from array import array
from bisect import bisect_left, bisect_right

from mergetui.tui.log_errors import error_spots

OPEN_CAP = 4_096
"""Bytes of an unfinished line that are remembered to recognise an error in it."""

_NEWLINE = re.compile(rb"\n")


class Starts:
    """The byte offset of every `2 ** shift`-th line: all of them until there are more than `cap`."""

    def __init__(self, offsets: "array[int]", shift: int = 0) -> None:
        self.offsets = offsets
        self.shift = shift

    def extend(self, offsets: list[int], first_line: int) -> None:
        """Add the starts of the lines from number `first_line` on."""
        step = 1 << self.shift
        self.offsets.extend(offsets[-first_line % step :: step])

    def thinned(self) -> "Starts":
        return Starts(self.offsets[::2], self.shift + 1)

    def before_line(self, number: int) -> tuple[int, int]:
        """An offset at or before the start of the line, and how many newlines lie between."""
        return self.offsets[number >> self.shift], number & ((1 << self.shift) - 1)

    def before_offset(self, offset: int) -> tuple[int, int]:
        """The last line known to start at or before `offset`: its offset and its number."""
        at = bisect_right(self.offsets, offset) - 1
        return self.offsets[at], at << self.shift


class LineIndex:
    """Fed by one thread, chunk after chunk; read by any other.

    What readers may touch is published last, so that a line below `count` can always be found. Memory is
    bounded by `cap` offsets (8 bytes each), however short the lines of a hostile file are.
    """

    def __init__(self, cap: int = 2_097_152) -> None:
        self.starts = Starts(array("Q", [0]))
        self.errors = array("Q")
        self.head = b""
        """The first bytes of the file: another file in its place is known by them."""
        self.size = 0
        self.newlines = 0
        self.count = 0
        """Lines, an unfinished last one included."""
        self._cap = cap
        self._open = b""

    def add(self, chunk: bytes) -> None:
        """Take in the bytes that follow those already seen."""
        starts = [self.size + found.end() for found in _NEWLINE.finditer(chunk)]
        self._note_errors(chunk, starts)
        self.starts.extend(starts, self.newlines + 1)
        while len(self.starts.offsets) > self._cap:
            self.starts = self.starts.thinned()
        self.head = self.head or chunk[:64]
        self._open = (chunk[chunk.rfind(b"\n") + 1 :] if starts else self._open + chunk)[:OPEN_CAP]
        # A reader that takes `size` before `newlines` never sees a line reach beyond its newline.
        self.newlines += len(starts)
        self.size += len(chunk)
        self.count = self.newlines + bool(self._open)

    def is_error(self, line: int) -> bool:
        at = bisect_left(self.errors, line)
        return at < len(self.errors) and self.errors[at] == line

    def error_after(self, line: int) -> int | None:
        """The next error line below `line`, or else the first of all."""
        if not self.errors:
            return None
        at = bisect_right(self.errors, line)
        return self.errors[at % len(self.errors)]

    def _note_errors(self, chunk: bytes, starts: list[int]) -> None:
        text = b"\n" + self._open + chunk
        origin = self.size - len(self._open) - 1
        lines = {self.newlines + bisect_right(starts, origin + spot) for spot in error_spots(text)}
        room = self._cap - len(self.errors)
        last = self.errors[-1] if self.errors else -1
        self.errors.extend(sorted(line for line in lines if line > last)[:room])
