"""What happened is in the journal before the queue says so, and in the history once and for all."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.adapters.waiting import eventually
from tests.gate.gate import TestGate
from tests.worlds.remote import Remote


@pytest.mark.fault(5)
def test_a_branch_that_is_queued_again_while_its_push_is_under_way_has_both_landings_in_the_history(
    remote: Remote, gate: TestGate
) -> None:
    remote.propose("feature", a="1")
    remote.halt()
    gate.enqueue("feature")
    with ThreadPoolExecutor(1) as engine:
        drained = engine.submit(gate.drain)
        assert eventually(remote.has_halted, within=30)
        remote.push("feature", c="2")
        gate.enqueue("feature")
        remote.go_on()
        drained.result()
    assert [(run.outcome, run.branches) for run in gate.desk.history()] == [("landed", ("feature",))] * 2
    assert remote.text("c") == "2"


@pytest.mark.fault(13)
def test_what_cannot_be_written_down_is_not_taken_out(remote: Remote, gate: TestGate) -> None:
    remote.propose("feature", a="1")
    gate.enqueue("feature")
    journal = gate.directory / "state" / "repos" / "shop" / "journal.jsonl"
    journal.unlink()
    journal.mkdir()
    with pytest.raises(OSError, match="journal"):
        gate.desk.dequeue("feature")
    assert gate.is_queued("feature")


def test_a_dequeue_that_was_taken_back_and_done_again_is_in_the_history_twice(
    remote: Remote, gate: TestGate
) -> None:
    remote.propose("feature", a="1")
    [entry] = gate.enqueue("feature")
    gate.desk.dequeue("feature")
    gate.desk.put_back(entry)
    gate.desk.dequeue("feature")
    assert [run.outcome for run in gate.desk.history()] == ["dequeued", "dequeued"]
