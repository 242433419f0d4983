"""What a repository's journal comes to over a span of time, in numbers."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import timedelta
from math import ceil
from typing import Literal, TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from mergetui.events import (
    CatchUpStarted,
    Ended,
    Enqueued,
    Event,
    LandingContended,
    LeaseForced,
    PauseBegun,
    PauseEnded,
    RetestEnded,
    RetestStarted,
)
from mergetui.model import Branch, Emergency, FencingToken, Instant
from mergetui.outcome import Run
from mergetui.reason import Reason
from mergetui.results import Flake, flakes

Outcome: TypeAlias = Literal["landed", "sent-back", "deferred", "held", "broken", "dequeued"]

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
_UNDECIDED = frozenset({Reason.INTERRUPTED, Reason.RETEST_KILLED, Reason.DISK_FULL})
"""A retest that ended so was stopped or killed from outside: it is no verdict on the candidate."""


class Spread(Struct, frozen=True, kw_only=True):
    """Of durations: so many of a hundred were no longer. Nearest rank: each is one that was measured."""

    p50: timedelta
    p75: timedelta
    p95: timedelta


class Retests(Struct, frozen=True, kw_only=True):
    started: int = 0
    green: int = 0
    red: int = 0
    undecided: int = 0
    """Stopped or killed before there was a verdict."""
    flaky: int = 0
    """Trees that both failed and passed under one command."""

    @property
    def red_rate(self) -> float | None:
        """Of those with a verdict, 0 to 1; None without any."""
        judged = self.green + self.red
        return self.red / judged if judged else None

    @property
    def flake_rate(self) -> float | None:
        """Flakes per retest with a verdict; None without any."""
        judged = self.green + self.red
        return self.flaky / judged if judged else None


class EndingCount(Struct, frozen=True, kw_only=True):
    outcome: Outcome
    code: Reason | None
    """None for what landed."""
    count: int


class PauseSpan(Struct, frozen=True, kw_only=True):
    by: str
    reason: str
    began: Instant
    ended: Instant | None = None
    """None: it still holds."""


class Override(Struct, frozen=True, kw_only=True):
    """A lease that an operator took from its holder."""

    at: Instant
    by: str
    holder: str
    token: FencingToken
    reason: str


class Hurried(Struct, frozen=True):
    """An entry that an operator sent ahead of everything."""

    branches: tuple[Branch, ...]
    said: Emergency


class Statistics(Struct, frozen=True, kw_only=True):
    """Of what happened after `since`, up to and including `until`."""

    since: Instant
    until: Instant
    landed: int = 0
    landed_per_hour: tuple[int, ...] = ()
    """The hours are counted back from `until`; oldest first, and the oldest may be a part of one."""
    landed_per_day: tuple[int, ...] = ()
    """Days of 24 hours, as the hours."""
    in_queue: Spread | None = None
    """From when it was queued until it had landed; None when nothing landed."""
    waited: Spread | None = None
    """Of that, until the first catch-up."""
    worked: Spread | None = None
    """Of that, from the first catch-up on."""
    retests: Retests = Retests()
    contended: int = 0
    """Pushes that lost to somebody else's."""
    endings: tuple[EndingCount, ...] = ()
    """The most frequent first."""
    pauses: tuple[PauseSpan, ...] = ()
    """Those of which some part is in the span, oldest first."""
    overrides: tuple[Override, ...] = ()
    """Oldest first."""
    emergencies: tuple[Hurried, ...] = ()
    """Oldest first."""
    flakes: tuple[Flake, ...] = ()
    """Those that came to light in the span, oldest first."""

    @property
    def retests_per_landing(self) -> float | None:
        return self.retests.started / self.landed if self.landed else None

    @property
    def contended_per_landing(self) -> float | None:
        return self.contended / self.landed if self.landed else None

    def ended(self, outcome: Outcome) -> tuple[EndingCount, ...]:
        return tuple(ending for ending in self.endings if ending.outcome == outcome)

    def count(self, outcome: Outcome) -> int:
        return sum(ending.count for ending in self.ended(outcome))

    @property
    def is_empty(self) -> bool:
        """Nothing happened that is counted here."""
        operated = self.pauses or self.overrides or self.emergencies
        return not (self.endings or self.retests.started or self.contended or operated)


class Journey(Struct, frozen=True, kw_only=True):
    """Of a run that ended: when its entry was queued, and when work on it began."""

    run: Run
    enqueued_at: Instant
    began_at: Instant

    @property
    def in_queue(self) -> timedelta:
        return self.run.finished_at - self.enqueued_at

    @property
    def waited(self) -> timedelta:
        return self.began_at - self.enqueued_at

    @property
    def worked(self) -> timedelta:
        return self.run.finished_at - self.began_at


def statistics(facts: Sequence[Event], *, since: Instant, now: Instant) -> Statistics:
    """`facts` is the whole journal of one repository: what was queued before the span may end in it."""
    within = [fact for fact in facts if since < fact.at <= now]
    ended = [one for one in journeys(facts) if since < one.run.finished_at <= now]
    landed = [one for one in ended if one.run.outcome == "landed"]
    ends = [one.run.finished_at for one in landed]
    flaky = tuple(flake for flake in flakes(facts) if since < flake.at <= now)
    return Statistics(
        since=since,
        until=now,
        landed=len(landed),
        landed_per_hour=per(HOUR, ends, since=since, until=now),
        landed_per_day=per(DAY, ends, since=since, until=now),
        in_queue=spread([one.in_queue for one in landed]),
        waited=spread([one.waited for one in landed]),
        worked=spread([one.worked for one in landed]),
        retests=replace(_retests(within), flaky=len(flaky)),
        contended=sum(isinstance(fact, LandingContended) for fact in within),
        endings=_endings(one.run for one in ended),
        pauses=tuple(pause for pause in pauses(facts, now=now) if _reaches_into(pause, since)),
        overrides=tuple(_override(fact) for fact in within if isinstance(fact, LeaseForced)),
        emergencies=tuple(
            Hurried(fact.branches, fact.emergency)
            for fact in within
            if isinstance(fact, Enqueued) and fact.emergency is not None
        ),
        flakes=flaky,
    )


def journeys(facts: Iterable[Event]) -> tuple[Journey, ...]:
    """Of every ended run, in the order of their ends; one that was written down twice counts once."""
    enqueued: dict[Branch, Instant] = {}
    began: dict[Branch, Instant] = {}
    found: dict[str, Journey] = {}
    for fact in facts:
        match fact:
            case Enqueued(branches=(*_, branch), pinned_anew=anew):
                if not anew or branch not in enqueued:
                    enqueued[branch] = fact.at
                    began.pop(branch, None)
            case CatchUpStarted(branches=branches):
                for branch in branches:
                    began.setdefault(branch, fact.at)
            case Ended(run=run):
                branch = run.branches[-1]
                found[run.id] = _journey(run, enqueued.get(branch), began.get(branch))
            case _:
                continue
    return tuple(sorted(found.values(), key=lambda one: one.run.finished_at))


def pauses(facts: Iterable[Event], *, now: Instant) -> tuple[PauseSpan, ...]:
    """Oldest first. One with a time is over then, whether or not an engine was there to see it."""
    found: list[PauseSpan] = []
    open_until: Instant | None = None
    for fact in (fact for fact in facts if fact.at <= now):
        match fact:
            case PauseBegun(pause=pause):
                _close(found, fact.at, open_until)
                found.append(PauseSpan(by=pause.by, reason=pause.reason, began=fact.at))
                open_until = pause.until
            case PauseEnded():
                _close(found, fact.at, open_until)
            case _:
                continue
    if open_until is not None and open_until <= now:
        _close(found, now, open_until)
    return tuple(found)


def per(step: timedelta, ends: Iterable[Instant], *, since: Instant, until: Instant) -> tuple[int, ...]:
    """How many fall into each step, the last of which ends with `until`."""
    counts = [0] * max(ceil((until - since) / step), 0)
    for end in ends:
        counts[-1 - int((until - end) / step)] += 1
    return tuple(counts)


def spread(lengths: Iterable[timedelta]) -> Spread | None:
    ordered = sorted(lengths)
    if not ordered:
        return None
    p50, p75, p95 = (ordered[ceil(len(ordered) * part / 100) - 1] for part in (50, 75, 95))
    return Spread(p50=p50, p75=p75, p95=p95)


def _journey(run: Run, enqueued_at: Instant | None, began_at: Instant | None) -> Journey:
    """Where the journal does not tell it, or a clock was set back, the run's own times count."""
    began = min(began_at or run.started_at, run.finished_at)
    return Journey(run=run, enqueued_at=min(enqueued_at or began, began), began_at=began)


def _retests(facts: Iterable[Event]) -> Retests:
    kinds: Counter[str] = Counter()
    for fact in facts:
        match fact:
            case RetestStarted():
                kinds["started"] += 1
            case RetestEnded(reason=None):
                kinds["green"] += 1
            case RetestEnded(reason=reason) if reason is not None:
                kinds["undecided" if reason.code in _UNDECIDED else "red"] += 1
            case _:
                continue
    return Retests(**kinds)


def _endings(runs: Iterable[Run]) -> tuple[EndingCount, ...]:
    counts = Counter((run.outcome, run.reason.code if run.reason else None) for run in runs)
    return tuple(
        EndingCount(outcome=outcome, code=code, count=count)
        for (outcome, code), count in sorted(counts.items(), key=lambda item: (-item[1], str(item[0])))
    )


def _close(found: list[PauseSpan], at: Instant, until: Instant | None) -> None:
    if found and found[-1].ended is None:
        found[-1] = replace(found[-1], ended=at if until is None else min(at, until))


def _reaches_into(pause: PauseSpan, since: Instant) -> bool:
    return pause.ended is None or pause.ended > since


def _override(fact: LeaseForced) -> Override:
    return Override(at=fact.at, by=fact.by, holder=fact.holder, token=fact.token, reason=fact.reason)
