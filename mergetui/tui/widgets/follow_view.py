"""A view on lines that keep coming: it stays at their end until the reader looks up."""

from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.scrollbar import ScrollTo, ScrollUp
from textual.widget import Widget

from mergetui.tui.key_table import bind
from mergetui.tui.widgets.titled import Entitled

SIDESTEP = 8


class FollowView(ScrollView, Entitled, can_focus=True, inherit_bindings=False):
    """The reader's place in `line_total` lines. While not following, only the reader moves it.

    A subclass draws the lines, tells of new ones with `grow_to`, and says the place in `caption`.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j,down", "move(1)", "down", show=False, id="log.down"),
        Binding("k,up", "move(-1)", "up", show=False, id="log.up"),
        Binding("ctrl+d", "leaf(0.5)", "half a page down", show=False, id="log.half-down"),
        Binding("ctrl+u", "leaf(-0.5)", "half a page up", show=False, id="log.half-up"),
        Binding("pagedown", "leaf(1.0)", "page down", show=False, id="log.page-down"),
        Binding("pageup", "leaf(-1.0)", "page up", show=False, id="log.page-up"),
        Binding("g,home", "first", "first line", show=False, id="log.first"),
        Binding("G,end", "follow", "last line", show=False, id="log.last"),
        Binding("F", "follow", "follow", id="log.follow"),
        bind("log.left", "sidestep(-1)", "left"),
        bind("log.right", "sidestep(1)", "right"),
    ]

    class FollowChanged(Message, namespace="log_pane"):
        """The view began or ceased to follow the last line."""

        def __init__(self, view: "FollowView", *, following: bool) -> None:
            super().__init__()
            self.view = view
            self.following = following

        @property
        def control(self) -> "FollowView":
            return self.view

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id, classes=classes)
        self.following = True
        self.line_total = 0
        self.sideways = 0
        """Columns that are out of sight on the left."""
        self._cursor_line = self._read_total = 0

    @property
    def current(self) -> int:
        """The number of the line the keys act on: the last one while following."""
        return max(self.line_total - 1, 0) if self.following else self._cursor_line

    @property
    def new_total(self) -> int:
        """Lines that came since the reader stopped following and that they have not scrolled to."""
        return 0 if self.following else self.line_total - self._read_total

    @property
    def page(self) -> int:
        """Lines that are visible at once."""
        return self.scrollable_content_region.height

    def caption(self) -> None:
        """Say where the reader is; called whenever that changes."""

    def grow_to(self, line_total: int) -> None:
        self.line_total = line_total
        self._settle()
        self._redraw()

    def start_over(self) -> None:
        """All lines are gone; whether the view follows stays as it is."""
        self.line_total = self.sideways = self._cursor_line = self._read_total = 0

    def follow(self) -> None:
        """Go to the end and stay there."""
        self._turn(following=True)
        self._settle()
        self._redraw()

    def look_up(self) -> None:
        """The reader reads: from now on nothing moves but by their hand."""
        self._turn(following=False)

    def move_to(self, line: int) -> None:
        """Put the cursor on a line, and scroll no further than needed to see it."""
        target = min(max(line, 0), max(self.line_total - 1, 0))
        if self.following and target >= self.current:
            return
        self.look_up()
        self._scroll(min(max(self.scroll_offset.y, target - self.page + 1), target))
        self._cursor_line = target
        self._redraw()

    def jump_to(self, line: int) -> None:
        """Put the cursor on a line, and show it with some lines before and behind it."""
        self.look_up()
        if not 0 <= line - self.scroll_offset.y < self.page - self.page // 4:
            self._scroll(line - self.page // 4)
        self._cursor_line = line
        self._redraw()

    def on_resize(self) -> None:
        self.grow_to(self.line_total)

    def on_mouse_scroll_up(self) -> None:
        self.look_up()

    def on_scroll_up(self, _: ScrollUp) -> None:
        self.look_up()

    def on_scroll_to(self, event: ScrollTo) -> None:
        if event.y is not None and event.y < self.scroll_y:
            self.look_up()

    def on_click(self, event: events.Click) -> None:
        spot = event.get_content_offset(self)
        if spot is not None:
            self.move_to(self.scroll_offset.y + spot.y)

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        top = self.scroll_offset.y
        self._cursor_line = min(max(self._cursor_line, top), max(top + self.page - 1, 0))
        self._note_read()

    def action_move(self, lines: int) -> None:
        self.move_to(self.current + lines)

    def action_leaf(self, pages: float) -> None:
        lines = int(self.page * pages)
        if self.following and lines > 0:
            return
        top, line = self.scroll_offset.y + lines, self.current + lines
        self.look_up()
        self._scroll(top)
        self.move_to(line)

    def action_first(self) -> None:
        self.move_to(0)

    def action_follow(self) -> None:
        self.follow()

    def action_sidestep(self, steps: int) -> None:
        self.sideways = max(0, self.sideways + steps * SIDESTEP)
        self.refresh()

    def _turn(self, *, following: bool) -> None:
        if following == self.following:
            return
        self._cursor_line, self._read_total = self.current, self.line_total
        self.following = following
        self.post_message(self.FollowChanged(self, following=following))
        self._redraw()

    def _settle(self) -> None:
        """Fit the scrollable height to the lines, and stay at their end while following."""
        if not self.is_mounted:
            return
        extent = Size(self.scrollable_content_region.width, self.line_total)
        # Assigning `virtual_size` would lay out and draw the whole screen anew, twenty times a second.
        self.set_reactive(Widget.virtual_size, extent)
        self._scroll_update(extent)
        if self.following:
            self._scroll(self.line_total)

    def _scroll(self, top: int) -> None:
        self.scroll_to(y=min(max(top, 0), self.max_scroll_y), animate=False, force=True)

    def _redraw(self) -> None:
        self._note_read()
        self.refresh()

    def _note_read(self) -> None:
        self._read_total = min(max(self._read_total, self.scroll_offset.y + self.page), self.line_total)
        self.caption()
