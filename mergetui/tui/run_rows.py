"""Rows of the history: their order, which of them fit a filter, and the cells they take."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from msgspec import Struct

from mergetui import cleaning
from mergetui.outcome import Run
from mergetui.statistics import Outcome
from mergetui.tui.wording import OUTCOMES, names, words

_WHEN, _WHOLE_WHEN = 12, 17
"""Cells for `05-17 14:02` and a space; and for `2024-05-17 14:02` and a space."""
_OUTCOME, _TOOK, _COMMIT = 12, 7, 8
_BRANCH = 20
_ROOMY = 100
"""Cells from which on there is room for the year."""


class RunRow(Struct, frozen=True, kw_only=True):
    """One run as it is shown; its texts are clean."""

    run: Run
    branches: str
    told: str
    """Why it did not land, or what landing it took."""
    sought: str
    """In which a filter is looked for, in lower case."""


class Columns(NamedTuple):
    """Cells per column, each with the space that follows it."""

    when: int
    outcome: int
    branches: int
    told: int
    took: int
    commit: int


def run_rows(runs: Iterable[Run]) -> tuple[RunRow, ...]:
    """The newest first."""
    return tuple(map(_row, sorted(runs, key=lambda run: run.finished_at, reverse=True)))


def fitting(rows: Sequence[RunRow], outcome: Outcome | None, text: str) -> list[RunRow]:
    """Those that ended so, None being any, and have `text` in what is known of them."""
    wanted = text.casefold()
    return [
        row
        for row in rows
        if (outcome is None or row.run.outcome == outcome) and (not wanted or wanted in row.sought)
    ]


def columns_for(width: int, longest: int) -> Columns:
    """`longest` of the branches, in characters. What there is no room for is left out."""
    when = _WHOLE_WHEN if width >= _ROOMY else _WHEN
    commit = _COMMIT if width >= when + _OUTCOME + _TOOK + _BRANCH + _COMMIT else 0
    took = _TOOK if width >= when + _OUTCOME + _TOOK + _BRANCH else 0
    outcome = _OUTCOME if width >= when + _OUTCOME + 10 else min(2, width)
    room = max(width - outcome - took - commit, 0)
    when = when if room >= when + 10 else 0
    branches = min(longest + 1, max((room - when) // 2, min(room - when, _BRANCH)))
    return Columns(when, outcome, branches, room - when - branches, took, commit)


def _row(run: Run) -> RunRow:
    branches, told = names([" + ".join(run.branches)]), _told(run)
    commits = (run.landed_commit, run.tested_commit)
    known = (branches, told, OUTCOMES[run.outcome].word, run.outcome, *(commit or "" for commit in commits))
    return RunRow(run=run, branches=branches, told=told, sought="\n".join(known).casefold())


def _told(run: Run) -> str:
    if run.reason is not None:
        return cleaning.redact(words(run.reason))
    retests = f"{run.retests} retests" if run.retests > 1 else ""
    contended = f"contended {run.contended}×" if run.contended else ""
    emergency = f"emergency: {cleaning.redact(cleaning.name(run.emergency))}" if run.emergency else ""
    return " · ".join(part for part in (emergency, retests, contended) if part)
