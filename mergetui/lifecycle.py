"""Pure rules of one entry: what a push, an operator's word, an approval and an ending do to it."""

from datetime import timedelta

from msgspec.structs import replace

from mergetui.model import Approval, Entry, EntryState, Instant, Oid
from mergetui.reason import Coded, Reason

_FIRST_DEFERRAL = timedelta(seconds=5)
_LONGEST_DEFERRAL = timedelta(minutes=15)


def try_again(entry: Entry, *, heads: tuple[Oid, ...] | None = None, now: Instant) -> Entry:
    """An operator's word: queued, with every counter of caps back to zero."""
    return replace(
        _pinned_to(entry, heads or entry.heads),
        state=EntryState.QUEUED,
        state_since=now,
        retries=0,
        deferrals=0,
        contended=0,
        available_at=None,
        reason=None,
        attempts=entry.attempts,
    )


def retry(entry: Entry, heads: tuple[Oid, ...], *, now: Instant) -> Entry:
    """Another try with these heads; nothing changes for what is being tried with them at this moment."""
    if entry.state.in_flight and entry.heads == heads:
        return entry
    return try_again(entry, heads=heads, now=now)


def take_up(entry: Entry, heads: tuple[Oid, ...], *, now: Instant) -> Entry:
    """Queued by itself, for its author pushed after it was sent back."""
    return replace(try_again(entry, heads=heads, now=now), retries=entry.retries + 1)


def pin_anew(entry: Entry, heads: tuple[Oid, ...], *, now: Instant) -> Entry:
    """Its author pushed while it was queued; a deferral that runs goes on."""
    deferred = entry.state is EntryState.DEFERRED
    state = EntryState.DEFERRED if deferred else EntryState.QUEUED
    return replace(_pinned_to(entry, heads), state=state, state_since=now)


def approve(entry: Entry, *, by: str, check: str | None, now: Instant) -> Entry:
    """With an operator's word for its present heads; what was said of others is of no use any more."""
    word = Approval(by=by, check=check, heads=entry.heads, at=now)
    others = (
        known
        for known in entry.approvals
        if known.heads == entry.heads and (known.by, known.check) != (by, check)
    )
    return replace(entry, approvals=(*others, word))


def carry_approvals(before: Entry, after: Entry) -> Entry:
    """What was said of an entry holds for what the gate itself made of it."""
    carried = (replace(word, heads=after.heads) for word in before.approvals if word.heads == before.heads)
    return replace(after, approvals=tuple(carried))


def enter(entry: Entry, state: EntryState, *, now: Instant) -> Entry:
    """The gate is at work on it, or has put it back in the queue."""
    return entry if entry.state is state else replace(entry, state=state, state_since=now, available_at=None)


def send_back(entry: Entry, reason: Coded, *, now: Instant) -> Entry:
    return _ended(entry, EntryState.SENT_BACK, reason, now=now)


def hold(entry: Entry, reason: Coded, *, now: Instant) -> Entry:
    return _ended(entry, EntryState.HELD, reason, now=now)


def defer(entry: Entry, reason: Coded, *, most: int, now: Instant) -> Entry:
    """Tried again after a wait that doubles; held once it was deferred `most` times in a row."""
    if entry.deferrals >= most:
        told = f"deferred {entry.deferrals} times, the last time: {reason.detail}"
        return hold(entry, Coded(reason.code, told), now=now)
    deferred = _ended(entry, EntryState.DEFERRED, reason, now=now)
    return replace(
        deferred, deferrals=entry.deferrals + 1, contended=0, available_at=now + wait_before(entry.deferrals)
    )


def wait_before(deferrals: int) -> timedelta:
    """How long an entry rests that has been deferred `deferrals` times before."""
    doubled: int = 1 << min(deferrals, 20)
    return min(_FIRST_DEFERRAL * doubled, _LONGEST_DEFERRAL)


def _pinned_to(entry: Entry, heads: tuple[Oid, ...]) -> Entry:
    """An emergency is one for the commits that it was said of, also where the gate has moved them."""
    same = all(head in (pinned, *entry.pushed) for head, pinned in zip(heads, entry.heads, strict=True))
    return replace(entry, heads=heads, emergency=entry.emergency if same else None)


def _ended(entry: Entry, state: EntryState, reason: Coded, *, now: Instant) -> Entry:
    return replace(
        entry,
        state=state,
        state_since=now,
        reason=reason,
        available_at=None,
        attempts=entry.attempts + (reason.code is not Reason.INTERRUPTED),
    )
