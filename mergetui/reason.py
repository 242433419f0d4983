"""The stable codes that say why an entry did not land (contract: added to, never renamed)."""

from datetime import datetime
from enum import StrEnum

from msgspec import Struct


class Reason(StrEnum):
    CONFLICT = "conflict"
    RETEST_FAILED = "retest-failed"
    RETEST_TIMEOUT = "retest-timeout"
    RETEST_HUNG = "retest-hung"
    RETEST_KILLED = "retest-killed"
    OUTPUT_LIMIT = "output-limit"
    BRANCH_GONE = "branch-gone"
    HEAD_MOVED = "head-moved"
    ALREADY_LANDED = "already-landed"
    NOTHING_TO_LAND = "nothing-to-land"
    UNRELATED_HISTORY = "unrelated-history"
    LEASE_BUSY = "lease-busy"
    LEASE_LOST = "lease-lost"
    CONTENDED = "contended"
    REMOTE_UNREACHABLE = "remote-unreachable"
    PUSH_REFUSED = "push-refused"
    HOOK_REFUSED = "hook-refused"
    DISK_FULL = "disk-full"
    INTERRUPTED = "interrupted"
    DEQUEUED = "dequeued"
    INTERNAL = "internal"
    CHECK_REFUSED = "check-refused"


RED = frozenset(
    {
        Reason.RETEST_FAILED,
        Reason.RETEST_TIMEOUT,
        Reason.RETEST_HUNG,
        Reason.RETEST_KILLED,
        Reason.OUTPUT_LIMIT,
    }
)
"""What a retest that judged its candidate says against it."""


class Coded(Struct, frozen=True, gc=False):
    """A reason code and what there is to say about this case, for people."""

    code: Reason
    detail: str


class HeldBack(Struct, frozen=True, kw_only=True, gc=False):
    """What a check waits for; nobody is at fault."""

    check: str
    reason: str
    until: datetime | None = None
    """It is asked again then; None: now and then."""
