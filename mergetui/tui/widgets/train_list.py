"""Candidates: those that run, the shortest first, then those that ended, the newest first."""

from collections.abc import Sequence
from datetime import timedelta
from typing import NamedTuple

from rich.cells import cell_len

from mergetui.model import Instant
from mergetui.train import Course, OnTrial
from mergetui.tui.progress import progress
from mergetui.tui.train_sight import Aboard
from mergetui.tui.train_words import COURSES, assumed, line_of, own_of, since, why_of
from mergetui.tui.widgets.row_list import Cell, RowList
from mergetui.tui.wording import briefly

_STATE = 14
"""Cells for `− thrown away` and a space."""


class Columns(NamedTuple):
    state: int
    line: int
    told: int
    why: int


class TrainList(RowList):
    MARKABLE = False

    def __init__(self, usual: timedelta | None) -> None:
        """`usual` is what a retest takes, from earlier ones."""
        super().__init__(classes="pane")
        self._usual = usual
        self._aboard = Aboard()
        self._known: dict[str, OnTrial] = {}
        self._longest = self._told = 0
        self._now: Instant | None = None

    @property
    def candidate(self) -> OnTrial | None:
        """The one under the cursor."""
        return self._known.get(self.current or "")

    def show_train(self, aboard: Aboard, now: Instant) -> None:
        train = aboard.train
        self._aboard, self._now = aboard, now
        self._known = {one.key: one for one in (*train.running, *train.ended)}
        self._longest = max((len(line_of(one)) for one in self._known.values()), default=0)
        self.show(list(self._known))
        self.tick(now)

    def tick(self, now: Instant) -> None:
        self._now = now
        self._told = max((len(self.so_far(one)) + 1 for one in self._known.values()), default=0)
        self.refresh()

    def so_far(self, one: OnTrial) -> str:
        """`41% · 4m12s / ~10m` while it runs, then when it ended."""
        now = self._now or one.began
        if one.course is not Course.TESTING:
            return since(one, now)
        percent = self._aboard.percents.get(one.commit)
        told = briefly(progress(now - one.began, percent, self._usual, None))
        return f"{told}, {one.doubts} red" if one.doubts else told

    def cells(self, key: str, width: int) -> Sequence[Cell]:
        one, sizes = self._known[key], self._sizes(width)
        badge = COURSES[one.course]
        runs = one.course is Course.TESTING
        why = assumed(self._aboard.train, one) if runs else why_of(one)
        return (
            Cell(f"{badge.glyph} {badge.word}", sizes.state, badge.tone),
            Cell(self._line(one, sizes.line - 1), sizes.line, "plain" if runs else "faint"),
            Cell(self.so_far(one), sizes.told, "plain" if runs else "faint"),
            Cell(why, sizes.why, "faint"),
        )

    def _line(self, one: OnTrial, room: int) -> str:
        """All of it, or what it alone is to tell where that does not fit."""
        line, own = line_of(one), own_of(self._aboard.train, one)
        return line if cell_len(line) <= room or own == line else f"… + {own}"

    def _sizes(self, width: int) -> Columns:
        told = min(self._told, max(width - _STATE, 0))
        room = max(width - _STATE - told, 0)
        line = min(self._longest + 1, max(room // 2, min(room, 16)))
        return Columns(min(_STATE, width), line, told, room - line)
