"""Facts, in the past tense. Each is in the journal before anybody hears of it."""

from typing import TypeAlias

from msgspec import Struct

from mergetui.model import Branch, Candidate, Emergency, FencingToken, Instant, Oid, Priority
from mergetui.outcome import Run
from mergetui.reason import Coded, HeldBack
from mergetui.state import Pause


class Fact(Struct, frozen=True, kw_only=True, tag_field="event"):
    repo: str
    at: Instant
    by: str = ""
    """The process that did it, as `operator@host pid N`."""
    token: FencingToken | None = None
    """Of the lease that it was done under."""


class Enqueued(Fact, frozen=True, kw_only=True, tag="enqueued"):
    branches: tuple[Branch, ...]
    heads: tuple[Oid, ...]
    priority: Priority
    pinned_anew: bool = False
    """It was in the queue already."""
    emergency: Emergency | None = None
    """Why it goes ahead of everything; None: it takes its turn."""


class Dequeued(Fact, frozen=True, kw_only=True, tag="dequeued"):
    branches: tuple[Branch, ...]


class Retried(Fact, frozen=True, kw_only=True, tag="retried"):
    """An operator asked for another try."""

    branches: tuple[Branch, ...]


class Moved(Fact, frozen=True, kw_only=True, tag="moved"):
    branches: tuple[Branch, ...]
    position: int


class HeadMoved(Fact, frozen=True, kw_only=True, tag="head-moved"):
    """The author pushed: the entry is pinned to the new heads."""

    branches: tuple[Branch, ...]
    heads: tuple[Oid, ...]
    before: tuple[Oid, ...] = ()


class TakenUp(Fact, frozen=True, kw_only=True, tag="taken-up"):
    """The author of a sent-back entry pushed, so it is queued again by itself."""

    branches: tuple[Branch, ...]
    heads: tuple[Oid, ...]
    before: tuple[Oid, ...] = ()
    retry: int


class Approved(Fact, frozen=True, kw_only=True, tag="approved"):
    """An operator gave his word for the entry as it was."""

    branches: tuple[Branch, ...]
    heads: tuple[Oid, ...]
    check: str | None
    """None: for whichever check asks for it."""
    said_by: str


class ApprovalWithdrawn(Fact, frozen=True, kw_only=True, tag="approval-withdrawn"):
    """An operator took his word back, before the entry's author pushed."""

    branches: tuple[Branch, ...]
    heads: tuple[Oid, ...]
    check: str | None
    said_by: str


class HeldUp(Fact, frozen=True, kw_only=True, tag="held-up"):
    """A check waits: those behind the entry go on. Without branches it concerns the whole repository."""

    branches: tuple[Branch, ...]
    held: HeldBack


class Cleared(Fact, frozen=True, kw_only=True, tag="cleared"):
    """No check waits any more."""

    branches: tuple[Branch, ...]
    check: str
    """The one that it waited for last."""


class PauseBegun(Fact, frozen=True, kw_only=True, tag="paused"):
    pause: Pause
    instead_of: Pause | None = None
    """The one that held already: it goes on as `pause` says."""


class PauseEnded(Fact, frozen=True, kw_only=True, tag="resumed"):
    pause: Pause | None = None
    """The one that ended; facts of an earlier version do not tell."""
    by_time: bool = False
    """Nobody resumed it: its time was over."""


class LeaseGranted(Fact, frozen=True, kw_only=True, tag="lease-granted"):
    token: FencingToken
    branches: tuple[Branch, ...]
    taken_over_from: str | None = None


class LeaseReleased(Fact, frozen=True, kw_only=True, tag="lease-released"):
    token: FencingToken


class LeaseLost(Fact, frozen=True, kw_only=True, tag="lease-lost"):
    token: FencingToken


class LeaseForced(Fact, frozen=True, kw_only=True, tag="lease-forced"):
    """An operator took the lease from its holder."""

    token: FencingToken
    holder: str
    reason: str


class TargetMoved(Fact, frozen=True, kw_only=True, tag="target-moved"):
    """Somebody else pushed to the target."""

    before: Oid | None
    after: Oid | None


class RemoteLost(Fact, frozen=True, kw_only=True, tag="remote-lost"):
    detail: str


class RemoteBack(Fact, frozen=True, kw_only=True, tag="remote-back"):
    pass


class CatchUpStarted(Fact, frozen=True, kw_only=True, tag="catch-up-started"):
    branches: tuple[Branch, ...]
    onto: Oid


class CaughtUp(Fact, frozen=True, kw_only=True, tag="caught-up"):
    branches: tuple[Branch, ...]
    candidate: Candidate


class RetestStarted(Fact, frozen=True, kw_only=True, tag="retest-started"):
    branches: tuple[Branch, ...]
    commit: Oid
    command: str
    log: str
    reduced: bool = False
    """The command is the one for emergencies."""


class RetestEnded(Fact, frozen=True, kw_only=True, tag="retest-ended"):
    branches: tuple[Branch, ...]
    commit: Oid
    reason: Coded | None
    """None: it passed."""
    seconds: float
    log: str
    reds: int = 0
    """Red retests of the very commit before this one: a pass after them is a flake."""


class RetestSpared(Fact, frozen=True, kw_only=True, tag="retest-spared"):
    """The candidate was not tested: its very tree had passed as `earlier` under the same command."""

    branches: tuple[Branch, ...]
    commit: Oid
    tree: Oid
    earlier: Oid
    passed_at: Instant
    log: str


class LandingStarted(Fact, frozen=True, kw_only=True, tag="landing-started"):
    branches: tuple[Branch, ...]
    base: Oid
    commit: Oid
    token: FencingToken


class BranchPushStarted(Fact, frozen=True, kw_only=True, tag="branch-push-started"):
    """Task branches are about to move to where they are caught up."""

    branches: tuple[Branch, ...]
    before: tuple[Oid, ...]
    commits: tuple[Oid, ...]


class BranchesPushed(Fact, frozen=True, kw_only=True, tag="branches-pushed"):
    branches: tuple[Branch, ...]
    before: tuple[Oid, ...] = ()
    commits: tuple[Oid, ...]


class LandingContended(Fact, frozen=True, kw_only=True, tag="contended"):
    branches: tuple[Branch, ...]
    base: Oid


class LandingRefused(Fact, frozen=True, kw_only=True, tag="landing-refused"):
    """The remote was reached, its target had not moved, and it said no."""

    branches: tuple[Branch, ...]
    commit: Oid
    reason: Coded


class LandingUnknown(Fact, frozen=True, kw_only=True, tag="landing-unknown"):
    """The push got no answer; the remote is asked until it is decided."""

    branches: tuple[Branch, ...]
    commit: Oid
    detail: str


class HandedOver(Fact, frozen=True, kw_only=True, tag="handed-over"):
    """Somebody else is to merge the candidate; the lease is kept for it."""

    branches: tuple[Branch, ...]
    base: Oid
    commit: Oid
    token: FencingToken
    until: Instant


class TakenBack(Fact, frozen=True, kw_only=True, tag="taken-back"):
    """What was handed over cannot be merged as it was tested any more."""

    branches: tuple[Branch, ...]
    commit: Oid
    reason: Coded | None = None
    """None: it is caught up and tested again."""


class SaidMerged(Fact, frozen=True, kw_only=True, tag="said-merged"):
    """Somebody said that what was handed over is merged; the refs decide."""

    branches: tuple[Branch, ...]
    commit: Oid | None
    said_by: str


class Ended(Fact, frozen=True, kw_only=True, tag="ended"):
    """An entry's run is over: landed, sent back, deferred, held, dequeued or broken."""

    run: Run
    available_at: Instant | None = None


class OutOfRoom(Fact, frozen=True, kw_only=True, tag="out-of-room"):
    """Nothing can be written; told, and in the journal only once there is room again."""

    detail: str


class RoomBack(Fact, frozen=True, kw_only=True, tag="room-back"):
    detail: str
    """What was lacking."""


class Recovered(Fact, frozen=True, kw_only=True, tag="recovered"):
    """What a new engine found of one that died."""

    detail: str


class Broken(Fact, frozen=True, kw_only=True, tag="broken"):
    """The gate itself failed on this repository; the others go on."""

    detail: str


Event: TypeAlias = (
    Enqueued
    | Dequeued
    | Retried
    | Moved
    | HeadMoved
    | TakenUp
    | Approved
    | ApprovalWithdrawn
    | HeldUp
    | Cleared
    | PauseBegun
    | PauseEnded
    | LeaseGranted
    | LeaseReleased
    | LeaseLost
    | LeaseForced
    | TargetMoved
    | RemoteLost
    | RemoteBack
    | CatchUpStarted
    | CaughtUp
    | RetestStarted
    | RetestEnded
    | RetestSpared
    | LandingStarted
    | BranchPushStarted
    | BranchesPushed
    | LandingContended
    | LandingRefused
    | LandingUnknown
    | HandedOver
    | TakenBack
    | SaidMerged
    | Ended
    | OutOfRoom
    | RoomBack
    | Recovered
    | Broken
)
