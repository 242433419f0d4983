"""Flakes: retests of one tree by one command that came to different ends."""

from collections.abc import Iterable, Iterator

from msgspec import Struct

from mergetui.events import CaughtUp, Event, RetestEnded, RetestStarted
from mergetui.model import Branch, Instant, Oid
from mergetui.reason import Coded, Reason

_NO_VERDICT = frozenset({Reason.INTERRUPTED, Reason.RETEST_KILLED, Reason.DISK_FULL})


class Tried(Struct, frozen=True, kw_only=True):
    """One retest with a verdict."""

    at: Instant
    """When it ended."""
    commit: Oid
    seconds: float
    log: str
    reason: Coded | None
    """None: it passed."""


class Flake(Struct, frozen=True, kw_only=True):
    """A tree that failed and passed; `failed` is the latest red before the pass, or the first after it."""

    repo: str
    branches: tuple[Branch, ...]
    tree: Oid
    command: str
    """As the journal has it: without secrets."""
    failed: Tried
    passed: Tried
    reds: int
    """Red retests of the tree."""

    @property
    def at(self) -> Instant:
        return max(self.failed.at, self.passed.at)


class _Known(Struct):
    branches: tuple[Branch, ...]
    reds: list[Tried]
    greens: list[Tried]


def flakes(facts: Iterable[Event]) -> tuple[Flake, ...]:
    """Of one repository's journal, oldest first; the same tree and command make one flake, however often."""
    trees: dict[Oid, Oid] = {}
    commands: dict[str, str] = {}
    known: dict[tuple[Oid, str], _Known] = {}
    repo = ""
    for fact in facts:
        repo = fact.repo
        match fact:
            case CaughtUp(candidate=candidate):
                trees[candidate.commit] = candidate.tree
            case RetestStarted(log=log, command=command):
                commands[log] = command
            case RetestEnded(reason=reason) if reason is None or reason.code not in _NO_VERDICT:
                key = trees.get(fact.commit, fact.commit), commands.get(fact.log, "")
                found = known.setdefault(key, _Known(fact.branches, [], []))
                (found.greens if reason is None else found.reds).append(_tried(fact))
            case _:
                continue
    return tuple(sorted(_flakes(repo, known), key=lambda flake: flake.at))


def _flakes(repo: str, known: dict[tuple[Oid, str], _Known]) -> Iterator[Flake]:
    for (tree, command), one in known.items():
        if not one.reds or not one.greens:
            continue
        passed = one.greens[0]
        before = [red for red in one.reds if red.at <= passed.at]
        yield Flake(
            repo=repo,
            branches=one.branches,
            tree=tree,
            command=command,
            failed=before[-1] if before else one.reds[0],
            passed=passed,
            reds=len(one.reds),
        )


def _tried(fact: RetestEnded) -> Tried:
    return Tried(at=fact.at, commit=fact.commit, seconds=fact.seconds, log=fact.log, reason=fact.reason)
