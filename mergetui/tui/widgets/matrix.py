"""A table of pairs with a cursor: a row per branch, a column for the target and one per branch."""

from collections.abc import Callable, Sequence
from typing import ClassVar

from msgspec import Struct
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import BindingType
from textual.geometry import Region
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from mergetui.tui.key_table import bind
from mergetui.tui.widgets.cells import fit
from mergetui.tui.widgets.strips import centred
from mergetui.tui.wording import Badge

_CELL = 4
"""Cells of a column, ` ✓  ` under ` 12 `."""
_NAME = (18, 40)
"""The fewest and the most cells for the name of a row."""

_TONES = ("cursor", "good", "bad", "faint", "here")


class Grid(Struct, frozen=True):
    target: str
    """Clean, as are the names."""
    keys: tuple[str, ...]
    names: tuple[str, ...]
    """By the same places as `keys`."""


Spot = tuple[str, str | None]
"""The key of a row, and that of a column; None is the target's."""


class Matrix(ScrollView, can_focus=True, inherit_bindings=False):
    """Only what is on the screen is painted. The cursor stays on its pair, whatever is put in around it."""

    ALLOW_SELECT = False
    COMPONENT_CLASSES: ClassVar[set[str]] = {f"matrix--{tone}" for tone in _TONES}
    DEFAULT_CSS = """
    Matrix {
        overflow: hidden;
        & > .matrix--cursor { background: $block-cursor-background; text-style: bold; }
        &:ansi > .matrix--cursor { background: ansi_default; text-style: reverse; }
        & > .matrix--good { color: $text-success; }
        & > .matrix--bad { color: $text-error; text-style: bold; }
        & > .matrix--faint { color: $text-muted; }
        & > .matrix--here { color: $text-primary; text-style: bold; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        bind("matrix.down", "move(1, 0)", "down"),
        bind("matrix.up", "move(-1, 0)", "up"),
        bind("matrix.right", "move(0, 1)", "right"),
        bind("matrix.left", "move(0, -1)", "left"),
        bind("matrix.half-down", "leaf(0.5)", "half a page down"),
        bind("matrix.half-up", "leaf(-0.5)", "half a page up"),
        bind("matrix.page-down", "leaf(1.0)", "page down"),
        bind("matrix.page-up", "leaf(-1.0)", "page up"),
        bind("matrix.first", "move(-9999, 0)", "first"),
        bind("matrix.last", "move(9999, 0)", "last"),
        bind("matrix.target", "move(0, -9999)", "the target's column"),
        bind("matrix.last-column", "move(0, 9999)", "last column"),
        bind("matrix.open", "open", "all paths"),
    ]

    class Moved(Message, namespace="matrix"):
        """The cursor is on another pair."""

    class Opened(Message, namespace="matrix"):
        """The operator wants to see the pair in full."""

    def __init__(self, badge: Callable[[Spot], Badge | None], *, empty: str) -> None:
        """`badge` is what stands at a spot; None where a branch meets itself."""
        super().__init__()
        self._badge = badge
        self._empty = empty
        self._grid = Grid("", (), ())
        self._row, self._column = 0, 0
        self._top, self._left = 0, 0
        self._styles: dict[str, Style] = {}

    @property
    def spot(self) -> Spot | None:
        """The pair under the cursor."""
        if not self._grid.keys:
            return None
        column = None if self._column == 0 else self._grid.keys[self._column - 1]
        return self._grid.keys[self._row], column

    def show(self, grid: Grid) -> None:
        before, self._grid = self.spot, grid
        if before is not None:
            row, column = before
            self._row = _place(grid.keys, row, self._row)
            self._column = 0 if column is None else _place(grid.keys, column, self._column - 1) + 1
        self._put(self._row, self._column)

    def action_move(self, rows: int, columns: int) -> None:
        self._put(self._row + rows, self._column + columns)

    def action_leaf(self, pages: float) -> None:
        self._put(self._row + int(self._rows_shown * pages), self._column)

    def action_open(self) -> None:
        if self._grid.keys:
            self.post_message(self.Opened())

    def on_resize(self) -> None:
        self._reveal()

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        event.stop()
        self.action_move(3, 0)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        event.stop()
        self.action_move(-3, 0)

    def on_click(self, event: events.Click) -> None:
        offset = event.get_content_offset(self)
        if offset is None or not self._grid.keys or offset.y < 1:
            return
        x, column = offset.x - self._name_width, 0
        if x >= self._target_width:
            column = (x - self._target_width) // _CELL + self._left + 1
        self._put(self._top + offset.y - 1, column)

    def render_lines(self, crop: Region) -> list[Strip]:
        self._styles = {
            tone: self.get_component_rich_style(f"matrix--{tone}", partial=True) for tone in _TONES
        }
        return super().render_lines(crop)

    def render_line(self, y: int) -> Strip:
        base = self.rich_style
        if not self._grid.keys:
            return centred(self._empty, y, self.size, base + self._styles["faint"])
        row = self._top + y - 1
        if row >= len(self._grid.keys):
            return Strip.blank(self.size.width, base)
        pieces = self._header() if y == 0 else self._cells(row)
        return Strip([Segment(text, base + style) for text, style in pieces]).adjust_cell_length(
            self.size.width, base
        )

    def _header(self) -> list[tuple[str, Style]]:
        pieces = [
            (fit(self._columns_told(), self._name_width), self._styles["faint"]),
            (fit(f" {self._grid.target}", self._target_width), self._tone(here=self._column == 0)),
        ]
        for column in self._columns_shown:
            pieces.append((f"{column:>2}".center(_CELL), self._tone(here=column == self._column)))
        return pieces

    def _columns_told(self) -> str:
        """Which columns are shown, where that is not all of them."""
        shown, total = self._columns_shown, len(self._grid.keys)
        return f" ‹ {shown.start}–{shown.stop - 1} of {total} ›" if len(shown) < total else ""

    def _cells(self, row: int) -> list[tuple[str, Style]]:
        name = fit(f"{row + 1:>2} {self._grid.names[row]}", self._name_width - 1) + " "
        pieces = [(name, self._styles["here"] if row == self._row else Style.null())]
        for column in (0, *self._columns_shown):
            width = self._target_width if column == 0 else _CELL
            key = None if column == 0 else self._grid.keys[column - 1]
            badge = self._badge((self._grid.keys[row], key))
            style = self._styles["faint"] if badge is None else self._styles.get(badge.tone, Style.null())
            if (row, column) == (self._row, self._column):
                style += self._styles["cursor"]
            pieces.append((_glyph(badge, width), style))
        return pieces

    def _tone(self, *, here: bool) -> Style:
        return self._styles["here" if here else "faint"]

    @property
    def _name_width(self) -> int:
        longest = max((len(name) for name in self._grid.names), default=0) + 4
        least, most = _NAME
        return max(min(longest, most, self.size.width * 2 // 5), least)

    @property
    def _target_width(self) -> int:
        return min(max(len(self._grid.target), 2), 10) + 3

    @property
    def _rows_shown(self) -> int:
        return max(self.size.height - 1, 1)

    @property
    def _columns_shown(self) -> range:
        """Columns of branches on the screen, from 1."""
        room = max((self.size.width - self._name_width - self._target_width) // _CELL, 1)
        return range(self._left + 1, min(self._left + room, len(self._grid.keys)) + 1)

    def _put(self, row: int, column: int) -> None:
        last = len(self._grid.keys)
        self._row = min(max(row, 0), max(last - 1, 0))
        self._column = min(max(column, 0), last)
        self._reveal()
        self.post_message(self.Moved())

    def _reveal(self) -> None:
        self._top = min(max(self._top, self._row - self._rows_shown + 1), self._row)
        room = max((self.size.width - self._name_width - self._target_width) // _CELL, 1)
        if self._column:
            self._left = min(max(self._left, self._column - room), self._column - 1)
        self._left = min(self._left, max(len(self._grid.keys) - room, 0))
        self._top = min(self._top, max(len(self._grid.keys) - self._rows_shown, 0))
        self.refresh()


def _place(keys: Sequence[str], key: str, otherwise: int) -> int:
    return keys.index(key) if key in keys else min(otherwise, max(len(keys) - 1, 0))


def _glyph(badge: Badge | None, width: int) -> str:
    # Under the last digit of the column's number, or the first letter of the target.
    lead = "  " if width == _CELL else " "
    return fit(f"{lead}{'╲' if badge is None else badge.glyph}", width)
