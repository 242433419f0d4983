"""Who may land: the lease, the kernel lock, pauses, and what a failure of the gate itself does."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from mergetui.actions import Why
from mergetui.adapters.process import identify
from mergetui.events import (
    Broken,
    CatchUpStarted,
    Ended,
    LandingStarted,
    LeaseGranted,
    LeaseLost,
    LeaseReleased,
    Recovered,
    RetestEnded,
    RetestStarted,
)
from mergetui.leasing import acquire
from mergetui.model import EntryState, Holder
from mergetui.operations import NotReleased, Released
from mergetui.queueing import put
from mergetui.state import Advance, RepositoryState
from tests.gate.gate import TestGate
from tests.worlds.remote import Remote

MakeGate = Callable[..., TestGate]


def a_dead_holder() -> Holder:
    return replace(identify(operator="joe"), pid=2**22 - 3, started=1.0)


def a_holder_elsewhere() -> Holder:
    return replace(identify(operator="joe"), host="elsewhere")


def hold(gate: TestGate, holder: Holder) -> None:
    """`holder` has the lease."""

    def step(state: RepositoryState) -> tuple[RepositoryState, None]:
        now, ttl = gate.clock.now(), gate.caps.lease_ttl
        held, _ = acquire(state, holder=holder, branches=("x",), holder_is_dead=False, now=now, ttl=ttl)
        return held, None

    gate.store().change(step)


def test_every_landing_has_a_higher_token(remote: Remote, gate: TestGate) -> None:
    for name in "abc":
        remote.propose(name, {name: "1"})
    gate.enqueue(*"abc")
    gate.drain()
    tokens = [fact.token for fact in gate.facts(LandingStarted)]
    assert tokens == sorted(set(tokens))
    assert len(tokens) == 3


@pytest.mark.fault(8)
def test_a_lease_of_a_holder_elsewhere_defers_the_entry(remote: Remote, gate: TestGate) -> None:
    remote.propose("feature", a="1")
    gate.enqueue("feature")
    hold(gate, a_holder_elsewhere())
    gate.drain()
    entry = gate.entry("feature")
    assert entry.state == "deferred"
    assert entry.reason.code == "lease-busy"  # type: ignore[union-attr]
    assert entry.available_at is not None


def test_a_lease_that_stays_busy_is_given_up_after_the_cap(remote: Remote, make_gate: MakeGate) -> None:
    gate = make_gate(max_deferrals=1)
    remote.propose("feature", a="1")
    gate.enqueue("feature")
    hold(gate, a_holder_elsewhere())
    gate.drain()
    gate.later(minutes=1)
    gate.drain()
    assert gate.entry("feature").state == "held"


@pytest.mark.fault(11)
def test_an_old_lease_is_not_taken_for_its_age(remote: Remote, gate: TestGate) -> None:
    remote.propose("feature", a="1")
    gate.enqueue("feature")
    hold(gate, a_holder_elsewhere())
    gate.later(days=1)
    gate.drain()
    assert gate.landed() == []


@pytest.mark.fault(11)
def test_a_dead_holders_lease_is_taken_over_at_once(remote: Remote, gate: TestGate) -> None:
    remote.propose("feature", a="1")
    gate.enqueue("feature")
    hold(gate, a_dead_holder())
    gate.drain()
    assert gate.landed() == ["feature"]
    assert "joe" in (gate.facts(LeaseGranted)[0].taken_over_from or "")


def test_force_release_frees_the_repository_for_the_next(remote: Remote, gate: TestGate) -> None:
    remote.propose("feature", a="1")
    gate.enqueue("feature")
    hold(gate, a_holder_elsewhere())
    assert isinstance(gate.desk.force_release("joe is on holiday"), Released)
    gate.drain()
    assert gate.landed() == ["feature"]


def test_force_release_by_a_token_that_no_longer_holds_does_nothing(gate: TestGate) -> None:
    hold(gate, a_holder_elsewhere())
    answer = gate.desk.force_release("a mistake", token=99)
    assert isinstance(answer, NotReleased)
    assert gate.state().lease is not None


@pytest.mark.fault(9)
def test_a_holder_whose_lease_was_taken_stops_its_retest_and_lands_nothing(
    remote: Remote, gate: TestGate
) -> None:
    remote.propose("feature", {"test-a": "sleep 60"})
    before = remote.tip()
    gate.enqueue("feature")
    gate.when(RetestStarted, lambda: gate.desk.force_release("it hangs"))
    gate.drain()
    assert remote.tip() == before
    assert len(gate.facts(LeaseLost)) == 1
    assert gate.facts(RetestEnded)[0].reason.code == "interrupted"  # type: ignore[union-attr]
    assert gate.reason("feature").code == "lease-lost"


@pytest.mark.fault(9)
def test_who_lost_the_lease_does_not_take_the_next_one_in_the_same_breath(
    remote: Remote, gate: TestGate
) -> None:
    remote.propose("slow", {"test-a": "sleep 60"})
    remote.propose("next", b="1")
    gate.enqueue("slow", "next")
    gate.when(RetestStarted, lambda: gate.desk.force_release("it hangs"))
    assert gate.drain().why is Why.LEASE_BUSY
    assert len(gate.facts(LeaseGranted)) == 1
    assert gate.entry("next").state == "queued"


@pytest.mark.fault(9)
def test_a_lease_taken_right_before_the_push_lands_nothing(remote: Remote, gate: TestGate) -> None:
    remote.propose("feature", a="1")
    before = remote.tip()
    gate.enqueue("feature")
    gate.when(LandingStarted, lambda: gate.desk.force_release("now"))
    gate.until(lambda wait: wait.why is Why.DEFERRED)
    assert remote.tip() == before


@pytest.mark.fault(8)
def test_a_second_engine_may_only_look(remote: Remote, gate: TestGate) -> None:
    remote.propose("feature", a="1")
    gate.enqueue("feature")
    second = gate.engine()
    assert gate.driver.occupy("auto") is None
    assert second.occupy("auto") is not None
    gate.driver.leave()
    assert second.occupy("auto") is None
    second.leave()


def test_a_paused_repository_starts_nothing(remote: Remote, gate: TestGate) -> None:
    remote.propose("feature", a="1")
    gate.enqueue("feature")
    gate.desk.pause("release day")
    assert gate.drain().why is Why.PAUSED
    assert gate.facts(CatchUpStarted) == []


def test_a_pause_lets_what_runs_finish(remote: Remote, gate: TestGate) -> None:
    remote.propose("first", a="1")
    remote.propose("second", b="1")
    gate.enqueue("first", "second")
    gate.when(RetestStarted, lambda: gate.desk.pause("release day"))
    gate.drain()
    assert gate.landed() == ["first"]
    assert gate.is_queued("second")


def test_pause_now_stops_what_runs_and_requeues_it(remote: Remote, gate: TestGate) -> None:
    remote.propose("slow", {"test-a": "sleep 60"})
    gate.enqueue("slow")
    gate.when(RetestStarted, lambda: gate.desk.pause("stop", now=True))
    assert gate.drain().why is Why.PAUSED
    assert gate.entry("slow").state == "queued"
    assert gate.state().lease is None


def test_a_pause_ends_by_itself_at_its_time(remote: Remote, gate: TestGate) -> None:
    remote.propose("feature", a="1")
    gate.enqueue("feature")
    gate.desk.pause("lunch", until=gate.clock.now() + timedelta(hours=1))
    gate.drain()
    gate.later(hours=2)
    gate.drain()
    assert gate.landed() == ["feature"]


def test_a_dequeued_entrys_retest_is_stopped_and_it_does_not_land(remote: Remote, gate: TestGate) -> None:
    remote.propose("slow", {"test-a": "sleep 60"})
    gate.enqueue("slow")
    gate.when(RetestStarted, lambda: gate.desk.dequeue("slow"))
    gate.drain()
    assert gate.landed() == []
    assert gate.facts(RetestEnded)[0].reason.code == "interrupted"  # type: ignore[union-attr]


def test_leaving_requeues_what_runs_and_frees_the_lease(remote: Remote, gate: TestGate) -> None:
    remote.propose("slow", {"test-a": "sleep 60"})
    gate.enqueue("slow")
    gate.until(lambda wait: wait.why is Why.TESTING)
    assert gate.entry("slow").state == "queued"
    assert gate.entry("slow").attempts == 0
    assert gate.state().lease is None
    assert gate.state().advance is None


def test_a_listener_that_fails_does_not_fail_a_landing(remote: Remote, gate: TestGate) -> None:
    def fail() -> None:
        raise RuntimeError("the screen is gone")

    remote.propose("feature", a="1")
    gate.enqueue("feature")
    gate.when(RetestStarted, fail)
    gate.when(LandingStarted, fail)
    gate.drain()
    assert "a" in remote.files()
    assert not gate.is_queued("feature")


def test_a_gate_that_breaks_defers_the_entry_and_says_why(remote: Remote, gate: TestGate) -> None:
    remote.propose("feature", a="1")
    gate.enqueue("feature")
    logs = gate.directory / "state" / "repos" / "shop" / "logs"
    logs.write_text("in the way")
    assert gate.until(lambda wait: wait.why is Why.BROKEN).why is Why.BROKEN
    assert gate.entry("feature").state == "deferred"
    assert gate.facts(Ended)[0].run.outcome == "broken"
    assert gate.facts(Broken)
    assert gate.state().lease is None


def test_a_gate_that_broke_goes_on_when_the_obstacle_is_gone(remote: Remote, gate: TestGate) -> None:
    remote.propose("feature", a="1")
    gate.enqueue("feature")
    logs = gate.directory / "state" / "repos" / "shop" / "logs"
    logs.write_text("in the way")
    gate.until(lambda wait: wait.why is Why.BROKEN)
    logs.unlink()
    gate.later(minutes=1)
    gate.drain()
    assert gate.landed() == ["feature"]


def test_what_a_dead_engine_left_in_flight_is_queued_again_and_told(remote: Remote, gate: TestGate) -> None:
    remote.propose("feature", a="1")
    [entry] = gate.enqueue("feature")
    hold(gate, a_dead_holder())
    left = replace(entry, state=EntryState.TESTING)
    advance = Advance(holder=a_dead_holder(), mode="auto", since=gate.clock.now())
    gate.store().change(lambda state: (replace(put(state, left), advance=advance), None))
    gate.drain()
    assert gate.landed() == ["feature"]
    assert "joe" in gate.facts(Recovered)[0].detail
    assert "feature" in gate.facts(Recovered)[0].detail


def test_what_a_dead_engine_left_keeps_nobody_from_looking_at_the_remote(
    remote: Remote, gate: TestGate
) -> None:
    remote.propose("feature", a="1")
    [entry] = gate.enqueue("feature")
    left = replace(entry, state=EntryState.TESTING)
    advance = Advance(holder=a_dead_holder(), mode="auto", since=gate.clock.now())
    gate.store().change(lambda state: (replace(put(state, left), advance=advance), None))
    gate.driver.glance()
    seen = gate.state().seen
    assert seen is not None
    assert seen.tip == remote.tip()
    assert gate.state().advance == advance
    assert gate.entry("feature").state is EntryState.TESTING


def test_nobody_looks_in_the_place_of_an_engine_that_lives(gate: TestGate) -> None:
    advance = Advance(holder=a_holder_elsewhere(), mode="auto", since=gate.clock.now())
    gate.store().change(lambda state: (replace(state, advance=advance), None))
    gate.driver.glance()
    assert gate.state().seen is None


@pytest.mark.fault(1)
def test_the_lease_of_a_dead_engine_goes_also_when_nothing_is_left_to_do(gate: TestGate) -> None:
    hold(gate, a_dead_holder())
    advance = Advance(holder=a_dead_holder(), mode="auto", since=gate.clock.now())
    gate.store().change(lambda state: (replace(state, advance=advance), None))
    gate.drain()
    assert gate.state().lease is None
    assert len(gate.facts(LeaseReleased)) == 1


def test_the_log_of_a_run_is_kept(remote: Remote, gate: TestGate) -> None:
    remote.propose("feature", {"test-a": "echo hello"})
    gate.enqueue("feature")
    gate.drain()
    assert "hello" in Path(gate.run_of("feature").log or "").read_text()
