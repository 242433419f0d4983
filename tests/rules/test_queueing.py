from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mergetui.lifecycle import defer, enter, hold, pin_anew, send_back, take_up, try_again, wait_before
from mergetui.model import Entry, EntryState, Priority
from mergetui.queueing import (
    PATIENCE,
    Admitted,
    Proposal,
    Refusal,
    admit,
    find,
    move,
    order,
    positions,
    take_out,
)
from mergetui.reason import Coded, Reason
from mergetui.state import RepositoryState
from tests.rules.build import FAILED, MINUTE, NOW, entry, state

DOWN = Coded(Reason.REMOTE_UNREACHABLE, "no route to host")
STOPPED = Coded(Reason.INTERRUPTED, "the engine stopped")
WORN = entry(
    "a",
    state=EntryState.SENT_BACK,
    reason=FAILED,
    attempts=5,
    retries=2,
    deferrals=3,
    contended=4,
    available_at=NOW,
)


def proposal(*branches: str, version: int = 1, priority: Priority | None = None) -> Proposal:
    heads = tuple(f"{branch}.{version}" for branch in branches)
    return Proposal(branches=branches, heads=heads, priority=priority, by="ada@box")


def queued(*branches: str) -> RepositoryState:
    known = state()
    for branch in branches:
        known, _ = admit(known, proposal(branch), now=NOW)
    return known


def row(known: RepositoryState) -> list[str]:
    return [each.branch for each in order(known.entries.values())]


def test_branches_are_served_in_the_order_in_which_they_were_queued() -> None:
    assert row(queued("c", "a", "b")) == ["c", "a", "b"]
    assert positions(queued("c", "a", "b")) == {"e1": 1, "e2": 2, "e3": 3}


def test_an_entry_is_pinned_to_the_heads_it_had_when_it_was_queued() -> None:
    known, answer = admit(state(), proposal("a", "b", priority=Priority.HIGH), now=NOW)
    admitted = Entry(
        id="e1",
        branches=("a", "b"),
        heads=("a.1", "b.1"),
        enqueued_at=NOW,
        enqueued_by="ada@box",
        priority=Priority.HIGH,
        rank=1,
        state_since=NOW,
    )
    assert answer == Admitted(admitted, pinned_anew=False)
    assert known == state(admitted, serial=1, admitted=1)


def test_an_id_is_never_used_again() -> None:
    known, _ = admit(take_out(queued("a", "b"), ["e2"]), proposal("c"), now=NOW)
    assert set(known.entries) == {"e1", "e3"}


def test_a_branch_that_is_queued_already_is_pinned_anew_and_keeps_its_place() -> None:
    known, answer = admit(queued("a", "b"), proposal("a", version=2), now=NOW + MINUTE)
    assert isinstance(answer, Admitted)
    assert answer.pinned_anew
    assert row(known) == ["a", "b"]
    assert known.entries["e1"].heads == ("a.2",)
    assert known.entries["e1"].enqueued_at == NOW


def test_queueing_again_without_a_priority_keeps_the_one_it_had() -> None:
    known, _ = admit(state(), proposal("a", priority=Priority.HIGH), now=NOW)
    again, _ = admit(known, proposal("a"), now=NOW)
    lower, _ = admit(known, proposal("a", priority=Priority.LOW), now=NOW)
    assert again.entries["e1"].priority is Priority.HIGH
    assert lower.entries["e1"].priority is Priority.LOW


def test_what_is_being_worked_on_goes_on_when_it_is_queued_again_as_it_is() -> None:
    testing = entry("a", state=EntryState.TESTING, retests=1)
    known, _ = admit(state(testing), proposal("a"), now=NOW + MINUTE)
    assert known.entries["a"] == testing


def test_what_is_being_worked_on_starts_afresh_when_it_is_queued_with_a_new_head() -> None:
    known, _ = admit(state(entry("a", state=EntryState.TESTING)), proposal("a", version=2), now=NOW)
    assert known.entries["a"].state is EntryState.QUEUED
    assert known.entries["a"].heads == ("a.2",)


@pytest.mark.parametrize("stuck", [EntryState.SENT_BACK, EntryState.HELD, EntryState.DEFERRED])
def test_what_was_stuck_is_queued_afresh_when_it_is_queued_again(stuck: EntryState) -> None:
    known, _ = admit(state(entry("a", state=stuck, reason=FAILED, retries=2)), proposal("a"), now=NOW)
    assert known.entries["a"].state is EntryState.QUEUED
    assert (known.entries["a"].retries, known.entries["a"].reason) == (0, None)


@pytest.mark.parametrize("branches", [("a",), ("b", "c"), ("c", "a")])
def test_a_branch_of_another_stack_is_refused_by_name(branches: tuple[str, ...]) -> None:
    known, _ = admit(state(), proposal("a", "b"), now=NOW)
    after, answer = admit(known, proposal(*branches), now=NOW)
    (name,) = set(branches) & {"a", "b"}
    assert answer == Refusal(f"{name} is queued already, in another stack; dequeue it first")
    assert after == known


def test_every_branch_of_a_stack_finds_its_entry() -> None:
    known, _ = admit(state(), proposal("a", "b"), now=NOW)
    assert [each and each.id for each in (find(known, "a"), find(known, "b"), find(known, "c"))] == [
        "e1",
        "e1",
        None,
    ]


def test_priorities_are_served_before_ranks() -> None:
    low, normal, high, urgent = (
        entry(name, rank=rank, priority=Priority(name))
        for rank, name in enumerate(("low", "normal", "high", "urgent"))
    )
    assert order([low, normal, high, urgent]) == (urgent, high, normal, low)


@pytest.mark.parametrize(
    ("early", "late", "most"),
    [
        (Priority.NORMAL, Priority.HIGH, 49),
        (Priority.LOW, Priority.NORMAL, 49),
        (Priority.LOW, Priority.HIGH, 99),
        (Priority.HIGH, Priority.LOW, 0),
    ],
)
def test_an_entry_is_overtaken_by_so_many_later_ones_and_no_more(
    early: Priority, late: Priority, most: int
) -> None:
    known, _ = admit(state(), proposal("early", priority=early), now=NOW)
    for number in range(120):
        known, _ = admit(known, proposal(f"late{number}", priority=late), now=NOW)
    assert row(known).index("early") == most


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(list(Priority)[1:]), st.integers(0, 2)), max_size=400))
def test_nobody_is_starved_however_long_the_more_important_keep_coming(
    arrivals: list[tuple[Priority, int]],
) -> None:
    known, _ = admit(state(), proposal("patient", priority=Priority.LOW), now=NOW)
    overtaken = 0
    for number, (priority, served) in enumerate(arrivals):
        known, _ = admit(known, proposal(f"late{number}", priority=priority), now=NOW)
        for first in order(known.entries.values())[:served]:
            known = take_out(known, [first.id])
            overtaken += "patient" in row(known)
    assert overtaken <= PATIENCE[Priority.LOW]


def test_an_empty_queue_does_not_make_the_next_admission_the_first() -> None:
    known, _ = admit(state(), proposal("patient", priority=Priority.LOW), now=NOW)
    for number in range(120):
        known, _ = admit(known, proposal(f"late{number}", priority=Priority.HIGH), now=NOW)
        known = take_out(known, [order(known.entries.values())[0].id])
    assert "patient" not in row(known)


def test_only_the_urgent_overtake_what_is_being_worked_on() -> None:
    testing = entry("testing", rank=9, state=EntryState.TESTING, priority=Priority.LOW)
    high = entry("high", rank=1, priority=Priority.HIGH)
    urgent = entry("urgent", rank=10, priority=Priority.URGENT)
    assert order([high, testing, urgent]) == (urgent, testing, high)


@pytest.mark.parametrize("stuck", [EntryState.SENT_BACK, EntryState.HELD])
def test_what_waits_for_a_person_comes_last(stuck: EntryState) -> None:
    waiting = entry("waiting", rank=1, state=stuck, priority=Priority.URGENT)
    low = entry("low", rank=2, priority=Priority.LOW)
    assert order([waiting, low]) == (low, waiting)


@pytest.mark.parametrize(
    ("branch", "to", "moved"),
    [
        ("c", 1, ["c", "a", "b"]),
        ("a", 2, ["b", "a", "c"]),
        ("a", 3, ["b", "c", "a"]),
        ("a", 99, ["b", "c", "a"]),
        ("b", 0, ["b", "a", "c"]),
        ("b", 2, ["a", "b", "c"]),
    ],
)
def test_an_entry_moves_to_the_position_that_was_said(branch: str, to: int, moved: list[str]) -> None:
    after = move(queued("a", "b", "c"), branch, to=to)
    assert after is not None
    assert row(after) == moved


def test_what_is_not_queued_cannot_be_moved() -> None:
    assert move(queued("a"), "b", to=1) is None


def test_the_only_entry_can_be_moved_nowhere() -> None:
    after = move(queued("a"), "a", to=5)
    assert after is not None
    assert row(after) == ["a"]


def test_a_moved_entry_takes_the_priority_of_its_new_place() -> None:
    high = entry("high", rank=1, priority=Priority.HIGH)
    after = move(state(high, entry("a", rank=2), entry("b", rank=3)), "b", to=1)
    assert after is not None
    assert row(after) == ["b", "high", "a"]
    assert after.entries["b"].priority is Priority.HIGH


def test_an_entry_moved_down_past_its_like_is_not_slowed_down_by_the_one_behind() -> None:
    low = entry("low", rank=-40, priority=Priority.LOW)
    after = move(state(entry("a", rank=1), entry("b", rank=2), low), "a", to=2)
    assert after is not None
    assert row(after) == ["b", "a", "low"]
    assert after.entries["a"].priority is Priority.NORMAL


@pytest.mark.parametrize("to", [0, 1])
def test_an_entry_that_stays_where_it_is_keeps_its_priority(to: int) -> None:
    known = state(entry("a", rank=1, priority=Priority.HIGH), entry("b", rank=60))
    assert move(known, "a", to=to) == known


def test_an_entry_moved_to_the_end_is_not_hurried_by_an_urgent_one_that_is_held() -> None:
    held = entry("held", rank=1, state=EntryState.HELD, priority=Priority.URGENT)
    after = move(state(held, entry("a", rank=2), entry("b", rank=3)), "a", to=3)
    assert after is not None
    assert row(after) == ["b", "a", "held"]


def test_an_entry_moved_before_a_less_urgent_one_in_flight_is_not_slowed_down() -> None:
    testing = entry("testing", rank=1, state=EntryState.TESTING, priority=Priority.LOW)
    after = move(state(testing, entry("a", rank=2), entry("b", rank=3)), "b", to=1)
    assert after is not None
    assert row(after) == ["testing", "b", "a"]


def test_a_move_exchanges_turns_and_makes_up_none() -> None:
    held = entry("held", rank=1, state=EntryState.HELD)
    after = move(
        state(held, *(entry(name, rank=rank) for rank, name in enumerate("abc", start=7))), "a", to=3
    )
    assert after is not None
    assert {name: known.rank for name, known in after.entries.items()} == {"held": 1, "b": 7, "c": 8, "a": 9}


def test_entries_whose_turns_are_the_same_can_be_moved_past_each_other() -> None:
    alike = entry("a", rank=1), entry("b", rank=51, priority=Priority.HIGH), entry("c", rank=2)
    after = move(state(*alike), "a", to=2)
    assert after is not None
    assert row(after) == ["b", "a", "c"]


MOVABLE = st.sampled_from((EntryState.QUEUED, EntryState.DEFERRED))
STUCK = st.sampled_from((EntryState.HELD, EntryState.SENT_BACK))
PRIORITIES = st.sampled_from(Priority)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.tuples(MOVABLE, PRIORITIES), min_size=1, max_size=6),
    st.lists(st.tuples(STUCK, PRIORITIES), max_size=3),
    st.integers(0, 5),
    st.integers(-2, 12),
)
def test_a_move_puts_one_entry_there_and_leaves_the_others_in_order(
    movable: list[tuple[EntryState, Priority]],
    stuck: list[tuple[EntryState, Priority]],
    which: int,
    to: int,
) -> None:
    known = state(
        *(
            entry(f"e{rank}", rank=rank, state=how, priority=priority)
            for rank, (how, priority) in enumerate([*movable, *stuck])
        )
    )
    before = row(known)
    moved = before[which % len(movable)]
    after = move(known, moved, to=to)
    assert after is not None
    assert row(after).index(moved) == min(max(to, 1), len(movable)) - 1
    assert [b for b in row(after) if b != moved] == [b for b in before if b != moved]


def test_another_try_by_an_operator_forgets_the_caps_but_not_the_attempts() -> None:
    again = try_again(WORN, now=NOW + MINUTE)
    assert again == entry("a", attempts=5, state_since=NOW + MINUTE)


def test_another_try_may_pin_new_heads() -> None:
    assert try_again(WORN, heads=("a.2",), now=NOW).heads == ("a.2",)


def test_being_taken_up_counts_against_the_retries() -> None:
    taken = take_up(WORN, ("a.2",), now=NOW)
    assert taken == entry("a", heads=("a.2",), attempts=5, retries=3, state_since=NOW)


def test_an_entry_pinned_anew_is_queued() -> None:
    pinned = pin_anew(entry("a", state=EntryState.TESTING), ("a.2",), now=NOW)
    assert pinned == entry("a", heads=("a.2",), state_since=NOW)


def test_an_entry_pinned_anew_rests_as_long_as_it_would_have() -> None:
    resting = entry("a", state=EntryState.DEFERRED, available_at=NOW + MINUTE, deferrals=1)
    pinned = pin_anew(resting, ("a.2",), now=NOW)
    assert (pinned.heads, pinned.state, pinned.available_at) == (
        ("a.2",),
        EntryState.DEFERRED,
        NOW + MINUTE,
    )


def test_entering_a_state_says_since_when() -> None:
    testing = enter(entry("a", available_at=NOW), EntryState.TESTING, now=NOW)
    assert testing == entry("a", state=EntryState.TESTING, state_since=NOW)
    assert enter(testing, EntryState.TESTING, now=NOW + MINUTE) == testing


def test_an_ending_has_a_reason_and_counts_as_an_attempt() -> None:
    back, held = (end(entry("a"), FAILED, now=NOW) for end in (send_back, hold))
    assert back == entry("a", state=EntryState.SENT_BACK, reason=FAILED, attempts=1, state_since=NOW)
    assert held == entry("a", state=EntryState.HELD, reason=FAILED, attempts=1, state_since=NOW)


def test_an_attempt_that_was_interrupted_is_not_counted() -> None:
    assert send_back(entry("a"), STOPPED, now=NOW).attempts == 0


def test_a_deferred_entry_is_tried_again_after_a_wait() -> None:
    deferred = defer(entry("a", contended=11), DOWN, most=3, now=NOW)
    assert deferred == entry(
        "a",
        state=EntryState.DEFERRED,
        reason=DOWN,
        attempts=1,
        deferrals=1,
        contended=0,
        state_since=NOW,
        available_at=NOW + timedelta(seconds=5),
    )


def test_an_entry_deferred_too_often_is_held_with_its_reason() -> None:
    held = defer(entry("a", deferrals=3), DOWN, most=3, now=NOW)
    assert held.state is EntryState.HELD
    assert held.reason == Coded(
        Reason.REMOTE_UNREACHABLE, "deferred 3 times, the last time: no route to host"
    )
    assert held.available_at is None


def test_without_deferrals_the_first_one_holds() -> None:
    assert defer(entry("a"), DOWN, most=0, now=NOW).state is EntryState.HELD


@pytest.mark.parametrize(("deferrals", "seconds"), [(0, 5), (1, 10), (4, 80), (7, 640), (8, 900), (999, 900)])
def test_the_wait_doubles_up_to_a_quarter_of_an_hour(deferrals: int, seconds: int) -> None:
    assert wait_before(deferrals) == timedelta(seconds=seconds)
