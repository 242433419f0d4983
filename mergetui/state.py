"""What is stored of one repository: its queue, its lease, its pause, and what was seen and begun last."""

from collections.abc import Mapping
from typing import Literal

from msgspec import Struct, field

from mergetui.model import Branch, Candidate, Entry, EntryId, FencingToken, Holder, Instant, Lease, Oid
from mergetui.reason import HeldBack

GATE_ITSELF = "mergetui"
"""Who a pause is by that no operator began."""


class Pause(Struct, frozen=True, kw_only=True):
    by: str
    reason: str
    at: Instant
    until: Instant | None = None
    now: bool = False
    """Stop the running retest too, instead of finishing it."""

    def holds(self, now: Instant) -> bool:
        """Its time, if it has one, is not over."""
        return self.until is None or self.until > now

    def __str__(self) -> str:
        until = f" until {self.until:%Y-%m-%d %H:%M} UTC" if self.until else ""
        return f"paused by {self.by}{until}: {self.reason}"


class Sighting(Struct, frozen=True, kw_only=True):
    """The remote as it was last seen."""

    at: Instant
    target: Branch = "main"
    tip: Oid | None = None
    """None: the remote has no such target branch."""
    failing_since: Instant | None = None
    trouble: str | None = None
    """Why the latest look failed; None when it succeeded."""


class LandingIntent(Struct, frozen=True, kw_only=True):
    """Written before the push to the target starts, kept until the remote has decided."""

    candidate: Candidate
    token: FencingToken
    started_at: Instant
    tested: Oid | None = None
    """The commit whose retest vouches for the candidate, if that is another one with the same tree."""


class Handover(Struct, frozen=True, kw_only=True):
    """A tested candidate that waits to be merged by somebody else, who is told by its task branches."""

    candidate: Candidate
    token: FencingToken
    """Of the lease that is kept for it."""
    since: Instant
    until: Instant
    """Then its lease is stale: an operator may release it."""
    tested: Oid | None = None
    """The commit whose retest vouches for the candidate, if that is another one with the same tree."""
    said_by: str | None = None
    """Who said that it was merged; the refs decide."""


class Advance(Struct, frozen=True, kw_only=True):
    """Who works on the repository at this moment, and how."""

    holder: Holder
    mode: Literal["auto", "step", "look"]
    since: Instant
    lacks_slot: bool = False
    """Nothing is tested, for other repositories have every slot for retests."""


class Window(Struct, frozen=True, kw_only=True):
    """Where the number of entries on trial adapts itself: what it has come to."""

    size: int


class RepositoryState(Struct, frozen=True, kw_only=True):
    """All that is stored of one repository: queue, lease, pause, and what was last seen."""

    entries: Mapping[EntryId, Entry] = field(default_factory=dict)
    lease: Lease | None = None
    pause: Pause | None = None
    seen: Sighting | None = None
    landing: LandingIntent | None = None
    handover: Handover | None = None
    advance: Advance | None = None
    last_token: FencingToken = 0
    window: Window | None = None
    frozen: HeldBack | None = None
    """What a check said of the whole repository when it was last asked: nothing is started, nothing lands."""
    look_wanted: Instant | None = None
    """When somebody said last that the remote has news."""
    serial: int = 0
    """Counter behind the ids of entries and runs."""
    admitted: int = 0
    """Counter behind the ranks of entries."""
