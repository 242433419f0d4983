"""Plain lines, each shown whole: folded at the edge of the box, never cut."""

from collections.abc import Sequence
from typing import ClassVar

from rich.cells import cell_len, chop_cells
from rich.segment import Segment
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from mergetui import cleaning
from mergetui.tui.key_table import bind
from mergetui.tui.screens.dialog import Dialog, Keys

KEYS: Keys = (
    ("{text.down} {text.up}", "move"),
    ("{text.first} {text.last}", "ends"),
    ("{dialog.close}", "close"),
)
_LONG = 10_000
"""Characters from which on a row holds half as many as it has cells: measuring each would take seconds."""


class FoldedLines(ScrollView, can_focus=True):
    """Untrusted lines of any length; only the rows on the screen are drawn."""

    DEFAULT_CSS = """
    FoldedLines {
        height: auto;
        max-height: 100%;
        overflow: hidden auto;
        scrollbar-size-vertical: 1;
        scrollbar-gutter: stable;
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        bind("text.down", "scroll_down", "down"),
        bind("text.up", "scroll_up", "up"),
        bind("text.half-down", "page_down", "page down"),
        bind("text.half-up", "page_up", "page up"),
        bind("text.first", "scroll_home", "top"),
        bind("text.last", "scroll_end", "end"),
    ]

    def __init__(self, lines: Sequence[str]) -> None:
        super().__init__()
        self._lines = [cleaning.name(line.expandtabs()) for line in lines]
        self._rows: list[str] = []
        self._folded_at = 0

    def show(self, lines: Sequence[str]) -> None:
        """Other lines from now on."""
        self._lines = [cleaning.name(line.expandtabs()) for line in lines]
        width, self._folded_at = self._folded_at, 0
        self._fold(width)
        self.refresh(layout=True)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:  # noqa: ARG002
        # `width` counts the gutter of the scroll bar, in which no text is shown.
        self._fold(width - self.styles.scrollbar_size_vertical)
        return len(self._rows)

    def on_resize(self) -> None:
        self._fold(self.scrollable_content_region.width)

    def render_line(self, y: int) -> Strip:
        row = self.scroll_offset.y + y
        text = self._rows[row] if row < len(self._rows) else ""
        width = self.scrollable_content_region.width
        return Strip([Segment(text, self.rich_style)]).adjust_cell_length(width, self.rich_style)

    def _fold(self, width: int) -> None:
        if width > 0 and width != self._folded_at:
            self._folded_at = width
            self._rows = [row for line in self._lines for row in folded(line, width)]
            self.virtual_size = Size(width, len(self._rows))


class TextView(Dialog[None]):
    """Lines to read."""

    AUTO_FOCUS = "FoldedLines"
    DEFAULT_CSS = "TextView > #dialog-box { width: 100; max-width: 96%; max-height: 92%; }"

    def __init__(self, title: str, lines: Sequence[str], keys: Keys = KEYS) -> None:
        super().__init__(title, keys=keys)
        self._lines = lines

    def compose_body(self) -> ComposeResult:
        yield FoldedLines(self._lines)


def folded(line: str, width: int) -> list[str]:
    """The rows of `width` cells that one line takes; an empty line takes one.

    A row ends after a word, where it would not become much shorter by that.
    """
    if line.isascii() or len(line) > _LONG:
        return _rows(line, width if line.isascii() else width // 2 or 1)
    if all(map(_is_narrow, line)):
        return _rows(line, width)
    return [line] if cell_len(line) <= width else chop_cells(line, width)


def _rows(line: str, width: int) -> list[str]:
    rows, start = [], 0
    while len(line) - start > width:
        # The space that a row ends with may stand beyond the edge, where nothing is lost with it.
        after_word = line.rfind(" ", start, start + width + 1) + 1
        end = after_word if after_word - start > width // 4 else start + width
        rows.append(line[start:end])
        start = end
    return [*rows, line[start:]]


def _is_narrow(character: str) -> bool:
    return cell_len(character) == 1
