"""What is counted of a real gate."""

from collections.abc import Callable, Iterator

import pytest

from mergetui import measures as m
from mergetui.events import LandingRefused, LandingStarted
from mergetui.measures import Measure
from mergetui.metering import Meter
from tests.gate.gate import TestGate
from tests.worlds.remote import Remote


def counted(gate: TestGate) -> Callable[..., float]:
    """All that the gate has told by now, counted."""
    meter = Meter(["shop"])
    for fact in gate.heard:
        meter.hear(fact)

    def count(measure: Measure, *values: str) -> float:
        return meter.counts[measure, ("shop", *values)]

    return count


@pytest.fixture
def _one(remote: Remote, gate: TestGate) -> Iterator[None]:
    remote.propose("one", a="1")
    gate.enqueue("one")
    yield
    gate.driver.leave()


@pytest.mark.usefixtures("_one")
def test_a_landing_is_one_push_that_succeeded(gate: TestGate) -> None:
    gate.drain()
    count = counted(gate)
    assert count(m.PUSH_CALLED) == count(m.PUSH_SUCCEEDED) == count(m.LANDINGS) == 1
    assert count(m.RETESTS, "passed") == count(m.LEASE_GRANTS) == 1


@pytest.mark.usefixtures("_one")
def test_a_landed_run_knows_when_its_entry_was_queued(gate: TestGate) -> None:
    queued = gate.entry("one").enqueued_at
    gate.drain()
    assert gate.run_of("one").enqueued_at == queued


def test_a_batch_is_one_push(remote: Remote, make_gate: Callable[..., TestGate]) -> None:
    gate = make_gate(batch=2)
    remote.propose("one", a="1")
    remote.propose("two", b="1")
    gate.enqueue("one", "two")
    gate.drain()
    count = counted(gate)
    assert (count(m.PUSH_CALLED), count(m.PUSH_SUCCEEDED), count(m.LANDINGS)) == (1, 1, 2)


@pytest.mark.usefixtures("_one")
def test_a_push_that_loses_is_a_stale_base_and_the_next_one_succeeds(remote: Remote, gate: TestGate) -> None:
    rival = remote.propose("rival", b="2")
    gate.when(LandingStarted, lambda: remote.point("main", rival))
    gate.drain()
    count = counted(gate)
    assert count(m.PUSH_FAILED, "contended") == count(m.STALE_RETRIES) == 1
    assert (count(m.PUSH_CALLED), count(m.PUSH_SUCCEEDED)) == (2, 1)


@pytest.mark.usefixtures("_one")
def test_a_push_that_the_remote_refuses_is_told_in_its_words_and_counted(
    remote: Remote, gate: TestGate
) -> None:
    remote.refuse("the branch is frozen")
    gate.drain()
    count = counted(gate)
    assert count(m.PUSH_FAILED, "refused") == count(m.PUSH_ERRORS) == 1
    assert "the branch is frozen" in gate.facts(LandingRefused)[0].reason.detail


def test_a_conflict_is_a_cherry_pick_conflict(remote: Remote, gate: TestGate) -> None:
    remote.propose("one", same="1")
    remote.propose("two", same="2")
    gate.enqueue("one", "two")
    gate.drain()
    assert gate.run_of("two").enqueued_at == gate.entry("two").enqueued_at
    assert counted(gate)(m.PUSH_CONFLICTS) == counted(gate)(m.SENT_BACK, "conflict") == 1


@pytest.mark.usefixtures("_one")
def test_a_lease_that_is_taken_away_before_the_push_ends_the_landing(gate: TestGate) -> None:
    gate.when(LandingStarted, lambda: gate.desk.force_release("now"))
    gate.until(lambda _: gate.driver.take_lost_lease())
    assert counted(gate)(m.PUSH_FAILED, "lease-lost") == 1
