"""Pause and drain: what runs may end and lands, nothing is begun, and then the repository is at rest."""

from collections.abc import Callable
from datetime import timedelta
from typing import TypeAlias

import pytest

from mergetui.actions import Why
from mergetui.events import (
    CatchUpStarted,
    CaughtUp,
    LeaseGranted,
    PauseBegun,
    PauseEnded,
    RetestEnded,
    RetestStarted,
)
from mergetui.model import Lease
from tests.adapters.waiting import eventually
from tests.gate.gate import TestGate

MakeGate = Callable[..., TestGate]
Entries: TypeAlias = tuple[dict[str, str], Lease | None]


def queued(gate: TestGate, *branches: str) -> None:
    for branch in branches:
        gate.remote.propose(branch, {branch: "1"})
    gate.enqueue(*branches)


def paused_after(gate: TestGate, fact: type, times: int = 1) -> None:
    """The repository is paused when the fact is told for the n-th time."""
    if times > 1:
        gate.when(fact, lambda: paused_after(gate, fact, times - 1))
    else:
        gate.when(fact, lambda: gate.desk.pause("release day"))


@pytest.mark.parametrize("ended", [RetestStarted, RetestEnded])
def test_a_green_candidate_lands_during_a_pause(ended: type, gate: TestGate) -> None:
    queued(gate, "first", "second")
    paused_after(gate, ended)
    assert gate.drain().why is Why.PAUSED
    assert gate.landed() == ["first"]
    assert gate.entry("second").state == "queued"


def test_every_candidate_that_runs_lands_during_a_pause(make_gate: MakeGate) -> None:
    gate = make_gate(parallel=3)
    queued(gate, *"abcd")
    paused_after(gate, RetestStarted, times=3)
    assert gate.drain().why is Why.PAUSED
    assert gate.landed() == ["a", "b", "c"]
    assert gate.entry("d").state == "queued"


def at_rest(gate: TestGate) -> Entries:
    """What the queue and the lease are when the engine, which goes on, has come to rest in the pause."""
    assert gate.driver.occupy("auto") is None
    eventually(lambda: is_paused(gate), within=20)
    state = gate.state()
    return {entry.branch: str(entry.state) for entry in state.entries.values()}, state.lease


def is_paused(gate: TestGate) -> bool:
    wait = gate.driver.round()
    return wait is not None and wait.why is Why.PAUSED


def test_a_red_batch_is_not_searched_during_a_pause_and_nobody_holds_the_lease(make_gate: MakeGate) -> None:
    gate = make_gate(batch=2)
    gate.remote.propose("bad", {"test-bad": "exit 1"})
    queued(gate, "good")
    gate.enqueue("bad")
    paused_after(gate, RetestStarted)
    assert at_rest(gate) == ({"good": "queued", "bad": "queued"}, None)
    assert len(gate.facts(RetestStarted)) == 1


def test_the_search_of_a_red_batch_goes_on_after_the_pause(make_gate: MakeGate) -> None:
    gate = make_gate(batch=2)
    gate.remote.propose("bad", {"test-bad": "exit 1"})
    queued(gate, "good")
    gate.enqueue("bad")
    paused_after(gate, RetestStarted)
    at_rest(gate)
    gate.desk.resume()
    eventually(lambda: gate.driver.round() is not None and not gate.is_queued("good"), within=20)
    assert gate.landed() == ["good"]
    assert [len(fact.branches) for fact in gate.facts(RetestStarted)] == [2, 1]


def test_what_was_caught_up_and_not_begun_waits_in_the_queue(make_gate: MakeGate) -> None:
    gate = make_gate(parallel=2)
    queued(gate, *"ab")
    paused_after(gate, CatchUpStarted, times=2)
    assert at_rest(gate) == ({"b": "queued"}, None)
    assert gate.landed() == ["a"]


def test_a_catch_up_that_was_planned_before_the_pause_is_not_begun_after_it(gate: TestGate) -> None:
    queued(gate, "first")
    gate.when(LeaseGranted, lambda: gate.desk.pause("release day"))
    assert at_rest(gate) == ({"first": "queued"}, None)
    assert gate.facts(CatchUpStarted) == []


def test_a_retest_that_was_planned_before_the_pause_is_not_begun_after_it(gate: TestGate) -> None:
    queued(gate, "first")
    gate.when(CaughtUp, lambda: gate.desk.pause("release day"))
    at_rest(gate)
    gate.desk.resume()
    gate.when(LeaseGranted, lambda: gate.desk.pause("release day"))
    assert at_rest(gate) == ({"first": "queued"}, None)
    assert gate.facts(RetestStarted) == []


def test_a_pause_over_a_pause_tells_what_it_changes(gate: TestGate) -> None:
    first = gate.desk.pause("release day")
    second = gate.desk.pause("database", until=gate.clock.now() + timedelta(hours=1))
    facts = [fact for fact in gate.desk.facts() if isinstance(fact, PauseBegun)]
    assert [(fact.pause, fact.instead_of) for fact in facts] == [(first, None), (second, first)]
    assert gate.state().pause == second


def test_a_pause_after_one_whose_time_is_over_changes_nothing_that_holds(gate: TestGate) -> None:
    gate.desk.pause("lunch", until=gate.clock.now() + timedelta(hours=1))
    gate.later(hours=2)
    gate.desk.pause("database")
    assert [f.instead_of for f in gate.desk.facts() if isinstance(f, PauseBegun)] == [None, None]


@pytest.mark.parametrize("hours", [0, 2])
def test_the_end_of_a_pause_says_whether_its_time_was_over(hours: int, gate: TestGate) -> None:
    pause = gate.desk.pause("lunch", until=gate.clock.now() + timedelta(hours=1))
    gate.later(hours=hours)
    gate.desk.resume()
    (ended,) = [fact for fact in gate.desk.facts() if isinstance(fact, PauseEnded)]
    assert (ended.pause, ended.by_time) == (pause, bool(hours))


def test_an_engine_that_ends_a_pause_by_its_time_says_so(gate: TestGate) -> None:
    pause = gate.desk.pause("lunch", until=gate.clock.now() + timedelta(hours=1))
    gate.later(hours=2)
    gate.drain()
    (ended,) = gate.facts(PauseEnded)
    assert (ended.pause, ended.by_time) == (pause, True)


@pytest.mark.parametrize("reason", ["", " \t\n"])
def test_a_pause_has_a_reason(reason: str, gate: TestGate) -> None:
    with pytest.raises(ValueError, match="reason"):
        gate.desk.pause(reason)
    assert gate.state().pause is None
