"""How things end, as values: changes that are applied and pushed, retests, runs."""

from typing import Literal, TypeAlias

from msgspec import Struct

from mergetui.model import Branch, Change, FencingToken, Instant, Oid
from mergetui.reason import Coded, Reason

ChangeStatus: TypeAlias = Literal["committed", "already-existed"]


# What the landing primitive answers (the library's result types).


class ChangeOutcome(Struct, frozen=True):
    change: Change
    status: ChangeStatus
    commits: tuple[Oid, ...]
    """In apply order; none when the target had it already."""


class Applied(Struct, frozen=True):
    """Every change is on top of `base`, in the checkout only."""

    outcomes: tuple[ChangeOutcome, ...]
    base: Oid
    commit: Oid
    tree: Oid


class Pushed(Struct, frozen=True):
    """Every change is in the target, whose new tip is `tip`."""

    outcomes: tuple[ChangeOutcome, ...]
    tip: Oid


class Conflict(Struct, frozen=True):
    """`change` and what the target has by now touch the same lines of `paths`."""

    change: Change
    paths: tuple[str, ...]


class Contended(Struct, frozen=True):
    """The target moved under every one of `attempts` attempts."""

    attempts: int


class Refused(Struct, frozen=True):
    """The remote was reached, the target had not moved, and it said no in these words."""

    message: str


class Unreachable(Struct, frozen=True):
    message: str


class Invalid(Struct, frozen=True):
    """The request cannot be carried out on any target: no change, an unknown revision ..."""

    message: str
    reason: Reason = Reason.INTERNAL


ApplyResult: TypeAlias = Applied | Conflict | Unreachable | Invalid
PushResult: TypeAlias = Pushed | Conflict | Contended | Refused | Unreachable | Invalid


# What a retest ends as.


class Passed(Struct, frozen=True):
    pass


class Failed(Struct, frozen=True):
    exit_code: int
    tail: str
    """The last lines of the output, as they were printed."""


class TimedOut(Struct, frozen=True):
    after: float
    """Seconds."""


class Hung(Struct, frozen=True):
    silent_for: float
    """Seconds."""


class Killed(Struct, frozen=True):
    signal: str
    """Its name, `SIGKILL`."""


class OverOutputLimit(Struct, frozen=True):
    limit: int
    """Bytes."""


class Interrupted(Struct, frozen=True):
    why: str


RetestEnding: TypeAlias = Passed | Failed | TimedOut | Hung | Killed | OverOutputLimit | Interrupted


# What a run, from catch-up to its end, comes to; a row of the history.


class BranchOutcome(Struct, frozen=True):
    branch: Branch
    status: ChangeStatus
    commits: tuple[Oid, ...]


class Run(Struct, frozen=True, kw_only=True):
    id: str
    repo: str
    branches: tuple[Branch, ...]
    outcome: Literal["landed", "sent-back", "deferred", "held", "broken", "dequeued"]
    reason: Coded | None = None
    base: Oid | None = None
    tested_commit: Oid | None = None
    tested_tree: Oid | None = None
    landed_commit: Oid | None = None
    landed_tree: Oid | None = None
    changes: tuple[BranchOutcome, ...] = ()
    token: FencingToken | None = None
    retests: int = 0
    contended: int = 0
    enqueued_at: Instant | None = None
    """When its entry was queued; not known of runs that an older version wrote."""
    started_at: Instant
    finished_at: Instant
    log: str | None = None
    emergency: str | None = None
    """Why it went ahead of everything; None: it took its turn."""
    merged_by: str | None = None
    """Who said that it was merged, where somebody else merges; None: the gate pushed it itself."""
