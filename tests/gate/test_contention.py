"""What others do to the remote while the gate works."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from mergetui.actions import Why
from mergetui.events import (
    Ended,
    HeadMoved,
    LandingContended,
    LandingStarted,
    LandingUnknown,
    PauseBegun,
    Recovered,
    RetestStarted,
    TakenUp,
    TargetMoved,
)
from mergetui.operations import NotQueued
from tests.gate.gate import TestGate
from tests.worlds.remote import Remote

MakeGate = Callable[..., TestGate]


@pytest.mark.fault(3)
def test_losing_the_race_leaves_main_to_the_winner_and_tests_again(remote: Remote, gate: TestGate) -> None:
    remote.propose("feature", a="1")
    rival = remote.propose("rival", b="1")
    remote.race(rival)
    gate.enqueue("feature")
    gate.drain()
    assert remote.parents() == [rival]
    assert len(gate.facts(RetestStarted)) == 2
    assert len(gate.facts(LandingContended)) == 1
    assert gate.run_of("feature").contended == 1


@pytest.mark.fault(3)
def test_a_push_to_main_during_the_retest_is_caught_up_with(remote: Remote, gate: TestGate) -> None:
    remote.propose("feature", a="1")
    gate.when(RetestStarted, lambda: remote.push(b="1"))
    gate.enqueue("feature")
    gate.drain()
    tested = gate.facts(RetestStarted)[-1].commit
    assert remote.tip() == tested
    assert {"a", "b"} <= remote.files().keys()
    assert len(gate.facts(TargetMoved)) == 1


def test_a_push_to_main_ends_a_retest_within_the_interval(remote: Remote, make_gate: MakeGate) -> None:
    endless = "[ -e b ] || exec sleep 600"
    gate = make_gate(retest=endless, fetch_interval=timedelta(milliseconds=50))
    remote.propose("feature", a="1")
    gate.when(RetestStarted, lambda: remote.push(b="1"))
    gate.enqueue("feature")
    gate.drain()
    assert gate.landed() == ["feature"]


@pytest.mark.fault(3)
def test_a_combination_that_the_rival_made_red_does_not_land(remote: Remote, gate: TestGate) -> None:
    remote.push(price="old")
    remote.propose("caller", {"test-b": "grep -q old price"})
    rival = remote.propose("rival", price="new")
    remote.race(rival)
    gate.enqueue("caller")
    gate.drain()
    assert remote.tip() == rival
    assert gate.reason("caller").code == "retest-failed"


@pytest.mark.fault(3)
def test_endless_contention_is_deferred_with_nothing_of_ours_on_main(
    remote: Remote, make_gate: MakeGate
) -> None:
    gate = make_gate(max_contention=2)
    remote.propose("feature", a="1")
    rival = remote.propose("rival", b="1")
    remote.race(rival, times=50)
    gate.enqueue("feature")
    gate.drain()
    assert gate.entry("feature").state == "deferred"
    assert gate.reason("feature").code == "contended"
    assert "a" not in remote.files()
    assert len(gate.facts(LandingContended)) == 3


@pytest.mark.fault(5)
def test_an_authors_push_during_the_retest_is_tested_instead(remote: Remote, gate: TestGate) -> None:
    remote.propose("feature", a="1")
    gate.when(RetestStarted, lambda: remote.push("feature", a="2"))
    gate.enqueue("feature")
    gate.drain()
    assert remote.text("a") == "2"
    assert gate.landed() == ["feature"]
    assert len(gate.facts(HeadMoved)) == 1


@pytest.mark.fault(5)
def test_an_authors_push_during_catch_up_wins(remote: Remote, gate: TestGate) -> None:
    remote.propose("feature", a="1")
    newer = remote.commit("later", ["feature"], files={"a": "2"})
    remote.push(b="1")
    remote.meanwhile("feature", newer)
    gate.when(HeadMoved, remote.behave)
    gate.enqueue("feature")
    gate.drain()
    assert remote.text("a") == "2"
    assert gate.facts(HeadMoved)[0].heads == (newer,)


@pytest.mark.fault(5)
def test_a_branch_that_is_deleted_during_its_retest_does_not_land(remote: Remote, gate: TestGate) -> None:
    remote.propose("feature", a="1")
    gate.when(RetestStarted, lambda: remote.delete("feature"))
    gate.enqueue("feature")
    gate.drain()
    assert gate.reason("feature").code == "branch-gone"
    assert "a" not in remote.files()


def test_a_sent_back_branch_is_taken_up_again_when_its_author_pushes(remote: Remote, gate: TestGate) -> None:
    remote.propose("feature", {"test-a": "exit 1"})
    gate.enqueue("feature")
    gate.drain()
    remote.push("feature", {"test-a": "exit 0"})
    gate.drain()
    assert gate.landed() == ["feature"]
    assert gate.facts(TakenUp)[0].retry == 1


def test_after_max_retries_it_is_held_until_an_operator_says_so(remote: Remote, make_gate: MakeGate) -> None:
    gate = make_gate(max_retries=1)
    remote.propose("feature", {"test-a": "exit 1"})
    gate.enqueue("feature")
    gate.drain()
    remote.push("feature", {"test-a": "exit 2"})
    gate.drain()
    remote.push("feature", {"test-a": "exit 0"})
    gate.drain()
    assert gate.entry("feature").state == "held"
    gate.desk.retry("feature")
    gate.drain()
    assert gate.landed() == ["feature"]


@pytest.mark.fault(5)
def test_the_gates_own_push_is_not_taken_for_the_authors(remote: Remote, gate: TestGate) -> None:
    remote.propose("feature", a="1")
    remote.push(b="1")
    remote.refuse("frozen")
    gate.enqueue("feature")
    gate.drain()
    assert gate.entry("feature").state == "sent-back"
    gate.drain()
    assert gate.facts(TakenUp) == []
    assert gate.facts(HeadMoved) == []


@pytest.mark.fault(6)
def test_a_refused_push_is_sent_back_with_the_servers_words(remote: Remote, gate: TestGate) -> None:
    remote.propose("feature", a="1")
    remote.refuse("main is frozen until Monday")
    gate.enqueue("feature")
    gate.drain()
    reason = gate.entry("feature").reason
    assert reason is not None
    assert reason.code == "hook-refused"
    assert "main is frozen until Monday" in reason.detail


@pytest.mark.fault(2)
def test_a_lost_answer_after_the_landing_is_a_landing(remote: Remote, gate: TestGate) -> None:
    remote.propose("feature", a="1")
    remote.lose_the_answer()
    gate.enqueue("feature")
    gate.drain()
    assert gate.landed() == ["feature"]
    assert "a" in remote.files()


@pytest.mark.fault(2)
def test_a_push_that_lands_after_its_answer_was_lost_is_recognised(remote: Remote, gate: TestGate) -> None:
    remote.propose("feature", a="1")
    remote.hang_up()
    gate.enqueue("feature")
    gate.when(LandingUnknown, lambda: remote.point("main", gate.facts(LandingStarted)[0].commit))
    gate.drain()
    assert gate.landed() == ["feature"]
    assert len(gate.facts(LandingStarted)) == 1


@pytest.mark.fault(2)
def test_while_the_remote_has_not_decided_the_lease_stays(remote: Remote, gate: TestGate) -> None:
    remote.propose("feature", a="1")
    remote.hang_up()
    gate.enqueue("feature")
    held = []
    gate.when(LandingUnknown, lambda: held.append(gate.state().lease))
    gate.until(lambda wait: wait.why is Why.UNDECIDED)
    assert held[0] is not None
    assert gate.state().landing is not None


@pytest.mark.fault(2)
def test_a_push_that_never_lands_is_given_up_and_tried_again(remote: Remote, gate: TestGate) -> None:
    remote.propose("feature", a="1")
    remote.hang_up()
    gate.enqueue("feature")
    gate.until(lambda wait: wait.why is Why.UNDECIDED)
    gate.later(minutes=3)
    gate.drain()
    assert gate.entry("feature").state == "deferred"
    remote.behave()
    gate.later(minutes=1)
    gate.drain()
    assert gate.landed() == ["feature"]


@pytest.mark.fault(1)
def test_a_landing_of_a_dead_engine_is_recognised_and_not_done_twice(remote: Remote, gate: TestGate) -> None:
    remote.propose("feature", a="1")
    remote.hang_up()
    gate.enqueue("feature")
    gate.until(lambda wait: wait.why is Why.UNDECIDED)
    remote.point("main", gate.facts(LandingStarted)[0].commit)
    remote.behave()
    next_engine = TestGate(remote, gate.directory)
    next_engine.drain()
    assert next_engine.landed() == ["feature"]
    assert next_engine.facts(LandingStarted) == []
    assert "recorded" in next_engine.facts(Recovered)[0].detail


@pytest.mark.fault(7)
def test_an_unreachable_remote_defers_and_is_tried_again(remote: Remote, gate: TestGate) -> None:
    remote.propose("feature", a="1")
    gate.enqueue("feature")
    away = remote.path.rename(remote.path.with_suffix(".away"))
    assert gate.drain().why is Why.DEFERRED
    assert gate.reason("feature").code == "remote-unreachable"
    away.rename(remote.path)
    gate.later(seconds=6)
    gate.drain()
    assert gate.landed() == ["feature"]


@pytest.mark.fault(7)
def test_deferrals_are_capped_and_then_it_is_held(remote: Remote, make_gate: MakeGate) -> None:
    gate = make_gate(max_deferrals=2)
    remote.propose("feature", a="1")
    gate.enqueue("feature")
    remote.path.rename(remote.path.with_suffix(".away"))
    gate.drain()
    gate.later(minutes=1)
    gate.drain()
    gate.later(minutes=1)
    gate.drain()
    assert gate.entry("feature").state == "held"
    assert [fact.run.outcome for fact in gate.facts(Ended)] == ["deferred", "deferred", "held"]


@pytest.mark.fault(4)
def test_a_rewound_target_pauses_the_repository(remote: Remote, gate: TestGate) -> None:
    main = remote.tip()
    remote.push(bad="1")
    remote.propose("feature", on=main, a="1")
    gate.enqueue("feature")
    gate.when(RetestStarted, lambda: remote.point("main", main))
    gate.drain()
    assert gate.facts(PauseBegun)[0].pause.by == "mergetui"
    assert remote.tip() == main


@pytest.mark.fault(4)
def test_a_deleted_target_pauses_the_repository(remote: Remote, gate: TestGate) -> None:
    remote.propose("feature", a="1")
    gate.enqueue("feature")
    gate.when(RetestStarted, lambda: remote.delete("main"))
    gate.drain()
    assert gate.state().pause is not None
    assert not remote.has("main")


@pytest.mark.fault(4)
def test_a_resumed_repository_goes_on(remote: Remote, gate: TestGate) -> None:
    main = remote.tip()
    remote.push(bad="1")
    remote.propose("feature", on=main, a="1")
    gate.enqueue("feature")
    gate.when(RetestStarted, lambda: remote.point("main", main))
    gate.drain()
    gate.desk.resume()
    gate.drain()
    assert gate.landed() == ["feature"]
    assert gate.facts(Recovered) == []


@pytest.mark.fault(2)
def test_an_entry_whose_push_is_undecided_cannot_be_taken_out(remote: Remote, gate: TestGate) -> None:
    remote.propose("feature", a="1")
    remote.hang_up()
    gate.enqueue("feature")
    gate.until(lambda wait: wait.why is Why.UNDECIDED)
    landing = NotQueued(("feature",), "it is landing at this moment")
    assert gate.desk.dequeue("feature") == landing
    assert gate.desk.take_back_retry(gate.entry("feature")) == landing
    assert gate.is_queued("feature")
