"""What the journal tells of every landing, and of what it rested on."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TypeAlias

from msgspec import Struct

from mergetui.events import (
    CaughtUp,
    Ended,
    Event,
    HandedOver,
    LandingStarted,
    LeaseForced,
    LeaseGranted,
    RetestEnded,
    RetestSpared,
    RetestStarted,
)
from mergetui.model import Candidate, FencingToken, Link, Oid
from mergetui.outcome import Run
from mergetui.reason import Reason

_SHORTEST = 4
"""Digits of a commit that may stand for it."""


class Start(Struct, frozen=True, kw_only=True):
    """A landing at the moment before its push, as the journal knew it then."""

    base: Oid
    token: FencingToken
    retest: str | None
    """Why the commit was not known to be green; None when it was."""
    vouched_by: Oid | None = None
    """Another commit with the same tree, whose retest was taken for that of the commit."""
    reduced: str | None = None
    """The command for emergencies, where no other one has judged the commit."""
    authority: str | None
    """Why the token was not the current one; None when it was."""


class Landing(Struct, frozen=True, kw_only=True):
    """What the journal tells of one landed run."""

    run: Run
    start: Start | None
    candidate: Candidate | None
    """The catch-up that made the commit, from this run's base on."""
    handed_over: Oid | None = None
    """The commit that somebody else was to merge; None: the gate pushed it itself."""

    @property
    def made(self) -> Oid:
        """The commit that was tested and was to land; another one where somebody else merged."""
        return self.handed_over or self.commit

    @property
    def commit(self) -> Oid:
        return self.run.landed_commit or ""

    @property
    def links(self) -> tuple[Link, ...]:
        return self.candidate.links if self.candidate else ()

    @property
    def chain(self) -> tuple[Oid, ...]:
        """What should stand between the base and the landed commit, oldest first."""
        return _commits(self.candidate) if self.candidate else ()


def landings(events: Iterable[Event]) -> tuple[Landing, ...]:
    """The landed runs, oldest first; one that was written down again in the same words counts once."""
    return tuple(_tell(events).landings.values())


def work_of_the_gate(events: Iterable[Event]) -> frozenset[Oid]:
    """What the gate put on the target, or may be putting there at this moment."""
    telling = _tell(events)
    landed = (commit for known in telling.landings.values() for commit in (*known.chain, known.commit))
    return frozenset((*landed, *telling.under_way()))


def find(told: Sequence[Landing], word: str) -> tuple[Landing, ...]:
    """The latest landing of branch `word`, else those whose commit begins with it: four digits or more."""
    of_branch = [landing for landing in told if word in landing.run.branches]
    begins = (landing for landing in told if len(word) >= _SHORTEST and landing.commit.startswith(word))
    return tuple(of_branch[-1:] or begins)


def _tell(events: Iterable[Event]) -> "_Telling":
    telling = _Telling()
    for event in events:
        telling.hear(event)
    return telling


_RunKey: TypeAlias = tuple[str | int | None, ...]


class _Telling:
    """The journal, read once from its beginning."""

    def __init__(self) -> None:
        self.landings: dict[_RunKey, Landing] = {}
        self._candidates: dict[Oid, list[Candidate]] = {}
        self._running: set[tuple[Oid, str]] = set()
        self._words: dict[Oid, str | None] = {}
        self._vouched: dict[Oid, Oid] = {}
        self._reduced: dict[Oid, str] = {}
        """By commit, the command of its latest retest, if that is the one for emergencies."""
        self._starts: dict[Oid, dict[FencingToken, Start]] = {}
        self._latest: LandingStarted | HandedOver | None = None
        self._handed_over: dict[FencingToken, Oid] = {}
        self._granted: Counter[FencingToken] = Counter()
        self._highest: FencingToken = 0
        self._taken_away: FencingToken = 0

    def hear(self, event: Event) -> None:
        match event:
            case LeaseGranted(token=token):
                self._granted[token] += 1
                self._highest = max(self._highest, token)
            case LeaseForced(token=token):
                self._taken_away = max(self._taken_away, token)
            case CaughtUp(candidate=candidate):
                self._candidates.setdefault(candidate.commit, []).append(candidate)
            case RetestStarted(commit=commit, log=log, reduced=reduced):
                self._running.add((commit, log))
                self._words.setdefault(commit, "its retest had not ended")
                self._reduced.pop(commit, None)
                self._reduced.update({commit: event.command} if reduced else {})
            case RetestEnded():
                self._retest_ended(event)
            case RetestSpared():
                self._spared(event)
            case LandingStarted():
                self._start(event)
            case HandedOver(token=token, commit=commit):
                self._handed_over[token] = commit
                self._start(event)
            case Ended(run=run) if run.outcome == "landed":
                self._landed(run)
            case _:
                return

    def under_way(self) -> tuple[Oid, ...]:
        """Of the latest landing that started: it is pushed before it is written down that it landed."""
        latest = self._latest
        candidate = self._made(latest.commit, latest.base) if latest else None
        return _commits(candidate) if candidate else ()

    def _retest_ended(self, fact: RetestEnded) -> None:
        # Another engine may have tested the same commit: its log tells the two apart.
        if (fact.commit, fact.log) not in self._running:
            self._words[fact.commit] = "a retest of it ended that had not started"
        elif fact.reason is None:
            self._words[fact.commit] = None
        elif fact.reason.code is not Reason.INTERRUPTED or self._words[fact.commit] is not None:
            self._words[fact.commit] = f"its retest ended with {fact.reason.code}: {fact.reason.detail}"

    def _spared(self, fact: RetestSpared) -> None:
        """The word of another commit counts if that was green, and both have one tree."""
        told = self._words.get(fact.earlier, "the journal has no retest of it")
        trees = {candidate.tree for commit in (fact.commit, fact.earlier) for candidate in self._of(commit)}
        if told is None and trees != {fact.tree}:
            told = "it has another tree"
        self._words[fact.commit] = None if told is None else f"{fact.earlier} vouched for it: {told}"
        self._vouched[fact.commit] = fact.earlier

    def _of(self, commit: Oid) -> list[Candidate]:
        return self._candidates.get(commit, [])

    def _start(self, fact: LandingStarted | HandedOver) -> None:
        self._latest = fact
        self._starts.setdefault(fact.commit, {})[fact.token] = Start(
            base=fact.base,
            token=fact.token,
            retest=self._words.get(fact.commit, "the journal has no retest of it before its landing"),
            vouched_by=self._vouched.get(fact.commit),
            reduced=self._reduced.get(self._vouched.get(fact.commit, fact.commit)),
            authority=self._doubt(fact.token),
        )

    def _doubt(self, token: FencingToken) -> str | None:
        granted = self._granted[token]
        if granted != 1:
            return f"it had been granted {granted} times" if granted else "it had not been granted"
        if self._highest > token:
            return f"#{self._highest} had been granted"
        return f"#{self._taken_away} had been taken away" if self._taken_away >= token else None

    def _landed(self, run: Run) -> None:
        key = (run.id, run.base, run.tested_commit, run.tested_tree, run.landed_commit, run.landed_tree)
        handed_over = self._handed_over.get(run.token or 0) if run.merged_by else None
        commit = handed_over or run.landed_commit or ""
        # A holder that had lost its lease may have written that it starts, too; it landed nothing.
        starts = self._starts.get(commit, {})
        start = starts.get(run.token or 0) or next(iter(starts.values()), None)
        candidate = self._made(commit, run.base)
        landing = Landing(run=run, start=start, candidate=candidate, handed_over=handed_over)
        self.landings.setdefault((*key, run.token), landing)

    def _made(self, commit: Oid, base: Oid | None) -> Candidate | None:
        """The catch-up that led from `base` to `commit`."""
        made = (_from(candidate, base) for candidate in self._of(commit))
        return next((candidate for candidate in made if candidate), None)


def _from(candidate: Candidate, base: Oid | None) -> Candidate | None:
    """The candidate without what had landed ahead of it; None if it does not stand on `base`."""
    ends = [candidate.base, *(link.commit for link in candidate.links)]
    if base is None or base not in ends[:-1]:
        return None
    return Candidate(base=base, links=candidate.links[ends.index(base) :])


def _commits(candidate: Candidate) -> tuple[Oid, ...]:
    return tuple(commit for link in candidate.links for commits in link.commits for commit in commits)
