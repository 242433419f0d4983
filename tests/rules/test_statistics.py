"""Numbers from a journal: what is counted, what is not, and to which span it belongs."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mergetui.events import Event
from mergetui.reason import Reason
from mergetui.statistics import (
    DAY,
    HOUR,
    EndingCount,
    PauseSpan,
    Retests,
    Spread,
    Statistics,
    journeys,
    per,
    spread,
    statistics,
)
from tests.rules.build import MINUTE, NOW
from tests.rules.past import WHO, ago, caught_up, contended, ended, forced, paused, queued, resumed, retested

TWO_HOURS = NOW - 2 * HOUR


def numbers(*facts: Event) -> Statistics:
    """Of the last two hours."""
    return statistics(facts, since=TWO_HOURS, now=NOW)


def flat(minutes: float) -> Spread:
    length = minutes * MINUTE
    return Spread(p50=length, p75=length, p95=length)


def test_an_empty_journal_has_nothing_to_tell() -> None:
    told = numbers()
    assert told.is_empty
    assert (told.landed, told.in_queue, told.retests_per_landing, told.retests.red_rate) == (
        0,
        None,
        None,
        None,
    )
    assert told.landed_per_hour == (0, 0)


def test_time_in_the_queue_is_waiting_until_the_first_catch_up_and_work_from_then_on() -> None:
    told = numbers(
        queued(60, "a"), caught_up(40, "a"), contended(30, "a"), caught_up(29, "a"), ended(10, "a")
    )
    assert (told.in_queue, told.waited, told.worked) == (flat(50), flat(20), flat(30))


def test_what_was_queued_before_the_span_and_landed_in_it_counts_whole() -> None:
    assert numbers(queued(600, "a"), caught_up(300, "a"), ended(10, "a")).in_queue == flat(590)


def test_pinning_anew_does_not_start_the_wait_again_and_queueing_after_the_end_does() -> None:
    again = (queued(90, "a"), queued(80, "a", anew=True), caught_up(70, "a"), ended(60, "a"))
    assert numbers(*again).in_queue == flat(30)
    later = numbers(*again, queued(50, "a"), caught_up(45, "a"), ended(40, "a", id="a.2"))
    assert later.in_queue == Spread(p50=10 * MINUTE, p75=30 * MINUTE, p95=30 * MINUTE)


def test_a_stack_is_one_landing_and_a_batch_is_several() -> None:
    told = numbers(
        queued(50, "s1", "s2"),
        queued(40, "b"),
        caught_up(30, "s1", "s2", "b"),
        ended(20, "s1", "s2"),
        ended(20, "b"),
    )
    assert told.landed == 2
    assert told.in_queue == Spread(p50=20 * MINUTE, p75=30 * MINUTE, p95=30 * MINUTE)
    assert told.worked == flat(10)


def test_where_the_journal_does_not_tell_the_run_itself_does() -> None:
    assert numbers(ended(10, "a")).in_queue == flat(1)


def test_a_clock_that_was_set_back_makes_no_negative_times() -> None:
    told = numbers(queued(5, "a"), caught_up(4, "a"), ended(10, "a"))
    assert (told.in_queue, told.waited, told.worked) == (flat(0), flat(0), flat(0))


def test_a_run_that_was_written_down_twice_counts_once() -> None:
    told = numbers(queued(50, "a"), caught_up(40, "a"), ended(10, "a"), ended(9, "a"))
    assert told.landed == 1
    assert sum(told.landed_per_hour) == 1


@pytest.mark.parametrize(("minutes", "counted"), [(121, 0), (120, 0), (119.9, 1), (0, 1), (-1, 0)])
def test_the_span_begins_after_its_start_and_includes_its_end(minutes: float, counted: int) -> None:
    told = numbers(ended(minutes, "a"), contended(minutes, "a"), forced(minutes, "stuck"))
    assert (told.landed, told.contended, len(told.overrides)) == (counted, counted, counted)


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (None, Retests(started=1, green=1)),
        (Reason.RETEST_FAILED, Retests(started=1, red=1)),
        (Reason.RETEST_TIMEOUT, Retests(started=1, red=1)),
        (Reason.RETEST_HUNG, Retests(started=1, red=1)),
        (Reason.OUTPUT_LIMIT, Retests(started=1, red=1)),
        (Reason.RETEST_KILLED, Retests(started=1, undecided=1)),
        (Reason.INTERRUPTED, Retests(started=1, undecided=1)),
        (Reason.DISK_FULL, Retests(started=1, undecided=1)),
    ],
)
def test_a_retest_that_was_stopped_is_no_verdict(code: Reason | None, expected: Retests) -> None:
    assert numbers(*retested(10, code)).retests == expected


def test_rates_are_of_landings_and_of_verdicts() -> None:
    reds = (*retested(50, Reason.RETEST_FAILED), *retested(40, Reason.INTERRUPTED))
    told = numbers(
        *reds, *retested(30), *retested(20), *retested(15), contended(12, "a"), ended(10, "a"), ended(9, "b")
    )
    assert told.retests.red_rate == 0.25
    assert (told.retests_per_landing, told.contended_per_landing) == (2.5, 0.5)


def test_endings_are_counted_by_outcome_and_code_the_most_frequent_first() -> None:
    told = numbers(
        ended(9, "a", outcome="sent-back", code=Reason.CONFLICT),
        ended(8, "b", outcome="sent-back", code=Reason.RETEST_FAILED),
        ended(7, "c", outcome="sent-back", code=Reason.RETEST_FAILED),
        ended(6, "d", outcome="deferred", code=Reason.LEASE_BUSY),
        ended(5, "e"),
    )
    assert told.ended("sent-back") == (
        EndingCount(outcome="sent-back", code=Reason.RETEST_FAILED, count=2),
        EndingCount(outcome="sent-back", code=Reason.CONFLICT, count=1),
    )
    assert [told.count(kind) for kind in ("landed", "sent-back", "deferred", "held")] == [1, 3, 1, 0]


def test_pauses_are_told_while_some_part_of_them_is_in_the_span() -> None:
    told = numbers(
        paused(500, "long over"), resumed(400), paused(300, "freeze"), resumed(100), paused(50, "now")
    )
    assert told.pauses == (
        PauseSpan(by="ada@box", reason="freeze", began=ago(300), ended=ago(100)),
        PauseSpan(by="ada@box", reason="now", began=ago(50)),
    )


@pytest.mark.parametrize(
    ("facts", "ends"),
    [
        ([paused(90, "a", until=ago(60))], [60]),
        ([paused(90, "a", until=ago(-60))], [None]),
        ([paused(90, "a", until=ago(60)), resumed(55)], [60]),
        ([paused(90, "a", until=ago(-60)), resumed(55)], [55]),
        ([paused(90, "a"), paused(80, "b")], [80, None]),
        ([resumed(90)], []),
        ([paused(90, "a"), resumed(-5)], [None]),
    ],
    ids=["time over", "time to come", "seen late", "resumed early", "paused twice", "only resumed", "later"],
)
def test_a_pause_ends_with_its_time_a_resume_or_the_next_one(
    facts: list[Event], ends: list[float | None]
) -> None:
    expected = [None if minutes is None else ago(minutes) for minutes in ends]
    assert [pause.ended for pause in numbers(*facts).pauses] == expected


def test_an_override_says_who_took_what_from_whom_and_why() -> None:
    (made,) = numbers(forced(10, "stuck")).overrides
    assert (made.by, made.holder, made.token, made.reason) == (WHO, "joe@ci pid 9", 4, "stuck")


@pytest.mark.parametrize(
    ("count", "expected"), [(1, (1, 1, 1)), (2, (1, 2, 2)), (4, (2, 3, 4)), (100, (50, 75, 95))]
)
def test_a_percentile_is_a_length_that_was_measured(count: int, expected: tuple[int, int, int]) -> None:
    found = spread([minutes * MINUTE for minutes in range(count, 0, -1)])
    assert found is not None
    assert (found.p50, found.p75, found.p95) == tuple(minutes * MINUTE for minutes in expected)


@given(lengths=st.lists(st.timedeltas(min_value=timedelta(), max_value=30 * DAY), min_size=1))
def test_percentiles_ascend_and_are_among_the_lengths(lengths: list[timedelta]) -> None:
    found = spread(lengths)
    assert found is not None
    assert found.p50 <= found.p75 <= found.p95 <= max(lengths)
    assert {found.p50, found.p75, found.p95} <= set(lengths)


@given(
    minutes=st.lists(st.floats(min_value=0, max_value=3000), max_size=40),
    span=st.floats(min_value=0.5, max_value=2900),
)
def test_every_landing_of_the_span_is_in_one_hour_and_in_one_day(minutes: list[float], span: float) -> None:
    facts = [ended(at, "a", id=f"a.{number}") for number, at in enumerate(minutes)]
    told = statistics(facts, since=ago(span), now=NOW)
    assert told.landed == sum(ago(span) < ago(at) for at in minutes)
    assert sum(told.landed_per_hour) == sum(told.landed_per_day) == told.landed
    assert (len(told.landed_per_day) - 1) * DAY < span * MINUTE <= len(told.landed_per_day) * DAY


def test_the_last_hour_ends_now() -> None:
    ends = [ago(0), ago(59), ago(60), ago(119), ago(140)]
    assert per(HOUR, ends, since=ago(150), until=NOW) == (1, 2, 2)


@given(
    waits=st.lists(
        st.tuples(*[st.floats(min_value=0, max_value=500)] * 3).map(
            lambda three: sorted(three, reverse=True)
        ),
        max_size=20,
    )
)
def test_wait_and_work_are_the_whole_time_in_the_queue(waits: list[list[float]]) -> None:
    facts: list[Event] = []
    for number, (start, work, end) in enumerate(waits):
        branch = f"b{number}"
        facts += [queued(start, branch), caught_up(work, branch), ended(end, branch)]
    for one in journeys(facts):
        assert one.waited + one.worked == one.in_queue
        assert min(one.waited, one.worked) >= timedelta()
    assert len(journeys(facts)) == len(waits)
