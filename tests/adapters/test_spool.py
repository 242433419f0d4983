"""Statuses on disk: the newest word on each commit, for whoever sends it."""

import multiprocessing
import os
import resource
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from mergetui.adapters.spool import Refusal, Spool
from tests.adapters.outlets import ONE, OTHER, status
from tests.rules.build import NOW


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    return Spool(tmp_path / "statuses")


def test_what_is_put_in_waits_oldest_first(spool: Spool) -> None:
    spool.put(status(OTHER))
    spool.put(status(ONE))
    assert spool.waiting() == (OTHER, ONE)


def test_the_newest_word_on_a_commit_takes_the_place_of_the_others(spool: Spool) -> None:
    spool.put(status(ONE, "pending", "queued"))
    spool.put(status(ONE, "success", "landed"))
    claimed = spool.claim(ONE)
    assert claimed is not None
    assert claimed.description == "landed"
    assert spool.waiting() == (ONE,)


def test_what_is_claimed_still_waits_until_it_is_done(spool: Spool) -> None:
    spool.put(status())
    spool.claim(ONE)
    assert spool.waiting() == (ONE,)
    spool.done(ONE)
    assert spool.waiting() == ()


def test_what_comes_while_another_is_sent_is_not_done_with_it(spool: Spool) -> None:
    spool.put(status(ONE, "pending", "queued"))
    spool.claim(ONE)
    spool.put(status(ONE, "success", "landed"))
    spool.done(ONE)
    claimed = spool.claim(ONE)
    assert claimed is not None
    assert claimed.description == "landed"


def test_what_a_dead_sender_had_claimed_is_claimed_again(spool: Spool, tmp_path: Path) -> None:
    spool.put(status(at=NOW))
    spool.claim(ONE)
    assert Spool(tmp_path / "statuses").claim(ONE) == status(at=NOW)


def test_one_process_sends_at_a_time(spool: Spool, tmp_path: Path) -> None:
    spool.put(status())
    other = Spool(tmp_path / "statuses")
    assert spool.begin()
    assert not other.begin()
    spool.leave()
    assert other.begin()
    other.leave()


def test_the_oldest_give_way(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "statuses", most=3)
    for digit in "12345":
        spool.put(status(digit * 40))
    assert spool.waiting() == ("3" * 40, "4" * 40, "5" * 40)


def test_nobody_else_can_look_into_it(spool: Spool, tmp_path: Path) -> None:
    before = os.umask(0)
    spool.put(status())
    os.umask(before)
    directory = tmp_path / "statuses"
    modes = [stat.S_IMODE(path.stat().st_mode) for path in (directory, *directory.iterdir())]
    assert modes == [0o700, 0o600]


@pytest.mark.parametrize("content", [b"", b"\0" * 50, b"{}", b'{"repo": 1}', b"[" * 5000])
def test_a_file_that_is_no_status_is_thrown_away(spool: Spool, tmp_path: Path, content: bytes) -> None:
    spool.put(status())
    (tmp_path / "statuses" / f"{ONE}.json").write_bytes(content)
    assert spool.claim(ONE) is None
    assert spool.waiting() == ()


def test_a_name_that_is_no_commit_is_never_a_path(spool: Spool, tmp_path: Path) -> None:
    spool.put(status("../../evil"))
    assert list(tmp_path.iterdir()) == []


def test_the_latest_refusal_is_kept_until_it_is_over(spool: Spool) -> None:
    spool.put(status())
    refusal = Refusal(at=NOW, commit=ONE, why="it answers 401")
    spool.note(refusal)
    assert spool.refusal() == refusal
    spool.note(None)
    assert spool.refusal() is None


def test_nothing_is_left_of_what_did_not_fit(spool: Spool, tmp_path: Path) -> None:
    spool.put(status())
    with without_room(), pytest.raises(OSError, match="File too large"):
        spool.put(status(OTHER))
    assert [path.name for path in (tmp_path / "statuses").iterdir()] == [f"{ONE}.json"]


@pytest.mark.soak
def test_two_processes_put_without_losing_any(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    writers = [
        context.Process(target=put_some, args=(tmp_path / "statuses", digit), daemon=True) for digit in "ab"
    ]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert len(Spool(tmp_path / "statuses").waiting()) == 40


def put_some(directory: Path, digit: str) -> None:
    for number in range(20):
        Spool(directory).put(status(f"{digit}{number:039}"))


@contextmanager
def without_room() -> Iterator[None]:
    """No file of this process may grow meanwhile."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
