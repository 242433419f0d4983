"""A remote that says no: its words reach the author, and nobody asks it again and again."""

from collections.abc import Callable

import pytest

from mergetui.events import LandingStarted, TakenUp
from tests.gate.gate import TestGate
from tests.worlds.remote import Remote

pytestmark = [pytest.mark.soak, pytest.mark.fault(6)]

MakeGate = Callable[..., TestGate]
FROZEN = "main is frozen until Monday"


@pytest.mark.parametrize("refuse", [Remote.refuse, Remote.protect], ids=["pre-receive", "update hook"])
def test_a_hook_that_refuses_is_asked_once_and_its_words_are_kept(
    refuse: Callable[[Remote, str], None], remote: Remote, gate: TestGate
) -> None:
    remote.propose("feature", a="1")
    refuse(remote, FROZEN)
    gate.enqueue("feature")
    gate.drain()
    gate.later(hours=1)
    gate.drain()
    assert (gate.entry("feature").state, gate.reason("feature").code) == ("sent-back", "hook-refused")
    assert FROZEN in gate.reason("feature").detail
    assert (remote.refused(), remote.tip()) == (1, remote.first)


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("receive.hideRefs", "refs/heads/main", "deny updating a hidden ref"),
        ("receive.maxInputSize", "10", "unpack"),
    ],
)
def test_a_server_that_refuses_without_a_hook_is_asked_once_and_its_words_are_kept(
    key: str, value: str, words: str, remote: Remote, make_gate: MakeGate
) -> None:
    gate = make_gate(update_branch=False)
    remote.propose("feature", a="1")
    remote.push(b="1")
    remote.configure(key, value)
    gate.enqueue("feature")
    gate.drain()
    gate.later(hours=1)
    gate.drain()
    assert (gate.entry("feature").state, gate.reason("feature").code) == ("sent-back", "push-refused")
    assert words in gate.reason("feature").detail
    assert len(gate.facts(LandingStarted)) == 1
    assert "a" not in remote.files()


def test_a_branch_that_somebody_has_checked_out_on_the_server_is_refused_in_its_words(
    remote: Remote, gate: TestGate
) -> None:
    remote.propose("feature", a="1")
    remote.configure("core.bare", "false")
    remote.configure("receive.denyCurrentBranch", "refuse")
    gate.enqueue("feature")
    gate.drain()
    assert gate.reason("feature").code == "push-refused"
    assert "checked out" in gate.reason("feature").detail
    assert len(gate.facts(LandingStarted)) == 1


def test_a_remote_that_forbids_forced_pushes_everywhere_takes_a_landing(
    remote: Remote, gate: TestGate
) -> None:
    remote.configure("receive.denyNonFastForwards", "true")
    remote.configure("receive.denyDeletes", "true")
    head = remote.propose("feature", a="1")
    remote.push(b="1")
    gate.enqueue("feature")
    gate.drain()
    assert gate.landed() == ["feature"]
    assert remote.tip("feature") == head, "the task branch stays where the server keeps it"


def test_every_entry_that_was_tested_with_others_is_refused_by_itself(
    remote: Remote, make_gate: MakeGate
) -> None:
    gate = make_gate(batch=3)
    for branch in ("one", "two", "three"):
        remote.propose(branch, {branch: "1"})
    remote.refuse(FROZEN)
    gate.enqueue("one", "two", "three")
    gate.drain()
    assert [gate.reason(branch).code for branch in ("one", "two", "three")] == ["hook-refused"] * 3
    before = remote.refused()
    gate.later(hours=1)
    gate.drain()
    assert remote.refused() == before <= 2 * 3


def test_what_was_refused_lands_when_an_operator_tries_it_again(remote: Remote, gate: TestGate) -> None:
    remote.propose("feature", a="1")
    remote.refuse(FROZEN)
    gate.enqueue("feature")
    gate.drain()
    remote.behave()
    gate.desk.retry("feature")
    gate.drain()
    assert gate.landed() == ["feature"]


def test_after_max_retries_nobody_but_an_operator_has_it_refused_again(
    remote: Remote, make_gate: MakeGate
) -> None:
    gate = make_gate(max_retries=2)
    remote.propose("feature", a="0")
    remote.refuse(FROZEN)
    gate.enqueue("feature")
    for change in "123456":
        gate.drain()
        remote.push("feature", a=change)
    gate.drain()
    assert (gate.entry("feature").state, remote.refused()) == ("held", 3)
    assert len(gate.facts(TakenUp)) == 2


def test_a_hook_that_fails_after_the_landing_does_not_undo_it(remote: Remote, gate: TestGate) -> None:
    head = remote.propose("feature", a="1")
    remote.fail_afterwards("the chat is down")
    gate.enqueue("feature")
    gate.drain()
    gate.later(hours=1)
    gate.drain()
    assert gate.landed() == ["feature"]
    assert remote.tip() == head
    assert len(gate.facts(LandingStarted)) == 1
