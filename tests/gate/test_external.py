"""Where somebody else merges: a green entry keeps the lease until the target has it, or never will."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from mergetui.actions import Why
from mergetui.events import HandedOver, LeaseGranted, LeaseReleased, RetestStarted, SaidMerged, TakenBack
from mergetui.leasing import is_stale
from mergetui.model import EntryState, Holder
from mergetui.operations import Released
from tests.gate.gate import TestGate
from tests.gate.test_verifying import Verifier
from tests.worlds.remote import Remote, git_in

MakeGate = Callable[..., TestGate]


@pytest.fixture
def gate(make_gate: MakeGate) -> TestGate:
    return make_gate(landing="external")


def waiting(gate: TestGate, branch: str = "feature") -> str:
    """The branch is green and waits to be merged; the commit that was tested."""
    gate.remote.propose(branch, {branch: "1"})
    gate.enqueue(branch)
    assert gate.drain().why is Why.AWAITING_MERGE
    return gate.facts(HandedOver)[-1].commit


def merge(remote: Remote, directory: Path, *how: str, branch: str = "feature") -> str:
    """Somebody merges the branch as a forge does; where the target stands then."""
    work = remote.clone(directory / f"merger-{branch}")
    git_in(work, "merge", "--quiet", *how, f"origin/{branch}")
    if "--squash" in how:
        git_in(work, "commit", "--quiet", "-m", f"squashed {branch}")
    git_in(work, "push", "--quiet", "origin", "HEAD:main")
    return remote.tip()


def test_a_green_entry_waits_with_the_lease_and_the_target_is_not_touched(gate: TestGate) -> None:
    before = gate.remote.tip()
    tested = waiting(gate)
    assert gate.remote.tip() == before
    assert gate.remote.tip("feature") == tested
    assert gate.entry("feature").state is EntryState.AWAITING_MERGE
    lease = gate.state().lease
    assert lease is not None
    assert (lease.branches, lease.awaits_merge) == (("feature",), True)


@pytest.mark.sampled("how0")
@pytest.mark.parametrize("how", [("--ff-only",), ("--no-ff", "--no-edit"), ("--squash",)])
def test_what_somebody_merged_has_landed_and_the_lease_is_free(
    how: tuple[str, ...], gate: TestGate, tmp_path: Path
) -> None:
    tested = waiting(gate)
    tip = merge(gate.remote, tmp_path, *how)
    assert gate.drain().why is Why.IDLE
    run = gate.run_of("feature")
    assert (run.outcome, run.tested_commit, run.landed_commit) == ("landed", tested, tip)
    assert run.tested_tree == run.landed_tree
    assert run.merged_by == "the target has it"
    assert gate.state().lease is None
    assert Verifier(gate).failures() == {"feature": []}
    assert Verifier(gate).past() == ()


def test_nothing_else_is_tried_while_an_entry_waits(gate: TestGate) -> None:
    waiting(gate)
    gate.remote.propose("other", other="1")
    gate.enqueue("other")
    assert gate.drain().why is Why.AWAITING_MERGE
    assert len(gate.facts(RetestStarted)) == 1


def test_the_next_one_is_tried_when_it_was_merged(gate: TestGate, tmp_path: Path) -> None:
    waiting(gate)
    gate.remote.propose("other", other="1")
    gate.enqueue("other")
    merge(gate.remote, tmp_path, "--ff-only")
    assert gate.drain().why is Why.AWAITING_MERGE
    assert gate.entry("other").state is EntryState.AWAITING_MERGE


def test_it_waits_on_when_the_engine_is_started_anew(gate: TestGate, make_gate: MakeGate) -> None:
    waiting(gate)
    later = make_gate(landing="external")
    token = later.state().lease
    assert later.drain().why is Why.AWAITING_MERGE
    assert later.state().lease == token
    assert later.facts(RetestStarted) == []


def test_what_was_merged_while_no_engine_lived_is_recorded_by_the_next_look(
    gate: TestGate, make_gate: MakeGate, tmp_path: Path
) -> None:
    waiting(gate)
    merge(gate.remote, tmp_path, "--ff-only")
    later = make_gate(landing="external")
    later.driver.glance()
    assert later.landed() == ["feature"]
    assert later.state().lease is None


def test_a_target_that_went_on_without_it_has_it_caught_up_and_tested_again(gate: TestGate) -> None:
    first = waiting(gate)
    gate.remote.push("main", elsewhere="1")
    gate.drain()
    assert [fact.commit for fact in gate.facts(TakenBack)] == [first]
    assert len(gate.facts(RetestStarted)) == 2
    assert gate.entry("feature").state is EntryState.AWAITING_MERGE
    assert gate.facts(HandedOver)[-1].base == gate.remote.tip()


def test_an_author_who_pushes_takes_it_back(gate: TestGate) -> None:
    waiting(gate)
    gate.remote.propose("feature", feature="2")
    gate.drain()
    assert len(gate.facts(TakenBack)) == 1
    assert len(gate.facts(RetestStarted)) == 2


def test_a_branch_that_is_deleted_unmerged_is_sent_back_and_the_lease_is_free(gate: TestGate) -> None:
    waiting(gate)
    gate.remote.delete("feature")
    gate.drain()
    assert gate.reason("feature").code == "branch-gone"
    assert gate.state().lease is None


def test_an_entry_that_is_dequeued_lets_the_lease_go(gate: TestGate) -> None:
    waiting(gate)
    gate.desk.dequeue("feature")
    assert gate.drain().why is Why.IDLE
    assert (gate.state().lease, gate.state().handover) == (None, None)


def test_a_branch_that_the_forge_deletes_as_it_merges_has_landed(gate: TestGate, tmp_path: Path) -> None:
    waiting(gate)
    merge(gate.remote, tmp_path, "--no-ff", "--no-edit")
    gate.remote.delete("feature")
    gate.drain()
    assert gate.run_of("feature").outcome == "landed"


def test_a_merge_onto_a_target_that_had_moved_is_told_to_be_untested(gate: TestGate, tmp_path: Path) -> None:
    waiting(gate)
    gate.remote.push("main", elsewhere="1")
    merge(gate.remote, tmp_path, "--no-ff", "--no-edit")
    gate.drain()
    run = gate.run_of("feature")
    assert run.outcome == "landed"
    assert run.tested_tree != run.landed_tree
    assert Verifier(gate).failures() == {"feature": ["tree"]}


def test_a_lease_that_waits_too_long_is_stale_and_can_be_released(gate: TestGate) -> None:
    waiting(gate)
    lease = gate.state().lease
    assert lease is not None
    assert not is_stale(lease, holder_is_dead=True, now=gate.clock.now())
    gate.later(days=1)
    assert is_stale(lease, holder_is_dead=False, now=gate.clock.now())
    assert gate.drain().why is Why.AWAITING_MERGE
    assert isinstance(gate.desk.force_release("joe is on holiday", token=lease.token), Released)
    gate.drain()
    assert gate.reason("feature").code == "lease-lost"


def test_a_word_that_it_was_merged_is_believed_when_the_refs_say_so(gate: TestGate, tmp_path: Path) -> None:
    waiting(gate)
    assert gate.desk.merged("feature", commit=None, by="hub")
    assert gate.drain().why is Why.AWAITING_MERGE
    merge(gate.remote, tmp_path, "--squash")
    gate.drain()
    assert gate.run_of("feature").merged_by == "hub"


def test_a_late_or_repeated_word_does_nothing(gate: TestGate, tmp_path: Path) -> None:
    assert not gate.desk.merged("feature", commit=None, by="hub")
    waiting(gate)
    merge(gate.remote, tmp_path, "--ff-only")
    gate.drain()
    gate.remote.propose("other", other="1")
    gate.enqueue("other")
    gate.drain()
    held = gate.state().lease
    assert not gate.desk.merged("feature", commit=None, by="hub")
    assert gate.state().lease == held
    assert gate.facts(SaidMerged) == []


def test_a_word_about_an_entry_whose_lease_was_released_does_nothing(gate: TestGate) -> None:
    waiting(gate)
    gate.desk.force_release("it was a mistake")
    assert not gate.desk.merged("feature", commit=None, by="hub")


def test_a_remote_that_has_news_is_looked_at_at_once(make_gate: MakeGate, tmp_path: Path) -> None:
    gate = make_gate(landing="external", fetch_interval=timedelta(hours=1))
    waiting(gate)
    assert gate.driver.occupy("auto") is None
    gate.driver.round()
    merge(gate.remote, tmp_path, "--ff-only")
    assert not gate.driver.has_news()
    gate.desk.look_now()
    assert gate.driver.has_news()
    gate.driver.round()
    assert gate.landed() == ["feature"]


def test_every_lease_is_given_back(gate: TestGate, tmp_path: Path) -> None:
    waiting(gate)
    merge(gate.remote, tmp_path, "--ff-only")
    gate.drain()
    granted = [fact.token for fact in gate.facts(LeaseGranted)]
    assert [fact.token for fact in gate.facts(LeaseReleased)] == granted


def test_another_engine_of_this_machine_records_what_was_merged(gate: TestGate, tmp_path: Path) -> None:
    waiting(gate)
    merge(gate.remote, tmp_path, "--ff-only")
    joe = Holder(operator="joe", host="box", boot="b", pid_namespace="n", pid=1, started=1.0)
    gate.driver = gate.engine(joe)
    gate.drain()
    assert gate.landed() == ["feature"]
