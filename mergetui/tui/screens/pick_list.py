"""A list of one-line rows that is quick for any number of them: only visible rows are made and drawn."""

from collections.abc import Callable, Iterable, Sequence
from typing import ClassVar, Literal, TypeAlias

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from mergetui.tui.screens.matching import places
from mergetui.tui.widgets.strips import centred, fitted

Look: TypeAlias = Literal["plain", "faint", "match", "mark"]
Pieces: TypeAlias = Sequence[tuple[str, Look]]
Paint: TypeAlias = Callable[[int, int], Pieces]
"""The row of an index in a width; what is too long is cut."""


class PickList(ScrollView, can_focus=False):
    """Rows with a cursor. The keys stay with the filter above it, which moves the cursor."""

    ALLOW_SELECT = False
    DEFAULT_CSS = """
    PickList {
        height: 1fr;
        min-height: 3;
        overflow-x: hidden;
        overflow-y: auto;
        scrollbar-size-vertical: 1;
        & > .pick-list--cursor { background: $block-cursor-background; color: $block-cursor-foreground; }
        & > .pick-list--faint { text-style: dim; }
        & > .pick-list--match { text-style: bold underline; }
        & > .pick-list--mark { text-style: bold; }
    }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "pick-list--cursor",
        "pick-list--faint",
        "pick-list--match",
        "pick-list--mark",
    }

    class Clicked(Message):
        """The mouse put the cursor on a row."""

        def __init__(self, pick_list: "PickList") -> None:
            super().__init__()
            self.pick_list = pick_list

        @property
        def control(self) -> "PickList":
            return self.pick_list

    def __init__(self, paint: Paint) -> None:
        super().__init__()
        self._paint = paint
        self._count = 0
        self._says = ""
        self.cursor = 0

    @property
    def current(self) -> int | None:
        """The index under the cursor."""
        return self.cursor if self._count else None

    @property
    def shown_rows(self) -> range:
        """The indices on the screen."""
        top, page = int(self.scroll_offset.y), self.scrollable_content_region.height
        return range(min(top, self._count), min(top + page, self._count))

    def show(self, count: int, *, empty: str) -> None:
        """Other rows from now on, the cursor on the first; without any, `empty` says why."""
        self._count, self._says, self.cursor = count, empty, 0
        self.virtual_size = Size(self.scrollable_content_region.width, count)
        self.move_to(0)

    def move_to(self, index: int) -> None:
        self.cursor = min(max(index, 0), max(self._count - 1, 0))
        page, top = self.scrollable_content_region.height, self.scroll_offset.y
        wanted = min(max(top, self.cursor - page + 1), self.cursor)
        self.scroll_to(y=wanted, animate=False, force=True)
        self.refresh()

    def move(self, rows: int) -> None:
        self.move_to(self.cursor + rows)

    def leaf(self, pages: int) -> None:
        self.move(pages * max(self.scrollable_content_region.height, 1))

    def on_resize(self) -> None:
        self.move_to(self.cursor)

    def on_click(self, event: events.Click) -> None:
        spot = event.get_content_offset(self)
        row = -1 if spot is None else self.scroll_offset.y + spot.y
        if 0 <= row < self._count:
            self.move_to(row)
            self.post_message(self.Clicked(self))

    def render_line(self, y: int) -> Strip:
        size = self.scrollable_content_region.size
        if not self._count:
            return centred(self._says, y, size, self.rich_style + self._look("faint"))
        row = self.scroll_offset.y + y
        if row >= self._count:
            return Strip.blank(size.width, self.rich_style)
        here = row == self.cursor
        base = self.get_component_rich_style("pick-list--cursor") if here else self.rich_style
        pieces = [("▸ " if here else "  ", "plain"), *self._paint(row, size.width - 2)]
        segments = [Segment(text, base + self._look(look)) for text, look in pieces]
        return Strip(segments).adjust_cell_length(size.width, base)

    def _look(self, look: str) -> Style:
        if look == "plain":
            return Style.null()
        return self.get_component_rich_style(f"pick-list--{look}", partial=True)


def found_in(query: str, name: str, width: int) -> Pieces:
    """`name` in exactly `width` cells, the letters that fit `query` made visible."""
    shown = fitted(name, "", width)
    spots = frozenset(places(query, name))
    letters: Iterable[tuple[str, Look]] = (
        (letter, "match" if offset in spots else "plain") for offset, letter in enumerate(shown)
    )
    return [*letters, (" " * (width - cell_len(shown)), "plain")]
