"""What a listener spools of the facts it hears, and what it never does to whoever tells them."""

from pathlib import Path

import pytest

from mergetui.adapters.journal import FileJournal
from mergetui.adapters.spool import Spool
from mergetui.adapters.status_listener import StatusListener
from mergetui.cleaning import redact
from mergetui.events import CatchUpStarted, Ended, Enqueued, Event, PauseEnded
from mergetui.model import Priority
from mergetui.outcome import Run
from mergetui.ports import StoreError
from tests.adapters.outlets import ONE, OTHER
from tests.rules.build import FAILED, NOW


class Desk:
    """A journal, a spool, and listeners that are told what was written down."""

    def __init__(self, directory: Path) -> None:
        self.journal = FileJournal(directory / "journal.jsonl")
        self.spool = Spool(directory / "statuses")
        self.heard: list[Event] = []
        self.here = self.listener()

    def listener(self) -> StatusListener:
        return StatusListener(self.journal, self.spool, mask=redact, then=self.heard.append)

    def tell(self, fact: Event, listener: StatusListener | None = None) -> None:
        self.journal.append(fact)
        (listener or self.here)(fact)

    def waits(self) -> dict[str, str]:
        claimed = [self.spool.claim(commit) for commit in self.spool.waiting()]
        return {status.commit: status.description for status in claimed if status}


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def queued(head: str) -> Enqueued:
    return Enqueued(repo="shop", at=NOW, branches=("a",), heads=(head,), priority=Priority.NORMAL)


def sent_back() -> Ended:
    run = Run(
        id="e1.1",
        repo="shop",
        branches=("a",),
        outcome="sent-back",
        reason=FAILED,
        started_at=NOW,
        finished_at=NOW,
    )
    return Ended(repo="shop", at=NOW, run=run)


def test_a_fact_becomes_a_status_in_the_spool(desk: Desk) -> None:
    desk.tell(queued(ONE))
    assert desk.waits() == {ONE: "queued"}


def test_what_another_process_queued_is_known(desk: Desk) -> None:
    desk.journal.append(queued(ONE))
    desk.tell(sent_back())
    assert desk.waits() == {ONE: "retest-failed: exit code 1"}


def test_a_head_that_came_after_the_fact_does_not_get_its_status(desk: Desk) -> None:
    fact = sent_back()
    for written in (queued(ONE), fact, queued(OTHER)):
        desk.journal.append(written)
    desk.here(fact)
    assert desk.waits() == {ONE: "retest-failed: exit code 1"}


def test_the_same_word_is_not_told_twice(desk: Desk) -> None:
    started = CatchUpStarted(repo="shop", at=NOW, branches=("a",), onto=OTHER)
    desk.tell(queued(ONE))
    desk.tell(started)
    desk.spool.claim(ONE)
    desk.spool.done(ONE)
    desk.tell(started)
    assert desk.waits() == {}


def test_a_word_is_told_again_after_another_process_said_something_else(desk: Desk) -> None:
    started = CatchUpStarted(repo="shop", at=NOW, branches=("a",), onto=OTHER)
    desk.tell(queued(ONE))
    desk.tell(started)
    desk.tell(queued(ONE), desk.listener())
    desk.tell(started)
    assert desk.waits() == {ONE: "testing"}


def test_a_fact_that_tells_a_forge_nothing_touches_no_disk(desk: Desk, tmp_path: Path) -> None:
    desk.here(PauseEnded(repo="shop", at=NOW))
    assert list(tmp_path.iterdir()) == []


def test_a_spool_that_cannot_be_written_is_nobodys_failure(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "statuses").write_text("in the way")
    desk.tell(queued(ONE))
    assert len(desk.heard) == 1


def test_a_status_that_could_not_be_written_is_not_taken_for_said(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "statuses").write_text("in the way")
    desk.tell(queued(ONE))
    (tmp_path / "statuses").unlink()
    desk.tell(queued(ONE))
    assert desk.waits() == {ONE: "queued"}


class Damaged(FileJournal):
    def read(self) -> tuple[Event, ...]:
        raise StoreError("it is not a regular file")


def test_a_journal_that_cannot_be_read_is_nobodys_failure(desk: Desk, tmp_path: Path) -> None:
    desk.journal = Damaged(tmp_path / "journal.jsonl")
    desk.tell(queued(ONE), desk.listener())
    assert len(desk.heard) == 1
