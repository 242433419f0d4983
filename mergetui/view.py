"""What a plan is made from: what is true of one repository at one moment, and what its operator wants."""

from collections.abc import Mapping
from enum import StrEnum

from msgspec import Struct

from mergetui.model import Branch, Candidate, Entry, EntryId, Instant, Lease, Oid, Pass
from mergetui.reason import Coded, HeldBack
from mergetui.repository import Gate, Repository
from mergetui.state import Handover, LandingIntent, Pause


class Verdict(StrEnum):
    BUILT = "built"
    RUNNING = "running"
    GREEN = "green"
    RED = "red"
    VOID = "void"
    """It ended without an answer, and no entry is at fault."""


class Trial(Struct, frozen=True):
    """A candidate and what is known of it."""

    candidate: Candidate
    verdict: Verdict
    reason: Coded | None = None
    reds: int = 0
    """Retests of this very commit that were red."""
    reduced: bool = False
    """It is, or was, judged by the command for emergencies."""


class Obstacle(Struct, frozen=True):
    """An entry that could not be put on top of `onto`."""

    entry: Entry
    onto: Oid
    reason: Coded


class Policy(Struct, frozen=True, kw_only=True):
    enabled: bool = True
    has_command: bool = True
    has_reduced_command: bool = False
    """There is a command for emergencies."""
    batch: int = 1
    parallel: int = 1
    hedge: bool = False
    """Slots that are left test the line without one of its entries."""
    external: bool = False
    """Somebody else merges what is green."""
    retries: int = 0
    """Red retests of a candidate that are doubted before one counts."""
    max_retries: int = 2
    max_contention: int = 10


def policy_of(repository: Repository, gate: Gate) -> Policy:
    return Policy(
        enabled=repository.enabled,
        has_command=repository.retest is not None,
        has_reduced_command=repository.emergency_retest is not None,
        batch=repository.batch,
        parallel=repository.parallel,
        hedge=repository.hedge,
        external=repository.landing == "external",
        retries=repository.retries,
        max_retries=gate.max_retries,
        max_contention=gate.max_contention,
    )


class Output(Struct, frozen=True, kw_only=True):
    """What a retest has printed so far."""

    bytes: int
    at: Instant
    """Of the last write."""


class View(Struct, frozen=True, kw_only=True):
    """What is true of one repository at one moment."""

    now: Instant
    tip: Oid | None
    heads: Mapping[Branch, Oid]
    """Of every queued branch that the remote has."""
    queue: tuple[Entry, ...]
    """In the order in which they are served."""
    trials: tuple[Trial, ...] = ()
    obstacles: tuple[Obstacle, ...] = ()
    pause: Pause | None = None
    landing: LandingIntent | None = None
    """A push to the target that the remote has not decided."""
    handover: Handover | None = None
    """A candidate that waits to be merged by somebody else."""
    is_merged: bool = False
    """The target has all of it."""
    keeps_lease: bool = True
    """The lease is still kept for it."""
    lease_of_another: Lease | None = None
    window: int | None = None
    """Entries that may be on trial at the same time; None: as many as the policy says."""
    free_slots: int | None = None
    """Retests that may be started besides those that run; below zero: so many other repositories wait for a
    slot; None: no limit but the policy's."""
    passed: Mapping[Oid, Pass] = {}
    """By tree: what has passed under the same command, and is young enough to be believed."""
    held_back: Mapping[EntryId, HeldBack] = {}
    """Entries that wait for a check; those behind them go on."""
    refused: Mapping[EntryId, Coded] = {}
    """Entries that a check says no to."""
    unanswered: frozenset[EntryId] = frozenset()
    """Entries that a check has not answered about yet: it will, and until then nothing goes before them."""
    frozen: HeldBack | None = None
    """What a check waits for that concerns the whole repository."""
    reduced: bool = False
    """What is at hand is an emergency, and is judged by the command for those."""
    trouble: str | None = None
    """Why the remote could not be looked at; what is known of it is old."""
    rewound: Coded | None = None
    """The target lost commits that it had."""
