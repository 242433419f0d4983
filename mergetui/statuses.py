"""What a forge should be told of commits, fact by fact: the journal's facts as statuses."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Literal, TypeAlias, assert_never

from msgspec import Struct

from mergetui.cleaning import name as clean
from mergetui.events import (
    BranchesPushed,
    CatchUpStarted,
    CaughtUp,
    Ended,
    Enqueued,
    Event,
    HandedOver,
    HeadMoved,
    RetestEnded,
    RetestStarted,
    Retried,
    TakenBack,
    TakenUp,
)
from mergetui.masking import Mask
from mergetui.model import Branch, Instant, Oid
from mergetui.outcome import Run
from mergetui.reason import RED, Coded

CONTEXT = "merge-gate"
"""What all statuses of the gate are called; a forge shows the latest of that name."""

LONGEST = 1_000
"""Characters of a description; each forge cuts it further."""

StatusState: TypeAlias = Literal["pending", "running", "success", "failure", "error", "dequeued"]
_MERGE_IT = "green: waits to be merged"
_PLACES = 8
"""Commits of one branch that hear what becomes of it."""
_REMEMBERED = 1_000
"""Candidates, and branches, of which something is still known."""


class Status(Struct, frozen=True, kw_only=True):
    """The gate's word on one commit, until the next one."""

    repo: str
    branch: Branch
    commit: Oid
    state: StatusState
    description: str
    """For people: without secrets and without anything active."""
    at: Instant
    is_published: bool = True
    """False: a candidate, which the forge may not have yet, or never get."""


class Statuses:
    """The statuses that follow from one repository's journal."""

    def __init__(self, mask: Mask) -> None:
        self._mask = mask
        self._places: dict[Branch, tuple[Oid, ...]] = {}
        self._alone: dict[Oid, bool] = {}
        """Candidates, and whether there is but one entry in each."""

    def hear(self, fact: Event) -> tuple[Status, ...]:
        """What is to be told now; facts are heard in the order in which they stand in the journal."""
        self.learn(fact)
        return tuple(self._wanted(fact))

    def learn(self, fact: Event) -> None:
        """Hear a fact of which nothing is to be told; a good deal cheaper."""
        match fact:
            case Enqueued() | HeadMoved() | TakenUp():
                heads = zip(fact.branches, fact.heads, strict=False)
                self._places.update((branch, (head,)) for branch, head in heads)
            case CaughtUp(candidate=candidate):
                self._alone[candidate.commit] = len(candidate.links) == 1
                for link in candidate.links:
                    for branch, head in zip(link.branches, link.heads, strict=False):
                        # One that the gate itself has pushed is another place of the same work.
                        if head not in self._places.get(branch, ()):
                            self._places[branch] = (head,)
            case BranchesPushed():
                for branch, commit in zip(fact.branches, fact.commits, strict=False):
                    others = (place for place in self._places.get(branch, ()) if place != commit)
                    self._places[branch] = (*others, commit)[-_PLACES:]
            case _:
                pass
        _forget(self._places)
        _forget(self._alone)

    def _wanted(self, fact: Event) -> Iterator[Status]:  # noqa: C901 - one flat case per fact
        match fact:
            case Enqueued() | HeadMoved() | TakenUp() | Retried():
                yield from self._of_branches(fact, fact.branches, _Word("pending", "queued"))
            case CatchUpStarted():
                yield from self._testing(fact, fact.branches)
            case CaughtUp(candidate=candidate):
                yield from self._testing(fact, fact.branches, candidate.commit)
            case RetestStarted():
                yield from self._testing(fact, fact.branches, fact.commit)
            case BranchesPushed():
                for branch, commit in zip(fact.branches, fact.commits, strict=False):
                    yield self._status(fact, branch, commit, _Word("running", "landing"))
            case RetestEnded(reason=Coded(code=code) as reason) if code in RED:
                yield from self._red(fact, _Word("failure", _said(reason)))
            case HandedOver():
                yield from self._places_and(fact, fact.branches, fact.commit, _Word("success", _MERGE_IT))
            case TakenBack():
                word = _Word("pending", "cannot be merged as it was tested")
                yield from self._places_and(fact, fact.branches, fact.commit, word)
            case Ended():
                yield from self._ended(fact)
            case _:
                pass

    def _testing(
        self, fact: Event, branches: tuple[Branch, ...], candidate: Oid | None = None
    ) -> Iterator[Status]:
        """Every entry is tested with those ahead of it; the candidate's own word is its last entry's."""
        told, word = set[Oid](), _Word("running", "testing")
        for position, branch in enumerate(branches):
            if position:
                word = _Word("running", f"testing with {', '.join(branches[:position])}")
            for status in self._of_branches(fact, (branch,), word):
                told.add(status.commit)
                yield status
        if candidate is not None and candidate not in told:
            yield self._status(fact, branches[-1], candidate, word, is_published=False)

    def _red(self, fact: RetestEnded, word: "_Word") -> Iterator[Status]:
        """A candidate of several entries is red before it is known whose fault that is."""
        alone = self._alone.get(fact.commit, len(fact.branches) == 1)
        heads = tuple(self._of_branches(fact, fact.branches if alone else (), word))
        yield from heads
        if fact.commit not in {status.commit for status in heads}:
            yield self._status(fact, fact.branches[-1], fact.commit, word, is_published=False)

    def _ended(self, fact: Ended) -> Iterator[Status]:
        yield from self._places_and(fact, fact.run.branches, fact.run.landed_commit, _ending(fact.run))

    def _places_and(
        self, fact: Event, branches: tuple[Branch, ...], commit: Oid | None, word: "_Word"
    ) -> Iterator[Status]:
        """Where the branches stand, and the commit, if that is another place."""
        places = tuple(self._of_branches(fact, branches, word))
        yield from places
        if commit is not None and commit not in {status.commit for status in places}:
            yield self._status(fact, branches[-1], commit, word)

    def _of_branches(self, fact: Event, branches: Iterable[Branch], word: "_Word") -> Iterator[Status]:
        for branch in branches:
            for commit in self._places.get(branch, ()):
                yield self._status(fact, branch, commit, word)

    def _status(
        self, fact: Event, branch: Branch, commit: Oid, word: "_Word", *, is_published: bool = True
    ) -> Status:
        masked = self._mask(word.told)
        return Status(
            repo=fact.repo,
            branch=branch,
            commit=commit,
            state=word.state,
            description=clean(masked[: self._mask.cut(masked, LONGEST)]),
            at=fact.at,
            is_published=is_published,
        )


class _Word(Struct, frozen=True):
    state: StatusState
    told: str


_ENDINGS: Mapping[str, StatusState] = {
    "landed": "success",
    "sent-back": "failure",
    "deferred": "pending",
    "held": "error",
    "broken": "error",
    "dequeued": "dequeued",
}


def _ending(run: Run) -> _Word:
    told = _said(run.reason) if run.reason is not None else ""
    match run.outcome:
        case "landed":
            told = f"landed as {(run.landed_commit or '')[:10]}"
        case "dequeued":
            told = "dequeued"
        case "deferred" | "held" | "broken":
            told = f"{run.outcome}: {told}"
        case "sent-back":
            pass
        case unknown:
            assert_never(unknown)
    return _Word(_ENDINGS[run.outcome], told)


def _said(reason: Coded) -> str:
    detail = " ".join(reason.detail.split())
    return f"{reason.code}: {detail}" if detail else str(reason.code)


def _forget(known: dict[str, Any]) -> None:
    """The oldest, once there are too many."""
    while len(known) > _REMEMBERED:
        del known[next(iter(known))]
