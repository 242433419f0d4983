"""What is measured: the names, kinds and labels that dashboards and alerts rely on.

Labels are repositories and small closed sets: a branch or a person is never one.
"""

from typing import Literal, TypeAlias

from msgspec import Struct

from mergetui.model import EntryState
from mergetui.reason import RED, Reason

Kind: TypeAlias = Literal["counter", "gauge", "histogram"]

_FAST = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0)
_SLOW = (
    10.0,
    30.0,
    60.0,
    120.0,
    300.0,
    600.0,
    1_200.0,
    1_800.0,
    3_600.0,
    7_200.0,
    14_400.0,
    43_200.0,
    86_400.0,
)


class Measure(Struct, frozen=True, kw_only=True):
    name: str
    kind: Kind
    help: str
    label: str | None = None
    """What stands beside `repo`."""
    values: tuple[str, ...] = ()
    """All that the label can be; what is named here is told as 0 from the start."""
    buckets: tuple[float, ...] = ()
    """Upper bounds in seconds, of a histogram; the last is followed by one without."""


def _counter(name: str, help_: str, label: str | None = None, values: tuple[str, ...] = ()) -> Measure:
    return Measure(name=f"mergetui_{name}_total", kind="counter", help=help_, label=label, values=values)


def _gauge(name: str, help_: str, label: str | None = None, values: tuple[str, ...] = ()) -> Measure:
    return Measure(name=f"mergetui_{name}", kind="gauge", help=help_, label=label, values=values)


def _seconds(name: str, help_: str, buckets: tuple[float, ...]) -> Measure:
    return Measure(name=f"mergetui_{name}_seconds", kind="histogram", help=help_, buckets=buckets)


FAILURES = ("contended", "refused", "unanswered", "lease-lost", "withdrawn", "broken")
PASSED = "passed"
ENDINGS = (PASSED, *sorted(RED), Reason.INTERRUPTED.value, Reason.DISK_FULL.value)
REASONS = tuple(reason.value for reason in Reason)
STATES = tuple(state.value for state in EntryState)

PUSH_CALLED = _counter("push_called", "Landings begun: candidates about to be pushed to the target.")
PUSH_SUCCEEDED = _counter("push_succeeded", "Landings after which the target had the candidate.")
PUSH_FAILED = _counter(
    "push_failed", "Landings after which the target did not have the candidate, by class.", "class", FAILURES
)
PUSH_LATENCY = _seconds(
    "push_latency", "Seconds from the beginning of a landing to its end, good or bad.", _FAST
)
PUSH_EMPTY = _counter("push_empty_changes", "Branches that added nothing to the target.")
PUSH_RESETS = _counter(
    "push_reset_errors",
    "Failures of the gate itself while it made a candidate on a checkout that it had reset.",
)
PUSH_CONFLICTS = _counter("push_cherry_pick_conflicts", "Entries sent back for a conflict with the target.")
PUSH_ERRORS = _counter("push_git_push_errors", "Pushes to the target that were refused, or got no answer.")
STALE_RETRIES = _counter("push_stale_base_retries", "Pushes to the target that lost to somebody else's push.")
STALE_GIVEUP = _counter(
    "push_stale_base_giveup", "Entries deferred or held because the target moved too often under them."
)

LANDINGS = _counter("landings", "Entries that landed.")
SENT_BACK = _counter("sent_back", "Entries sent back to their authors, by reason.", "reason", REASONS)
DEFERRALS = _counter("deferrals", "Entries deferred, by reason.", "reason", REASONS)
HOLDS = _counter("holds", "Entries held for an operator, by reason.", "reason", REASONS)
WAIT = _seconds("wait", "Seconds that a landed entry was queued before the try began that landed it.", _SLOW)
WORK = _seconds(
    "work", "Seconds from the first catch-up of the try that landed an entry to its landing.", _SLOW
)
RETESTS = _counter("retests", "Retests that ended, by ending.", "ending", ENDINGS)
RETEST_SECONDS = _seconds("retest", "Seconds that a retest ran, whatever its ending.", _SLOW)
SPARED = _counter("retests_spared", "Candidates not tested, because their very tree had passed.")
FLAKES = _counter("flakes", "Retests that passed on a commit on which others had been red.")
LEASE_GRANTS = _counter("lease_grants", "Leases granted to this process.")
TARGET_MOVES = _counter("target_moves", "Pushes of somebody else to the target, as far as they were seen.")
BREAKS = _counter("breaks", "Failures of the gate itself.")

READABLE = _gauge(
    "state_readable", "Whether the stored state could be read: 1 or 0; without it no other gauge is told."
)
DEPTH = _gauge("queue_depth", "Entries in the queue, by state.", "state", STATES)
OLDEST = _gauge(
    "queue_oldest_age_seconds",
    "Seconds since the oldest entry in this state was queued; 0 without one.",
    "state",
    STATES,
)
LEASE_HELD = _gauge("lease_held", "Whether a lease is held, by whatever process: 1 or 0.")
LEASE_AGE = _gauge("lease_age_seconds", "Seconds since the lease was granted; 0 when none is held.")
PAUSED = _gauge("paused", "Whether the repository is paused: 1 or 0.")
SLOTS_BUSY = _gauge("slots_busy", "Retests that this process runs now.")

COUNTED = (
    PUSH_CALLED,
    PUSH_SUCCEEDED,
    PUSH_FAILED,
    PUSH_LATENCY,
    PUSH_EMPTY,
    PUSH_RESETS,
    PUSH_CONFLICTS,
    PUSH_ERRORS,
    STALE_RETRIES,
    STALE_GIVEUP,
    LANDINGS,
    SENT_BACK,
    DEFERRALS,
    HOLDS,
    WAIT,
    WORK,
    RETESTS,
    RETEST_SECONDS,
    SPARED,
    FLAKES,
    LEASE_GRANTS,
    TARGET_MOVES,
    BREAKS,
)
"""Since the process began."""
SEEN = (READABLE, DEPTH, OLDEST, LEASE_HELD, LEASE_AGE, PAUSED, SLOTS_BUSY)
"""As it is at the moment of asking."""
