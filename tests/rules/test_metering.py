"""What is counted of which fact."""

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mergetui import measures as m
from mergetui.events import (
    Broken,
    CatchUpStarted,
    Ended,
    Event,
    LandingContended,
    LandingRefused,
    LandingStarted,
    LandingUnknown,
    LeaseGranted,
    LeaseLost,
    LeaseReleased,
    RetestEnded,
    RetestSpared,
    TargetMoved,
)
from mergetui.measures import COUNTED, SEEN, Measure
from mergetui.metering import Lengths, Meter, cumulative, gauges
from mergetui.model import EntryState
from mergetui.outcome import BranchOutcome
from mergetui.reason import Coded, Reason
from tests.rules.build import NOW, PAUSE, entry, lease, state
from tests.rules.past import ago, caught_up, run

ALL = (*COUNTED, *SEEN)
REFUSED = Coded(Reason.PUSH_REFUSED, "no")


def fact(kind: Any, minutes: float = 0, **fields: Any) -> Event:
    told: Event = kind(**{"repo": "shop", "at": ago(minutes), **fields})
    return told


def started(minutes: float = 1, commit: str = "c") -> Event:
    return fact(LandingStarted, minutes, branches=("a",), base="m", commit=commit, token=1)


def landed(minutes: float = 0, commit: str = "c", **fields: Any) -> Event:
    told = run(minutes, "a", landed_commit=commit, **fields)
    return fact(Ended, minutes, run=told)


def ended(outcome: str, code: Reason, *branches: str) -> Event:
    return fact(Ended, run=run(0, *(branches or ("a",)), outcome=outcome, reason=Coded(code, "why")))


def contended(minutes: float = 0) -> Event:
    return fact(LandingContended, minutes, branches=("a",), base="m")


UNKNOWN = fact(LandingUnknown, branches=("a",), commit="c", detail="no answer")
NO = fact(LandingRefused, branches=("a",), commit="c", reason=REFUSED)


def after(*facts: Event) -> Meter:
    meter = Meter(["shop"])
    for told in facts:
        meter.hear(told)
    return meter


def count(meter: Meter, measure: Measure, *values: str) -> float:
    return meter.counts[measure, ("shop", *values)]


def failures(meter: Meter) -> dict[str, float]:
    return {how: number for how in m.FAILURES if (number := count(meter, m.PUSH_FAILED, how))}


def lengths(meter: Meter, measure: Measure) -> Lengths:
    return meter.lengths[measure, ("shop",)]


def test_a_landing_is_a_push_that_was_called_and_succeeded() -> None:
    meter = after(started(), landed())
    assert (count(meter, m.PUSH_CALLED), count(meter, m.PUSH_SUCCEEDED), failures(meter)) == (1, 1, {})


def test_several_entries_of_one_candidate_are_one_push_and_as_many_landings() -> None:
    meter = after(started(), landed(), landed(), landed())
    assert (count(meter, m.PUSH_SUCCEEDED), count(meter, m.LANDINGS)) == (1, 3)


@pytest.mark.parametrize(
    ("facts", "how"),
    [
        ([contended()], "contended"),
        ([NO], "refused"),
        ([UNKNOWN, contended()], "unanswered"),
        ([fact(LeaseLost, token=1)], "lease-lost"),
        ([fact(LeaseReleased, token=1)], "withdrawn"),
        ([started(commit="d"), landed(commit="d")], "withdrawn"),
        ([ended("broken", Reason.INTERNAL), fact(LeaseReleased, token=1)], "broken"),
    ],
)
def test_a_push_that_did_not_land_has_one_class(facts: list[Event], how: str) -> None:
    assert failures(after(started(), *facts)) == {how: 1}


def test_a_push_whose_answer_is_awaited_has_no_end_yet() -> None:
    meter = after(started(), UNKNOWN, fact(LeaseReleased, token=1))
    assert (failures(meter), lengths(meter, m.PUSH_LATENCY).total) == ({}, 0)


def test_a_landing_that_reached_the_remote_without_an_answer_succeeded() -> None:
    meter = after(started(), UNKNOWN, landed())
    assert (count(meter, m.PUSH_SUCCEEDED), failures(meter)) == (1, {})
    assert count(meter, m.PUSH_ERRORS) == 1


def test_a_landing_of_another_commit_is_not_the_end_of_a_push() -> None:
    meter = after(started(commit="c"), landed(commit="d"))
    assert (count(meter, m.PUSH_SUCCEEDED), count(meter, m.LANDINGS)) == (0, 1)


def test_latency_is_from_the_beginning_of_a_landing_to_its_end_good_or_bad() -> None:
    meter = after(started(3), landed(2), started(1), contended(0.5))
    assert lengths(meter, m.PUSH_LATENCY).total == 90
    assert sum(lengths(meter, m.PUSH_LATENCY).buckets) == 2


@given(
    st.lists(
        st.sampled_from(
            [
                started(),
                started(commit="d"),
                landed(),
                contended(),
                UNKNOWN,
                NO,
                fact(LeaseReleased, token=1),
                fact(LeaseLost, token=1),
                ended("broken", Reason.INTERNAL),
            ]
        )
    )
)
def test_whatever_happens_no_push_has_two_ends(facts: list[Event]) -> None:
    meter = after(*facts)
    ends = count(meter, m.PUSH_SUCCEEDED) + sum(failures(meter).values())
    assert count(meter, m.PUSH_CALLED) - ends in (0, 1)
    assert sum(lengths(meter, m.PUSH_LATENCY).buckets) == ends


def test_a_stale_base_is_counted_when_a_push_lost_and_when_the_entry_is_given_up() -> None:
    meter = after(started(), contended(), started(), contended(), ended("deferred", Reason.CONTENDED))
    assert (count(meter, m.STALE_RETRIES), count(meter, m.STALE_GIVEUP)) == (2, 1)
    assert count(meter, m.DEFERRALS, "contended") == 1


def test_a_push_without_an_answer_is_no_stale_base() -> None:
    assert count(after(started(), UNKNOWN, contended()), m.STALE_RETRIES) == 0


def test_a_refused_push_and_one_without_an_answer_are_push_errors() -> None:
    assert count(after(started(), NO, started(), UNKNOWN), m.PUSH_ERRORS) == 2


def test_a_conflict_is_counted_as_one_and_by_its_reason() -> None:
    meter = after(ended("sent-back", Reason.CONFLICT), ended("sent-back", Reason.BRANCH_GONE))
    assert count(meter, m.PUSH_CONFLICTS) == 1
    assert count(meter, m.SENT_BACK, "conflict") == count(meter, m.SENT_BACK, "branch-gone") == 1


def test_branches_that_add_nothing_are_empty_changes_also_beside_one_that_does() -> None:
    changes = (BranchOutcome("a", "already-existed", ()), BranchOutcome("b", "committed", ("c",)))
    empty = ended("sent-back", Reason.NOTHING_TO_LAND, "c", "d")
    assert count(after(landed(changes=changes), empty), m.PUSH_EMPTY) == 3


def test_a_gate_that_breaks_in_a_catch_up_is_a_reset_error_and_elsewhere_it_is_none() -> None:
    broken, at_work = fact(Broken, detail="git"), ended("broken", Reason.INTERNAL)
    assert count(after(caught_up(1, "a"), at_work, broken), m.PUSH_RESETS) == 1
    meter = after(caught_up(1, "a"), started(), at_work, broken)
    assert (count(meter, m.PUSH_RESETS), count(meter, m.BREAKS)) == (0, 1)


def test_a_catch_up_that_ended_in_a_conflict_is_over() -> None:
    facts = (caught_up(1, "a"), ended("sent-back", Reason.CONFLICT), fact(Broken, detail="git"))
    assert count(after(*facts), m.PUSH_RESETS) == 0


def test_wait_and_work_are_of_what_landed() -> None:
    waited = landed(0, enqueued_at=ago(5))
    meter = after(waited, ended("deferred", Reason.LEASE_BUSY))
    assert (lengths(meter, m.WAIT).total, lengths(meter, m.WORK).total) == (240, 60)
    assert sum(lengths(meter, m.WAIT).buckets) == 1


def test_a_clock_that_was_set_back_makes_no_negative_length() -> None:
    assert lengths(after(landed(5, enqueued_at=NOW)), m.WAIT).total == 0


def retest(code: Reason | None, reds: int = 0) -> Event:
    reason = Coded(code, "") if code else None
    return fact(RetestEnded, branches=("a",), commit="c", reason=reason, seconds=30.0, log="l", reds=reds)


def test_retests_are_counted_by_ending_and_a_pass_after_reds_is_a_flake() -> None:
    meter = after(retest(Reason.RETEST_FAILED), retest(None, reds=1), retest(None))
    assert count(meter, m.RETESTS, "retest-failed") == 1
    assert count(meter, m.RETESTS, "passed") == 2
    assert count(meter, m.FLAKES) == 1
    assert lengths(meter, m.RETEST_SECONDS).total == 90


def test_a_red_one_after_reds_is_no_flake() -> None:
    assert count(after(retest(Reason.RETEST_FAILED, reds=2)), m.FLAKES) == 0


def test_grants_moves_of_the_target_and_spared_retests_are_counted() -> None:
    meter = after(
        fact(LeaseGranted, token=1, branches=("a",)),
        fact(TargetMoved, before="m", after="n"),
        fact(RetestSpared, branches=("a",), commit="c", tree="t", earlier="b", passed_at=NOW, log="l"),
    )
    assert [count(meter, one) for one in (m.LEASE_GRANTS, m.TARGET_MOVES, m.SPARED)] == [1, 1, 1]


def test_a_hold_is_told_by_its_reason() -> None:
    assert count(after(ended("held", Reason.REMOTE_UNREACHABLE)), m.HOLDS, "remote-unreachable") == 1


def test_two_repositories_are_counted_apart() -> None:
    meter = Meter(["shop", "docs"])
    meter.hear(CatchUpStarted(repo="docs", at=NOW, branches=("a",), onto="m"))
    meter.hear(fact(Broken, detail="git"))
    assert meter.counts[m.PUSH_RESETS, ("docs",)] == meter.counts[m.PUSH_RESETS, ("shop",)] == 0


def test_a_repository_that_comes_later_begins_at_0_and_the_others_go_on() -> None:
    meter = after(started(), landed())
    meter.expect(["shop", "docs"])
    assert (count(meter, m.LANDINGS), meter.counts[m.LANDINGS, ("docs",)]) == (1, 0)


def test_a_histogram_counts_what_is_not_longer_than_each_bound() -> None:
    assert cumulative(Lengths([1, 0, 2]), (1.0, 5.0)) == {"1.0": 1, "5.0": 1, "+Inf": 3}


def told(**fields: Any) -> dict[tuple[str, ...], float]:
    seen = state(**fields) if "entries" not in fields else state(*fields.pop("entries"), **fields)
    return {(one.name, *labels[1:]): value for one, labels, value in gauges("shop", seen, now=NOW, busy=2)}


def test_depth_and_oldest_age_are_by_state() -> None:
    old, new = (entry(name, enqueued_at=ago(minutes)) for name, minutes in (("a", 9), ("b", 1)))
    held = entry("c", enqueued_at=ago(30), state=EntryState.HELD)
    seen = told(entries=(old, new, held))
    assert seen["mergetui_queue_depth", "queued"] == 2
    assert seen["mergetui_queue_oldest_age_seconds", "queued"] == 540
    assert seen["mergetui_queue_oldest_age_seconds", "held"] == 1800
    assert seen["mergetui_queue_oldest_age_seconds", "testing"] == 0


def test_the_lease_and_its_age_a_pause_and_busy_slots_are_told() -> None:
    held = lease("ada", acquired_at=NOW - timedelta(seconds=7))
    seen = told(lease=held, pause=PAUSE)
    assert seen["mergetui_lease_held",] == seen["mergetui_paused",] == 1
    assert (seen["mergetui_lease_age_seconds",], seen["mergetui_slots_busy",]) == (7, 2)
    free = told()
    assert (
        free["mergetui_lease_held",] == free["mergetui_lease_age_seconds",] == free["mergetui_paused",] == 0
    )


def test_of_a_state_that_cannot_be_read_nothing_else_is_told() -> None:
    names = [one.name for one, _, _ in gauges("shop", None, now=NOW, busy=0)]
    assert sorted(names) == ["mergetui_slots_busy", "mergetui_state_readable"]


@pytest.mark.parametrize("measure", ALL, ids=lambda measure: measure.name)
def test_names_follow_the_conventions_and_help_tells_what_is_counted(measure: Measure) -> None:
    assert re.fullmatch("mergetui_[a-z_]+", measure.name)
    assert measure.name.endswith("_total") == (measure.kind == "counter")
    assert measure.name.endswith("_seconds") == ("Seconds" in measure.help)
    assert measure.help.endswith(".")
    assert (measure.label is None) == (measure.values == ())


def test_names_are_unique() -> None:
    assert len({measure.name for measure in ALL}) == len(ALL)


def test_the_page_tells_every_measure_with_its_kind_label_and_help() -> None:
    page = Path(__file__).parents[2].joinpath("docs", "metrics.md").read_text(encoding="utf-8")
    told = re.findall(r"^\| `(mergetui_\w+)` \| (\w+) \| (?:`(\w+)`)? ?\| (.*) \|$", page, re.MULTILINE)
    assert told == [(one.name, one.kind, one.label or "", one.help) for one in ALL]


def test_the_page_tells_every_class_of_a_push_that_failed() -> None:
    page = Path(__file__).parents[2].joinpath("docs", "metrics.md").read_text(encoding="utf-8")
    table = page.rpartition("| `class` |")[2]
    assert tuple(re.findall(r"^\| `([a-z-]+)` \| ", table, re.MULTILINE)) == m.FAILURES
