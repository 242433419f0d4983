"""A forge hears what a real gate does, sooner or later, and whatever it does holds no landing up."""

import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mergetui.adapters.sender import Sender
from mergetui.adapters.status_outlets import spool_in
from mergetui.events import CaughtUp, RetestStarted
from mergetui.reason import Reason
from tests.adapters.outlets import PACE
from tests.adapters.waiting import eventually
from tests.gate.gate import TestGate
from tests.worlds.forge import PROJECT, TOKEN, TestForge, be_silent
from tests.worlds.remote import Remote


@pytest.fixture
def shop(make_gate: Callable[..., TestGate], forge: TestForge) -> TestGate:
    gate = make_gate()
    gate.told_by(forge.table(link="https://gate.example.org/{repo}/{branch}"), PROJECT)
    return gate


@pytest.fixture
def send(shop: TestGate) -> Iterator[Callable[[], None]]:
    """Let a process send until nothing waits any more."""
    senders: list[Sender] = []

    def start() -> None:
        senders.append(shop.sender(PACE))
        senders[-1].start()
        eventually(lambda: not waiting(shop))

    yield start
    for sender in senders:
        sender.stop(0)


def state_of(shop: TestGate) -> Path:
    return shop.directory / "state" / "repos" / "shop"


def waiting(shop: TestGate) -> tuple[str, ...]:
    return spool_in(state_of(shop)).waiting()


def test_a_landing_is_told_on_the_head_and_on_what_landed(
    shop: TestGate, forge: TestForge, remote: Remote, send: Callable[[], None]
) -> None:
    head = remote.propose("feat/a", a="1")
    remote.push("main", other="1")
    shop.enqueue("feat/a")
    shop.drain()
    send()
    told = f"success: landed as {remote.tip()[:10]}"
    assert forge.last() == {head: told, remote.tip(): told}
    assert {said.link for said in forge.told} == {"https://gate.example.org/shop/feat%2Fa"}


def test_a_forge_that_is_down_delays_no_landing_and_hears_of_it_afterwards(
    shop: TestGate, forge: TestForge, remote: Remote, send: Callable[[], None]
) -> None:
    forge.go_down()
    sender = shop.sender(PACE)
    sender.start()
    head = remote.propose("feat/a", a="1")
    shop.enqueue("feat/a")
    shop.drain()
    sender.stop(0)
    assert shop.landed() == ["feat/a"]
    assert waiting(shop)
    forge.go_up()
    send()
    assert forge.last()[head] == f"success: landed as {remote.tip()[:10]}"


def test_a_silent_forge_delays_no_landing(shop: TestGate, forge: TestForge, remote: Remote) -> None:
    forge.conduct = be_silent
    sender = shop.sender(PACE)
    sender.start()
    remote.propose("feat/a", a="1")
    shop.enqueue("feat/a")
    eventually(lambda: forge.asked)
    begun = time.monotonic()
    shop.drain()
    assert shop.landed() == ["feat/a"]
    assert time.monotonic() - begun < 5
    sender.stop(0)


def test_an_entry_under_test_is_told_as_such(
    shop: TestGate, forge: TestForge, remote: Remote, send: Callable[[], None]
) -> None:
    head = remote.propose("feat/a", a="1")
    shop.enqueue("feat/a")
    shop.when(RetestStarted, send)
    shop.drain()
    assert f"{head} pending testing" in [f"{t.commit} {t.state} {t.description}" for t in forge.told]


def test_an_entry_that_is_sent_back_is_told_why(
    shop: TestGate, forge: TestForge, remote: Remote, send: Callable[[], None]
) -> None:
    head = remote.propose("feat/a", {"test-a": "exit 3\n"})
    shop.enqueue("feat/a")
    shop.drain()
    send()
    assert shop.reason("feat/a").code is Reason.RETEST_FAILED
    assert forge.last()[head].startswith("failure: retest-failed: ")


def test_a_conflict_is_told_on_the_head(
    shop: TestGate, forge: TestForge, remote: Remote, send: Callable[[], None]
) -> None:
    head = remote.propose("feat/a", README="mine\n")
    remote.push("main", README="theirs\n")
    shop.enqueue("feat/a")
    shop.drain()
    send()
    assert forge.last()[head].startswith("failure: conflict: README")


def test_a_branch_that_another_process_queued_is_told_under_its_newest_head(
    shop: TestGate, forge: TestForge, remote: Remote, send: Callable[[], None]
) -> None:
    remote.propose("feat/a", README="mine\n")
    remote.push("main", README="theirs\n")
    shop.enqueue("feat/a")
    shop.drain()
    newer = remote.propose("feat/a", README="mine again\n", on=remote.first)
    shop.enqueue("feat/a")
    shop.drain()
    send()
    assert forge.last()[newer].startswith("failure: conflict")


def test_a_branch_that_is_taken_out_is_told_so(
    shop: TestGate, forge: TestForge, remote: Remote, send: Callable[[], None]
) -> None:
    head = remote.propose("feat/a", a="1")
    shop.enqueue("feat/a")
    shop.desk.dequeue("feat/a")
    send()
    assert forge.last() == {head: "error: dequeued"}


def test_a_spool_that_cannot_be_written_costs_no_landing(shop: TestGate, remote: Remote) -> None:
    remote.propose("feat/a", a="1")
    shop.enqueue("feat/a")
    shutil.rmtree(state_of(shop) / "statuses")
    (state_of(shop) / "statuses").write_text("in the way")
    shop.drain()
    assert shop.landed() == ["feat/a"]


def test_whoever_listens_hears_everything_all_the_same(shop: TestGate, remote: Remote) -> None:
    remote.propose("feat/a", a="1")
    shop.enqueue("feat/a")
    (state_of(shop) / "statuses").rename(state_of(shop) / "elsewhere")
    (state_of(shop) / "statuses").write_text("in the way")
    shop.drain()
    assert shop.facts(CaughtUp)


def test_the_token_is_in_nothing_that_the_gate_writes(
    shop: TestGate, remote: Remote, send: Callable[[], None]
) -> None:
    remote.propose("feat/a", {"test-a": 'echo "$MERGE_TOKEN"; exit 3\n'})
    shop.enqueue("feat/a")
    shop.drain()
    send()
    written = [path for path in shop.directory.rglob("*") if path.is_file()]
    assert [path for path in written if TOKEN.encode() in path.read_bytes()] == []


def test_without_a_forge_nothing_is_spooled(gate: TestGate, remote: Remote) -> None:
    remote.propose("feat/a", a="1")
    gate.enqueue("feat/a")
    gate.drain()
    assert not (state_of(gate) / "statuses").exists()
