"""What a driver can do next; `plan` chooses, the driver performs."""

from enum import StrEnum
from typing import TypeAlias

from msgspec import Struct

from mergetui.model import Candidate, Entry, Instant, Link, Oid, Pass
from mergetui.reason import Coded
from mergetui.state import Handover, LandingIntent


class Why(StrEnum):
    """What nothing is landing for; the words are for people, `detail` says the rest."""

    IDLE = "the queue is empty"
    NEEDS_A_PERSON = "every entry waits for its author or an operator"
    DEFERRED = "every entry that can move is deferred"
    PAUSED = "the repository is paused"
    TESTING = "a retest is running"
    AWAITING_MERGE = "an entry waits to be merged by somebody else"
    UNDECIDED = "the remote has not said what became of a push"
    REMOTE_DOWN = "the remote cannot be reached"
    NO_COMMAND = "the repository has no retest command"
    FROZEN = "a check holds the whole repository up"
    HELD_BACK = "every entry that can move waits for a check"
    NO_SLOT = "every slot for retests is taken by other repositories"
    LEASE_BUSY = "another holder has the lease"
    ELSEWHERE = "another process works on the repository"
    NOT_ADVANCING = "auto-advance is off"
    NO_ROOM = "nothing can be written"
    BROKEN = "the gate itself failed on the repository"


class Wait(Struct, frozen=True, kw_only=True):
    why: Why
    detail: str = ""
    until: Instant | None = None
    is_brief: bool = False
    """It is over within seconds, whatever comes of it."""


class Decide(Struct, frozen=True):
    """Ask the remote what became of the landing."""

    landing: LandingIntent


class PauseItself(Struct, frozen=True):
    reason: Coded


class PinAnew(Struct, frozen=True):
    entry: Entry
    heads: tuple[Oid, ...]


class TakeUp(Struct, frozen=True):
    entry: Entry
    heads: tuple[Oid, ...]


class CatchUp(Struct, frozen=True):
    """Build the candidate of `entries`, going on from `built`, which stands already."""

    entries: tuple[Entry, ...]
    base: Oid
    built: tuple[Link, ...]


class StartRetest(Struct, frozen=True):
    candidate: Candidate
    reduced: bool = False
    """With the command for emergencies."""


class TakeResult(Struct, frozen=True):
    """Do not test the candidate: its very tree has passed under the same command."""

    candidate: Candidate
    earlier: Pass


class StopRetest(Struct, frozen=True):
    candidate: Candidate
    why: str


class Land(Struct, frozen=True):
    candidate: Candidate


class HandOver(Struct, frozen=True):
    """Somebody else merges the candidate; the lease is kept for it."""

    candidate: Candidate


class RecordMerge(Struct, frozen=True):
    """What was handed over is in the target."""

    handover: Handover


class TakeBack(Struct, frozen=True):
    """What was handed over cannot be merged as it was tested."""

    handover: Handover
    reason: Coded | None
    """Defers the entry; None: it is caught up and tested again."""


class SendBack(Struct, frozen=True):
    entry: Entry
    reason: Coded


class Defer(Struct, frozen=True):
    entries: tuple[Entry, ...]
    reason: Coded


class Hold(Struct, frozen=True):
    entry: Entry
    reason: Coded


Action: TypeAlias = (
    Wait
    | Decide
    | PauseItself
    | PinAnew
    | TakeUp
    | CatchUp
    | StartRetest
    | TakeResult
    | StopRetest
    | Land
    | HandOver
    | RecordMerge
    | TakeBack
    | SendBack
    | Defer
    | Hold
)
