"""The train that the journal tells of: what runs, what it assumes, what was thrown away and why."""

from collections.abc import Iterable
from itertools import permutations

import pytest

from mergetui.events import (
    Broken,
    Event,
    HeadMoved,
    LeaseGranted,
    LeaseReleased,
    Moved,
    Recovered,
    TargetMoved,
)
from mergetui.reason import Coded, Reason
from mergetui.train import MOST_JUDGED, MOST_THROWN_AWAY, Course, OnTrial, Rails, train
from tests.rules.rails import NOW, RED, TIP, Rail

RAIL = Rail()
WHO = {"repo": "shop", "at": NOW}


def three() -> list[Event]:
    """Candidates a, a b and a b c run side by side."""
    lines = ("a", "a b", "a b c")
    return [fact for line in lines for fact in (RAIL.built(line), RAIL.started(line))]


def names(members: Iterable[tuple[str, ...]]) -> str:
    return " ".join("+".join(branches) for branches in members)


def lines(found: Iterable[OnTrial]) -> list[str]:
    return [names(one.entries) for one in found]


def test_nothing_is_under_test_in_an_empty_journal() -> None:
    found = train([])
    assert (found.running, found.standing, found.ended) == ((), (), ())


def test_candidates_run_side_by_side_the_shortest_first() -> None:
    facts: list[Event] = [RAIL.built("a"), RAIL.built("a b"), RAIL.started("a b"), RAIL.started("a")]
    assert lines(train(facts).running) == ["a", "a b"]


def test_a_candidate_takes_those_for_granted_that_a_shorter_one_tests() -> None:
    found = train(three())
    assert [names(found.ahead_in(one)) for one in found.running] == ["", "a", "a b"]
    assert [one.onto for one in found.running] == [TIP, TIP, TIP]


def test_the_entries_of_a_batch_are_tested_together_and_assume_nothing() -> None:
    found = train([RAIL.built("a b"), RAIL.started("a b")])
    assert [names(found.ahead_in(one)) for one in found.running] == [""]


def test_a_red_candidate_is_not_taken_for_granted() -> None:
    found = train([*three(), RAIL.ended("a b", RED)])
    assert [names(found.ahead_in(one)) for one in found.running] == ["", "a"]


def test_a_stack_is_one_entry() -> None:
    found = train([RAIL.built("a+b c"), RAIL.started("a+b c")])
    assert found.running[0].entries == (("a", "b"), ("c",))


def test_what_the_journal_has_not_caught_up_is_told_by_its_branches() -> None:
    found = train([RAIL.started("a b")])
    assert lines(found.running) == ["a b"]
    assert found.running[0].onto is None


def test_when_the_first_lands_the_others_stand_on_it() -> None:
    found = train([*three(), RAIL.ended("a"), RAIL.over("a")])
    assert [names(one.line) for one in found.running] == ["b", "b c"]
    assert {one.onto for one in found.running} == {RAIL.commit("a")}
    assert [names(found.ahead_in(one)) for one in found.running] == ["", "b"]


def test_a_retest_that_starts_after_the_landing_has_only_what_is_left() -> None:
    facts: list[Event] = [RAIL.built("a"), RAIL.built("a b"), RAIL.over("a"), RAIL.started("a b", landed=1)]
    found = train(facts)
    assert [names(one.entries) for one in found.running] == ["b"]
    assert found.running[0].onto == RAIL.commit("a")


def test_what_goes_on_without_a_red_entry_says_so() -> None:
    facts: list[Event] = [
        *three(),
        RAIL.ended("a b", RED),
        RAIL.stopped("a b c", "a shorter candidate is red"),
    ]
    found = train([*facts, RAIL.built("a c"), RAIL.started("a c")])
    told = {names(one.entries): names(found.left_out_of(one)) for one in found.running}
    assert told == {"a": "", "a c": "b"}


def test_what_still_has_the_red_entry_in_it_is_not_without_it() -> None:
    found = train([*three(), RAIL.ended("a b", RED)])
    assert [names(found.left_out_of(one)) for one in found.running] == ["", ""]


def test_two_red_entries_are_left_out_of_what_goes_on_without_both() -> None:
    facts: list[Event] = []
    for line in ("a", "a b", "a c", "a d"):
        facts += [RAIL.built(line), RAIL.started(line)]
        facts += [RAIL.ended(line, RED)] if line in ("a b", "a c") else []
    found = train(facts)
    assert names(found.left_out_of(found.running[-1])) == "b c"


def test_nothing_is_left_out_any_more_once_the_red_one_was_sent_back() -> None:
    facts: list[Event] = [*three(), RAIL.ended("a b", RED), RAIL.built("a c"), RAIL.started("a c")]
    found = train([*facts, RAIL.over("a"), RAIL.over("b", "sent-back")])
    assert [names(found.left_out_of(one)) for one in found.running if one.line == (("c",),)] == [""]


def test_a_hedge_says_against_whom_it_is() -> None:
    found = train([*three(), RAIL.built("a c"), RAIL.started("a c")])
    assert {names(one.entries): names(found.hedged_against(one)) for one in found.running} == {
        "a": "",
        "a b": "",
        "a c": "b",
        "a b c": "",
    }


def test_what_is_left_out_for_it_is_red_is_no_hedge() -> None:
    found = train([*three(), RAIL.ended("a b", RED), RAIL.built("a c"), RAIL.started("a c")])
    assert [names(found.hedged_against(one)) for one in found.running] == ["", "", ""]


def test_an_entry_is_tested_by_the_line_and_not_by_a_hedge() -> None:
    found = train([*three(), RAIL.built("b"), RAIL.started("b")])
    tested = found.tests(("b",))
    assert tested is not None
    assert names(tested.entries) == "a b"


@pytest.mark.parametrize(
    "why", ["a shorter candidate is red", "it is no longer next in line", "paused: freeze", "the gate broke"]
)
def test_what_is_thrown_away_is_told_with_its_reason_and_when(why: str) -> None:
    found = train([*three(), RAIL.stopped("a b c", why)])
    (thrown,) = found.thrown_away
    assert lines(found.running) == ["a", "a b"]
    assert thrown.course is Course.THROWN_AWAY
    assert thrown.reason == Coded(Reason.INTERRUPTED, why)
    assert (thrown.ended, thrown.log) == (RAIL.stopped("a", "").at, RAIL.log("a b c"))


def test_what_landed_with_a_longer_one_is_not_thrown_away() -> None:
    stopped = RAIL.stopped("a", "it is no longer next in line")
    found = train([*three(), RAIL.ended("a b"), RAIL.over("a"), RAIL.over("b"), stopped])
    landed, _ = found.judged
    assert (names(landed.entries), landed.course, landed.reason) == ("a", Course.LANDED, None)
    assert found.thrown_away == ()
    assert landed not in found.standing


def test_what_has_landed_only_in_part_is_thrown_away() -> None:
    found = train([*three(), RAIL.over("a"), RAIL.stopped("a b", "it is no longer next in line")])
    assert [one.course for one in found.thrown_away] == [Course.THROWN_AWAY]


def test_an_end_without_a_verdict_is_no_verdict() -> None:
    full = Coded(Reason.DISK_FULL, "/var is full")
    found = train([*three(), RAIL.ended("a", full)])
    assert [one.reason for one in found.thrown_away] == [full]
    assert found.standing == ()


def test_a_doubted_red_one_runs_again_with_its_doubts() -> None:
    again = RAIL.started("a", ago=1, log="/logs/again.log")
    found = train([*three(), RAIL.ended("a", RED), again])
    assert next((one.doubts, one.log) for one in found.running) == (1, "/logs/again.log")
    assert found.standing == ()


def test_doubts_add_up() -> None:
    facts: list[Event] = [RAIL.built("a"), RAIL.started("a"), RAIL.ended("a", RED), RAIL.started("a")]
    found = train([*facts, RAIL.ended("a", RED, reds=1), RAIL.started("a")])
    assert [one.doubts for one in found.running] == [2]


def test_a_cached_one_is_told_with_the_commit_that_was_tested() -> None:
    found = train([RAIL.built("a"), RAIL.spared("a", "e" * 40)])
    (cached,) = found.judged
    assert (cached.course, cached.earlier) == (Course.CACHED, "e" * 40)
    assert found.running == ()


def test_a_cached_one_is_taken_for_granted_until_it_is_settled() -> None:
    facts: list[Event] = [RAIL.built("a"), RAIL.spared("a", "e" * 40), RAIL.built("a b"), RAIL.started("a b")]
    before, after = train(facts), train([*facts, RAIL.over("a")])
    assert names(before.ahead_in(before.running[0])) == "a"
    assert after.standing == ()
    assert lines(after.judged) == ["a"]


def test_an_entry_is_tested_by_the_shortest_candidate_that_has_it() -> None:
    found = train(three())
    told = {name: found.tests((name,)) for name in "abcd"}
    assert {name: names(one.entries) if one else None for name, one in told.items()} == {
        "a": "a",
        "b": "a b",
        "c": "a b c",
        "d": None,
    }


@pytest.mark.parametrize(
    "fact",
    [
        Recovered(**WHO, detail="joe ended without a word"),  # type: ignore[arg-type]
        Broken(**WHO, detail="a bug"),  # type: ignore[arg-type]
        LeaseGranted(**WHO, token=8, branches=("a",)),  # type: ignore[arg-type]
    ],
)
def test_whoever_begins_anew_runs_nothing_of_before(fact: Event) -> None:
    found = train([*three(), RAIL.ended("a b", RED), fact])
    assert (found.running, found.standing) == ((), ())
    assert {names(one.entries) for one in found.thrown_away} == {"a", "a b c"}
    assert {one.reason.detail for one in found.thrown_away if one.reason} == {
        "the engine that ran it is gone"
    }


def test_without_an_engine_nothing_runs_whatever_the_journal_left_open() -> None:
    found = train(three()).without_engine()
    assert found.running == ()
    assert set(lines(found.thrown_away)) == {"a", "a b", "a b c"}


def test_a_lease_that_is_given_back_leaves_no_verdict_standing() -> None:
    released = LeaseReleased(**WHO, token=7)  # type: ignore[arg-type]
    assert train([*three(), RAIL.ended("a b", RED), released]).standing == ()


@pytest.mark.parametrize(
    ("fact", "stands"),
    [
        (TargetMoved(**WHO, before=TIP, after="f" * 40), False),  # type: ignore[arg-type]
        (TargetMoved(**WHO, before=TIP, after=RAIL.commit("a")), True),  # type: ignore[arg-type]
        (HeadMoved(**WHO, branches=("a",), heads=("f" * 40,)), False),  # type: ignore[arg-type]
        (HeadMoved(**WHO, branches=("z",), heads=("f" * 40,)), True),  # type: ignore[arg-type]
        (Moved(**WHO, branches=("z",), position=2), False),  # type: ignore[arg-type]
        (Moved(**WHO, branches=("z",), position=3), True),  # type: ignore[arg-type]
        (RAIL.over("b", "deferred"), False),
        (RAIL.over("z", "deferred"), True),
    ],
)
def test_a_verdict_stands_as_long_as_its_line_does(fact: Event, stands: bool) -> None:
    found = train([*three(), RAIL.ended("a b", RED), fact])
    assert (lines(found.standing) == ["a b"]) is stands


def test_only_the_latest_are_kept() -> None:
    facts: list[Event] = []
    for number in range(30):
        facts += [RAIL.started(f"a{number}"), RAIL.stopped(f"a{number}", "stopped", ago=60 - number)]
        facts += [RAIL.started(f"b{number}"), RAIL.ended(f"b{number}", ago=60 - number)]
    found = train(facts)
    assert lines(found.thrown_away)[:2] == ["a29", "a28"]
    assert (len(found.thrown_away), len(found.judged)) == (MOST_THROWN_AWAY, MOST_JUDGED)
    assert set(lines(found.ended)[:2]) == {"a29", "b29"}


def test_the_latest_of_a_commit_is_found() -> None:
    found = train([*three(), RAIL.ended("a")])
    one = found.find(RAIL.commit("a"))
    assert one is not None
    assert one.course is Course.PASSED
    assert found.find("f" * 40) is None


def test_fact_by_fact_it_is_the_same_as_at_once() -> None:
    facts: list[Event] = [
        *three(),
        RAIL.ended("a"),
        RAIL.over("a"),
        RAIL.ended("a b", RED),
        RAIL.over("b", "sent-back"),
    ]
    rails = Rails()
    for count, fact in enumerate(facts, start=1):
        rails.hear(fact)
        assert rails.train() == train(facts[:count])


@pytest.mark.parametrize("ends", permutations(("a", "a b", "a b c")))
def test_in_whatever_order_they_end_nothing_runs_afterwards(ends: tuple[str, ...]) -> None:
    found = train([*three(), *(RAIL.ended(line) for line in ends)])
    assert found.running == ()
    assert set(lines(found.judged)) == set(ends)
