"""An emergency goes ahead of everything, judged by the reduced command alone; nobody is lost for it."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from mergetui.actions import Why
from mergetui.events import (
    CaughtUp,
    Enqueued,
    HandedOver,
    LandingStarted,
    PauseBegun,
    RetestEnded,
    RetestSpared,
    RetestStarted,
    TakenBack,
)
from mergetui.model import Entry
from mergetui.operations import NotQueued, Queued
from tests.gate.gate import RETEST, TestGate
from tests.gate.test_verifying import Verifier
from tests.worlds.remote import Remote

MakeGate = Callable[..., TestGate]
REDUCED = "test -e hotfix"


@pytest.fixture
def gate(make_gate: MakeGate) -> TestGate:
    return make_gate(emergency_retest=REDUCED)


def hotfix(gate: TestGate, **options: bool) -> Entry:
    """`hotfix` is an emergency; the full command would be red on it."""
    gate.remote.propose("hotfix", {"hotfix": "1", "test-hotfix": "exit 1"})
    return say(gate, **options)


def say(gate: TestGate, **options: bool) -> Entry:
    answer = gate.desk.emergency("hotfix", "login is down", **options)
    assert isinstance(answer, Queued), answer
    return answer.entry


def commands(gate: TestGate) -> list[tuple[str, str]]:
    """What was tested last in the line, and by which command."""
    return [(fact.branches[-1], fact.command) for fact in gate.facts(RetestStarted)]


def test_it_lands_by_the_reduced_command_and_its_proof_says_so(gate: TestGate) -> None:
    hotfix(gate)
    gate.drain()
    assert gate.landed() == ["hotfix"]
    assert commands(gate) == [("hotfix", REDUCED)]
    assert gate.run_of("hotfix").emergency == "login is down"
    verifier = Verifier(gate)
    assert verifier.failures() == {"hotfix": []}
    (proof,) = verifier.proofs()
    (tested,) = [claim for claim in proof.claims if claim.claim == "tested"]
    assert tested.detail.endswith(f"by the command for emergencies, {REDUCED}")


def test_an_ordinary_landing_that_only_the_reduced_command_judged_is_found_out(gate: TestGate) -> None:
    hotfix(gate)
    gate.drain()
    verifier = Verifier(gate)
    verifier.rewrite(lambda fact: fact.get("run", {}).update(emergency=None))
    assert verifier.failures() == {"hotfix": ["tested"]}


def test_it_interrupts_what_runs_which_is_queued_again_and_lands_after_it(gate: TestGate) -> None:
    once = gate.directory.parent / "once"
    gate.remote.propose("slow", {"test-slow": f"[ -e {once} ] || {{ touch {once}; sleep 60; }}"})
    gate.remote.propose("hotfix", {"hotfix": "1"})
    gate.enqueue("slow")
    gate.when(RetestStarted, lambda: say(gate))
    gate.drain()
    assert gate.landed() == ["hotfix", "slow"]
    stopped = gate.facts(RetestEnded)[0].reason
    assert stopped is not None
    assert (stopped.code, stopped.detail) == ("interrupted", "an emergency goes first: hotfix")
    assert [run.id for run in gate.desk.history() if "slow" in run.branches] == [gate.run_of("slow").id]
    assert gate.run_of("slow").id.endswith(".1")


def test_an_entry_under_test_that_becomes_one_is_judged_by_the_reduced_command(gate: TestGate) -> None:
    gate.remote.propose("hotfix", {"hotfix": "1", "test-hotfix": "sleep 60"})
    gate.enqueue("hotfix")
    gate.when(RetestStarted, lambda: say(gate))
    gate.drain()
    assert gate.landed() == ["hotfix"]
    assert commands(gate) == [("hotfix", RETEST), ("hotfix", REDUCED)]


def test_it_is_tested_and_lands_alone(make_gate: MakeGate) -> None:
    gate = make_gate(emergency_retest=REDUCED, batch=3, parallel=2)
    for branch in "abc":
        gate.remote.propose(branch, {branch: "1"})
    gate.enqueue(*"abc")
    gate.remote.propose("hotfix", {"hotfix": "1"})
    say(gate)
    gate.drain()
    assert gate.landed()[0] == "hotfix"
    assert gate.facts(CaughtUp)[0].branches == ("hotfix",)
    assert gate.facts(LandingStarted)[0].branches == ("hotfix",)


def test_a_red_one_is_sent_back_and_never_lands(gate: TestGate) -> None:
    gate.remote.propose("hotfix", {"other": "1"})
    say(gate)
    gate.drain()
    assert gate.landed() == []
    assert gate.reason("hotfix").code == "retest-failed"


@pytest.mark.parametrize(
    ("settings", "mend"),
    [
        ({}, "'emergency_retest' is missing"),
        ({"emergency_retest": REDUCED, "enabled": False}, "enabled = false"),
    ],
)
def test_without_a_reduced_command_it_is_refused_with_the_mend(
    settings: dict[str, object], mend: str, make_gate: MakeGate
) -> None:
    gate = make_gate(**settings)
    gate.remote.propose("hotfix", {"hotfix": "1"})
    answer = gate.desk.emergency("hotfix", "login is down")
    assert isinstance(answer, NotQueued)
    assert mend in answer.why
    assert not gate.is_queued("hotfix")


@pytest.mark.parametrize("reason", ["", " \t\n"])
def test_it_has_a_reason(reason: str, gate: TestGate) -> None:
    with pytest.raises(ValueError, match="reason"):
        gate.desk.emergency("hotfix", reason)


def test_it_waits_for_the_end_of_a_pause_and_interrupts_nobody_meanwhile(gate: TestGate) -> None:
    gate.remote.propose("running", {"running": "1"})
    gate.enqueue("running")

    def pause_and_say() -> None:
        gate.desk.pause("release day")
        hotfix(gate)

    gate.when(RetestStarted, pause_and_say)
    assert gate.drain().why is Why.PAUSED
    assert gate.landed() == ["running"]
    assert gate.entry("hotfix").state == "queued"
    gate.desk.resume()
    gate.drain()
    assert gate.landed() == ["running", "hotfix"]


@pytest.mark.parametrize("now", [False, True])
def test_it_goes_through_a_pause_where_that_was_said(now: bool, gate: TestGate) -> None:
    gate.remote.propose("waiting", {"waiting": "1"})
    gate.enqueue("waiting")
    gate.desk.pause("release day", now=now)
    hotfix(gate, through_pause=True)
    assert gate.drain().why is Why.PAUSED
    assert gate.landed() == ["hotfix"]
    assert gate.entry("waiting").state == "queued"


def test_a_pause_lets_one_that_runs_end_and_land(gate: TestGate) -> None:
    hotfix(gate)
    gate.when(RetestStarted, lambda: gate.desk.pause("release day"))
    gate.drain()
    assert gate.landed() == ["hotfix"]


def test_its_green_does_not_spare_others_the_full_command(make_gate: MakeGate) -> None:
    gate = make_gate(emergency_retest=REDUCED, result_ttl=timedelta(hours=1))
    gate.remote.propose("hotfix", {"hotfix": "1"})
    say(gate)
    gate.when(RetestEnded, lambda: gate.desk.dequeue("hotfix"))
    gate.drain()
    gate.enqueue("hotfix")
    gate.drain()
    assert gate.landed() == ["hotfix"]
    assert commands(gate) == [("hotfix", REDUCED), ("hotfix", RETEST)]
    assert gate.facts(RetestSpared) == []
    assert Verifier(gate).failures() == {"hotfix": []}


def test_the_full_commands_green_does_not_spare_it_its_own(make_gate: MakeGate) -> None:
    # It does not look at the remote while the test runs: what ends meanwhile is planned as what it was.
    hour = timedelta(hours=1)
    gate = make_gate(emergency_retest=REDUCED, result_ttl=hour, fetch_interval=hour)
    gate.remote.propose("hotfix", {"hotfix": "1"})
    gate.enqueue("hotfix")
    gate.when(RetestEnded, lambda: say(gate))
    gate.drain()
    assert gate.landed() == ["hotfix"]
    assert commands(gate) == [("hotfix", RETEST), ("hotfix", REDUCED)]


def test_an_author_who_pushes_makes_it_an_ordinary_entry(gate: TestGate) -> None:
    hotfix(gate)
    gate.remote.push("hotfix", another="1")
    gate.drain()
    assert gate.landed() == []
    assert commands(gate) == [("hotfix", RETEST)]
    assert gate.entry("hotfix").emergency is None


def test_the_gates_own_push_of_its_branch_does_not(gate: TestGate, remote: Remote) -> None:
    hotfix(gate)
    rival = remote.propose("rival", {"rival": "1"})
    remote.race(rival)
    gate.drain()
    assert gate.landed() == ["hotfix"]
    assert {command for _, command in commands(gate)} == {REDUCED}


def test_what_waits_to_be_merged_is_taken_back_first(make_gate: MakeGate) -> None:
    gate = make_gate(emergency_retest=REDUCED, landing="external")
    gate.remote.propose("feature", {"feature": "1"})
    gate.enqueue("feature")
    assert gate.drain().why is Why.AWAITING_MERGE
    hotfix(gate)
    assert gate.drain().why is Why.AWAITING_MERGE
    assert [fact.branches for fact in gate.facts(TakenBack)] == [("feature",)]
    assert gate.facts(HandedOver)[-1].branches == ("hotfix",)
    assert gate.entry("feature").state == "queued"


def test_what_waits_to_be_merged_stays_while_a_pause_holds_the_emergency(make_gate: MakeGate) -> None:
    gate = make_gate(emergency_retest=REDUCED, landing="external")
    gate.remote.propose("feature", {"feature": "1"})
    gate.enqueue("feature")
    gate.drain()
    gate.desk.pause("release day")
    hotfix(gate)
    gate.drain()
    assert gate.facts(TakenBack) == []


def test_it_is_in_the_journal_with_who_and_why(gate: TestGate) -> None:
    hotfix(gate, through_pause=True)
    (fact,) = [fact for fact in gate.desk.facts() if isinstance(fact, Enqueued)]
    assert fact.emergency is not None
    assert (fact.emergency.reason, fact.emergency.through_pause) == ("login is down", True)
    assert fact.emergency.by
    assert [f for f in gate.desk.facts() if isinstance(f, PauseBegun)] == []


def test_one_that_the_remote_refuses_is_sent_back_once(gate: TestGate) -> None:
    gate.remote.propose("hotfix", {"hotfix": "1"})
    gate.remote.refuse("not on a friday")
    say(gate)
    gate.drain()
    assert gate.reason("hotfix").code in ("push-refused", "hook-refused")
    assert len(gate.facts(RetestStarted)) == 1
