"""The nouns: what an entry, a candidate and a lease are.

Instants are aware datetimes in UTC, durations are `timedelta`, commits are full hex object names.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TypeAlias, TypeVar

from msgspec import Struct

from mergetui.reason import Coded, HeldBack

T = TypeVar("T")
Instant: TypeAlias = datetime
Oid: TypeAlias = str
Branch: TypeAlias = str
"""A branch as an author says it: `feat/x`, or a full ref such as `refs/pull/7/head`."""
EntryId: TypeAlias = str
FencingToken: TypeAlias = int


class Priority(StrEnum):
    """In the order in which they are served."""

    URGENT = "urgent"
    HIGH = "high"
    NORMAL = "normal"
    LOW = "low"


class EntryState(StrEnum):
    QUEUED = "queued"
    CATCHING_UP = "catching-up"
    TESTING = "testing"
    LANDING = "landing"
    AWAITING_MERGE = "awaiting-merge"
    DEFERRED = "deferred"
    HELD = "held"
    SENT_BACK = "sent-back"

    @property
    def in_flight(self) -> bool:
        """The gate is at work on the entry at this moment."""
        return self in _IN_FLIGHT

    @property
    def needs_a_person(self) -> bool:
        """Nothing moves the entry on but its author or an operator."""
        return self in _NEEDS_A_PERSON


_NEEDS_A_PERSON = frozenset({EntryState.HELD, EntryState.SENT_BACK})
_IN_FLIGHT = frozenset(
    {EntryState.CATCHING_UP, EntryState.TESTING, EntryState.LANDING, EntryState.AWAITING_MERGE}
)


@dataclass(frozen=True, init=False)
class Change:
    """Branches, full refs or commits that land together, in order; all of them or none."""

    revisions: tuple[str, ...]

    def __init__(self, *revisions: str) -> None:
        object.__setattr__(self, "revisions", revisions)


class Approval(Struct, frozen=True, kw_only=True, gc=False):
    """An operator's word for an entry as it was; of other heads it says nothing."""

    by: str
    """`operator@host`."""
    check: str | None
    """The check that asked for it; None: whichever does."""
    heads: tuple[Oid, ...]
    at: Instant


class Emergency(Struct, frozen=True, kw_only=True, gc=False):
    """An operator's word that an entry goes ahead of everything, tested by the reduced command.

    It holds for the commits that it was said of, and goes when their author pushes others.
    """

    by: str
    reason: str
    at: Instant
    through_pause: bool = False
    """A pause does not hold it up."""

    def __str__(self) -> str:
        return f"emergency of {self.by}: {self.reason}"


# In no cycle, and so nothing for the collector to go through: with thousands of them it stops the console.
class Entry(Struct, frozen=True, kw_only=True, gc=False):
    """One queued branch, or a stack of them, pinned to the heads it had when it was queued."""

    id: EntryId
    branches: tuple[Branch, ...]
    heads: tuple[Oid, ...]
    """One commit per branch, in the same order."""
    enqueued_at: Instant
    enqueued_by: str = ""
    author: str = ""
    """Who wrote the last branch's head commit; shown, never trusted."""
    behind: int | None = None
    """Commits of the target that the last branch lacked when it was last looked at."""
    priority: Priority = Priority.NORMAL
    rank: int = 0
    """The number of its admission, until an operator moves it; lower is served first, see `queueing`."""
    state: EntryState = EntryState.QUEUED
    attempts: int = 0
    """Runs that came to an end."""
    taken_out: int = 0
    """Times it was taken out and put back: each stands in the history as a run of its own."""
    retries: int = 0
    """Times it was taken up again by itself since an operator last touched it."""
    deferrals: int = 0
    """Deferrals since it last got anywhere."""
    contended: int = 0
    """Catch-ups that a moving target has cost it since it last got anywhere."""
    retests: int = 0
    """Retests started for it since it was queued."""
    doubts: int = 0
    """Red retests of the very commit that is tested now; it is tested again because they are doubted."""
    available_at: Instant | None = None
    """A deferred entry is tried again from then on."""
    state_since: Instant | None = None
    reason: Coded | None = None
    log: str | None = None
    """Path of the latest retest's output."""
    checkout: str | None = None
    """Path of the latest retest's checkout, where it writes a report log; not to be trusted."""
    pushed: tuple[Oid, ...] = ()
    """Heads that the gate itself pushed to the branches: not the author's doing."""
    approvals: tuple[Approval, ...] = ()
    held_back: HeldBack | None = None
    """What a check said of it when it was last asked; those behind it go on."""
    emergency: Emergency | None = None
    """Why it goes ahead of everything; None: it takes its turn."""

    @property
    def branch(self) -> Branch:
        """The name people call it by: the last branch of a stack contains the others."""
        return self.branches[-1]


class Link(Struct, frozen=True, kw_only=True):
    """One entry of a candidate: what was taken from it, and the commit the chain stands at after it."""

    entry: EntryId
    branches: tuple[Branch, ...]
    heads: tuple[Oid, ...]
    commit: Oid
    tree: Oid
    tips: tuple[Oid, ...]
    """The commit the chain stood at after each branch of the entry; its task branch is pushed there."""
    commits: tuple[tuple[Oid, ...], ...]
    """What each branch added, in apply order; nothing where the target had it already."""


class Candidate(Struct, frozen=True, kw_only=True):
    """Entries in queue order, caught up with `base`: the exact commit that is tested and lands."""

    base: Oid
    links: tuple[Link, ...]

    @property
    def commit(self) -> Oid:
        return self.links[-1].commit

    @property
    def tree(self) -> Oid:
        return self.links[-1].tree

    @property
    def entries(self) -> tuple[EntryId, ...]:
        return tuple(link.entry for link in self.links)


class Pass(Struct, frozen=True, kw_only=True):
    """A green retest of a tree."""

    commit: Oid
    at: Instant
    log: str


class Holder(Struct, frozen=True, kw_only=True):
    """A process, so named that another one with the same pid is never taken for it."""

    operator: str
    host: str
    boot: str
    pid_namespace: str
    pid: int
    started: float
    """Seconds between the start of the machine and that of the process: no clock that is set moves it."""

    def __str__(self) -> str:
        return f"{self.operator}@{self.host} pid {self.pid}"


class Lease(Struct, frozen=True, kw_only=True):
    """The right to land on one repository until it expires."""

    token: FencingToken
    holder: Holder
    branches: tuple[Branch, ...]
    phase: str = ""
    acquired_at: Instant
    renewed_at: Instant
    expires_at: Instant
    awaits_merge: bool = False
    """It is kept for an entry that somebody else merges; nobody renews it, and its holder may be dead."""


def passed_over(line: Sequence[T], other: Sequence[T]) -> tuple[T, ...]:
    """What the other line has where the two part, up to where it goes on as the first does."""
    parted = next((n for n, (mine, its) in enumerate(zip(line, other, strict=False)) if mine != its), None)
    if parted is None or line[parted] not in other:
        return ()
    return tuple(member for member in other[parted : other.index(line[parted])] if member not in line)
