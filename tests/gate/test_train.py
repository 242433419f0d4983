"""The train as the real journal tells of it is what the engine ran."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from threading import Event

from mergetui.events import CaughtUp, RetestEnded, RetestSpared, RetestStarted
from mergetui.model import EntryState, Instant
from mergetui.reason import Coded, Reason
from mergetui.train import Course, OnTrial, Train, train
from tests.gate.gate import TestGate
from tests.worlds.remote import Remote

MakeGate = Callable[..., TestGate]


def propose(remote: Remote, gate: TestGate, **tests: str) -> None:
    """Branches that each bring a test of their own name: shell, run in the candidate."""
    for name, shell in tests.items():
        remote.propose(name, {f"test-{name}": shell})
    gate.enqueue(*tests)


def waits_for(path: Path) -> str:
    return f'until [ -e "{path}" ]; do sleep 0.02; done'


def lines(found: tuple[OnTrial, ...]) -> list[str]:
    return ["".join(branch for member in one.entries for branch in member) for one in found]


def seen(gate: TestGate) -> Train:
    return train(gate.desk.facts())


def run_until(gate: TestGate, fact: Callable[[], bool]) -> None:
    """Work as long as that is not so."""
    assert gate.driver.occupy("auto") is None
    for _ in range(2000):
        wait = gate.driver.round()
        if fact():
            return
        Event().wait(0.01 if wait is not None else 0)
    raise AssertionError("it never came true")


def test_three_candidates_run_side_by_side_and_all_are_told(
    remote: Remote, make_gate: MakeGate, tmp_path: Path
) -> None:
    gate = make_gate(parallel=3)
    propose(remote, gate, a=waits_for(tmp_path / "go"), b=":", c=":")
    run_until(gate, lambda: len(gate.facts(RetestStarted)) == 3)
    found = seen(gate)
    assert lines(found.running) == ["a", "ab", "abc"]
    started = gate.facts(RetestStarted)
    assert [(one.commit, one.log) for one in found.running] == [(s.commit, s.log) for s in started]
    assert {one.onto for one in found.running} == {remote.first}
    assert [found.ahead_in(one) for one in found.running] == [(), (("a",),), (("a",), ("b",))]


def test_when_all_is_over_the_train_has_what_ended_and_nothing_that_runs(
    remote: Remote, make_gate: MakeGate
) -> None:
    gate = make_gate(parallel=3)
    propose(remote, gate, a=":", b="exit 3", c=":", d=":")
    gate.drain()
    found, ends = seen(gate), gate.facts(RetestEnded)
    assert (found.running, found.standing) == ((), ())
    assert gate.landed() == ["a", "c", "d"]
    reds = [one for one in found.ended if one.course is Course.RED]
    assert {one.commit for one in reds} <= {f.commit for f in ends if f.reason is not None}
    thrown = [fact for fact in ends if fact.reason is not None and fact.reason.code == "interrupted"]
    assert {(one.commit, one.reason) for one in found.thrown_away} == {(f.commit, f.reason) for f in thrown}


def test_behind_a_red_candidate_the_longer_one_is_thrown_away_and_the_next_is_without_it(
    remote: Remote, make_gate: MakeGate, tmp_path: Path
) -> None:
    gate = make_gate(parallel=3)
    begun = tmp_path / "begun"
    remote.propose("a", {"test-3": waits_for(tmp_path / "go")})
    remote.propose("b", {"test-1": f"[ -e test-2 ] || {{ {waits_for(begun)}; exit 3; }}"})
    remote.propose("c", {"test-2": f'touch "{begun}"'})
    gate.enqueue(*"abc")
    run_until(gate, lambda: "ac" in lines(seen(gate).running))
    found = seen(gate)
    assert [found.left_out_of(one) for one in found.running] == [(), (("b",),)]
    assert lines(found.thrown_away) == ["abc"]
    assert found.thrown_away[0].reason == Coded(Reason.INTERRUPTED, "a shorter candidate is red")


def hedged(remote: Remote, gate: TestGate, begun: Path) -> None:
    """Of a and b, a is red; that is told once the hedge against it has begun."""
    remote.propose("a", {"test-a": f"{waits_for(begun)}; exit 3"})
    remote.propose("b", {"test-b": f'[ -e test-a ] || touch "{begun}"'})
    gate.enqueue(*"ab")


def test_behind_a_red_one_lands_what_was_tested_without_it(
    remote: Remote, make_gate: MakeGate, tmp_path: Path
) -> None:
    gate = make_gate(parallel=3, hedge=True)
    hedged(remote, gate, tmp_path / "begun")
    gate.drain()
    assert gate.landed() == ["b"]
    assert gate.reason("a").code == "retest-failed"
    assert ["".join(fact.branches) for fact in gate.facts(RetestStarted)] == ["a", "ab", "b"]
    assert remote.tip() == gate.facts(RetestStarted)[-1].commit


def test_an_entry_keeps_the_log_of_its_place_in_the_line_when_it_is_hedged(
    remote: Remote, make_gate: MakeGate, tmp_path: Path
) -> None:
    gate = make_gate(parallel=3, hedge=True)
    hedged(remote, gate, tmp_path / "never")
    run_until(gate, lambda: len(gate.facts(RetestStarted)) == 3)
    found = seen(gate)
    assert [found.hedged_against(one) for one in found.running] == [(), (("a",),), ()]
    assert gate.entry("b").log == gate.facts(RetestStarted)[1].log


def test_a_spared_candidate_is_told_as_cached(remote: Remote, make_gate: MakeGate) -> None:
    gate = make_gate(result_ttl=timedelta(days=1))
    propose(remote, gate, a=":")
    remote.protect("not today")
    gate.drain()
    remote.behave()
    gate.desk.retry("a")
    gate.drain()
    (spared,) = gate.facts(RetestSpared)
    cached = [one for one in seen(gate).judged if one.course is Course.CACHED]
    assert [(one.commit, one.earlier, one.log) for one in cached] == [
        (spared.commit, spared.earlier, spared.log)
    ]


def test_an_entry_keeps_the_log_and_the_clock_of_the_shortest_candidate_that_tests_it(
    remote: Remote, make_gate: MakeGate, tmp_path: Path
) -> None:
    gate = make_gate(parallel=3)
    propose(remote, gate, a=waits_for(tmp_path / "go"), b=":", c=":")
    since = []
    gate.when(CaughtUp, lambda: gate.when(CaughtUp, lambda: since.append(gate.entry("a").state_since)))
    run_until(gate, lambda: len(gate.facts(RetestStarted)) == 3)
    first, second, third = (fact.log for fact in gate.facts(RetestStarted))
    assert [gate.entry(name).log for name in "abc"] == [first, second, third]
    assert gate.entry("a").state is EntryState.TESTING
    assert [gate.entry("a").state_since] == since


def test_the_history_names_the_log_of_the_retest_that_an_early_entry_landed_by(
    remote: Remote, make_gate: MakeGate, tmp_path: Path
) -> None:
    gate = make_gate(parallel=2)
    propose(remote, gate, a=f"[ -e test-b ] || {{ {waits_for(tmp_path / 'never')}; }}", b=":")
    gate.drain()
    (passed,) = [fact for fact in gate.facts(RetestEnded) if fact.reason is None]
    assert {gate.run_of(name).log for name in "ab"} == {passed.log}


def clocks_at_two_starts(gate: TestGate, branch: str) -> list[Instant | None]:
    """Since when the entry is what it is, right after the first retest starts and after the second."""
    found: list[Instant | None] = []
    for _ in range(2):
        gate.when(RetestStarted, lambda: found.append(gate.entry(branch).state_since))
    gate.drain()
    return found


def test_a_shorter_candidate_of_a_red_batch_does_not_restart_the_clock(
    remote: Remote, make_gate: MakeGate
) -> None:
    gate = make_gate(batch=2)
    propose(remote, gate, a=":", b="exit 3")
    first, second = clocks_at_two_starts(gate, "a")
    assert first == second


def test_a_doubted_retest_restarts_the_clock(remote: Remote, make_gate: MakeGate) -> None:
    gate = make_gate(retries=1)
    propose(remote, gate, a="exit 3")
    first, second = clocks_at_two_starts(gate, "a")
    assert first is not None
    assert second is not None
    assert first < second


def test_a_stopped_engine_leaves_nothing_running(remote: Remote, make_gate: MakeGate, tmp_path: Path) -> None:
    gate = make_gate(parallel=3)
    propose(remote, gate, a=waits_for(tmp_path / "go"), b=":", c=":")
    run_until(gate, lambda: len(gate.facts(RetestStarted)) == 3)
    gate.driver.leave("the console was closed")
    found = seen(gate)
    assert found.running == ()
    assert {one.reason.detail for one in found.thrown_away if one.reason} == {"the console was closed"}
