"""Facts, in the past tense. Each is in the journal before anybody hears of it."""

from typing import TypeAlias

from msgspec import Struct

from mergetui.model import Branch, Candidate, FencingToken, Instant, Oid, Pause, Priority
from mergetui.outcome import Run
from mergetui.reason import Coded


class Fact(Struct, frozen=True, kw_only=True, tag_field="event"):
    repo: str
    at: Instant
    by: str = ""
    """The process that did it, as `operator@host pid N`."""


class Enqueued(Fact, tag="enqueued"):
    branches: tuple[Branch, ...]
    heads: tuple[Oid, ...]
    priority: Priority
    pinned_anew: bool = False
    """It was in the queue already."""


class Dequeued(Fact, tag="dequeued"):
    branches: tuple[Branch, ...]


class Retried(Fact, tag="retried"):
    """An operator asked for another try."""

    branches: tuple[Branch, ...]


class Moved(Fact, tag="moved"):
    branches: tuple[Branch, ...]
    position: int


class HeadMoved(Fact, tag="head-moved"):
    """The author pushed: the entry is pinned to the new heads."""

    branches: tuple[Branch, ...]
    heads: tuple[Oid, ...]


class TakenUp(Fact, tag="taken-up"):
    """The author of a sent-back entry pushed, so it is queued again by itself."""

    branches: tuple[Branch, ...]
    heads: tuple[Oid, ...]
    retry: int


class PauseBegun(Fact, tag="paused"):
    pause: Pause


class PauseEnded(Fact, tag="resumed"):
    pass


class LeaseGranted(Fact, tag="lease-granted"):
    token: FencingToken
    branches: tuple[Branch, ...]
    taken_over_from: str | None = None


class LeaseReleased(Fact, tag="lease-released"):
    token: FencingToken


class LeaseLost(Fact, tag="lease-lost"):
    token: FencingToken


class LeaseForced(Fact, tag="lease-forced"):
    """An operator took the lease from its holder."""

    token: FencingToken
    holder: str
    reason: str


class TargetMoved(Fact, tag="target-moved"):
    """Somebody else pushed to the target."""

    before: Oid | None
    after: Oid | None


class RemoteLost(Fact, tag="remote-lost"):
    detail: str


class RemoteBack(Fact, tag="remote-back"):
    pass


class CatchUpStarted(Fact, tag="catch-up-started"):
    branches: tuple[Branch, ...]
    onto: Oid


class CaughtUp(Fact, tag="caught-up"):
    branches: tuple[Branch, ...]
    candidate: Candidate


class RetestStarted(Fact, tag="retest-started"):
    branches: tuple[Branch, ...]
    commit: Oid
    command: str
    log: str


class RetestEnded(Fact, tag="retest-ended"):
    branches: tuple[Branch, ...]
    commit: Oid
    reason: Coded | None
    """None: it passed."""
    seconds: float
    log: str


class LandingStarted(Fact, tag="landing-started"):
    branches: tuple[Branch, ...]
    base: Oid
    commit: Oid
    token: FencingToken


class BranchesPushed(Fact, tag="branches-pushed"):
    branches: tuple[Branch, ...]
    commits: tuple[Oid, ...]


class LandingContended(Fact, tag="contended"):
    branches: tuple[Branch, ...]
    base: Oid


class LandingUnknown(Fact, tag="landing-unknown"):
    """The push got no answer; the remote is asked until it is decided."""

    branches: tuple[Branch, ...]
    commit: Oid
    detail: str


class Ended(Fact, tag="ended"):
    """An entry's run is over: landed, sent back, deferred, held, dequeued or broken."""

    run: Run
    available_at: Instant | None = None


class Recovered(Fact, tag="recovered"):
    """What a new engine found of one that died."""

    detail: str


class Broken(Fact, tag="broken"):
    """The gate itself failed on this repository; the others go on."""

    detail: str


Event: TypeAlias = (
    Enqueued
    | Dequeued
    | Retried
    | Moved
    | HeadMoved
    | TakenUp
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
    | LandingStarted
    | BranchesPushed
    | LandingContended
    | LandingUnknown
    | Ended
    | Recovered
    | Broken
)
