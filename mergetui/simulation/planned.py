"""Strategies that are settings of the gate's own plan: it is asked what to do, and what it says is done.

A catch-up, a landing and a word to an author take no time here; only retests do.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from heapq import heappop, heappush

from msgspec import Struct

from mergetui import windowing
from mergetui.actions import Action, CatchUp, Land, SendBack, StartRetest, StopRetest, Wait
from mergetui.model import Candidate, Entry, EntryId, Link, Oid
from mergetui.planning import plan
from mergetui.reason import RED, Coded, Reason
from mergetui.simulation.traces import Trace
from mergetui.simulation.world import Played, World
from mergetui.state import Window
from mergetui.view import Obstacle, Policy, Trial, Verdict, View

_BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)
_FAILED = Coded(Reason.RETEST_FAILED, "exit code 1")
_CLASHED = Coded(Reason.CONFLICT, "the same lines")


class Setting(Struct, frozen=True, kw_only=True):
    """Of the plan; what `[repos.NAME]` calls by the same names."""

    batch: int = 1
    parallel: int = 1
    adaptive: bool = False
    hedge: bool = False
    retries: int = 0


class _RetestEnds(Struct, frozen=True, gc=False):
    commit: Oid
    number: int
    """Of the retest: one that was stopped ends nothing."""


def play(trace: Trace, setting: Setting, *, slots: int, sees_all: bool = False) -> Played:
    """What the plan makes of the trace; `sees_all`: of the whole queue, not only of what it can reach."""
    return _Gate(trace, setting, slots=slots, sees_all=sees_all).run()


class _Gate:
    def __init__(self, trace: Trace, setting: Setting, *, slots: int, sees_all: bool) -> None:
        self._world = World(trace)
        self._setting = setting
        self._policy = Policy(
            batch=setting.batch, parallel=setting.parallel, hedge=setting.hedge, retries=setting.retries
        )
        self._slots = slots
        self._sees_all = sees_all
        self._entries = tuple(_entry(number) for number in range(len(trace.arrivals)))
        self._heads = {entry.branch: entry.heads[0] for entry in self._entries}
        self._events: list[tuple[float, int, Entry | _RetestEnds]] = [
            (arrival.at, number, self._entries[number]) for number, arrival in enumerate(trace.arrivals)
        ]
        self._numbered = len(self._events)
        self._queue: list[Entry] = []
        self._trials: dict[Oid, Trial] = {}
        self._running: dict[Oid, int] = {}
        self._obstacles: tuple[Obstacle, ...] = ()
        self._window: Window | None = None
        self._now = 0.0

    def run(self) -> Played:
        while self._events:
            self._now, _, event = heappop(self._events)
            if self._happens(event):
                self._settle()
        return self._world.played()

    def _happens(self, event: Entry | _RetestEnds) -> bool:
        """Whether the plan can see it."""
        match event:
            case Entry():
                self._queue.append(event)
                return self._sees_all or len(self._queue) <= self._sight()
            case _RetestEnds(commit=commit, number=number):
                return self._running.get(commit) == number and self._ended(commit)

    def _ended(self, commit: Oid) -> bool:
        del self._running[commit]
        trial = self._trials[commit]
        if self._world.finish(commit):
            self._trials[commit] = Trial(trial.candidate, Verdict.GREEN, reds=trial.reds)
        else:
            self._trials[commit] = Trial(trial.candidate, Verdict.RED, _FAILED, trial.reds + 1)
        return True

    def _settle(self) -> None:
        """Act until there is nothing to do before something else happens."""
        while not isinstance((actions := plan(self._view(), self._policy))[0], Wait):
            for action in actions:
                self._perform(action)

    def _sight(self) -> int:
        """Entries that the plan can reach: the longest candidate's, and those that it is tested without."""
        return windowing.most(self._policy) + len(self._trials) + len(self._obstacles)

    def _view(self) -> View:
        return View(
            now=_BEGINNING + timedelta(seconds=self._now),
            tip=self._world.tip,
            heads=self._heads,
            queue=tuple(self._queue if self._sees_all else self._queue[: self._sight()]),
            trials=tuple(self._trials.values()),
            obstacles=self._obstacles,
            window=self._window.size if self._window else None,
            free_slots=self._slots - len(self._running),
        )

    def _perform(self, action: Action) -> None:
        match action:
            case CatchUp():
                self._catch_up(action)
            case StartRetest(candidate=candidate):
                self._start(candidate)
            case StopRetest(candidate=candidate):
                self._running.pop(candidate.commit, None)
                self._trials.pop(candidate.commit, None)
            case Land(candidate=candidate):
                self._land(candidate)
            case SendBack(entry=entry, reason=reason):
                self._send_back(entry, reason)
            case _:
                raise AssertionError(f"nothing in a simulation leads to {action}")

    def _catch_up(self, action: CatchUp) -> None:
        links = list(action.built)
        for entry in action.entries[len(links) :]:
            onto = links[-1].commit if links else action.base
            commit = self._world.put(_number(entry.id), onto)
            if commit is None:
                self._obstacles = (*self._obstacles, Obstacle(entry, onto, _CLASHED))
                break
            links.append(_link(entry, commit))
        if links:
            candidate = Candidate(base=action.base, links=tuple(links))
            known = self._trials.get(candidate.commit, Trial(candidate, Verdict.BUILT))
            self._trials[candidate.commit] = Trial(candidate, known.verdict, known.reason, known.reds)

    def _start(self, candidate: Candidate) -> None:
        commit = candidate.commit
        self._numbered += 1
        self._running[commit] = self._numbered
        self._trials[commit] = Trial(candidate, Verdict.RUNNING, reds=self._trials[commit].reds)
        ends = self._now + self._world.start(commit)
        heappush(self._events, (ends, self._numbered, _RetestEnds(commit, self._numbered)))

    def _land(self, candidate: Candidate) -> None:
        self._world.land(candidate.commit, at=self._now)
        self._take_out(frozenset(candidate.entries))
        self._trials = {
            commit: trial
            for commit, trial in self._trials.items()
            if commit in self._running or candidate.commit in _ends(trial.candidate)
        }
        known = {candidate.commit, *(end for t in self._trials.values() for end in _ends(t.candidate))}
        self._obstacles = tuple(obstacle for obstacle in self._obstacles if obstacle.onto in known)
        if self._setting.adaptive:
            self._window = windowing.grown(self._window, self._policy)

    def _send_back(self, entry: Entry, reason: Coded) -> None:
        self._world.send_back(_number(entry.id), at=self._now)
        self._take_out(frozenset((entry.id,)))
        if self._setting.adaptive and reason.code in RED:
            self._window = windowing.halved(self._window, self._policy)

    def _take_out(self, ids: frozenset[EntryId]) -> None:
        """They are among those that the plan can reach."""
        end = len(self._queue) if self._sees_all else self._sight()
        self._queue[:end] = [entry for entry in self._queue[:end] if entry.id not in ids]


def _ends(candidate: Candidate) -> Iterator[Oid]:
    yield candidate.base
    for link in candidate.links:
        yield link.commit


def _entry(number: int) -> Entry:
    return Entry(
        id=f"e{number}",
        branches=(f"b{number}",),
        heads=(f"h{number}",),
        enqueued_at=_BEGINNING,
        rank=number,
    )


def _number(entry: EntryId) -> int:
    return int(entry[1:])


def _link(entry: Entry, commit: Oid) -> Link:
    return Link(
        entry=entry.id,
        branches=entry.branches,
        heads=entry.heads,
        commit=commit,
        tree=commit,
        tips=(commit,),
        commits=((commit,),),
    )
