"""A tree that has passed under the same command is not tested again, where the operator wants it so."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from mergetui.events import LandingStarted, RetestEnded, RetestSpared, RetestStarted
from tests.gate.gate import TestGate
from tests.gate.test_verifying import Verifier
from tests.worlds.remote import Remote

MakeGate = Callable[..., TestGate]
HOUR = timedelta(hours=1)


def green_and_lost(gate: TestGate) -> None:
    """`feature` has passed its retest, and then the lease was taken away; it may be tried again."""
    gate.remote.propose("feature", {"test-a": "exit 0"})
    gate.enqueue("feature")
    gate.when(RetestEnded, lambda: gate.desk.force_release("joe is on holiday"))
    gate.drain()
    assert gate.reason("feature").code == "lease-lost"
    gate.later(seconds=30)


def test_a_second_try_is_spared_the_retest_that_its_tree_has_passed(make_gate: MakeGate) -> None:
    gate = make_gate(result_ttl=HOUR)
    green_and_lost(gate)
    gate.drain()
    assert gate.landed() == ["feature"]
    assert len(gate.facts(RetestStarted)) == 1
    (spared,) = gate.facts(RetestSpared)
    assert spared.log == gate.facts(RetestEnded)[0].log


def test_what_was_spared_is_proven_by_the_retest_of_the_same_tree(make_gate: MakeGate) -> None:
    gate = make_gate(result_ttl=HOUR)
    green_and_lost(gate)
    gate.drain()
    assert Verifier(gate).failures() == {"feature": []}


def test_a_landing_that_nothing_vouches_for_is_found_out(make_gate: MakeGate) -> None:
    gate = make_gate(result_ttl=HOUR)
    green_and_lost(gate)
    gate.drain()
    verifier = Verifier(gate)
    verifier.rewrite(lambda fact: fact["event"] != "retest-started")
    assert verifier.failures() == {"feature": ["tested"]}


def test_results_are_believed_for_so_long(make_gate: MakeGate) -> None:
    gate = make_gate(result_ttl=HOUR)
    green_and_lost(gate)
    gate.later(hours=1)
    gate.drain()
    assert gate.facts(RetestSpared) == []
    assert len(gate.facts(RetestStarted)) == 2


@pytest.mark.parametrize(
    "settings", [{"result_ttl": HOUR, "retest": "true"}, {}], ids=["another command", "not wanted"]
)
def test_what_passed_under_another_command_or_unasked_is_tested_again(
    settings: dict[str, object], make_gate: MakeGate
) -> None:
    green_and_lost(make_gate(result_ttl=HOUR))
    later = make_gate(**settings)
    later.later(seconds=30)
    later.drain()
    assert later.landed() == ["feature"]
    assert (later.facts(RetestSpared), len(later.facts(RetestStarted))) == ([], 1)


def test_a_tree_that_was_red_meanwhile_is_not_spared(make_gate: MakeGate, remote: Remote) -> None:
    gate = make_gate(result_ttl=HOUR)
    counted = gate.directory.parent / "runs"
    remote.propose("feature", {"test-a": f"echo x >> {counted}; [ $(wc -l < {counted}) -ne 2 ]"})
    gate.enqueue("feature")
    gate.when(LandingStarted, lambda: gate.desk.force_release("joe is on holiday"))
    gate.drain()
    later = make_gate()
    later.later(seconds=30)
    later.drain()
    assert later.reason("feature").code == "retest-failed"
    gate.desk.retry("feature")
    last = make_gate(result_ttl=HOUR)
    last.drain()
    assert last.facts(RetestSpared) == []
