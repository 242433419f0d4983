"""The lines of a log as it grows, in a view that reads and draws only what is on the screen."""

from collections.abc import Callable
from pathlib import Path
from typing import ClassVar, NamedTuple

from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region, Size
from textual.message import Message
from textual.strip import Strip

from mergetui import cleaning
from mergetui.cleaning import redact
from mergetui.masking import Mask
from mergetui.tui.log_file import LogFile
from mergetui.tui.log_seeking import Seeking
from mergetui.tui.pace import Pace
from mergetui.tui.progress import LATEST, percent_in
from mergetui.tui.reading import READING
from mergetui.tui.report_file import ReportFile
from mergetui.tui.sgr import colourless
from mergetui.tui.widgets.follow_view import FollowView
from mergetui.tui.widgets.heat_strip import Heat, heat_cell, heat_of
from mergetui.tui.widgets.strips import LineStrips, centred, headed, window

TICKS = 20
"""Looks at the file per second: however fast it grows, the pane is drawn no more often."""
CORNERS = 6
"""Cells of the upper border that hold no title."""


class Paints(NamedTuple):
    """The view's styles."""

    base: Style = Style.null()
    cursor: Style = Style.null()
    error: Style = Style.null()
    match: Style = Style.null()
    faint: Style = Style.null()
    mark: Style = Style.null()


class LogLines(FollowView):
    """A log that follows its end until the reader looks up; then the lines under their eye stand still.

    The file is untrusted: nothing of it reaches markup, and of its escape codes only colours are obeyed.
    """

    ALLOW_SELECT = False
    DEFAULT_CSS = """
    LogLines {
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

    class PercentChanged(Message, namespace="log_pane"):
        """The latest lines say another percentage than before."""

    def __init__(self, *, empty: str = "", id: str | None = None, classes: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id, classes=classes)
        self._title, self._progress, self._empty = "", "", empty
        self._is_over = False
        self.percent: int | None = None
        """What the latest lines say of how far the run is."""
        self._told: Callable[[int | None], str] = lambda _: ""
        self._source: LogFile | None = None
        self._seen_generation = self._seen_incarnation = 0
        self._standing = False
        self._marks: list[int] = []
        self._seeking = Seeking()
        self._heat = Heat()
        self._pace = Pace()
        self._report: ReportFile | None = None
        self._captions = ("", "")
        self._strips = LineStrips()
        self._paints: Paints | None = None
        """Until they change: Textual works each out anew from all that the widget is in."""
        self._drawing: Paints | None = None
        """Of the drawing that is under way."""

    def show_log(
        self,
        path: Path | None,
        mask: Mask = redact,
        /,
        *,
        title: str = "",
        empty: str | None = None,
        report: ReportFile | None = None,
        over: bool = False,
    ) -> None:
        """Follow another log from its end; None shows only `empty`, the words for a log without lines.

        What is secret by `mask` is neither shown nor found. `report` knows better than the log how far it is.
        Of a run that is `over` nothing more comes.
        """
        self._close()
        self._title, self._progress, self._is_over = cleaning.name(title), "", over
        self._told, self.percent = lambda _: "", None
        self._empty = self._empty if empty is None else empty
        self._report = report
        self._source = None if path is None else _followed(path, mask, report)
        self._seen_generation = self._seen_incarnation = 0
        self._seeking.forget()
        self._standing = False
        self._marks = []
        self._strips.highlight("")
        self.start_over()
        self.follow()

    def retitle(self, title: str, *, empty: str, over: bool = False) -> None:
        """Another title of the log that is shown, and other words while it has no lines."""
        self._title, self._is_over = cleaning.name(title), over
        if self._source is None:
            self._progress = ""
        if empty != self._empty:
            self._empty = empty
            self.refresh()
        self.caption()

    def stand_at_first_error(self) -> None:
        """Stop following and show the first error, now or as soon as the file has been read up to it."""
        self.look_up()
        self._standing = True
        self._look()

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
        self._paints = None

    def action_follow(self) -> None:
        self._standing = False
        super().action_follow()

    def caption(self) -> None:
        """Title and place on the upper border; on the lower one what the reader has not seen."""
        place = self._place() if self._source else ""
        title = headed(self._title, self._progress, place, self.outer_size.width - CORNERS)
        new = f"+{self.new_total:,} new" if self.new_total else ""
        captions = (title, " · ".join(filter(None, (self._seeking.note, new))))
        if captions != self._captions:
            self._captions = captions
            self.entitle(*captions)

    def _place(self) -> str:
        total = self.line_total
        if not self.following:
            return f"line {self.current + 1:,} of {total:,}"
        return f"{total:,} line{'s' * (total != 1)}" if self._is_over else f"following · {total:,}"

    def render_lines(self, crop: Region) -> list[Strip]:
        self._drawing = None
        return super().render_lines(crop)

    def _prepare(self) -> Paints:
        """What all lines of a drawing need; where none is drawn anew, nothing is worked out."""
        if self._drawing is None:
            self._paints = self._paints or self._painted()
            self._drawing = self._paints._replace(base=self.rich_style)
            errors = self._source.errors if self._source is not None else ()
            hits, total = self._seeking.hits, self.line_total
            self._heat = heat_of(errors, hits, self._marks, total=total, height=self.page)
        return self._drawing

    def _painted(self) -> Paints:
        return Paints(
            cursor=self.get_component_rich_style("log-pane--cursor"),
            error=self.get_component_rich_style("log-pane--error", partial=True),
            match=self.get_component_rich_style("log-pane--match", partial=True),
            faint=self.get_component_rich_style("log-pane--faint", partial=True),
            mark=self.get_component_rich_style("log-pane--mark", partial=True),
        )

    def render_line(self, y: int) -> Strip:
        width, paints = self.scrollable_content_region.width, self._prepare()
        if not self.line_total or self._source is None:
            return centred(self._words(), y, Size(width, self.page), paints.base + paints.faint)
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
        heat = heat_cell(self._heat, y, base=paints.base, mark=paints.mark, error=paints.error)
        text = window(strip, self.sideways, width - 1 - len(heat))
        line = Strip([gutter, *text]).apply_style(paints.cursor if here else paints.base)
        return Strip([*line, *heat], width)

    def _words(self) -> str:
        """In place of lines."""
        unread = self._source is not None and not self._seen_generation
        return READING if unread else self._empty

    def _tick(self) -> None:
        source = self._source
        if source is not None and source.generation != self._seen_generation:
            new = source.count - self.line_total if self.line_total else 0
            if not self._pace.leaves_out(new, page=self.page):
                self._look()
        if self._seeking.has_answer():
            self._take_hit()
        if self._seeking.has_news():
            self.caption()
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

    def _take_hit(self) -> None:
        self._look()
        if self._seeking.found is not None and self._seeking.found < self.line_total:
            self.jump_to(self._seeking.found)
        self.caption()

    def _tell_progress(self) -> None:
        source, total = self._source, self.line_total
        lines = range(total - 1, max(total - LATEST, 0) - 1, -1) if source is not None else ()
        percent = self._report.percent if self._report is not None else None
        if percent is None and source is not None:
            percent = percent_in(cleaning.plain(source.line(n)) for n in lines)
        if percent != self.percent:
            self.percent = percent
            self.post_message(self.PercentChanged())
        told = self._told(percent)
        if told != self._progress:
            self._progress = told
            self.caption()

    def _close(self) -> None:
        self._seeking.cancel()
        if self._source is not None:
            self._source.close()


def _followed(path: Path, mask: Mask, report: ReportFile | None) -> LogFile:
    return LogFile(path, mask=mask) if report is None else LogFile(path, mask=mask, beside=report.look)
