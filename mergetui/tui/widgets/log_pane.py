"""The output of a retest as it grows, in a pane that reads and draws only what is on the screen."""

from pathlib import Path
from typing import ClassVar, NamedTuple

from rich.segment import Segment
from rich.style import Style
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.geometry import Region, Size
from textual.message import Message
from textual.strip import Strip

from mergetui import cleaning
from mergetui.cleaning import redact
from mergetui.masking import Mask
from mergetui.tui.log_file import LogFile
from mergetui.tui.log_search import LogSearch
from mergetui.tui.sgr import colourless
from mergetui.tui.widgets.follow_view import FollowView
from mergetui.tui.widgets.strips import LineStrips, centred, fitted, window

TICKS = 20
"""Looks at the file per second: however fast it grows, the pane is drawn no more often."""
CORNERS = 6
"""Cells of the upper border that hold no title."""


class Paints(NamedTuple):
    """The pane's styles, worked out once per drawing."""

    base: Style = Style.null()
    cursor: Style = Style.null()
    error: Style = Style.null()
    match: Style = Style.null()
    faint: Style = Style.null()


class LogPane(FollowView):
    """A log that follows its end until the reader looks up; then the lines under their eye stand still.

    The file is untrusted: nothing of it reaches markup, and of its escape codes only colours are obeyed.
    """

    ALLOW_SELECT = False
    DEFAULT_CSS = """
    LogPane {
        height: 1fr;
        overflow-x: hidden;
        overflow-y: auto;
        scrollbar-size-vertical: 1;
        scrollbar-gutter: stable;
        border: round $border-blurred;
        &:focus { border: round $border; }
        & > .log-pane--cursor { background: $block-cursor-blurred-background; text-style: bold; }
        & > .log-pane--error { color: $text-error; text-style: bold; }
        & > .log-pane--match { text-style: reverse; }
        & > .log-pane--faint { text-style: dim; }
    }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "log-pane--cursor",
        "log-pane--error",
        "log-pane--match",
        "log-pane--faint",
    }
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("E", "next_error", "next error", id="log.next-error"),
        Binding("n", "next_hit", "next hit", show=False, id="log.next-hit"),
        Binding("N", "previous_hit", "previous hit", show=False, id="log.previous-hit"),
        Binding("enter", "choose", "whole line", show=False, id="log.choose"),
    ]

    class LineChosen(Message):
        """The reader wants to see one line whole; `text` is clean and without colours."""

        def __init__(self, pane: "LogPane", text: str) -> None:
            super().__init__()
            self.pane = pane
            self.text = text

        @property
        def control(self) -> "LogPane":
            return self.pane

    def __init__(self, *, empty: str = "", id: str | None = None, classes: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id, classes=classes)
        self._title = ""
        self._empty = empty
        self._source: LogFile | None = None
        self._seen_generation = self._seen_incarnation = 0
        self._standing = False
        self._search: LogSearch | None = None
        self._sought = False
        self._captions = ("", "")
        self._strips = LineStrips()
        self._paints = Paints()

    def show_log(
        self, path: Path | None, mask: Mask = redact, /, *, title: str = "", empty: str | None = None
    ) -> None:
        """Follow another log from its end; None shows only `empty`, the words for a log without lines.

        What is secret by `mask` is neither shown nor found.
        """
        self._close()
        self._title = cleaning.name(title)
        self._empty = self._empty if empty is None else empty
        self._source = None if path is None else LogFile(path, mask=mask)
        self._seen_generation = self._seen_incarnation = 0
        self._search, self._standing = None, False
        self._strips.highlight("")
        self.start_over()
        self.follow()

    def stand_at_first_error(self) -> None:
        """Stop following and show the first error, now or as soon as the file has been read up to it."""
        self.look_up()
        self._standing = True
        self._look()

    def search(self, text: str) -> None:
        """Go to the next line that holds `text`, and show where it is found; the empty text ends a search."""
        self._strips.highlight(text)
        self._seek(text, self.current, forward=True)
        self.refresh()

    def current_text(self) -> str:
        """The line the keys act on, at most 1 MB of it, clean and without colours; empty if there is none."""
        return cleaning.plain(self._source.whole(self.current)) if self._source else ""

    def look_up(self) -> None:
        self._standing = False
        super().look_up()

    def on_mount(self) -> None:
        if self.app.no_color:
            self._strips = LineStrips(colourless)
        self.set_interval(1 / TICKS, self._tick)
        self.caption()

    def on_unmount(self) -> None:
        self._close()

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._strips.forget()

    def action_follow(self) -> None:
        self._standing = False
        super().action_follow()

    def action_next_error(self) -> None:
        line = self._source.error_after(self.current) if self._source else None
        if line is not None and line < self.line_total:
            self.jump_to(line)

    def action_next_hit(self) -> None:
        if self._search is not None:
            self._seek(self._search.text, self.current + 1, forward=True)

    def action_previous_hit(self) -> None:
        if self._search is not None:
            self._seek(self._search.text, self.current - 1, forward=False)

    def action_choose(self) -> None:
        if self.line_total:
            self.post_message(self.LineChosen(self, self.current_text()))

    def caption(self) -> None:
        """Title and place on the upper border; on the lower one what the reader has not seen."""
        place = f"following · {self.line_total:,}"
        if not self.following:
            place = f"line {self.current + 1:,} of {self.line_total:,}"
        title = fitted(self._title, place if self._source else "", self.outer_size.width - CORNERS)
        new = f"+{self.new_total:,} new" if self.new_total else ""
        captions = (title, " · ".join(filter(None, (self._search_note(), new))))
        if captions != self._captions:
            self._captions = captions
            self.border_title, self.border_subtitle = (Content(text) if text else None for text in captions)

    def render_lines(self, crop: Region) -> list[Strip]:
        self._paints = Paints(
            base=self.rich_style,
            cursor=self.get_component_rich_style("log-pane--cursor"),
            error=self.get_component_rich_style("log-pane--error", partial=True),
            match=self.get_component_rich_style("log-pane--match", partial=True),
            faint=self.get_component_rich_style("log-pane--faint", partial=True),
        )
        return super().render_lines(crop)

    def render_line(self, y: int) -> Strip:
        width, paints = self.scrollable_content_region.width, self._paints
        if not self.line_total or self._source is None:
            return centred(self._empty, y, Size(width, self.page), paints.base + paints.faint)
        number = self.scroll_offset.y + y
        if number >= self.line_total:
            return Strip.blank(width, paints.base)
        here = number == self.current and not self.following
        strip = self._strips.strip(self._source, number, paints.match)
        gutter = Segment("▸" if here else " ")
        if self._source.is_error(number):
            gutter = Segment("✗", paints.error + Style(reverse=here))
        text = window(strip, self.sideways, width - 1)
        return Strip([gutter, *text], width).apply_style(paints.cursor if here else paints.base)

    def _tick(self) -> None:
        if self._source is not None and self._source.generation != self._seen_generation:
            self._look()
        if self._sought:
            self._take_hit()

    def _look(self) -> None:
        """Take over what the file has become since the last look."""
        source = self._source
        if source is None:
            return
        self._seen_generation = source.generation
        if source.incarnation != self._seen_incarnation:
            self._seen_incarnation = source.incarnation
            self._strips.forget()
            self.start_over()
        self.grow_to(source.count)
        if self._standing and source.errors and source.errors[0] < self.line_total:
            self.jump_to(source.errors[0])

    def _seek(self, text: str, start: int, *, forward: bool) -> None:
        if self._search is not None:
            self._search.cancel()
        self._sought = self._source is not None and text != ""
        self._search = None
        if self._source is not None and text:
            self._search = LogSearch(self._source, text, start, forward=forward)
        self.caption()

    def _take_hit(self) -> None:
        if self._search is None or not self._search.over:
            return
        self._sought = False
        self._look()
        if self._search.found is not None and self._search.found < self.line_total:
            self.jump_to(self._search.found)
        self.caption()

    def _search_note(self) -> str:
        if self._search is None or self._search.found is not None:
            return ""
        quoted = f"“{cleaning.name(self._search.text)}”"
        return f"no {quoted}" if self._search.over else f"looking for {quoted}"

    def _close(self) -> None:
        if self._search is not None:
            self._search.cancel()
        if self._source is not None:
            self._source.close()
