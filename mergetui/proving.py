"""Whether what the gate promises of a landing is true, from the journal and git alone.

The journal says what was done and what it rested on; git says what is there now. Pure: git's answers come in.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence, Set
from typing import Literal, TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from mergetui.events import (
    CaughtUp,
    Ended,
    Event,
    LandingStarted,
    LeaseForced,
    LeaseGranted,
    RetestEnded,
    RetestStarted,
)
from mergetui.model import Branch, Candidate, FencingToken, Instant, Link, Oid
from mergetui.outcome import Run
from mergetui.reason import Reason

ClaimName: TypeAlias = Literal["in-target", "tree", "tested", "base", "token", "retest"]

NOTHING_PROMISED = "it landed without a retest: nothing was promised"

_NOT_THERE = "the target does not have the commit"
_SHORTEST = 4


class Claim(Struct, frozen=True):
    claim: ClaimName
    holds: bool | None
    """None: nothing was promised, or it cannot be asked; information, not a failure."""
    detail: str


class Proof(Struct, frozen=True):
    """One landed run, claim by claim."""

    run: Run
    claims: tuple[Claim, ...]

    @property
    def holds(self) -> bool:
        return not self.failures

    @property
    def failures(self) -> tuple[Claim, ...]:
        return tuple(claim for claim in self.claims if claim.holds is False)

    def with_claim(self, claim: Claim) -> "Proof":
        return replace(self, claims=(*self.claims, claim))


class Commit(Struct, frozen=True):
    tree: Oid
    parents: tuple[Oid, ...]


class Arrival(Struct, frozen=True, kw_only=True):
    """A commit on the target's first-parent line; author and subject are as their author wrote them."""

    commit: Oid
    author: str
    at: Instant | None
    """None: the commit has a date that no calendar has."""
    subject: str


class Question(Struct, frozen=True, kw_only=True):
    """What git has to be asked for the proofs."""

    commits: tuple[Oid, ...]
    """Every commit that is said to have landed."""
    since: tuple[Oid, ...]
    """The bases, oldest landing first: the target's line is wanted from the first that it contains."""


class History(Struct, frozen=True, kw_only=True):
    """What git says of the target, as the remote has it now."""

    target: Branch
    tip: Oid | None
    """None: the remote has no such branch."""
    commits: Mapping[Oid, Commit]
    """Those of the question that the target contains."""
    line: tuple[Arrival, ...]
    """The first-parent line, newest first."""


class Start(Struct, frozen=True, kw_only=True):
    """A landing at the moment before its push, as the journal knew it then."""

    base: Oid
    token: FencingToken
    retest: str | None
    """Why the commit was not known to be green; None when it was."""
    authority: str | None
    """Why the token was not the current one; None when it was."""


class Landing(Struct, frozen=True, kw_only=True):
    """What the journal tells of one landed run."""

    run: Run
    start: Start | None
    candidate: Candidate | None
    """The catch-up that made the commit, from this run's base on."""

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


def question(told: Sequence[Landing]) -> Question:
    bases = (landing.run.base for landing in told if landing.run.base)
    named = (commit for landing in told for commit in (*landing.chain, landing.commit) if commit)
    return Question(commits=tuple(dict.fromkeys(named)), since=tuple(dict.fromkeys(bases)))


def prove(told: Sequence[Landing], history: History) -> tuple[Proof, ...]:
    """One proof per landing, in the same order."""
    rivals = _landed_on(told, history)
    return tuple(
        Proof(
            landing.run,
            (
                _in_target(landing, history),
                _tree(landing, history),
                _tested(landing),
                _base(landing, history, rivals),
                _token(landing),
            ),
        )
        for landing in told
    )


def past_the_gate(work: Set[Oid], history: History) -> tuple[Arrival, ...]:
    """What stands on the target's line and is no work of the gate, newest first.

    `work` is from a journal that was read after the remote: landings go on meanwhile.
    """
    return tuple(arrival for arrival in history.line if arrival.commit not in work)


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
        self._starts: dict[Oid, dict[FencingToken, Start]] = {}
        self._latest: LandingStarted | None = None
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
            case RetestStarted(commit=commit, log=log):
                self._running.add((commit, log))
                self._words.setdefault(commit, "its retest had not ended")
            case RetestEnded():
                self._retest_ended(event)
            case LandingStarted():
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

    def _start(self, fact: LandingStarted) -> None:
        self._latest = fact
        self._starts.setdefault(fact.commit, {})[fact.token] = Start(
            base=fact.base,
            token=fact.token,
            retest=self._words.get(fact.commit, "the journal has no retest of it before its landing"),
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
        commit = run.landed_commit or ""
        # A holder that had lost its lease may have written that it starts, too; it landed nothing.
        starts = self._starts.get(commit, {})
        start = starts.get(run.token or 0) or next(iter(starts.values()), None)
        landing = Landing(run=run, start=start, candidate=self._made(commit, run.base))
        self.landings.setdefault((*key, run.token), landing)

    def _made(self, commit: Oid, base: Oid | None) -> Candidate | None:
        """The catch-up that led from `base` to `commit`."""
        made = (_from(candidate, base) for candidate in self._candidates.get(commit, []))
        return next((candidate for candidate in made if candidate), None)


def _from(candidate: Candidate, base: Oid | None) -> Candidate | None:
    """The candidate without what had landed ahead of it; None if it does not stand on `base`."""
    ends = [candidate.base, *(link.commit for link in candidate.links)]
    if base is None or base not in ends[:-1]:
        return None
    return Candidate(base=base, links=candidate.links[ends.index(base) :])


def _commits(candidate: Candidate) -> tuple[Oid, ...]:
    return tuple(commit for link in candidate.links for commits in link.commits for commit in commits)


def _landed_on(told: Sequence[Landing], history: History) -> Mapping[Oid | None, set[Oid]]:
    """By base: what the target has of that which was landed on it."""
    landed: dict[Oid | None, set[Oid]] = {}
    for landing in told:
        if landing.commit in history.commits:
            landed.setdefault(landing.run.base, set()).add(landing.commit)
    return landed


def _in_target(landing: Landing, history: History) -> Claim:
    if landing.commit in history.commits:
        return _holds("in-target", f"{history.target} contains {landing.commit}")
    stands = f"which stands at {history.tip}" if history.tip else "which the remote does not have"
    return _fails("in-target", f"expected {landing.commit} in {history.target}, {stands}")


def _tree(landing: Landing, history: History) -> Claim:
    known = history.commits.get(landing.commit)
    if known is None:
        return _says_nothing("tree", _NOT_THERE)
    told = {
        "tested": landing.run.tested_tree,
        "landed": landing.run.landed_tree,
        "caught up": landing.candidate.tree if landing.candidate else None,
    }
    others = [f"{tree} was {what}" for what, tree in told.items() if tree not in (None, known.tree)]
    if others:
        return _fails("tree", f"{landing.commit} has tree {known.tree}, but {', '.join(others)}")
    if landing.run.tested_tree is None:
        return _says_nothing("tree", NOTHING_PROMISED)
    return _holds("tree", f"{known.tree} was tested and landed")


def _tested(landing: Landing) -> Claim:
    tested, start = landing.run.tested_commit, landing.start
    if tested is None:
        return _says_nothing("tested", NOTHING_PROMISED)
    if tested != landing.commit:
        return _fails("tested", f"expected a green retest of {landing.commit}, {tested} was tested")
    if start is None:
        return _fails("tested", f"the journal does not tell when the landing of {tested} started")
    if start.retest is not None:
        return _fails("tested", f"expected a green retest of {tested}, {start.retest}")
    return _holds("tested", f"{tested} was green before it landed")


def _base(landing: Landing, history: History, rivals: Mapping[Oid | None, set[Oid]]) -> Claim:
    base, commit = landing.run.base, landing.commit
    if commit not in history.commits:
        return _says_nothing("base", _NOT_THERE)
    wrong = _wrong_start(landing) or _wrong_chain(landing, history)
    if wrong:
        return _fails("base", wrong)
    others = sorted(rivals.get(base, set()) - {commit})
    if others:
        return _fails("base", f"expected {commit} alone to land on {base}, so did {', '.join(others)}")
    return _holds("base", f"{base} was the tip: {len(landing.chain)} of its commits stand on it")


def _wrong_start(landing: Landing) -> str | None:
    base, start = landing.run.base, landing.start
    if start is not None and start.base != base:
        return f"expected base {base}, the landing started from {start.base}"
    if not landing.chain or landing.chain[-1] != landing.commit:
        return f"the journal has no catch-up that leads from {base} to {landing.commit}"
    told = [commit for change in landing.run.changes for commit in change.commits]
    foreign = [commit for commit in told if commit not in landing.chain]
    return f"{foreign[0]} is said to have landed, but no catch-up made it" if foreign else None


def _wrong_chain(landing: Landing, history: History) -> str | None:
    """Each commit must have the one before it as its first parent, and no other parent but a queued head."""
    before = landing.run.base
    for link in landing.links:
        for head, commits in zip(link.heads, link.commits, strict=False):
            for commit in commits:
                first, *merged = _parents(commit, history)
                if first != before:
                    return f"expected {commit} to stand on {before}, found {first}"
                if foreign := [parent for parent in merged if parent != head]:
                    return f"expected {commit} to merge {head}, found {foreign[0]}"
                before = commit
    return None


def _token(landing: Landing) -> Claim:
    token, start = landing.run.token, landing.start
    if start is None:
        return _fails("token", f"the journal does not tell when the landing under #{token} started")
    if start.token != token:
        return _fails("token", f"expected #{token}, the landing started under #{start.token}")
    if start.authority is not None:
        return _fails("token", f"expected #{token} to be current, but {start.authority}")
    return _holds("token", f"#{token} was current")


def _parents(commit: Oid, history: History) -> tuple[Oid, ...]:
    known = history.commits.get(commit)
    return known.parents if known and known.parents else ("nothing",)


def _holds(claim: ClaimName, detail: str) -> Claim:
    return Claim(claim, holds=True, detail=detail)


def _fails(claim: ClaimName, detail: str) -> Claim:
    return Claim(claim, holds=False, detail=detail)


def _says_nothing(claim: ClaimName, detail: str) -> Claim:
    return Claim(claim, holds=None, detail=detail)
