"""Statuses leave the spool: in order, once, and when the forge can take them."""

import logging
import os
import signal
import subprocess  # noqa: TID251 - a process that is killed while it sends
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from mergetui.adapters.clock import SystemClock
from mergetui.adapters.sender import Pace, Sender
from tests.adapters.outlets import ONE, OTHER, PACE, Outbox, status
from tests.adapters.waiting import eventually
from tests.worlds.forge import (
    TOKEN,
    Conduct,
    TestForge,
    Told,
    answer,
    be_silent,
    be_slow,
    fail,
    hang_up,
    redirect,
    refuse_the_token,
)


@pytest.fixture
def outbox(tmp_path: Path, forge: TestForge) -> Outbox:
    return Outbox(tmp_path, forge.table())


@pytest.fixture
def start(outbox: Outbox) -> Iterator[Callable[..., Sender]]:
    """Senders that run; they have stopped when the test is over."""
    senders: list[Sender] = []

    def make(pace: Pace = PACE) -> Sender:
        senders.append(outbox.sender(pace))
        senders[-1].start()
        return senders[-1]

    yield make
    for sender in senders:
        sender.stop(0)


Start = Callable[..., Sender]


def test_what_waits_is_told(outbox: Outbox, forge: TestForge, start: Start) -> None:
    outbox.put(status(ONE), status(OTHER, "failure", "conflict: app.py"))
    start()
    eventually(outbox.is_empty)
    assert forge.last() == {ONE: "success: landed as 1111111111", OTHER: "failure: conflict: app.py"}


def test_what_comes_later_is_told_as_well(outbox: Outbox, forge: TestForge, start: Start) -> None:
    start()
    outbox.put(status())
    eventually(outbox.is_empty)
    assert [told.commit for told in forge.told] == [ONE]


@pytest.mark.parametrize(
    "fault", [fail, hang_up, answer(502), answer(429, Retry_After="0"), answer(403, Retry_After="0")]
)
def test_a_fault_that_passes_loses_nothing(
    outbox: Outbox, forge: TestForge, start: Start, fault: Conduct
) -> None:
    forge.meet(fault, fault)
    outbox.put(status())
    start()
    eventually(outbox.is_empty)
    assert forge.told == [Told(ONE, "success", "landed as 1111111111")]
    assert len(forge.asked) == 3


def test_a_slow_forge_is_waited_for(outbox: Outbox, forge: TestForge, start: Start) -> None:
    forge.meet(be_slow)
    outbox.put(status())
    start()
    eventually(outbox.is_empty)
    assert len(forge.asked) == 1


def test_a_forge_is_left_alone_for_as_long_as_it_says(outbox: Outbox, forge: TestForge, start: Start) -> None:
    forge.meet(answer(429, Retry_After="1"))
    outbox.put(status())
    begun = time.monotonic()
    start()
    eventually(outbox.is_empty)
    assert time.monotonic() - begun >= 1
    assert len(forge.asked) == 2


def test_a_forge_that_was_down_is_told_when_it_is_back(
    outbox: Outbox, forge: TestForge, start: Start
) -> None:
    forge.go_down()
    outbox.put(status(ONE, "pending", "queued"))
    start()
    outbox.put(status(ONE))
    forge.go_up()
    eventually(outbox.is_empty)
    assert forge.told[-1] == Told(ONE, "success", "landed as 1111111111")


def test_of_one_commit_only_the_newest_word_is_told(outbox: Outbox, forge: TestForge, start: Start) -> None:
    outbox.put(status(ONE, "pending", "queued"), status(ONE, "running", "testing"), status(ONE))
    start()
    eventually(outbox.is_empty)
    assert [told.state for told in forge.told] == ["success"]


def test_a_newer_word_is_told_after_the_one_that_is_being_sent(
    outbox: Outbox, forge: TestForge, start: Start
) -> None:
    forge.meet(be_slow)
    outbox.put(status(ONE, "pending", "queued"))
    start()
    eventually(lambda: forge.asked)
    outbox.put(status(ONE))
    eventually(outbox.is_empty)
    assert [told.state for told in forge.told] == ["pending", "success"]


def test_a_newer_word_takes_the_place_of_one_that_failed(
    outbox: Outbox, forge: TestForge, start: Start
) -> None:
    forge.conduct = fail
    outbox.put(status(ONE, "pending", "queued"))
    start()
    eventually(lambda: forge.asked)
    outbox.put(status(ONE))
    forge.conduct = lambda request: request.take()
    eventually(outbox.is_empty)
    assert forge.told[-1].state == "success"


@pytest.mark.parametrize("fault", [refuse_the_token, answer(403), answer(404), answer(422)])
def test_a_refusal_is_noted_and_not_tried_again(
    outbox: Outbox, forge: TestForge, start: Start, fault: Conduct
) -> None:
    forge.conduct = fault
    outbox.put(status())
    start()
    eventually(outbox.has_refusal)
    eventually(outbox.is_empty)
    assert len(forge.asked) == 1


def test_a_redirect_to_a_stranger_is_a_refusal(outbox: Outbox, forge: TestForge, start: Start) -> None:
    stranger = TestForge("github")
    forge.meet(redirect(f"{stranger.address}/"))
    outbox.put(status())
    start()
    eventually(outbox.has_refusal)
    assert stranger.asked == []
    stranger.go_down()


def test_a_refusal_is_over_with_the_next_status_that_is_taken(
    outbox: Outbox, forge: TestForge, start: Start
) -> None:
    forge.meet(answer(422))
    outbox.put(status(ONE))
    start()
    eventually(outbox.has_refusal)
    outbox.put(status(OTHER))
    eventually(lambda: not outbox.has_refusal())


def test_a_candidate_that_the_forge_has_never_seen_is_no_refusal(
    outbox: Outbox, forge: TestForge, start: Start
) -> None:
    forge.missing.add(ONE)
    outbox.put(status(ONE, "running", "testing", is_published=False))
    start()
    eventually(outbox.is_empty)
    assert not outbox.has_refusal()


def test_one_commit_that_fails_is_not_in_the_way_of_the_others(
    outbox: Outbox, forge: TestForge, start: Start
) -> None:
    forge.conduct = lambda request: fail(request) if ONE in request.path else request.take()
    outbox.put(status(ONE), status(OTHER))
    start()
    eventually(lambda: outbox.spool.waiting() == (ONE,))
    assert list(forge.last()) == [OTHER]


def test_a_forge_that_fails_is_asked_for_one_status_and_then_left_alone(
    outbox: Outbox, forge: TestForge, start: Start
) -> None:
    forge.conduct = fail
    outbox.put(status(ONE), status(OTHER))
    sender = start(Pace(tick=0.01, first=60))
    eventually(lambda: forge.asked)
    sender.stop(5)
    assert len(forge.asked) == 1


def test_what_could_not_be_told_for_days_is_given_up(outbox: Outbox, forge: TestForge, start: Start) -> None:
    forge.conduct = fail
    outbox.put(status(at=SystemClock().now() - timedelta(days=8)))
    start()
    eventually(outbox.is_empty)
    refusal = outbox.spool.refusal()
    assert refusal is not None
    assert refusal.why == "given up after 7 days: it answers 500"


def test_two_senders_tell_nothing_twice(outbox: Outbox, forge: TestForge, start: Start) -> None:
    outbox.put(*(status(f"{number:040}") for number in range(30)))
    start()
    start()
    eventually(outbox.is_empty)
    assert len(forge.asked) == 30


def test_without_a_token_nothing_is_asked_and_nothing_lost(
    outbox: Outbox, forge: TestForge, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MERGE_TOKEN")
    outbox.put(status())
    start()
    monkeypatch.setenv("MERGE_TOKEN", TOKEN)
    eventually(outbox.is_empty)
    assert len(forge.told) == 1


def test_a_token_that_cannot_be_read_is_logged_by_name(
    outbox: Outbox, start: Start, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.delenv("MERGE_TOKEN")
    outbox.put(status())
    start()
    eventually(lambda: "statuses of shop: MERGE_TOKEN is not set" in caplog.text)


def test_a_file_that_is_damaged_stops_nothing(
    outbox: Outbox, forge: TestForge, start: Start, tmp_path: Path
) -> None:
    outbox.put(status(ONE), status(OTHER))
    (tmp_path / "statuses" / f"{ONE}.json").write_bytes(b"\0")
    start()
    eventually(outbox.is_empty)
    assert [told.commit for told in forge.told] == [OTHER]


def test_stopping_tells_what_is_due(outbox: Outbox, forge: TestForge, start: Start) -> None:
    sender = start(Pace(tick=60))
    outbox.put(status())
    sender.stop(5)
    assert [told.commit for told in forge.told] == [ONE]


def test_stopping_waits_for_no_silent_forge(outbox: Outbox, forge: TestForge, start: Start) -> None:
    forge.conduct = be_silent
    outbox.put(status())
    sender = start()
    eventually(lambda: forge.asked)
    begun = time.monotonic()
    sender.stop(0.1)
    assert time.monotonic() - begun < 1
    assert outbox.is_full()


def test_a_sender_that_has_stopped_can_start_again(outbox: Outbox, forge: TestForge, start: Start) -> None:
    sender = start()
    sender.stop(5)
    outbox.put(status())
    sender.start()
    eventually(outbox.is_empty)
    assert len(forge.told) == 1


def test_without_anything_to_tell_there_is_no_thread(tmp_path: Path, forge: TestForge) -> None:
    before = threading.active_count()
    Outbox(tmp_path, replace(forge.table(), token_env=None)).sender().start()
    assert threading.active_count() == before


def test_a_trouble_is_logged_once_and_without_the_token(
    outbox: Outbox, forge: TestForge, start: Start, caplog: pytest.LogCaptureFixture
) -> None:
    forge.conduct = refuse_the_token
    outbox.put(status(ONE), status(OTHER))
    with caplog.at_level(logging.DEBUG):
        start()
        eventually(outbox.is_empty)
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING] == [
        'statuses of shop: it answers 401: {"message": "Bad credentials: *** \\u001b[31m"}'
    ]
    assert TOKEN not in caplog.text


def test_the_token_is_nowhere_on_disk(outbox: Outbox, forge: TestForge, start: Start, tmp_path: Path) -> None:
    forge.conduct = refuse_the_token
    outbox.put(status())
    start()
    eventually(outbox.has_refusal)
    stored = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert b"Bad credentials: ***" in stored
    assert TOKEN.encode() not in stored


def test_a_process_that_is_killed_while_it_sends_loses_nothing(
    outbox: Outbox, forge: TestForge, start: Start, tmp_path: Path
) -> None:
    forge.meet(be_silent)
    outbox.put(status(ONE), status(OTHER))
    other = subprocess.Popen([sys.executable, "-c", _SENDS, str(tmp_path), forge.address])
    eventually(lambda: forge.asked)
    os.kill(other.pid, signal.SIGKILL)
    other.wait()
    assert outbox.spool.waiting() == (ONE, OTHER)
    start()
    eventually(outbox.is_empty)
    assert set(forge.last()) == {ONE, OTHER}


_SENDS = """
import sys, threading
from pathlib import Path
from mergetui.integrations import Forge
from tests.adapters.outlets import Outbox
forge = Forge(name="hub", kind="github", api=sys.argv[2], token_env="MERGE_TOKEN")
Outbox(Path(sys.argv[1]), forge).sender().start()
threading.Event().wait(60)
"""
