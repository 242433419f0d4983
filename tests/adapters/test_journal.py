import os
import stat
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from mergetui.adapters.journal import FileJournal, last_token
from mergetui.adapters.memory import MemoryJournal
from mergetui.events import (
    Broken,
    Enqueued,
    Event,
    LandingStarted,
    LeaseForced,
    LeaseGranted,
    LeaseReleased,
    PauseBegun,
)
from mergetui.model import Priority
from mergetui.ports import Journal, StoreError
from mergetui.state import Pause
from tests.adapters import writers
from tests.adapters.processes import finish, killed_after, start
from tests.adapters.writers import NEW_YEAR

GRANTED = LeaseGranted(repo="shop", at=NEW_YEAR, token=4, branches=("feature",))
FORCED = LeaseForced(repo="shop", at=NEW_YEAR, token=6, holder="ada@box pid 1", reason="hangs")
LANDING = LandingStarted(repo="shop", at=NEW_YEAR, branches=("f",), base="a", commit="b", token=5)
RELEASED = LeaseReleased(repo="shop", at=NEW_YEAR, token=9)
FACTS: tuple[Event, ...] = (
    Enqueued(repo="shop", at=NEW_YEAR, by="ada", branches=("f",), heads=("a" * 40,), priority=Priority.HIGH),
    PauseBegun(repo="shop", at=NEW_YEAR, pause=Pause(by="ada", reason="lunch", at=NEW_YEAR)),
    GRANTED,
    LANDING,
)


def broken(detail: str) -> Broken:
    return Broken(repo="shop", at=NEW_YEAR, detail=detail)


def fill(journal: Journal, *facts: Event) -> None:
    for fact in facts:
        journal.append(fact)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "shop" / "journal.jsonl"


@pytest.fixture
def journal(path: Path) -> FileJournal:
    return FileJournal(path)


@pytest.fixture(params=["file", "memory"])
def any_journal(request: pytest.FixtureRequest, path: Path) -> Journal:
    journals: dict[str, Callable[[], Journal]] = {"file": lambda: FileJournal(path), "memory": MemoryJournal}
    return journals[request.param]()


def test_a_new_journal_is_empty(any_journal: Journal) -> None:
    assert list(any_journal.read()) == []


def test_facts_are_read_in_the_order_they_were_appended(any_journal: Journal) -> None:
    fill(any_journal, *FACTS)
    assert tuple(any_journal.read()) == FACTS


def test_what_was_read_does_not_grow_afterwards(any_journal: Journal) -> None:
    before = any_journal.read()
    fill(any_journal, *FACTS)
    assert len(before) == 0


def test_eight_threads_lose_nothing(any_journal: Journal) -> None:
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(any_journal.append, map(broken, map(str, range(100)))))
    assert {fact.detail for fact in any_journal.read() if isinstance(fact, Broken)} == set(
        map(str, range(100))
    )


def test_the_last_token_is_the_highest_that_was_granted_forced_or_used() -> None:
    assert last_token([FORCED, LANDING, GRANTED, RELEASED]) == 6
    assert last_token([RELEASED]) == 0


def test_another_journal_on_the_file_reads_the_same(journal: FileJournal, path: Path) -> None:
    fill(journal, *FACTS)
    assert tuple(FileJournal(path).read()) == FACTS


def test_a_fact_is_one_line_of_json(journal: FileJournal, path: Path) -> None:
    fill(journal, broken("two\nlines\r\u2028\x1b[0m"))
    assert path.read_bytes().count(b"\n") == 1
    assert list(journal.read()) == [broken("two\nlines\r\u2028\x1b[0m")]


def test_a_lone_surrogate_is_written_as_a_question_mark(journal: FileJournal) -> None:
    fill(journal, broken("a\udcffb"))
    assert list(journal.read()) == [broken("a?b")]


def test_nobody_else_can_read_the_journal(journal: FileJournal, path: Path) -> None:
    fill(journal, *FACTS)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


@pytest.mark.fault(12)
@pytest.mark.parametrize("torn", [b'{"event":"paused","re', bytes(4096), b"\xff\xfe", b"{}"])
def test_a_torn_tail_is_lost_alone(journal: FileJournal, path: Path, torn: bytes) -> None:
    fill(journal, GRANTED)
    with path.open("ab") as file:
        file.write(torn)
    assert list(journal.read()) == [GRANTED]
    fill(journal, LANDING)
    assert list(journal.read()) == [GRANTED, LANDING]
    assert list(FileJournal(path).read()) == [GRANTED, LANDING]


@pytest.mark.fault(12)
@pytest.mark.parametrize(
    "line",
    [b"", b"null", b"[" * 100_000, b'{"event":"unheard-of"}', b'{"event":"resumed","at":1}', b"\0\xff"],
)
def test_an_unreadable_line_is_passed_over(journal: FileJournal, path: Path, line: bytes) -> None:
    fill(journal, GRANTED)
    with path.open("ab") as file:
        file.write(line + b"\n")
    fill(journal, LANDING)
    assert list(journal.read()) == [GRANTED, LANDING]


def test_a_line_that_is_completed_later_is_read_then(journal: FileJournal, path: Path) -> None:
    fill(journal, GRANTED, LANDING)
    whole = path.read_bytes()
    path.write_bytes(whole[:-9])
    assert list(journal.read()) == [GRANTED]
    path.write_bytes(whole)
    assert list(journal.read()) == [GRANTED, LANDING]


def test_only_what_was_added_is_parsed_again(journal: FileJournal) -> None:
    fill(journal, *FACTS)
    first = journal.read()
    assert journal.read() is first
    fill(journal, FORCED)
    again = journal.read()
    assert [new is old for new, old in zip(again, first, strict=False)] == [True] * len(FACTS)
    assert again[-1] == FORCED


def test_a_file_that_was_cut_is_read_anew(journal: FileJournal, path: Path) -> None:
    fill(journal, *FACTS)
    journal.read()
    path.write_bytes(b"")
    assert list(journal.read()) == []


def test_a_file_that_was_cut_and_grew_beyond_its_length_is_read_anew(
    journal: FileJournal, path: Path
) -> None:
    fill(journal, GRANTED)
    journal.read()
    path.write_bytes(b"")
    fill(FileJournal(path), FORCED, FORCED, FORCED)
    assert list(journal.read()) == [FORCED, FORCED, FORCED]


def test_a_file_that_was_replaced_is_read_anew(journal: FileJournal, path: Path) -> None:
    fill(journal, *FACTS)
    journal.read()
    other = FileJournal(path.with_name("other"))
    fill(other, FORCED)
    path.with_name("other").rename(path)
    assert list(journal.read()) == [FORCED]


def test_a_file_that_was_deleted_is_empty_and_begins_again(journal: FileJournal, path: Path) -> None:
    fill(journal, *FACTS)
    journal.read()
    path.unlink()
    assert list(journal.read()) == []
    fill(journal, FORCED)
    assert list(journal.read()) == [FORCED]


@pytest.mark.fault(8)
def test_two_processes_appending_at_once_lose_nothing(journal: FileJournal, path: Path) -> None:
    both = [start(writers.append, 50, path, text) for text in ("one" * 3000, "two" * 3000)]
    assert finish(*both) == [0, 0]
    facts = journal.read()
    assert len({fact.detail for fact in facts if isinstance(fact, Broken)}) == len(facts) == 100


@pytest.mark.fault(12)
def test_kill_9_of_a_writer_loses_nothing_that_was_acknowledged(journal: FileJournal, path: Path) -> None:
    rounds = [
        (killed_after(1 + number % 4, writers.append_until_killed, path), len(journal.read()))
        for number in range(10)
    ]
    assert all(acknowledged <= stored <= acknowledged + 1 for acknowledged, stored in rounds)


@pytest.mark.fault(13)
def test_a_full_disk_is_told_with_the_path(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    path.symlink_to("/dev/full")
    with pytest.raises(OSError, match=r"No space left on device: '.*journal\.jsonl'"):
        FileJournal(path).append(GRANTED)


@pytest.mark.fault(12)
def test_a_named_pipe_in_its_place_is_refused_and_hangs_nobody(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "journal.jsonl")
    with pytest.raises(StoreError, match="not a regular file"):
        FileJournal(tmp_path / "journal.jsonl").read()
