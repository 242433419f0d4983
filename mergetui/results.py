"""What retests said of trees: which have passed, and which came to different ends under one command."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta

from msgspec import Struct

from mergetui.events import CaughtUp, Event, RetestEnded, RetestStarted
from mergetui.model import Branch, Instant, Oid, Pass
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


class _Judged(Struct):
    """A tree under a command, and its verdicts in the order in which they were given."""

    branches: tuple[Branch, ...]
    tried: list[Tried]


class Results:
    """The verdicts of one repository's journal, fact by fact."""

    def __init__(self, facts: Iterable[Event] = ()) -> None:
        self._trees: dict[Oid, Oid] = {}
        self._commands: dict[str, str] = {}
        self._judged: dict[tuple[Oid, str], _Judged] = {}
        self._repo = ""
        for fact in facts:
            self.hear(fact)

    def hear(self, fact: Event) -> None:
        self._repo = fact.repo
        match fact:
            case CaughtUp(candidate=candidate):
                self._trees.update((link.commit, link.tree) for link in candidate.links)
            case RetestStarted(log=log, command=command):
                self._commands[log] = command
            case RetestEnded(reason=reason) if reason is None or reason.code not in _NO_VERDICT:
                key = self._trees.get(fact.commit, fact.commit), self._commands.get(fact.log, "")
                self._judged.setdefault(key, _Judged(fact.branches, [])).tried.append(_tried(fact))
            case _:
                return

    def passed(self, command: str, *, now: Instant, ttl: timedelta) -> Mapping[Oid, Pass]:
        """By tree: what `command` said last of it, if that was green and no longer ago than `ttl`."""
        latest = ((tree, one.tried[-1]) for (tree, said), one in self._judged.items() if said == command)
        return {
            tree: Pass(commit=tried.commit, at=tried.at, log=tried.log)
            for tree, tried in latest
            if tried.reason is None and now - tried.at <= ttl
        }

    def flakes(self) -> tuple[Flake, ...]:
        """Oldest first; the same tree and command make one flake, however often."""
        return tuple(sorted(self._flakes(), key=lambda flake: flake.at))

    def _flakes(self) -> Iterator[Flake]:
        for (tree, command), one in self._judged.items():
            reds = [tried for tried in one.tried if tried.reason is not None]
            passed = next((tried for tried in one.tried if tried.reason is None), None)
            if passed is None or not reds:
                continue
            before = [red for red in reds if red.at <= passed.at]
            yield Flake(
                repo=self._repo,
                branches=one.branches,
                tree=tree,
                command=command,
                failed=before[-1] if before else reds[0],
                passed=passed,
                reds=len(reds),
            )


def flakes(facts: Iterable[Event]) -> tuple[Flake, ...]:
    """Of one repository's journal, oldest first."""
    return Results(facts).flakes()


def _tried(fact: RetestEnded) -> Tried:
    return Tried(at=fact.at, commit=fact.commit, seconds=fact.seconds, log=fact.log, reason=fact.reason)
