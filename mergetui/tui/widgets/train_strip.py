"""The candidates that run side by side: a row each above the log, or one line where there is no room."""

from collections.abc import Iterator, Mapping

from textual.content import Content
from textual.geometry import Size
from textual.widget import Widget

from mergetui.model import Instant, Oid
from mergetui.train import Course, OnTrial, Train
from mergetui.tui.bridge import Picture
from mergetui.tui.progress import progress
from mergetui.tui.train_words import COURSES, assumed, joined, line_of, since, why_of
from mergetui.tui.widgets.cells import cut, fit
from mergetui.tui.wording import briefly, names

_MOST = 5
"""Candidates with a row of their own."""
_STATE, _TOLD = 10, 21
"""Cells for `▶ testing`, and for `41% · 4m12s / ~10m`, each with a space."""
_STYLES = {
    "accent": "$text-primary",
    "good": "$text-success",
    "warn": "$text-warning",
    "bad": "$text-error",
}
_FAINT = "$text-muted"


class TrainStrip(Widget):
    """Seen only while several run: one alone is told of by the pane of its log."""

    ALLOW_SELECT = False
    DEFAULT_CSS = """
    TrainStrip { display: none; height: auto; width: 1fr; padding: 0 1; }
    TrainStrip.-several { display: block; }
    """

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._picture: Picture | None = None
        self._percents: Mapping[Oid, int] = {}
        self._watched: Oid | None = None
        self._now: Instant | None = None
        self._height = 0

    def show_train(
        self, picture: Picture | None, percents: Mapping[Oid, int], watched: Oid | None, now: Instant
    ) -> None:
        """`watched` is the one whose log is shown."""
        self._picture, self._percents, self._watched, self._now = picture, percents, watched, now
        self.set_class(picture is not None and len(picture.train.running) > 1, "-several")
        height = len(self._lines())
        self.refresh(layout=height != self._height)
        self._height = height

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:  # noqa: ARG002
        return len(self._lines())

    def render(self) -> Content:
        return Content("\n").join(self._lines())

    def _lines(self) -> list[Content]:
        picture, width = self._picture, self.content_size.width
        if picture is None:
            return []
        if self.screen.has_class("-short"):
            return [self._folded(picture.train, width)]
        shown = picture.train.running[:_MOST]
        lines = [self._row(picture, one, width) for one in shown]
        more = len(picture.train.running) - len(shown)
        if more:
            lines.append(Content.styled(cut(f"  and {more} more", width), _FAINT))
        return [*lines, *self._thrown_away(picture.train, width)]

    def _row(self, picture: Picture, one: OnTrial, width: int) -> Content:
        badge = COURSES[one.course]
        room = max(width - 2 - _STATE - _TOLD, 0)
        longest = max(len(line_of(other)) for other in picture.train.running)
        named = min(longest + 1, room * 3 // 5)
        told = f"{self._so_far(picture, one)}, {one.doubts} red" if one.doubts else self._so_far(picture, one)
        return Content.assemble(
            ("▸ " if one.commit == self._watched else "  ", _STYLES["accent"]),
            (fit(f"{badge.glyph} {badge.word}", _STATE), _STYLES[badge.tone]),
            fit(line_of(one), max(named - 1, 0)) + " ",
            fit(told, _TOLD - 1) + " ",
            (cut(assumed(picture.train, one), room - named), _FAINT),
        )

    def _thrown_away(self, train: Train, width: int) -> Iterator[Content]:
        """The latest that gave way to one of those that run now."""
        began = min((one.began for one in train.running), default=None)
        latest = next((one for one in train.thrown_away if one.ended and began and one.ended > began), None)
        if latest is None or self._now is None:
            return
        badge = COURSES[latest.course]
        text = f"{line_of(latest)}: {why_of(latest)}, {since(latest, self._now)}"
        yield Content.assemble(
            (f"  {badge.glyph} {badge.word} ", _STYLES[badge.tone]),
            (cut(text, max(width - 4 - len(badge.word), 0)), _FAINT),
        )

    def _folded(self, train: Train, width: int) -> Content:
        """`▶ 3 testing  1 feat/a 41% · ▸2 +feat/b 12% · 3 +feat/c`."""
        badge = COURSES[Course.TESTING]
        head = f"{badge.glyph} {len(train.running)} {badge.word}  "
        each = (self._briefly(train, place, one) for place, one in enumerate(train.running, start=1))
        text = " · ".join(each)
        return Content.assemble((head, _STYLES[badge.tone]), cut(text, max(width - len(head), 0)))

    def _briefly(self, train: Train, place: int, one: OnTrial) -> str:
        here = "▸" if one.commit == self._watched else ""
        ahead = len(train.ahead_in(one))
        own = joined(one.line[ahead:]) if ahead else line_of(one)
        percent = self._percents.get(one.commit)
        return f"{here}{place} {'+' if ahead else ''}{names([own])}" + (
            f" {percent}%" if percent is not None else ""
        )

    def _so_far(self, picture: Picture, one: OnTrial) -> str:
        elapsed = (self._now or one.began) - one.began
        return briefly(progress(elapsed, self._percents.get(one.commit), picture.usual, None))
