"""Marked lines, ascending."""

from bisect import bisect_right
from collections.abc import Sequence


def toggled(marks: Sequence[int], line: int) -> list[int]:
    """With the line, or without it if it was marked."""
    return sorted({*marks} ^ {line})


def mark_after(marks: Sequence[int], line: int) -> int | None:
    """The next one below `line`, or else the first of all; None if there is none."""
    return marks[bisect_right(marks, line) % len(marks)] if marks else None
