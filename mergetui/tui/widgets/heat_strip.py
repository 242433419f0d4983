"""The strip beside the scroll bar that stands for a whole log."""

from collections.abc import Sequence
from typing import NamedTuple

from rich.segment import Segment
from rich.style import Style

from mergetui.tui.heat import rows_with


class Heat(NamedTuple):
    """Rows of the strip with something to go to; none for a log that fits the pane."""

    errors: frozenset[int] = frozenset()
    hits: frozenset[int] = frozenset()
    marks: frozenset[int] = frozenset()


def heat_of(
    errors: Sequence[int], hits: Sequence[int], marks: Sequence[int], *, total: int, height: int
) -> Heat:
    """Of a log of `total` lines beside a strip of `height` rows."""
    if not 0 < height < total:
        return Heat()
    return Heat(*(rows_with(lines, total=total, height=height) for lines in (errors, hits, marks)))


def heat_cell(heat: Heat, row: int, *, base: Style, mark: Style, error: Style) -> list[Segment]:
    """The strip's cell of a row; no cell while nothing is marked, found or wrong in the whole log."""
    if not any(heat):
        return []
    if row in heat.marks:
        return [Segment("●", base + mark)]
    if row in heat.errors:
        return [Segment("✗", base + error)]
    return [Segment("·" if row in heat.hits else " ", base)]
