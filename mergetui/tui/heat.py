"""A whole log beside its scroll bar: which rows of the strip stand for lines of a kind."""

from bisect import bisect_left
from collections.abc import Sequence


def rows_with(lines: Sequence[int], *, total: int, height: int) -> frozenset[int]:
    """The rows of a strip of `height` on which some of the ascending `lines` of `total` fall.

    Costs as much as the strip is high, however long the log is.
    """
    rows = min(height, total)
    edges = [bisect_left(lines, -(-row * total // rows)) for row in range(rows + 1)]
    return frozenset(row for row in range(rows) if edges[row] < edges[row + 1])
