"""The train: the candidates that run side by side, what each assumes, and what became of the others.

Read from the facts of one repository alone, so that every console sees the same.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from enum import StrEnum
from typing import TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from mergetui.events import (
    Broken,
    CaughtUp,
    Dequeued,
    Ended,
    Enqueued,
    Event,
    HeadMoved,
    LeaseGranted,
    LeaseReleased,
    Moved,
    Recovered,
    RetestEnded,
    RetestSpared,
    RetestStarted,
    Retried,
    TakenUp,
    TargetMoved,
)
from mergetui.model import Branch, Candidate, Instant, Link, Oid, passed_over
from mergetui.reason import RED, Coded, Reason

Member: TypeAlias = tuple[Branch, ...]
"""The branches of one entry."""

MOST_THROWN_AWAY, MOST_JUDGED = 20, 10
"""How many of the latest are kept."""
ENGINE_GONE = Coded(Reason.INTERRUPTED, "the engine that ran it is gone")


class Course(StrEnum):
    """How far it is with a candidate."""

    TESTING = "testing"
    CACHED = "cached"
    """Its very tree had passed before: it is not tested."""
    PASSED = "passed"
    RED = "red"
    LANDED = "landed"
    """Before its retest ended: with a longer one that was green first."""
    THROWN_AWAY = "thrown away"
    """Its retest ended without a verdict."""


class OnTrial(Struct, frozen=True, kw_only=True):
    """A candidate, from the start of its retest on."""

    commit: Oid
    entries: tuple[Member, ...]
    """As they were when its retest started, in queue order."""
    base: Oid | None
    """What they were caught up with; None where the journal does not tell."""
    ends: tuple[Oid, ...] = ()
    """The commit after each entry; nothing where the journal does not tell."""
    landed: int = 0
    """How many of the entries the target has by now."""
    course: Course = Course.TESTING
    log: str
    began: Instant
    ended: Instant | None = None
    reason: Coded | None = None
    """Why it is red or was thrown away."""
    doubts: int = 0
    """Red retests of the very commit before this one."""
    earlier: Oid | None = None
    """Of a cached one: the commit that was tested in its place."""

    @property
    def line(self) -> tuple[Member, ...]:
        """The entries that have not landed yet."""
        return self.entries[self.landed :]

    @property
    def onto(self) -> Oid | None:
        """The commit that the target has to stand at."""
        if not self.landed:
            return self.base
        return self.ends[self.landed - 1] if self.ends else None

    @property
    def key(self) -> str:
        """The same for one retest as long as it is told of, and for no other."""
        return f"{self.commit} {self.log}"


class Train(Struct, frozen=True, kw_only=True):
    running: tuple[OnTrial, ...] = ()
    """The shortest first."""
    standing: tuple[OnTrial, ...] = ()
    """Those that have a verdict which still counts: red, passed or cached, and not settled yet."""
    judged: tuple[OnTrial, ...] = ()
    """The latest that got a verdict, their own or a longer one's, newest first."""
    thrown_away: tuple[OnTrial, ...] = ()
    """The latest, newest first."""

    @property
    def ended(self) -> tuple[OnTrial, ...]:
        """The latest, newest first."""
        both = (*self.judged, *self.thrown_away)
        return tuple(sorted(both, key=lambda one: one.ended or one.began, reverse=True))

    def ahead_in(self, one: OnTrial) -> tuple[Member, ...]:
        """The entries that it takes for granted: another candidate tells whether they are green."""
        known = [*self.running, *(other for other in self.standing if other.course is not Course.RED)]
        commits = {other.commit for other in known}
        lengths = [k for k, end in enumerate(one.ends[:-1], start=1) if end in commits]
        return one.entries[one.landed : max(lengths, default=0)]

    def left_out_of(self, one: OnTrial) -> tuple[Member, ...]:
        """Entries before its last that it is tested without, for a candidate that ends with them is red."""
        reds = (other.line for other in self.standing if other.course is Course.RED)
        return tuple(red[-1] for red in reds if _leaves_out(one.line, red))

    def hedged_against(self, one: OnTrial) -> tuple[Member, ...]:
        """Entries that it is tested without in case they are red; other candidates have them on trial."""
        others = (*self.running, *(other for other in self.standing if other.course is not Course.RED))
        missing = dict.fromkeys(member for other in others for member in passed_over(one.line, other.line))
        return tuple(member for member in missing if member not in self.left_out_of(one))

    def tests(self, entry: Member) -> OnTrial | None:
        """The shortest running candidate with the entry in it, a hedge only if there is no other."""
        found = [one for one in self.running if entry in one.line]
        return next((one for one in found if not self.hedged_against(one)), found[0] if found else None)

    def find(self, commit: Oid) -> OnTrial | None:
        """The latest that is known of the commit."""
        return next((one for one in (*self.running, *self.ended) if one.commit == commit), None)

    def without_engine(self) -> "Train":
        """As it is when nobody works on the repository: what nobody ended, ended with its engine."""
        lost = tuple(_ended(one, one.began, Course.THROWN_AWAY, ENGINE_GONE) for one in self.running)
        return replace(self, running=(), standing=(), thrown_away=(*lost, *self.thrown_away))


class Rails:
    """The train of one repository, fact by fact."""

    def __init__(self, facts: Iterable[Event] = ()) -> None:
        self._built: dict[Oid, Candidate] = {}
        self._running: dict[Oid, OnTrial] = {}
        self._standing: dict[Oid, OnTrial] = {}
        self._judged: deque[OnTrial] = deque(maxlen=MOST_JUDGED)
        self._thrown_away: deque[OnTrial] = deque(maxlen=MOST_THROWN_AWAY)
        for fact in facts:
            self.hear(fact)

    def train(self) -> Train:
        running = sorted(self._running.values(), key=lambda one: (len(one.line), one.began))
        return Train(
            running=tuple(running),
            standing=tuple(self._standing.values()),
            judged=tuple(self._judged),
            thrown_away=tuple(self._thrown_away),
        )

    def hear(self, fact: Event) -> None:  # noqa: C901 - one flat case per fact
        match fact:
            case CaughtUp(candidate=candidate):
                self._built[candidate.commit] = candidate
            case RetestStarted():
                self._start(fact)
            case RetestEnded():
                self._end(fact)
            case RetestSpared():
                self._spare(fact)
            case Ended(run=run) if run.outcome == "landed":
                self._land(run.branches)
            case Ended(run=run):
                self._drop(lambda one: run.branches in one.line)
            case HeadMoved() | TakenUp() | Dequeued() | Retried() | Enqueued():
                self._drop(lambda one: fact.branches in one.line)
            case Moved(position=position):
                self._drop(lambda one: fact.branches in one.line or position <= len(one.line))
            case TargetMoved(after=after):
                self._drop(lambda one: after not in (one.base, *one.ends))
            case Recovered() | Broken() | LeaseGranted():
                self._lose(fact.at)
            case LeaseReleased():
                self._built.clear()
                self._standing.clear()
            case _:
                return

    def _start(self, fact: RetestStarted) -> None:
        known = self._standing.pop(fact.commit, None)
        doubts = known.doubts + 1 if known is not None and known.course is Course.RED else 0
        self._running[fact.commit] = replace(
            self._candidate(fact.commit, fact.branches, fact.log, fact.at), doubts=doubts
        )

    def _end(self, fact: RetestEnded) -> None:
        one = self._running.pop(fact.commit, None)
        if one is None:
            one = self._candidate(fact.commit, fact.branches, fact.log, fact.at)
        ended = _ended(one, fact.at, _course(fact.reason), fact.reason, doubts=fact.reds)
        if ended.course is Course.THROWN_AWAY and not one.line:
            self._judged.appendleft(replace(ended, course=Course.LANDED, reason=None))
        elif ended.course is Course.THROWN_AWAY:
            self._thrown_away.appendleft(ended)
        else:
            self._judge(ended)

    def _spare(self, fact: RetestSpared) -> None:
        one = self._candidate(fact.commit, fact.branches, fact.log, fact.at)
        self._judge(replace(_ended(one, fact.at, Course.CACHED, None), earlier=fact.earlier))

    def _judge(self, ended: OnTrial) -> None:
        self._standing[ended.commit] = ended
        self._judged.appendleft(ended)

    def _candidate(self, commit: Oid, branches: Member, log: str, at: Instant) -> OnTrial:
        """Its links that are not in the target yet are those whose branches are named."""
        candidate = self._built.get(commit)
        links = candidate.links if candidate is not None else ()
        starts = (n for n in range(len(links)) if _branches(links[n:]) == branches)
        if candidate is None or (start := next(starts, None)) is None:
            entries = tuple((branch,) for branch in branches)
            return OnTrial(commit=commit, entries=entries, base=None, log=log, began=at)
        return OnTrial(
            commit=commit,
            entries=tuple(link.branches for link in links[start:]),
            base=links[start - 1].commit if start else candidate.base,
            ends=tuple(link.commit for link in links[start:]),
            log=log,
            began=at,
        )

    def _land(self, branches: Member) -> None:
        for known in (self._running, self._standing):
            for commit, one in list(known.items()):
                if one.line[:1] == (branches,):
                    known[commit] = replace(one, landed=one.landed + 1)
        self._drop(lambda one: not one.line)

    def _drop(self, is_settled: Callable[[OnTrial], bool]) -> None:
        """Of what stands; what runs is told of when it ends."""
        self._standing = {key: one for key, one in self._standing.items() if not is_settled(one)}

    def _lose(self, at: Instant) -> None:
        """Whoever begins anew runs nothing of before."""
        lost = (_ended(one, at, Course.THROWN_AWAY, ENGINE_GONE) for one in self._running.values())
        self._thrown_away.extendleft(lost)
        self._running.clear()
        self._standing.clear()


def train(facts: Iterable[Event]) -> Train:
    """Of one repository's journal, oldest first."""
    return Rails(facts).train()


def _ended(one: OnTrial, at: Instant, course: Course, reason: Coded | None, *, doubts: int = 0) -> OnTrial:
    return replace(one, course=course, ended=at, reason=reason, doubts=doubts)


def _course(reason: Coded | None) -> Course:
    if reason is None:
        return Course.PASSED
    return Course.RED if reason.code in RED else Course.THROWN_AWAY


def _branches(links: Iterable[Link]) -> Member:
    return tuple(_each(links))


def _each(links: Iterable[Link]) -> Iterator[Branch]:
    for link in links:
        yield from link.branches


def _leaves_out(line: tuple[Member, ...], red: tuple[Member, ...]) -> bool:
    """It goes on from where the red one stood before its last entry, and has that entry nowhere."""
    before = len(red) - 1
    return len(line) > before and line[:before] == red[:before] and red[-1] not in line
