"""Rows with keys. The cursor stays on its key, whatever is put in or taken out around it."""

from collections.abc import Mapping, Sequence
from typing import ClassVar, NamedTuple

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.widget import Widget

from mergetui.tui.widgets.cells import fit
from mergetui.tui.widgets.strips import centred

GUTTER = 2
"""Cells before every row, for the cursor and the mark."""


class Cell(NamedTuple):
    text: str
    """Clean."""
    width: int
    """Cells, the space that follows included."""
    tone: str = "plain"


class RowList(ScrollView, can_focus=True, inherit_bindings=False):
    """Only the rows on the screen are painted, so that ten thousand scroll like ten.

    A subclass paints a row in `cells` and says in `empty` what to do when there is none.
    """

    ALLOW_SELECT = False
    MARKABLE: ClassVar[bool] = True
    TONES: ClassVar[tuple[str, ...]] = ("accent", "good", "warn", "bad", "faint", "strong")
    COMPONENT_CLASSES: ClassVar[set[str]] = {"row--cursor", *(f"row--{tone}" for tone in TONES)}
    DEFAULT_CSS = """
    RowList {
        overflow-x: hidden;
        overflow-y: auto;
        scrollbar-size-vertical: 1;
        scrollbar-gutter: stable;
        & > .row--cursor { background: $block-cursor-blurred-background; }
        &:focus > .row--cursor { background: $block-cursor-background; text-style: bold; }
        &:ansi:focus > .row--cursor { background: ansi_default; text-style: reverse; }
        & > .row--accent { color: $text-primary; }
        & > .row--good { color: $text-success; }
        & > .row--warn { color: $text-warning; }
        & > .row--bad { color: $text-error; }
        & > .row--faint { color: $text-muted; }
        & > .row--strong { text-style: bold; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j,down", "move(1)", "down", show=False, id="list.down"),
        Binding("k,up", "move(-1)", "up", show=False, id="list.up"),
        Binding("ctrl+d", "leaf(0.5)", "half a page down", show=False, id="list.half-down"),
        Binding("ctrl+u", "leaf(-0.5)", "half a page up", show=False, id="list.half-up"),
        Binding("pagedown", "leaf(1.0)", "page down", show=False, id="list.page-down"),
        Binding("pageup", "leaf(-1.0)", "page up", show=False, id="list.page-up"),
        Binding("g,home", "go(0)", "first", show=False, id="list.first"),
        Binding("G,end", "go(-1)", "last", show=False, id="list.last"),
        Binding("m,space", "mark", "mark", show=False, id="list.mark"),
        Binding("enter", "open", "open in full", show=False, id="list.open"),
    ]

    class CursorMoved(Message, namespace="row_list"):
        """The cursor is on another key; `by_hand` if the operator moved it."""

        def __init__(self, rows: "RowList", key: str | None, *, by_hand: bool) -> None:
            super().__init__()
            self.rows = rows
            self.key = key
            self.by_hand = by_hand

        @property
        def control(self) -> "RowList":
            return self.rows

    class Opened(Message, namespace="row_list"):
        """The operator wants to see the row under the cursor in full."""

        def __init__(self, rows: "RowList", key: str) -> None:
            super().__init__()
            self.rows = rows
            self.key = key

        @property
        def control(self) -> "RowList":
            return self.rows

    class MarksChanged(Message, namespace="row_list"):
        def __init__(self, rows: "RowList") -> None:
            super().__init__()
            self.rows = rows

        @property
        def control(self) -> "RowList":
            return self.rows

    def __init__(self, *, empty: str = "", id: str | None = None, classes: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id, classes=classes)
        self.empty = empty
        self.keys: tuple[str, ...] = ()
        self.marked: frozenset[str] = frozenset()
        self.current: str | None = None
        """The key under the cursor."""
        self._at = 0
        self._places: Mapping[str, int] = {}
        """From 1."""
        self._styles: dict[str, Style] = {}
        """Until they change: Textual works each out anew from all that the widget is in."""
        self._base: Style | None = None
        """Of the drawing that is under way."""

    def cells(self, key: str, width: int) -> Sequence[Cell]:
        """The row, in `width` cells."""
        raise NotImplementedError

    def show(self, keys: Sequence[str], places: Mapping[str, int] | None = None) -> None:
        """These rows from now on. When the cursor's own is gone, it stays where it is on the screen.

        `places` are those of the keys, from 1, where somebody has counted them already.
        """
        seen = self._is_visible(self._at)
        self.keys = tuple(keys)
        self._places = places or {key: place for place, key in enumerate(self.keys, start=1)}
        self._keep_marks(self.marked & self._places.keys())
        self._settle()
        place = self._places.get(self.current or "", self._at + 1) - 1
        self._put(place, by_hand=False, reveal=seen)
        self.refresh()

    def move_to(self, key: str) -> None:
        if key in self._places:
            self._put(self._places[key] - 1, by_hand=True)

    def clear_marks(self) -> None:
        self._keep_marks(frozenset())

    def chosen(self) -> tuple[str, ...]:
        """The marked keys in their order, or the one under the cursor."""
        marked = tuple(sorted(self.marked, key=self._places.__getitem__))
        return marked or ((self.current,) if self.current is not None else ())

    def action_move(self, rows: int) -> None:
        self._put(self._at + rows, by_hand=True)

    def action_leaf(self, pages: float) -> None:
        self._put(self._at + int(self._page * pages), by_hand=True)

    def action_go(self, place: int) -> None:
        self._put(place % max(len(self.keys), 1), by_hand=True)

    def action_mark(self) -> None:
        if self.MARKABLE and self.current is not None:
            self._keep_marks(self.marked ^ {self.current}, at=self._at)
            self.action_move(1)

    def action_open(self) -> None:
        if self.current is not None:
            self.post_message(self.Opened(self, self.current))

    def on_click(self, event: events.Click) -> None:
        spot = event.get_content_offset(self)
        place = self.scroll_offset.y + spot.y if spot is not None else -1
        if 0 <= place < len(self.keys):
            self._put(place, by_hand=True)
            if event.chain == 2:
                self.action_open()

    def on_resize(self) -> None:
        self._settle()
        self._reveal()

    def notify_style_update(self) -> None:
        self._styles = {}
        super().notify_style_update()

    def render_lines(self, crop: Region) -> list[Strip]:
        self._base = None
        return super().render_lines(crop)

    def render_line(self, y: int) -> Strip:
        width, base = self.scrollable_content_region.width, self._prepare()
        place = self.scroll_offset.y + y
        if not self.keys:
            return centred(self.empty, y, Size(width, self._page), base + self._styles["faint"])
        if place >= len(self.keys):
            return Strip.blank(width, base)
        return self._row(self.keys[place], width, base)

    def _prepare(self) -> Style:
        """The base of all lines of a drawing; where none is drawn anew, nothing is worked out."""
        if not self._styles:
            self._styles = {
                tone: self.get_component_rich_style(f"row--{tone}", partial=True) for tone in self.TONES
            }
            self._styles["plain"] = Style.null()
            self._styles["cursor"] = self.get_component_rich_style("row--cursor")
        if self._base is None:
            self._base = self.rich_style
        return self._base

    def _row(self, key: str, width: int, base: Style) -> Strip:
        here = key == self.current
        gutter = ("▸" if here else " ") + ("●" if key in self.marked else " ")
        pieces = [Segment(gutter[:width], self._styles["accent"])]
        for cell in (cell for cell in self.cells(key, max(width - GUTTER, 0)) if cell.width > 0):
            pieces.append(Segment(fit(cell.text, cell.width - 1) + " ", self._styles[cell.tone]))
        under = self._styles["cursor"] if here else base
        return Strip(pieces).adjust_cell_length(width).apply_style(under)

    @property
    def _page(self) -> int:
        return self.scrollable_content_region.height

    def _put(self, place: int, *, by_hand: bool, reveal: bool = True) -> None:
        before, left, top = self.current, self._at, self.scroll_offset.y
        self._at = min(max(place, 0), max(len(self.keys) - 1, 0))
        self.current = self.keys[self._at] if self.keys else None
        if reveal:
            self._reveal()
        if self.current != before:
            if self.scroll_offset.y == top:
                self._repaint(left, self._at)
            self.post_message(self.CursorMoved(self, self.current, by_hand=by_hand))

    def _keep_marks(self, marked: frozenset[str], *, at: int | None = None) -> None:
        """`at`: the only row whose mark has changed."""
        if marked != self.marked:
            self.marked = marked
            if at is None:
                self.refresh()
            else:
                self._repaint(at)
            self.post_message(self.MarksChanged(self))

    def _repaint(self, *rows: int) -> None:
        for row in rows:
            self.refresh_line(row)

    def _is_visible(self, place: int) -> bool:
        return 0 <= place - self.scroll_offset.y < max(self._page, 1)

    def _reveal(self) -> None:
        top = min(max(self.scroll_offset.y, self._at - self._page + 1), self._at)
        if top != self.scroll_offset.y:
            self.scroll_to(y=max(top, 0), animate=False, force=True)

    def _settle(self) -> None:
        if not self.is_mounted:
            return
        extent = Size(self.scrollable_content_region.width, len(self.keys))
        # Assigning `virtual_size` would lay out and draw the whole screen anew at every refresh.
        self.set_reactive(Widget.virtual_size, extent)
        self._scroll_update(extent)
