"""The candidates that run side by side: a row each above the log, or one line where there is no room."""

from collections.abc import Iterator, Mapping, Sequence

from rich.cells import cell_len
from textual.content import Content
from textual.geometry import Size
from textual.widget import Widget

from mergetui.model import Instant, Oid
from mergetui.train import Course, OnTrial, Train
from mergetui.tui.bridge import Picture
from mergetui.tui.progress import progress
from mergetui.tui.train_words import COURSES, assumed, line_of, own_of, since, why_of
from mergetui.tui.widgets.cells import cut, fit
from mergetui.tui.wording import briefly

_MOST = 5
"""Candidates with a row of their own."""
_HERE, _STATE = 2, 10
"""Cells for the mark of the one that is watched, and for `▶ testing`, each with a space."""
_STYLES = {
    "accent": "$text-primary",
    "good": "$text-success",
    "warn": "$text-warning",
    "bad": "$text-error",
}
_FAINT = "$text-muted"
_BETWEEN, _LEAST_NAME = " · ", 4


class TrainStrip(Widget):
    """Seen while several run, or one for which others were thrown away; one alone its log's pane tells of."""

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
        height = len(self._lines())
        self.set_class(height > 0, "-several")
        self.refresh(layout=height != self._height)
        self._height = height

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:  # noqa: ARG002
        return len(self._lines())

    def render(self) -> Content:
        return Content("\n").join(self._lines())

    def _lines(self) -> list[Content]:
        picture, width = self._picture, self.content_size.width
        if picture is None or len(picture.train.running) + len(_given_up(picture.train)) < 2:
            return []
        if self.screen.has_class("-short"):
            return [self._folded(picture.train, width)]
        shown = picture.train.running[:_MOST]
        lines = list(self._rows(picture, shown, width))
        more = len(picture.train.running) - len(shown)
        if more:
            lines.append(Content.styled(cut(f"  and {more} more", width), _FAINT))
        return [*lines, *self._thrown_away(picture.train, width)]

    def _rows(self, picture: Picture, shown: Sequence[OnTrial], width: int) -> Iterator[Content]:
        """What each alone is to tell, and after what."""
        owns = [own_of(picture.train, one) for one in shown]
        told = [self._so_far(picture, one) for one in shown]
        room = max(width - _HERE - _STATE, 0)
        far = min(max(map(len, told)) + 2, room)
        named = min(max(map(len, owns)) + 2, (room - far) * 3 // 5)
        for one, own, so_far in zip(shown, owns, told, strict=True):
            badge = COURSES[one.course]
            yield Content.assemble(
                ("▸ " if one.commit == self._watched else "  ", _STYLES["accent"]),
                (fit(f"{badge.glyph} {badge.word}", _STATE), _STYLES[badge.tone]),
                _column(own, named),
                _column(so_far, far),
                (cut(assumed(picture.train, one), max(room - named - far, 0)), _FAINT),
            )

    def _thrown_away(self, train: Train, width: int) -> Iterator[Content]:
        for latest in _given_up(train)[:1]:
            badge = COURSES[latest.course]
            text = f"{line_of(latest)}: {why_of(latest)}, {since(latest, self._now or latest.began)}"
            yield Content.assemble(
                (f"  {badge.glyph} {badge.word} ", _STYLES[badge.tone]),
                (cut(text, max(width - 5 - len(badge.word), 0)), _FAINT),
            )

    def _folded(self, train: Train, width: int) -> Content:
        """`▶ 3 testing  1 feat/a 41% · ▸2 +feat/b 12% · 3 +feat/c`."""
        badge, given_up = COURSES[Course.TESTING], _given_up(train)
        head = f"{badge.glyph} {len(train.running)} {badge.word}  "
        lost = COURSES[Course.THROWN_AWAY]
        told = f"{lost.glyph} {len(given_up)} {lost.word}  " if given_up else ""
        each = [self._briefly(train, place, one) for place, one in enumerate(train.running, start=1)]
        shown = _shared(each, max(width - len(head) - len(told), 0))
        return Content.assemble((head, _STYLES[badge.tone]), (told, _STYLES[lost.tone]), shown)

    def _briefly(self, train: Train, place: int, one: OnTrial) -> tuple[str, str, str]:
        """What stands before its name, the name, what stands behind it."""
        here = "▸" if one.commit == self._watched else ""
        plus = "+" if train.ahead_in(one) else ""
        percent = self._percents.get(one.commit)
        told = f" {percent}%" if percent is not None else ""
        return f"{here}{place} {plus}", own_of(train, one), told

    def _so_far(self, picture: Picture, one: OnTrial) -> str:
        elapsed = (self._now or one.began) - one.began
        told = briefly(progress(elapsed, self._percents.get(one.commit), picture.usual, None))
        return f"{told}, {one.doubts} red" if one.doubts else told


def _given_up(train: Train) -> list[OnTrial]:
    """Those that were thrown away since one of those began that run now; the latest first."""
    began = min((one.began for one in train.running), default=None)
    return [one for one in train.thrown_away if began is not None and one.ended and one.ended > began]


def _shared(each: Sequence[tuple[str, str, str]], room: int) -> str:
    """In one line; of names that are too long together each has its share, so that none hides the others."""
    whole = _BETWEEN.join(map("".join, each))
    if cell_len(whole) <= room or not each:
        return cut(whole, room)
    share = (room - len(_BETWEEN) * (len(each) - 1)) // len(each)
    parts = (
        f"{before}{cut(name, max(share - len(before) - len(behind), _LEAST_NAME))}{behind}"
        for before, name, behind in each
    )
    return cut(_BETWEEN.join(parts), room)


def _column(text: str, width: int) -> str:
    return fit(text, max(width - 2, 0)) + "  " if width > 0 else ""
