"""A red retest that is doubted: it is run again on the very commit, and a pass then is told as a flake."""

from collections.abc import Callable
from pathlib import Path

from mergetui.events import RetestEnded, RetestStarted
from mergetui.results import flakes
from tests.gate.gate import TestGate
from tests.worlds.remote import Remote

MakeGate = Callable[..., TestGate]


def failing(times: int, counter: Path) -> str:
    """A test that fails so often, wherever it is run, and then passes."""
    return f'echo x >> {counter}; echo "run $(wc -l < {counter})"; [ "$(wc -l < {counter})" -gt {times} ]'


def test_a_flaky_branch_lands_and_stands_in_the_ledger_with_both_logs(
    remote: Remote, make_gate: MakeGate, tmp_path: Path
) -> None:
    gate = make_gate(retries=1)
    remote.propose("shaky", {"test-shaky": failing(1, tmp_path / "runs")})
    gate.enqueue("shaky")
    gate.drain()
    assert gate.landed() == ["shaky"]
    (flake,) = flakes(gate.desk.facts())
    assert "run 1" in Path(flake.failed.log).read_text()
    assert "run 2" in Path(flake.passed.log).read_text()
    assert flake.branches == ("shaky",)


def test_the_very_commit_is_tested_again(remote: Remote, make_gate: MakeGate, tmp_path: Path) -> None:
    gate = make_gate(retries=2)
    remote.propose("shaky", {"test-shaky": failing(2, tmp_path / "runs")})
    gate.enqueue("shaky")
    gate.drain()
    assert len({fact.commit for fact in gate.facts(RetestStarted)}) == 1
    assert [fact.reds for fact in gate.facts(RetestEnded)] == [0, 1, 2]


def test_what_stays_red_is_sent_back_after_the_last_retry(remote: Remote, make_gate: MakeGate) -> None:
    gate = make_gate(retries=1)
    remote.propose("red", {"test-red": "exit 3"})
    gate.enqueue("red")
    gate.drain()
    assert gate.reason("red").code == "retest-failed"
    assert len(gate.facts(RetestEnded)) == 2
    assert flakes(gate.desk.facts()) == ()


def test_without_retries_the_first_red_counts(remote: Remote, make_gate: MakeGate, tmp_path: Path) -> None:
    gate = make_gate()
    remote.propose("shaky", {"test-shaky": failing(1, tmp_path / "runs")})
    gate.enqueue("shaky")
    gate.drain()
    assert gate.entry("shaky").state == "sent-back"


def test_a_flake_that_an_operator_retried_stands_in_the_ledger_too(
    remote: Remote, make_gate: MakeGate, tmp_path: Path
) -> None:
    gate = make_gate()
    remote.propose("shaky", {"test-shaky": failing(1, tmp_path / "runs")})
    gate.enqueue("shaky")
    gate.drain()
    gate.desk.retry("shaky")
    gate.drain()
    assert gate.landed() == ["shaky"]
    assert len(flakes(gate.desk.facts())) == 1


def test_a_refusal_of_the_remote_is_not_doubted(remote: Remote, make_gate: MakeGate) -> None:
    gate = make_gate(retries=2)
    remote.protect("not today")
    remote.propose("good", a="1")
    gate.enqueue("good")
    gate.drain()
    assert gate.reason("good").code == "hook-refused"
    assert len(gate.facts(RetestEnded)) == 1
