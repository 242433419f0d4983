"""Traces: drawn from chances, and told by a journal."""

from datetime import timedelta
from statistics import mean

import pytest

from mergetui.events import Dequeued, Event, RetestEnded, Retried, TakenUp
from mergetui.model import Branch
from mergetui.reason import Coded, Reason
from mergetui.simulation.planned import Setting, play
from mergetui.simulation.recorded import recorded
from mergetui.simulation.traces import PARTNERS, RetestTime, drawn, rate_at
from tests.rules.past import ago, ended, queued
from tests.simulation.build import chances

FAILED, CONFLICT = Reason.RETEST_FAILED, Reason.CONFLICT


def a_retest(minutes: float, *branches: Branch, seconds: float, code: Reason | None = None) -> RetestEnded:
    reason = Coded(code, "") if code else None
    return RetestEnded(
        repo="shop", at=ago(minutes), branches=branches, commit="c", reason=reason, seconds=seconds, log="l"
    )


def taken_up(minutes: float, branch: Branch) -> TakenUp:
    return TakenUp(repo="shop", at=ago(minutes), branches=(branch,), heads=("2",), retry=1)


def test_changes_come_at_the_rate_that_was_asked_for() -> None:
    found = drawn(chances(changes=5000, per_second=0.5)).arrivals
    assert found[-1].at == pytest.approx(10_000, rel=0.05)
    assert [one.at for one in found] == sorted(one.at for one in found)


def test_shares_are_those_that_were_asked_for() -> None:
    found = drawn(chances(changes=5000, red=0.1, conflict=0.05, together=0.02)).arrivals
    assert mean(one.red for one in found) == pytest.approx(0.1, rel=0.15)
    assert mean(one.conflicts_with is not None for one in found) == pytest.approx(0.05, rel=0.2)
    assert mean(one.breaks_with is not None for one in found) == pytest.approx(0.02, rel=0.3)


def test_partners_are_among_those_shortly_before() -> None:
    found = drawn(chances(changes=500, conflict=1.0)).arrivals
    back = {number - one.conflicts_with for number, one in enumerate(found) if one.conflicts_with is not None}
    assert back == set(range(1, PARTNERS + 1))


def test_retests_take_what_was_asked_for() -> None:
    found = drawn(chances(changes=5000, retest=RetestTime(p50=360, p95=900)))
    seconds = sorted(one.seconds for one in found.arrivals)
    assert seconds[2500] == pytest.approx(360, rel=0.05)
    assert seconds[4750] == pytest.approx(900, rel=0.1)


def test_a_fixed_retest_is_always_as_long() -> None:
    assert {one.seconds for one in drawn(chances(changes=50)).arrivals} == {360.0}


def test_another_share_changes_nothing_else() -> None:
    calm, rough = (drawn(chances(changes=50, red=red)).arrivals for red in (0.0, 0.5))
    assert [one.at for one in calm] == [one.at for one in rough]


def test_a_load_is_a_rate() -> None:
    assert rate_at(0.8, slots=4, retest=RetestTime(p50=360, p95=360)) == pytest.approx(32 / 3600)


# From a journal.


def test_the_journal_is_read_back_as_it_happened() -> None:
    facts: list[Event] = [
        queued(100, "a"),
        queued(90, "b"),
        a_retest(80, "a", seconds=600.0),
        ended(80, "a"),
        queued(75, "c"),
        a_retest(70, "b", seconds=300.0, code=FAILED),
        ended(70, "b", outcome="sent-back", code=FAILED),
        ended(69, "c", outcome="sent-back", code=CONFLICT),
    ]
    told = recorded(facts)
    assert told.branches == ("a", "b", "c")
    assert told.began == ago(100)
    assert [one.at for one in told.trace.arrivals] == [0, 600, 1500]
    assert [one.seconds for one in told.trace.arrivals] == [600, 300, 450]
    assert [one.red for one in told.trace.arrivals] == [False, True, False]
    assert [one.clashes for one in told.trace.arrivals] == [False, False, True]


def test_played_again_serially_the_trace_ends_as_the_journal_says() -> None:
    facts: list[Event] = [
        queued(100, "a"),
        queued(90, "b"),
        a_retest(80, "a", seconds=1200.0),
        ended(80, "a"),
        a_retest(70, "b", seconds=600.0, code=FAILED),
        ended(70, "b", outcome="sent-back", code=FAILED),
    ]
    told = recorded(facts)
    ends = [end for end in play(told.trace, Setting(), slots=1).ends if end]
    assert [end.fate for end in ends] == ["landed", "sent-back"]
    assert [ago(100) + timedelta(seconds=end.at) for end in ends] == [ago(80), ago(70)]


def test_a_branch_that_was_taken_up_again_is_another_change_from_then_on() -> None:
    facts: list[Event] = [
        queued(100, "a"),
        ended(90, "a", outcome="sent-back", code=FAILED, id="e1.1"),
        taken_up(60, "a"),
        a_retest(50, "a", seconds=60.0),
        ended(50, "a", id="e1.2"),
    ]
    told = recorded(facts)
    assert [(one.at, one.red) for one in told.trace.arrivals] == [(0, True), (2400, False)]


def test_a_deferral_is_not_the_end_of_a_change() -> None:
    facts: list[Event] = [
        queued(100, "a"),
        ended(90, "a", outcome="deferred", code=Reason.REMOTE_UNREACHABLE, id="e1.1"),
        ended(80, "a", id="e1.2"),
    ]
    told = recorded(facts)
    assert (told.branches, told.began, told.left_out) == (("a",), ago(100), 0)


def test_pinned_anew_it_has_been_waiting_since_it_was_queued() -> None:
    assert recorded([queued(100, "a"), queued(95, "a", anew=True), ended(90, "a")]).began == ago(100)


def test_an_operators_retry_is_another_arrival() -> None:
    facts: list[Event] = [
        queued(100, "a"),
        ended(90, "a", outcome="held", code=Reason.CONTENDED, id="e1.1"),
        Retried(repo="shop", at=ago(50), branches=("a",)),
        ended(40, "a", id="e1.2"),
    ]
    told = recorded(facts)
    assert (told.began, told.left_out) == (ago(50), 1)


def test_what_was_taken_out_or_has_not_ended_is_no_change() -> None:
    facts: list[Event] = [
        queued(100, "a"),
        Dequeued(repo="shop", at=ago(90), branches=("a",)),
        ended(90, "a", outcome="dequeued", code=Reason.DEQUEUED),
        queued(80, "b"),
    ]
    told = recorded(facts)
    assert (told.branches, told.left_out, told.began) == ((), 1, None)


def test_a_row_that_was_written_down_twice_is_one_change() -> None:
    assert recorded([queued(100, "a"), ended(90, "a"), ended(90, "a")]).branches == ("a",)


def test_a_retest_that_was_stopped_measures_nothing() -> None:
    facts: list[Event] = [
        queued(100, "a"),
        a_retest(95, "a", seconds=5.0, code=Reason.INTERRUPTED),
        a_retest(90, "a", seconds=60.0),
        ended(90, "a"),
    ]
    told = recorded(facts)
    assert (told.measured, told.trace.arrivals[0].seconds) == (1, 60)


def test_flakes_are_as_frequent_as_they_were() -> None:
    facts: list[Event] = [
        queued(100, "a"),
        a_retest(95, "a", seconds=60.0, code=FAILED),
        a_retest(90, "a", seconds=60.0),
        ended(90, "a"),
    ]
    assert recorded(facts).trace.flake == 0.5
