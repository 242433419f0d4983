"""What lands, what is sent back, and that the queue moves on."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from mergetui.actions import Why
from mergetui.events import BranchesPushed, CaughtUp, LandingStarted, RetestStarted
from tests.gate.gate import TestGate
from tests.worlds.remote import Remote

MakeGate = Callable[..., TestGate]


def test_a_green_branch_lands_as_the_very_commit_that_was_tested(remote: Remote, gate: TestGate) -> None:
    remote.propose("feature", a="1")
    remote.push(b="2")
    gate.enqueue("feature")
    gate.drain()
    run = gate.run_of("feature")
    assert run.outcome == "landed"
    assert remote.tip() == run.landed_commit == run.tested_commit
    assert remote.tree() == run.landed_tree == run.tested_tree


def test_a_branch_that_is_not_behind_lands_as_its_authors_commit(remote: Remote, gate: TestGate) -> None:
    head = remote.propose("feature", a="1")
    gate.enqueue("feature")
    gate.drain()
    assert remote.tip() == head


def test_landed_entries_leave_the_queue_and_the_lease_is_free(remote: Remote, gate: TestGate) -> None:
    remote.propose("feature", a="1")
    gate.enqueue("feature")
    assert gate.drain().why is Why.IDLE
    assert gate.state().entries == {}
    assert gate.state().lease is None


def test_two_green_branches_cannot_break_main(remote: Remote, gate: TestGate) -> None:
    remote.push(price="old")
    remote.propose("rename", {"test-a": "grep -q new price"}, price="new")
    remote.propose("caller", {"test-b": "grep -q old price"})
    gate.enqueue("rename", "caller")
    gate.drain()
    assert gate.landed() == ["rename"]
    assert gate.reason_of_run("caller").code == "retest-failed"
    assert "test-b" not in remote.files()


def test_a_conflict_is_sent_back_with_its_files_and_the_queue_moves_on(
    remote: Remote, gate: TestGate
) -> None:
    remote.push(shared="one")
    remote.propose("first", shared="two")
    remote.propose("second", shared="three")
    remote.propose("third", other="x")
    gate.enqueue("first", "second", "third")
    gate.drain()
    assert gate.landed() == ["first", "third"]
    assert gate.entry("second").state == "sent-back"
    assert gate.reason("second").detail == "shared"


def test_a_red_retest_is_sent_back_with_the_last_line_and_the_log(remote: Remote, gate: TestGate) -> None:
    remote.propose("red", {"test-red": "echo it is broken; exit 3"})
    gate.enqueue("red")
    gate.drain()
    entry = gate.entry("red")
    assert entry.reason is not None
    assert entry.reason.detail == "exit code 3: it is broken"
    assert "it is broken" in Path(entry.log or "").read_text()


@pytest.mark.sampled("*retest-timeout", "*output-limit", "yes*")
@pytest.mark.fault(14)
@pytest.mark.parametrize(
    ("test", "settings", "code"),
    [
        ("sleep 60", {"retest_timeout": 0.3}, "retest-timeout"),
        ("sleep 60", {"retest_silence": 0.3}, "retest-hung"),
        ("kill -SEGV $$", {}, "retest-killed"),
        ("yes | head -c 3000000; sleep 60", {"retest_output_limit": 1_000_000}, "output-limit"),
    ],
)
def test_a_retest_that_does_not_end_well_is_sent_back_with_its_code(
    remote: Remote, make_gate: MakeGate, test: str, settings: dict[str, float], code: str
) -> None:
    spans = {key: timedelta(seconds=value) for key, value in settings.items() if value < 100}
    gate = make_gate(**{**settings, **spans})
    remote.propose("bad", {"test-bad": test})
    gate.enqueue("bad")
    gate.drain()
    assert gate.reason_of_run("bad").code == code
    assert not remote.files().get("test-bad")


def test_a_retest_that_was_killed_from_outside_is_nobodys_fault(remote: Remote, gate: TestGate) -> None:
    remote.propose("victim", {"test-victim": "kill -KILL $PPID"})
    gate.enqueue("victim")
    gate.drain()
    assert gate.entry("victim").state == "deferred"
    assert gate.reason("victim").code == "retest-killed"


@pytest.mark.fault(20)
def test_what_is_there_already_is_sent_back_as_landed(remote: Remote, gate: TestGate) -> None:
    remote.propose("done", a="1")
    remote.push(a="1")
    gate.enqueue("done")
    gate.drain()
    assert gate.reason("done").code == "already-landed"


@pytest.mark.fault(20)
def test_a_branch_that_changes_nothing_is_sent_back_as_nothing_to_land(
    remote: Remote, gate: TestGate
) -> None:
    remote.propose("empty")
    remote.push(b="1")
    before = remote.tip()
    gate.enqueue("empty")
    gate.drain()
    assert gate.reason("empty").code == "nothing-to-land"
    assert remote.tip() == before


@pytest.mark.fault(21)
def test_unrelated_history_is_sent_back(remote: Remote, gate: TestGate) -> None:
    remote.root("alien", a="1")
    gate.enqueue("alien")
    gate.drain()
    assert gate.reason("alien").code == "unrelated-history"


@pytest.mark.fault(5)
def test_a_branch_that_is_gone_is_sent_back(remote: Remote, gate: TestGate) -> None:
    remote.propose("feature", a="1")
    gate.enqueue("feature")
    remote.delete("feature")
    gate.drain()
    assert gate.reason("feature").code == "branch-gone"


def test_a_stack_lands_whole(remote: Remote, gate: TestGate) -> None:
    remote.propose("model", a="1")
    remote.propose("api", on="model", b="2")
    remote.push(c="3")
    gate.enqueue("model", "api", stack=True)
    gate.drain()
    assert {"a", "b", "c"} <= remote.files().keys()
    assert [change.branch for change in gate.run_of("api").changes] == ["model", "api"]


def test_a_stack_with_a_red_part_lands_nothing(remote: Remote, gate: TestGate) -> None:
    remote.propose("model", a="1")
    remote.propose("api", {"test-api": "exit 1"}, on="model")
    before = remote.tip()
    gate.enqueue("model", "api", stack=True)
    gate.drain()
    assert remote.tip() == before


def test_a_clean_catch_up_moves_only_the_task_branch_before_main(remote: Remote, gate: TestGate) -> None:
    remote.propose("feature", a="1")
    bystander = remote.propose("bystander", b="1")
    main = remote.push(c="1")
    remote.refuse("not today")
    gate.enqueue("feature")
    gate.drain()
    assert remote.tip() == main
    assert remote.parents("feature") == [main]
    assert remote.tip("bystander") == bystander


def test_the_target_is_never_forced(remote: Remote, gate: TestGate) -> None:
    remote.propose("feature", a="1")
    remote.propose("other", b="1")
    remote.push(c="1")
    remote.watch()
    gate.enqueue("feature", "other")
    gate.drain()
    assert "refs/heads/main" not in remote.forced()


def test_task_branches_stay_where_they_are_when_the_operator_wants_it(
    remote: Remote, make_gate: MakeGate
) -> None:
    gate = make_gate(update_branch=False)
    head = remote.propose("feature", a="1")
    remote.push(c="1")
    gate.enqueue("feature")
    gate.drain()
    assert gate.landed() == ["feature"]
    assert remote.tip("feature") == head
    assert gate.facts(BranchesPushed) == []


def test_squash_lands_one_commit_that_credits_the_author(remote: Remote, make_gate: MakeGate) -> None:
    gate = make_gate(strategy="squash")
    remote.propose("feature", by="Grace", a="1")
    remote.push("feature", by="Grace", b="1")
    main = remote.push(c="1")
    gate.enqueue("feature")
    gate.drain()
    assert remote.parents() == [main]
    assert remote.log("main^..main", "%an") == ["Grace"]


def test_merge_keeps_both_parents_and_leaves_the_branch_alone(remote: Remote, make_gate: MakeGate) -> None:
    gate = make_gate(strategy="merge")
    head = remote.propose("feature", a="1")
    main = remote.push(c="1")
    gate.enqueue("feature")
    gate.drain()
    assert remote.parents() == [main, head]
    assert remote.tip("feature") == head


def test_a_repository_that_is_not_enabled_lands_without_a_retest(remote: Remote, make_gate: MakeGate) -> None:
    gate = make_gate(enabled=False)
    remote.propose("red", {"test-red": "exit 1"})
    gate.enqueue("red")
    gate.drain()
    assert gate.landed() == ["red"]
    assert gate.facts(RetestStarted) == []
    assert gate.run_of("red").tested_commit is None


def test_a_repository_without_a_command_lands_nothing_and_says_so(
    remote: Remote, make_gate: MakeGate
) -> None:
    gate = make_gate(retest=None)
    remote.propose("feature", a="1")
    before = remote.tip()
    gate.enqueue("feature")
    assert gate.drain().why is Why.NO_COMMAND
    assert remote.tip() == before


@pytest.mark.fault(18)
def test_what_a_test_does_to_its_checkout_reaches_nothing_that_lands(remote: Remote, gate: TestGate) -> None:
    spoil = "git config user.name x; git config user.email x; echo x >> README; git commit -qam spoilt"
    remote.propose("feature", {"test-a": spoil})
    remote.propose("next", b="1")
    gate.enqueue("feature", "next")
    gate.drain()
    assert gate.landed() == ["feature", "next"]
    assert remote.text("README") == "base\n"


def test_a_batch_lands_on_one_retest(remote: Remote, make_gate: MakeGate) -> None:
    gate = make_gate(batch=4)
    for name in "abcd":
        remote.propose(name, {name: "1"})
    gate.enqueue(*"abcd")
    gate.drain()
    assert gate.landed() == [*"abcd"]
    assert len(gate.facts(RetestStarted)) == 1


def test_the_red_one_of_a_batch_alone_is_sent_back(remote: Remote, make_gate: MakeGate) -> None:
    gate = make_gate(batch=8)
    for name in "abcdefgh":
        remote.propose(name, {f"test-{name}": f"[ {name} != e ]"})
    gate.enqueue(*"abcdefgh")
    gate.drain()
    assert gate.landed() == [*"abcdfgh"]
    assert gate.reason("e").code == "retest-failed"


def test_speculation_lands_the_candidates_that_were_tested_side_by_side(
    remote: Remote, make_gate: MakeGate
) -> None:
    gate = make_gate(parallel=3)
    for name in "abc":
        remote.propose(name, {name: "1"})
    gate.enqueue(*"abc")
    gate.drain()
    assert gate.landed() == [*"abc"]
    assert len(gate.facts(RetestStarted)) == 3
    assert len(gate.facts(CaughtUp)) == 3


def test_the_journal_has_the_intent_before_the_landing(remote: Remote, gate: TestGate) -> None:
    remote.propose("feature", a="1")
    gate.enqueue("feature")
    gate.drain()
    [intent] = gate.facts(LandingStarted)
    assert intent.commit == remote.tip()
    assert intent.base == remote.first
