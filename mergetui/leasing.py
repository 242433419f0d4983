"""Pure rules of the lease; `now` is an argument, and what is known of the holder comes with it."""

from datetime import timedelta
from typing import TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from mergetui.model import Branch, FencingToken, Holder, Instant, Lease
from mergetui.state import RepositoryState


class Granted(Struct, frozen=True):
    lease: Lease
    taken_over_from: Lease | None = None
    """A dead holder's lease that was still in the row."""


class Busy(Struct, frozen=True):
    held: Lease


LeaseAnswer: TypeAlias = Granted | Busy


def acquire(
    state: RepositoryState,
    *,
    holder: Holder,
    branches: tuple[Branch, ...],
    holder_is_dead: bool,
    now: Instant,
    ttl: timedelta,
) -> tuple[RepositoryState, LeaseAnswer]:
    """A lease with the next token, unless another holder has it that is not known to be dead.

    Age alone never takes a lease away: a clock may jump, and a slow holder is not a dead one.
    """
    held = state.lease
    if held is not None and held.holder != holder and not holder_is_dead:
        return state, Busy(held)
    token = next_token(state)
    lease = Lease(
        token=token, holder=holder, branches=branches, acquired_at=now, renewed_at=now, expires_at=now + ttl
    )
    left = held if held is not None and held.holder != holder else None
    return replace(state, lease=lease, last_token=token), Granted(lease, left)


def renew(
    state: RepositoryState, mine: Lease, *, now: Instant, ttl: timedelta
) -> tuple[RepositoryState, Lease | None]:
    """`mine`, extended to `now + ttl`; None if it is no longer the lease that is held."""
    if not is_held(state, mine):
        return state, None
    assert state.lease is not None
    renewed = replace(state.lease, renewed_at=now, expires_at=now + ttl)
    return replace(state, lease=renewed), renewed


def keep_for_merge(
    state: RepositoryState, mine: Lease, *, branches: tuple[Branch, ...], until: Instant
) -> RepositoryState:
    """`mine`, kept for branches that somebody else merges; nobody has to renew it until then."""
    if not is_held(state, mine) or state.lease is None:
        return state
    kept = replace(state.lease, branches=branches, phase="awaits merge", expires_at=until, awaits_merge=True)
    return replace(state, lease=kept)


def describe(
    state: RepositoryState, mine: Lease, *, branches: tuple[Branch, ...], phase: str
) -> RepositoryState:
    """For whom it is held and what is being done under it; nothing if it is no longer held."""
    if not is_held(state, mine) or state.lease is None:
        return state
    return replace(state, lease=replace(state.lease, branches=branches, phase=phase))


def release(state: RepositoryState, token: FencingToken) -> RepositoryState:
    """Free, if `token` is the lease that is held; a late release of another's lease does nothing."""
    if state.lease is None or state.lease.token != token:
        return state
    return replace(state, lease=None)


def force(state: RepositoryState, *, token: FencingToken | None) -> tuple[RepositoryState, Lease | None]:
    """Free, whoever holds it, and the token used up; the lease that was taken away.

    With `token`, only if that is the lease that is held: what the operator saw is what is released.
    """
    held = state.lease
    if held is None or (token is not None and held.token != token):
        return state, None
    return replace(state, lease=None, last_token=next_token(state)), held


def is_held(state: RepositoryState, mine: Lease) -> bool:
    """Whether `mine` is still the right to land."""
    return state.lease is not None and state.lease.token == mine.token and state.lease.holder == mine.holder


def is_kept(state: RepositoryState) -> bool:
    """Whether the lease is still the one that is kept for what was handed over."""
    kept, held = state.handover, state.lease
    return kept is not None and held is not None and held.token == kept.token


def is_stale(lease: Lease, *, holder_is_dead: bool, now: Instant) -> bool:
    """Its holder is dead or silent for a ttl; or its entry has waited too long to be merged."""
    return now >= lease.expires_at or (holder_is_dead and not lease.awaits_merge)


def next_token(state: RepositoryState) -> FencingToken:
    """Higher than any that was ever granted, also when the counter's row is older than the lease's."""
    return 1 + max(state.last_token, state.lease.token if state.lease else 0)


def why_not(held: Lease | None, token: FencingToken | None) -> str:
    """What to tell when `token` was not released by force."""
    if held is None:
        return "nobody holds the lease"
    return f"the lease is #{held.token} by now, held by {held.holder}, not #{token}"
