"""The output of a retest as it grows, in a pane that reads and draws only what is on the screen."""

import os
from bisect import bisect_right, insort
from collections.abc import Callable
from pathlib import Path
from typing import ClassVar, NamedTuple

from rich.segment import Segment
from rich.style import Style
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.geometry import Region, Size
from textual.message import Message
from textual.notifications import SeverityLevel
from textual.strip import Strip

from mergetui import cleaning
from mergetui.cleaning import redact
from mergetui.masking import Mask
from mergetui.tui.clipboard import copy
from mergetui.tui.heat import rows_with
from mergetui.tui.log_file import LogFile
from mergetui.tui.log_search import HitLines, LogSearch
from mergetui.tui.outside import EDITOR, PAGER, Program, open_outside
from mergetui.tui.progress import percent_in
from mergetui.tui.sgr import colourless
from mergetui.tui.widgets.follow_view import FollowView
from mergetui.tui.widgets.strips import LineStrips, centred, fitted, window

TICKS = 20
"""Looks at the file per second: however fast it grows, the pane is drawn no more often."""
LATEST = 12
"""Lines from the end that are looked at for a percentage."""
CORNERS = 6
"""Cells of the upper border that hold no title."""


class Paints(NamedTuple):
    """The pane's styles, worked out once per drawing."""

    base: Style = Style.null()
    cursor: Style = Style.null()
    error: Style = Style.null()
    match: Style = Style.null()
    faint: Style = Style.null()
    mark: Style = Style.null()


class Heat(NamedTuple):
    """Rows of the strip beside the scroll bar with something to go to; none for a log that fits the pane."""

    errors: frozenset[int] = frozenset()
    hits: frozenset[int] = frozenset()
    marks: frozenset[int] = frozenset()


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
        & > .log-pane--mark { color: $text-accent; }
    }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "log-pane--cursor",
        "log-pane--error",
        "log-pane--match",
        "log-pane--faint",
        "log-pane--mark",
    }
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("E", "next_error", "next error", id="log.next-error"),
        Binding("n", "next_hit", "next hit", show=False, id="log.next-hit"),
        Binding("N", "previous_hit", "previous hit", show=False, id="log.previous-hit"),
        Binding("m", "mark", "mark the line, or unmark it", show=False, id="log.mark"),
        Binding("apostrophe", "next_mark", "next mark", show=False, id="log.next-mark"),
        Binding("y", "copy", "copy the line", show=False, id="log.copy"),
        Binding("o", "pager", "the log in $PAGER", show=False, id="log.pager"),
        Binding("O", "editor", "the log in $EDITOR", show=False, id="log.editor"),
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

    def __init__(
        self,
        *,
        empty: str = "",
        read_only: bool = False,
        id: str | None = None,  # noqa: A002
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self._read_only = read_only
        self._progress = ""
        self._told: Callable[[int | None], str] = lambda _: ""
        self._marks: list[int] = []
        self._hits: HitLines | None = None
        self._heat = Heat()
        self._seen_hits: object = None
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
        self._title, self._progress = cleaning.name(title), ""
        self._told = lambda _: ""
        self._empty = self._empty if empty is None else empty
        self._source = None if path is None else LogFile(path, mask=mask)
        self._seen_generation = self._seen_incarnation = 0
        self._search, self._hits, self._standing = None, None, False
        self._marks = []
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
        if self._hits is not None:
            self._hits.cancel()
        self._hits = HitLines(self._source, text) if self._source is not None and text else None
        self._seek(text, self.current, forward=True)
        self.refresh()

    def current_text(self) -> str:
        """The line the keys act on, at most 1 MB of it, clean and without colours; empty if there is none."""
        return cleaning.plain(self._source.whole(self.current)) if self._source else ""

    def tell_progress(self, told: Callable[[int | None], str]) -> None:
        """What stands beside the title, from the percentage in the latest lines; nothing if empty."""
        self._told = told
        self._tell_progress()

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

    def action_mark(self) -> None:
        line = self.current
        if line in self._marks:
            self._marks.remove(line)
        elif self.line_total:
            insort(self._marks, line)
            self.look_up()
        self.refresh()

    def action_next_mark(self) -> None:
        """The next mark below, or else the first of all."""
        if self._marks:
            at = bisect_right(self._marks, self.current)
            self.jump_to(self._marks[at % len(self._marks)])

    def action_copy(self) -> None:
        if self.line_total:
            told = copy(self.app, self.current_text(), os.environ)
            self._say(f"copied: {len(told):,} characters of line {self.current + 1:,}")

    def action_pager(self) -> None:
        self._open(PAGER)

    def action_editor(self) -> None:
        if self._read_only:
            self._say("read-only", severity="warning")
        else:
            self._open(EDITOR)

    def action_choose(self) -> None:
        if self.line_total:
            self.post_message(self.LineChosen(self, self.current_text()))

    def caption(self) -> None:
        """Title and place on the upper border; on the lower one what the reader has not seen."""
        place = f"following · {self.line_total:,}"
        if not self.following:
            place = f"line {self.current + 1:,} of {self.line_total:,}"
        named = " · ".join(filter(None, (self._title, self._progress)))
        title = fitted(named, place if self._source else "", self.outer_size.width - CORNERS)
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
            mark=self.get_component_rich_style("log-pane--mark", partial=True),
        )
        self._heat = self._heat_now()
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
        if number in self._marks:
            gutter = Segment("●", (paints.error if gutter.text == "✗" else paints.mark) + Style(reverse=here))
        heat = self._heat_at(y)
        text = window(strip, self.sideways, width - 1 - len(heat))
        line = Strip([gutter, *text]).apply_style(paints.cursor if here else paints.base)
        return Strip([*line, *heat], width)

    def _tick(self) -> None:
        if self._source is not None and self._source.generation != self._seen_generation:
            self._look()
        if self._sought:
            self._take_hit()
        if self._hits is not None and self._hits.lines is not self._seen_hits:
            self._seen_hits = self._hits.lines
            self.refresh()

    def _look(self) -> None:
        """Take over what the file has become since the last look."""
        source = self._source
        if source is None:
            return
        self._seen_generation = source.generation
        if source.incarnation != self._seen_incarnation:
            self._seen_incarnation = source.incarnation
            self._strips.forget()
            self._marks = []
            self.start_over()
        self.grow_to(source.count)
        self._tell_progress()
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

    def _tell_progress(self) -> None:
        source, total = self._source, self.line_total
        lines = range(total - 1, max(total - LATEST, 0) - 1, -1) if source is not None else ()
        told = self._told(percent_in(cleaning.plain(source.line(n)) for n in lines) if source else None)
        if told != self._progress:
            self._progress = told
            self.caption()

    def _heat_now(self) -> Heat:
        source, total, height = self._source, self.line_total, self.page
        if source is None or not 0 < height < total:
            return Heat()
        hits = self._hits.lines if self._hits is not None else ()
        found = (rows_with(lines, total=total, height=height) for lines in (source.errors, hits, self._marks))
        return Heat(*found)

    def _heat_at(self, row: int) -> list[Segment]:
        """The strip's cell of a row; no cell while nothing is marked, found or wrong in the whole log."""
        heat, paints = self._heat, self._paints
        if not any(heat):
            return []
        if row in heat.marks:
            return [Segment("●", paints.base + paints.mark)]
        if row in heat.errors:
            return [Segment("✗", paints.base + paints.error)]
        return [Segment("·" if row in heat.hits else " ", paints.base)]

    def _open(self, program: Program) -> None:
        if self._source is None:
            return
        told = open_outside(self.app, program, self._source.path, os.environ, secure=self._read_only)
        if told is not None:
            self._say(told, severity="warning")

    def _say(self, told: str, *, severity: SeverityLevel = "information") -> None:
        self.app.notify(told, severity=severity, markup=False)

    def _close(self) -> None:
        if self._hits is not None:
            self._hits.cancel()
        if self._search is not None:
            self._search.cancel()
        if self._source is not None:
            self._source.close()
