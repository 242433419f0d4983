"""A deed done: which repositories it is about, and what follows there."""

from collections.abc import Callable, Iterable, Iterator
from typing import Protocol, TypeAlias, assert_never

from msgspec import Struct
from msgspec.structs import replace

from mergetui.model import Branch, Entry, EntryState, Oid
from mergetui.repository import Repository
from mergetui.webhooks.deeds import Deed, Delivery, Dequeue, Enqueue, LookNow, Merged, Relabelled


class Settled(Struct, frozen=True):
    """It is done, or there was nothing to do; `said` is for the log."""

    said: str


class Later(Struct, frozen=True):
    """Nobody is at fault, and it is tried again."""

    why: str


Outcome: TypeAlias = Settled | Later


class Doer(Protocol):
    """What a webhook may do to one repository."""

    @property
    def target(self) -> Branch: ...
    @property
    def me(self) -> str:
        """Who an entry is by that a webhook has queued."""

    def entry(self, branch: Branch) -> Entry | None: ...
    def enqueue(self, branch: Branch) -> Outcome: ...
    def dequeue(self, branch: Branch) -> Outcome: ...
    def merged(self, branch: Branch, *, commit: Oid | None, by: str) -> bool:
        """Whether an entry waits for that, and is looked at now; a late or repeated word changes nothing."""

    def look_now(self) -> None:
        """Whoever works on the repository looks at the remote at once."""


def concerned(
    deed: Deed, *, forge: str, repositories: Iterable[Repository]
) -> Iterator[tuple[Repository, Deed]]:
    """The repositories that are kept there as that project, with what the deed means for each of them."""
    for repository in repositories:
        project = repository.project if repository.forge == forge else None
        if project is not None and project.casefold() == deed.project.casefold():
            meant = _meant(deed, repository)
            if meant is not None:
                yield repository, meant


def carry_out(
    delivery: Delivery, *, repositories: Iterable[Repository], doer_at: Callable[[Repository], Doer]
) -> Outcome:
    """Every deed in every repository that it concerns; done again, it changes nothing more."""
    said = []
    known = tuple(repositories)
    for deed in delivery.deeds:
        for repository, meant in concerned(deed, forge=delivery.forge, repositories=known):
            outcome = do(meant, doer_at(repository))
            if isinstance(outcome, Later):
                return Later(f"{repository.name}: {outcome.why}")
            said.append(f"{repository.name}: {outcome.said}")
    return Settled("; ".join(said) or "it concerns no repository")


def do(deed: Deed, doer: Doer) -> Outcome:
    match deed:
        case Merged():
            return _hear_of_merge(deed, doer)
        case Enqueue():
            return doer.enqueue(deed.branch)
        case Dequeue():
            return _take_out(deed, doer)
        case Relabelled():
            return _relabel(deed, doer)
        case LookNow():
            return _look(deed.branch, doer)
        case _:
            assert_never(deed)


def _meant(deed: Deed, repository: Repository) -> Deed | None:
    if not isinstance(deed, LookNow) and deed.target not in (None, repository.target):
        return None
    match deed:
        case Enqueue():
            return deed if deed.label == repository.label else None
        case Dequeue(because="unlabelled"):
            return deed if deed.label == repository.label else None
        case Relabelled():
            kept = tuple(label for label in deed.labels if label == repository.label)
            return None if repository.label is None else replace(deed, labels=kept)
        case _:
            return deed


def _hear_of_merge(deed: Merged, doer: Doer) -> Outcome:
    if doer.merged(deed.branch, commit=deed.commit, by=doer.me):
        return Settled(f"merged, they say: {deed.branch}")
    doer.look_now()
    return Settled(f"nobody waits for {deed.branch}; looks at the remote")


def _take_out(deed: Dequeue, doer: Doer) -> Outcome:
    entry = doer.entry(deed.branch)
    if entry is None:
        return _look(deed.branch, doer)
    if deed.because == "deleted" and entry.state in _LANDS:
        # Forges delete a branch when its request is merged, and the word of that may come first: refs decide.
        doer.look_now()
        return Settled(f"{deed.branch} is gone while it lands; looks at the remote")
    return doer.dequeue(deed.branch)


def _relabel(deed: Relabelled, doer: Doer) -> Outcome:
    """It may have been another label: what is queued stays as it is, what a person queued stays queued."""
    entry = doer.entry(deed.branch)
    if deed.labels:
        return doer.enqueue(deed.branch) if entry is None else Settled(f"{deed.branch} is queued already")
    if entry is not None and entry.enqueued_by == doer.me:
        return doer.dequeue(deed.branch)
    return _NOTHING


def _look(branch: Branch, doer: Doer) -> Outcome:
    if branch != doer.target and doer.entry(branch) is None:
        return _NOTHING
    doer.look_now()
    return Settled(f"{branch} has moved; looks at the remote")


_LANDS = frozenset({EntryState.LANDING, EntryState.AWAITING_MERGE})
_NOTHING = Settled("nothing to do")
