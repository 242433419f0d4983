"""The trace that a repository's journal tells: what came, what became of it, how long its retests took."""

from collections.abc import Iterable
from statistics import median

from msgspec import Struct

from mergetui.events import Ended, Enqueued, Event, RetestEnded, Retried, TakenUp
from mergetui.model import Branch, Instant
from mergetui.outcome import Run
from mergetui.reason import RED, Reason
from mergetui.results import flakes
from mergetui.simulation.traces import Arrival, Trace

_NO_VERDICT = frozenset({Reason.INTERRUPTED, Reason.RETEST_KILLED, Reason.DISK_FULL})
_CLASHED = frozenset({Reason.CONFLICT, Reason.UNRELATED_HISTORY})


class Recorded(Struct, frozen=True, kw_only=True):
    trace: Trace
    branches: tuple[Branch, ...]
    """By change: whose it was."""
    began: Instant | None
    """When the first came; None: nothing has landed or was sent back yet."""
    measured: int
    """Retests with a verdict."""
    left_out: int
    """Runs that ended for another reason: their branch was gone, an operator took them out ..."""


class _Run(Struct, frozen=True):
    came: Instant
    run: Run
    seconds: float | None


def recorded(facts: Iterable[Event]) -> Recorded:
    """Of one repository's whole journal.

    Every run that landed, was red or conflicted is a change; it came when it was queued or taken up again.
    What was red is taken to be red by itself, and what conflicted to conflict with anything, for the journal
    tells no more. A retest takes what it took for the change, or else the median of all.
    """
    story = list(facts)
    telling = _Telling()
    for fact in story:
        telling.hear(fact)
    runs = sorted(telling.runs, key=lambda one: one.came)
    usual = median(telling.seconds) if telling.seconds else 0.0
    began = runs[0].came if runs else None
    return Recorded(
        trace=Trace(
            arrivals=tuple(_arrival(one, runs[0].came, usual) for one in runs),
            flake=len(flakes(story)) / len(telling.seconds) if telling.seconds else 0.0,
        ),
        branches=tuple(one.run.branches[-1] for one in runs),
        began=began,
        measured=len(telling.seconds),
        left_out=telling.left_out,
    )


class _Telling:
    def __init__(self) -> None:
        self.runs: list[_Run] = []
        self.seconds: list[float] = []
        self.left_out = 0
        self._came: dict[Branch, Instant] = {}
        self._took: dict[Branch, float] = {}
        self._told: set[str] = set()

    def hear(self, fact: Event) -> None:
        match fact:
            case Enqueued(branches=branches) | TakenUp(branches=branches) | Retried(branches=branches):
                self._came.setdefault(branches[-1], fact.at)
            case RetestEnded(reason=reason) if reason is None or reason.code not in _NO_VERDICT:
                self.seconds.append(fact.seconds)
                self._took[fact.branches[-1]] = fact.seconds
            case Ended(run=run) if run.id not in self._told:
                self._told.add(run.id)
                self._end(run)
            case _:
                return

    def _end(self, run: Run) -> None:
        branch = run.branches[-1]
        if run.outcome in ("deferred", "broken"):
            return
        came, seconds = self._came.pop(branch, run.started_at), self._took.pop(branch, None)
        if run.outcome == "landed" or (run.reason and run.reason.code in RED | _CLASHED):
            self.runs.append(_Run(came, run, seconds))
        else:
            self.left_out += 1


def _arrival(one: _Run, began: Instant, usual: float) -> Arrival:
    code = one.run.reason.code if one.run.reason else None
    return Arrival(
        at=(one.came - began).total_seconds(),
        seconds=usual if one.seconds is None else one.seconds,
        red=code in RED,
        clashes=code in _CLASHED,
    )
