"""Deliveries on disk."""

import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest
from msgspec.structs import replace

from mergetui.webhooks.deeds import Delivery, LookNow
from mergetui.webhooks.spool import Spool, Spooled

AT = datetime(2026, 3, 2, 10, 15, tzinfo=UTC)


def delivery(id_: str = "d-1", *, forge: str = "hub", event: str = "push") -> Delivery:
    deeds = (LookNow(project="acme/shop", branch="feature"),)
    return Delivery(forge=forge, event=event, id=id_, received_at=AT, deeds=deeds)


def opened(path: Path, *, remembered: int = 100) -> tuple[Spool, list[Spooled]]:
    spool = Spool(path, remembered=remembered)
    waiting = spool.open()
    assert waiting is not None
    return spool, waiting


def again(spool: Spool, *, remembered: int = 100) -> tuple[Spool, list[Spooled]]:
    """As the next process finds it."""
    spool.close()
    return opened(spool.directory, remembered=remembered)


def kept(spool: Spool, said: Delivery) -> Spooled:
    spooled = spool.keep(said)
    assert spooled is not None
    return spooled


def test_what_is_kept_is_found_by_the_next_process_in_its_order(tmp_path: Path) -> None:
    spool, _ = opened(tmp_path)
    said = [delivery(f"d-{number}") for number in range(12)]
    for each in said:
        kept(spool, each)
    _, waiting = again(spool)
    assert [spooled.delivery for spooled in waiting] == said


def test_what_is_done_is_not_found_again(tmp_path: Path) -> None:
    spool, _ = opened(tmp_path)
    spool.settle(kept(spool, delivery()))
    _, waiting = again(spool)
    assert waiting == []


@pytest.mark.parametrize("is_settled", [True, False])
def test_a_delivery_is_known_after_a_restart(tmp_path: Path, is_settled: bool) -> None:
    spool, _ = opened(tmp_path)
    spooled = kept(spool, delivery())
    for settled in [spooled] * is_settled:
        spool.settle(settled)
    spool, _ = again(spool)
    assert spool.knows(delivery())
    assert spool.keep(delivery()) is None


@pytest.mark.parametrize(
    "other", [delivery("d-2"), delivery(forge="lab"), delivery(event="delete"), delivery("D-1")]
)
def test_another_delivery_is_not_taken_for_it(tmp_path: Path, other: Delivery) -> None:
    spool, _ = opened(tmp_path)
    kept(spool, delivery())
    assert not spool.knows(other)


def test_only_so_many_that_are_done_are_remembered(tmp_path: Path) -> None:
    spool, _ = opened(tmp_path, remembered=2)
    for number in range(5):
        spool.settle(kept(spool, delivery(f"d-{number}")))
    assert [spool.knows(delivery(f"d-{number}")) for number in range(5)] == [False] * 3 + [True] * 2
    assert len(list((tmp_path / "done").iterdir())) == 2


def test_what_waits_is_never_forgotten(tmp_path: Path) -> None:
    spool, _ = opened(tmp_path, remembered=1)
    kept(spool, delivery("first"))
    for number in range(3):
        spool.settle(kept(spool, delivery(f"d-{number}")))
    _, waiting = again(spool, remembered=1)
    assert [spooled.delivery.id for spooled in waiting] == ["first"]


def test_the_same_delivery_at_the_same_time_is_kept_once(tmp_path: Path) -> None:
    spool, _ = opened(tmp_path)
    answers: list[Spooled | None] = []
    threads = [threading.Thread(target=lambda: answers.append(spool.keep(delivery()))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(answer is not None for answer in answers) == 1
    assert len(list((tmp_path / "waiting").iterdir())) == 1


def test_two_processes_never_work_from_one_spool(tmp_path: Path) -> None:
    spool, _ = opened(tmp_path)
    assert Spool(tmp_path).open() is None
    spool.close()
    assert Spool(tmp_path).open() == []


def test_what_a_crash_left_half_written_is_swept_away(tmp_path: Path) -> None:
    spool, _ = opened(tmp_path)
    (tmp_path / "half.new").write_text('{"forge": "hu')
    again(spool)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["done", "waiting"]


def test_a_damaged_file_is_set_aside_and_keeps_back_no_other(tmp_path: Path) -> None:
    spool, _ = opened(tmp_path)
    damaged = kept(spool, delivery("first"))
    kept(spool, delivery("second"))
    (tmp_path / "waiting" / damaged.name).write_bytes(b"\x00" * 20)
    _, waiting = again(spool)
    assert [spooled.delivery.id for spooled in waiting] == ["second"]
    assert (tmp_path / f"{damaged.name}.damaged").exists()


def test_what_it_did_not_write_is_left_alone(tmp_path: Path) -> None:
    spool, _ = opened(tmp_path)
    (tmp_path / "waiting" / "notes.txt").write_text("mine")
    _, waiting = again(spool)
    assert waiting == []


def test_nobody_else_can_read_it(tmp_path: Path) -> None:
    spool, _ = opened(tmp_path / "webhooks")
    spooled = kept(spool, delivery())
    modes = [path.stat().st_mode & 0o777 for path in (spool.directory, spool.directory / "waiting")]
    assert modes == [0o700, 0o700]
    assert (spool.directory / "waiting" / spooled.name).stat().st_mode & 0o777 == 0o600


def test_an_id_of_any_text_can_be_kept(tmp_path: Path) -> None:
    spool, _ = opened(tmp_path)
    kept(spool, replace(delivery(), id="../../\x00\udcff" + "x" * 5_000))
    _, waiting = again(spool)
    assert len(waiting) == 1


def test_what_cannot_be_kept_is_not_known(tmp_path: Path) -> None:
    spool, _ = opened(tmp_path)
    (tmp_path / "waiting").rmdir()
    with pytest.raises(OSError, match="waiting"):
        spool.keep(delivery())
    assert not spool.knows(delivery())
