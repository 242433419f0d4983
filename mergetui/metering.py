"""Facts into counts and lengths, and a repository's state into gauges."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from typing import TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from mergetui import measures as m
from mergetui.events import (
    Broken,
    CatchUpStarted,
    CaughtUp,
    Ended,
    Event,
    LandingContended,
    LandingRefused,
    LandingStarted,
    LandingUnknown,
    LeaseGranted,
    LeaseLost,
    LeaseReleased,
    RetestEnded,
    RetestSpared,
    TargetMoved,
)
from mergetui.measures import Measure
from mergetui.model import EntryState, Instant, Oid
from mergetui.outcome import Run
from mergetui.reason import Reason
from mergetui.state import RepositoryState

Labels: TypeAlias = tuple[str, ...]
"""The repository, and the value of the measure's own label, if it has one."""
Sample: TypeAlias = tuple[Measure, Labels, float]

_EMPTY = frozenset({Reason.ALREADY_LANDED, Reason.NOTHING_TO_LAND})


class Lengths(Struct):
    """A histogram: how many lengths fell under each bound and over the last, and their sum in seconds."""

    buckets: list[int]
    total: float = 0.0


class _Push(Struct, frozen=True):
    """A landing that has begun and of which no end was told."""

    commit: Oid
    at: Instant
    is_unanswered: bool = False


class Meter:
    """Counts what it hears, of these repositories from 0 on. A repository's facts come in their order."""

    def __init__(self, repos: Iterable[str] = ()) -> None:
        self.counts: dict[tuple[Measure, Labels], float] = {}
        self.lengths: dict[tuple[Measure, Labels], Lengths] = {}
        self._pushes: dict[str, _Push] = {}
        self._catching_up: set[str] = set()
        self.expect(repos)

    def expect(self, repos: Iterable[str]) -> None:
        """Tell of these from now on, also where nothing happens; counts go on."""
        for repo in repos:
            for measure in m.COUNTED:
                for labels in _labels(measure, repo):
                    self._begin(measure, labels)

    def hear(self, fact: Event) -> None:
        self._follow_push(fact)
        self._follow_catch_up(fact)
        for measure, labels, amount in _counted(fact):
            self._add(measure, labels, amount)

    def _follow_push(self, fact: Event) -> None:
        push = self._pushes.get(fact.repo)
        match fact:
            case LandingStarted(commit=commit):
                self._failed(fact, "withdrawn")
                self._add(m.PUSH_CALLED, (fact.repo,))
                self._pushes[fact.repo] = _Push(commit, fact.at)
            case LandingUnknown() if push is not None:
                self._pushes[fact.repo] = replace(push, is_unanswered=True)
            case LandingContended():
                is_stale = push is None or not push.is_unanswered
                self._failed(fact, "contended" if is_stale else "unanswered")
                self._add(m.STALE_RETRIES, (fact.repo,), is_stale)
            case LandingRefused():
                self._failed(fact, "refused")
            case LeaseLost():
                self._failed(fact, "lease-lost")
            case LeaseReleased() if push is not None and not push.is_unanswered:
                self._failed(fact, "withdrawn")
            case Ended(run=run) if run.outcome == "broken":
                self._failed(fact, "broken")
            case Ended(run=run) if push is not None and run.landed_commit == push.commit:
                self._close(fact, push)
                self._add(m.PUSH_SUCCEEDED, (fact.repo,))
            case _:
                return

    def _follow_catch_up(self, fact: Event) -> None:
        """A checkout that cannot be reset breaks the gate before the catch-up has come to an end."""
        match fact:
            case CatchUpStarted():
                self._catching_up.add(fact.repo)
            case Broken() if fact.repo in self._catching_up:
                self._catching_up.discard(fact.repo)
                self._add(m.PUSH_RESETS, (fact.repo,))
            case CaughtUp() | LandingStarted():
                self._catching_up.discard(fact.repo)
            case Ended(run=run) if run.outcome != "broken":
                self._catching_up.discard(fact.repo)
            case _:
                return

    def _failed(self, fact: Event, how: str) -> None:
        if push := self._pushes.get(fact.repo):
            self._close(fact, push)
            self._add(m.PUSH_FAILED, (fact.repo, how))

    def _close(self, fact: Event, push: _Push) -> None:
        del self._pushes[fact.repo]
        self._add(m.PUSH_LATENCY, (fact.repo,), _between(push.at, fact.at))

    def _add(self, measure: Measure, labels: Labels, amount: float = 1) -> None:
        self._begin(measure, labels)
        if measure.kind == "counter":
            self.counts[measure, labels] += amount
            return
        lengths = self.lengths[measure, labels]
        lengths.buckets[bisect_left(measure.buckets, amount)] += 1
        lengths.total += amount

    def _begin(self, measure: Measure, labels: Labels) -> None:
        if measure.kind == "counter":
            self.counts.setdefault((measure, labels), 0)
        elif (measure, labels) not in self.lengths:
            self.lengths[measure, labels] = Lengths([0] * (len(measure.buckets) + 1))


def gauges(repo: str, state: RepositoryState | None, *, now: Instant, busy: int) -> Iterator[Sample]:
    """What is told of a repository at this moment; `state` None: it cannot be read."""
    yield m.SLOTS_BUSY, (repo,), busy
    yield m.READABLE, (repo,), state is not None
    if state is None:
        return
    for kind in EntryState:
        queued = [entry.enqueued_at for entry in state.entries.values() if entry.state is kind]
        yield m.DEPTH, (repo, kind.value), len(queued)
        yield m.OLDEST, (repo, kind.value), _between(min(queued, default=now), now)
    lease = state.lease
    yield m.LEASE_HELD, (repo,), lease is not None
    yield m.LEASE_AGE, (repo,), _between(lease.acquired_at, now) if lease else 0.0
    yield m.PAUSED, (repo,), state.pause is not None


def cumulative(lengths: Lengths, bounds: tuple[float, ...]) -> Mapping[str, int]:
    """As Prometheus tells a histogram: by upper bound, how many lengths were not longer."""
    told, below = dict[str, int](), 0
    for bound, count in zip((*map(str, bounds), "+Inf"), lengths.buckets, strict=True):
        below += count
        told[bound] = below
    return told


def _labels(measure: Measure, repo: str) -> list[Labels]:
    return [(repo, value) for value in measure.values] if measure.label else [(repo,)]


def _counted(fact: Event) -> Iterator[Sample]:
    here = (fact.repo,)
    match fact:
        case LandingRefused() | LandingUnknown():
            yield m.PUSH_ERRORS, here, 1
        case RetestEnded(reason=reason, seconds=seconds, reds=reds):
            yield m.RETESTS, (fact.repo, reason.code.value if reason else m.PASSED), 1
            yield m.RETEST_SECONDS, here, seconds
            yield m.FLAKES, here, reason is None and reds > 0
        case RetestSpared():
            yield m.SPARED, here, 1
        case LeaseGranted():
            yield m.LEASE_GRANTS, here, 1
        case TargetMoved():
            yield m.TARGET_MOVES, here, 1
        case Broken():
            yield m.BREAKS, here, 1
        case Ended(run=run) if run.outcome == "landed":
            yield from _landed(run)
        case Ended(run=run) if run.reason is not None:
            yield from _not_landed(run, run.reason.code)
        case _:
            return


def _landed(run: Run) -> Iterator[Sample]:
    here = (run.repo,)
    yield m.LANDINGS, here, 1
    yield m.PUSH_EMPTY, here, sum(change.status == "already-existed" for change in run.changes)
    yield m.WORK, here, _between(run.started_at, run.finished_at)
    if run.enqueued_at is not None:
        yield m.WAIT, here, _between(run.enqueued_at, run.started_at)


def _not_landed(run: Run, code: Reason) -> Iterator[Sample]:
    here, why = (run.repo,), (run.repo, code.value)
    match run.outcome:
        case "sent-back":
            yield m.SENT_BACK, why, 1
            yield m.PUSH_CONFLICTS, here, code is Reason.CONFLICT
            yield m.PUSH_EMPTY, here, len(run.branches) if code in _EMPTY else 0
        case "deferred" | "held":
            yield m.DEFERRALS if run.outcome == "deferred" else m.HOLDS, why, 1
            yield m.STALE_GIVEUP, here, code is Reason.CONTENDED
        case _:
            return


def _between(earlier: Instant, later: Instant) -> float:
    """Seconds; none where a clock was set back."""
    return max((later - earlier).total_seconds(), 0.0)
