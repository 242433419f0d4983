"""Authors who push to a branch, or delete it, while the gate works on it."""

from collections.abc import Callable

import pytest

from mergetui.events import (
    BranchesPushed,
    CatchUpStarted,
    CaughtUp,
    HeadMoved,
    LandingStarted,
    RetestStarted,
    TakenUp,
)
from tests.gate.gate import TestGate
from tests.worlds.remote import Remote

pytestmark = [pytest.mark.soak, pytest.mark.fault(5)]

STAGES = [CatchUpStarted, CaughtUp, RetestStarted]
every_stage = pytest.mark.parametrize("stage", STAGES, ids=lambda stage: stage.__name__)
Stage = type[CatchUpStarted] | type[CaughtUp] | type[RetestStarted]


@pytest.fixture
def behind(remote: Remote, gate: TestGate) -> TestGate:
    """`feature` is queued and has to be caught up."""
    remote.propose("feature", a="1")
    remote.push(b="1")
    gate.enqueue("feature")
    return gate


@every_stage
def test_what_an_author_pushes_meanwhile_is_what_is_tested_and_lands(
    stage: Stage, remote: Remote, behind: TestGate
) -> None:
    behind.when(stage, lambda: remote.push("feature", a="2"))
    behind.drain()
    assert remote.text("a") == "2"
    assert remote.tip() == behind.run_of("feature").tested_commit
    assert behind.landed() == ["feature"]
    assert len(behind.facts(HeadMoved)) == 1


@every_stage
def test_what_an_author_forces_meanwhile_replaces_what_was_there(
    stage: Stage, remote: Remote, behind: TestGate
) -> None:
    behind.when(stage, lambda: remote.propose("feature", on=remote.first, c="1"))
    behind.drain()
    assert set(remote.files()) == {"README", "b", "c"}


@every_stage
def test_a_branch_that_its_author_deletes_meanwhile_is_not_brought_back(
    stage: Stage, remote: Remote, behind: TestGate
) -> None:
    main = remote.tip()
    behind.when(stage, lambda: remote.delete("feature"))
    behind.drain()
    assert behind.reason("feature").code == "branch-gone"
    assert remote.refs() == {"refs/heads/main": main}


def test_a_push_at_the_very_moment_of_the_landing_is_not_overwritten(
    remote: Remote, behind: TestGate
) -> None:
    newer = remote.commit("later", ["feature"], files={"a": "2"})
    remote.meanwhile("feature", newer)
    behind.when(HeadMoved, remote.behave)
    behind.drain()
    assert remote.text("a") == "2"
    assert behind.landed() == ["feature"]


def test_a_push_after_the_landing_has_begun_leaves_the_newer_head_to_its_author(
    remote: Remote, behind: TestGate
) -> None:
    newer: list[str] = []
    behind.when(LandingStarted, lambda: newer.append(remote.push("feature", a="2")))
    behind.drain()
    assert remote.text("a") == "1"
    assert remote.tip("feature") == newer[0]


def test_the_gates_own_push_is_recognised_by_the_next_engine(remote: Remote, behind: TestGate) -> None:
    remote.refuse("frozen")
    behind.drain()
    assert len(behind.facts(BranchesPushed)) == 1
    restarted = TestGate(remote, behind.directory)
    restarted.drain()
    assert (restarted.facts(HeadMoved), restarted.facts(TakenUp)) == ([], [])
    assert restarted.entry("feature").state == "sent-back"


def test_an_author_who_pushes_on_top_of_the_gates_push_is_recognised_by_the_next_engine(
    remote: Remote, behind: TestGate
) -> None:
    remote.refuse("frozen")
    behind.drain()
    remote.behave()
    remote.push("feature", c="1")
    restarted = TestGate(remote, behind.directory)
    restarted.drain()
    assert restarted.landed() == ["feature"]
    assert set(remote.files()) == {"README", "a", "b", "c"}


def test_an_author_who_pushes_all_the_time_keeps_nobody_from_landing(
    remote: Remote, make_gate: Callable[..., TestGate]
) -> None:
    gate = make_gate()
    remote.propose("restless", a="0")
    remote.propose("patient", b="1")
    gate.enqueue("restless", "patient")
    for change in "12345":
        gate.when(RetestStarted, lambda change=change: remote.push("restless", a=change))  # type: ignore[misc]
    gate.drain()
    assert gate.landed() == ["restless", "patient"]
    assert remote.text("a") == "5"


def test_a_branch_of_a_stack_that_is_deleted_meanwhile_lands_nothing_of_the_stack(
    remote: Remote, gate: TestGate
) -> None:
    remote.propose("one", a="1")
    remote.propose("two", on="one", b="1")
    gate.enqueue("one", "two", stack=True)
    gate.when(RetestStarted, lambda: remote.delete("one"))
    gate.drain()
    assert gate.reason("two").code == "branch-gone"
    assert remote.tip() == remote.first
