from collections.abc import Callable
from datetime import timedelta
from itertools import groupby, pairwise
from typing import TypeAlias

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mergetui.leasing import (
    Busy,
    Granted,
    LeaseAnswer,
    acquire,
    describe,
    force,
    is_held,
    is_stale,
    next_token,
    release,
    renew,
)
from mergetui.model import Instant, Lease
from mergetui.state import RepositoryState
from tests.rules.build import MINUTE, NOW, holder, lease, state

TTL = timedelta(seconds=90)


def asked(
    known: RepositoryState, operator: str, *, dead: bool = False, now: Instant = NOW
) -> tuple[RepositoryState, LeaseAnswer]:
    return acquire(known, holder=holder(operator), branches=("a",), holder_is_dead=dead, now=now, ttl=TTL)


def granted(known: RepositoryState, operator: str) -> tuple[RepositoryState, Lease]:
    after, answer = asked(known, operator)
    assert isinstance(answer, Granted)
    return after, answer.lease


def test_a_free_lease_is_granted_until_its_ttl_is_over() -> None:
    after, answer = asked(state(), "ada")
    assert answer == Granted(lease("ada", expires_at=NOW + TTL))
    assert after == state(lease=lease("ada", expires_at=NOW + TTL), last_token=1)


def test_a_lease_of_another_is_busy_and_stays_as_it_is() -> None:
    known = state(lease=lease("grace", 4), last_token=4)
    assert asked(known, "ada") == (known, Busy(lease("grace", 4)))


@pytest.mark.fault(11)
def test_age_alone_takes_no_lease_away() -> None:
    known = state(lease=lease("grace", 4), last_token=4)
    _, answer = asked(known, "ada", now=NOW + timedelta(days=1))
    assert answer == Busy(lease("grace", 4))


@pytest.mark.fault(11)
def test_a_dead_holders_lease_is_taken_over_under_a_new_token() -> None:
    after, answer = asked(state(lease=lease("grace", 4), last_token=4), "ada", dead=True)
    assert answer == Granted(lease("ada", 5, expires_at=NOW + TTL), lease("grace", 4))
    assert after.last_token == 5


def test_a_holder_who_asks_again_gets_a_new_token() -> None:
    _, answer = asked(state(lease=lease("ada", 4), last_token=4), "ada")
    assert answer == Granted(lease("ada", 5, expires_at=NOW + TTL))


@pytest.mark.fault(11)
def test_the_same_operator_in_another_process_is_another_holder() -> None:
    known = state(lease=lease("ada", 4, holder=holder("ada", pid=8)), last_token=4)
    assert isinstance(asked(known, "ada")[1], Busy)


def test_a_renewed_lease_lasts_a_ttl_from_now_on() -> None:
    known, mine = granted(state(), "ada")
    after, renewed = renew(known, mine, now=NOW + MINUTE, ttl=TTL)
    assert renewed == lease("ada", renewed_at=NOW + MINUTE, expires_at=NOW + MINUTE + TTL)
    assert after.lease == renewed


def test_renewing_keeps_what_is_said_of_the_lease() -> None:
    known, mine = granted(state(), "ada")
    after, _ = renew(describe(known, mine, branches=("b",), phase="testing"), mine, now=NOW + MINUTE, ttl=TTL)
    assert after.lease == lease(
        "ada", branches=("b",), phase="testing", renewed_at=NOW + MINUTE, expires_at=NOW + MINUTE + TTL
    )


@pytest.mark.fault(9)
def test_a_superseded_lease_cannot_be_renewed_described_or_released() -> None:
    known, mine = granted(state(), "ada")
    taken, _ = force(known, token=None)
    now_hers, hers = granted(taken, "grace")
    assert renew(now_hers, mine, now=NOW, ttl=TTL) == (now_hers, None)
    assert describe(now_hers, mine, branches=("b",), phase="testing") == now_hers
    assert release(now_hers, mine.token) == now_hers
    assert not is_held(now_hers, mine)
    assert is_held(now_hers, hers)


def test_a_lease_with_the_token_of_another_holder_is_not_held() -> None:
    known, mine = granted(state(), "ada")
    assert not is_held(known, lease("grace", mine.token))


@pytest.mark.fault(9)
def test_a_lease_is_released_by_its_token_alone() -> None:
    known, mine = granted(state(), "ada")
    assert release(known, mine.token) == state(last_token=1)
    assert release(known, mine.token + 1) == known


def test_releasing_a_free_lease_does_nothing() -> None:
    assert release(state(last_token=3), 3) == state(last_token=3)


def test_a_forced_release_takes_the_lease_from_whoever_holds_it() -> None:
    known = state(lease=lease("grace", 4), last_token=4)
    after, taken = force(known, token=None)
    assert (after.lease, taken) == (None, lease("grace", 4))


def test_a_forced_release_with_a_token_takes_only_the_lease_that_was_seen() -> None:
    known = state(lease=lease("grace", 4), last_token=4)
    assert force(known, token=3) == (known, None)
    assert force(known, token=4)[1] == lease("grace", 4)


def test_there_is_nothing_to_force_when_nobody_holds_it() -> None:
    assert force(state(last_token=4), token=None) == (state(last_token=4), None)


def test_a_forced_release_uses_the_token_up() -> None:
    after, _ = force(state(lease=lease("grace", 4), last_token=4), token=4)
    assert granted(after, "grace")[1].token == 6


def test_a_lease_is_stale_when_its_holder_is_dead_or_silent() -> None:
    held = lease("ada", expires_at=NOW)
    assert is_stale(held, holder_is_dead=False, now=NOW)
    assert not is_stale(held, holder_is_dead=False, now=NOW - MINUTE)
    assert is_stale(held, holder_is_dead=True, now=NOW - MINUTE)


def test_a_token_is_higher_than_the_leases_when_the_counter_is_older() -> None:
    assert next_token(state(lease=lease("ada", 9), last_token=4)) == 10
    assert next_token(state(lease=lease("ada", 4), last_token=9)) == 10


Operation: TypeAlias = Callable[[RepositoryState], RepositoryState]

OPERATORS = st.sampled_from(("ada", "grace", "edsger"))
TOKENS = st.integers(0, 12)
ASK = st.builds(lambda who, dead: lambda known: asked(known, who, dead=dead)[0], OPERATORS, st.booleans())
RELEASE = st.builds(lambda token: lambda known: release(known, token), TOKENS)
FORCE = st.builds(lambda token: lambda known: force(known, token=token)[0], st.none() | TOKENS)
RENEW = st.builds(
    lambda who, token: lambda known: renew(known, lease(who, token), now=NOW, ttl=TTL)[0], OPERATORS, TOKENS
)


@pytest.mark.fault(9)
@settings(max_examples=300, deadline=None)
@given(st.lists(ASK | RELEASE | FORCE | RENEW, max_size=25))
def test_tokens_strictly_increase_whatever_is_done(operations: list[Operation]) -> None:
    """Tokens start at 1; 0 stands for a free lease."""
    known, held = state(), list[int]()
    for operation in operations:
        known = operation(known)
        held.append(known.lease.token if known.lease else 0)
    grants = [token for token, _ in groupby(held) if token]
    assert all(before < after for before, after in pairwise(grants))
    assert known.last_token >= max(grants, default=0)


@pytest.mark.fault(9)
@settings(max_examples=200, deadline=None)
@given(st.lists(ASK | RELEASE | FORCE | RENEW, max_size=15), st.lists(ASK | FORCE | RENEW, max_size=5))
def test_a_lease_that_was_lost_is_never_held_again(before: list[Operation], after: list[Operation]) -> None:
    known = state()
    for operation in before:
        known = operation(known)
    known, _ = force(known, token=None)
    known, mine = granted(known, "ada")
    known, _ = force(known, token=mine.token)
    for operation in after:
        known = operation(known)
    assert not is_held(known, mine)
