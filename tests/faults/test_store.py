"""The store and the journal under attack: kill -9 at every moment, full and read-only disks."""

import errno
import random
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from msgspec import convert
from tinydb import TinyDB

from mergetui.adapters.journal import FileJournal
from mergetui.adapters.tinydb_store import TinyDBStore
from mergetui.state import RepositoryState
from tests.adapters.processes import told_by
from tests.conftest import Length
from tests.faults.store_attack import (
    CALLS,
    appended_or_refused,
    change_once,
    change_with_few_descriptors,
    enqueue_until_killed,
    fill,
    fill_and_tell,
    is_whole,
    killed,
    killed_at_call,
    killed_before,
    rotate_plain_tinydb_until_killed,
    rotate_until_killed,
    rotated,
    stored_or_refused,
    swept,
    why_no_calls_can_be_traced,
)
from tests.worlds.small_disk import SmallDisk, small_disk

RecordProperty = Callable[[str, object], None]

WITHIN = 0.02
"""Seconds in which a writer is killed; a write takes 1 to 3 ms."""


def in_second_generation(directory: Path, *, rows: int = 3) -> Path:
    fill(directory, rows=rows)
    TinyDBStore(directory).change(rotated)
    return directory


def damaged(directory: Path) -> Path:
    (in_second_generation(directory) / "queue.json").write_bytes(bytes(99))
    return directory


def without_its_file(directory: Path) -> Path:
    (in_second_generation(directory) / "queue.json").unlink()
    return directory


def not_written_yet(directory: Path) -> Path:
    directory.mkdir()
    return directory


TEMPLATES: dict[str, Callable[[Path], Path]] = {
    "damaged": damaged,
    "its file is missing": without_its_file,
    "not written yet": not_written_yet,
}


# kill -9.


@pytest.mark.soak
@pytest.mark.timeout(900)
@pytest.mark.fault(12)
@pytest.mark.parametrize("rows", [100, 1000])
def test_kill_9_at_random_loses_nothing_that_was_acknowledged(
    rows: int, tmp_path: Path, length: Length, record_property: RecordProperty
) -> None:
    kills, dice, began = length(short=40, full=500), random.Random(rows), time.monotonic()
    fill(tmp_path / "shop", rows=rows)
    changes = 0
    for _ in range(kills):
        told = killed([rotate_until_killed], tmp_path / "shop", dice=dice, within=WITHIN)
        store = TinyDBStore(tmp_path / "shop")
        assert told[-1] <= store.read().serial <= told[-1] + 1
        assert is_whole(store.read(), rows=rows)
        assert store.notice() is None
        changes += len(told)
    seconds = time.monotonic() - began
    record_property(
        "figure", f"{kills} kills at {rows} rows in {seconds:.0f} s: {changes} changes acknowledged, 0 lost"
    )


@pytest.mark.soak
@pytest.mark.timeout(900)
@pytest.mark.fault(8)
@pytest.mark.fault(12)
def test_kill_9_of_many_writers_at_once_loses_nothing_that_was_acknowledged(
    tmp_path: Path, length: Length, record_property: RecordProperty
) -> None:
    rounds, dice, began = length(short=8, full=100), random.Random(8), time.monotonic()
    acknowledged, kills = list[str](), 0
    for number in range(rounds):
        writers = [enqueue_until_killed] * (2 + number % 7)
        acknowledged += killed(writers, tmp_path / "shop", dice=dice, within=WITHIN)
        kills += len(writers)
        state = TinyDBStore(tmp_path / "shop").read()
        assert set(acknowledged) <= set(state.entries)
        assert list(state.entries) == [f"e{id_}" for id_ in range(1, state.serial + 1)]
    assert len(set(acknowledged)) == len(acknowledged)
    seconds = time.monotonic() - began
    record_property(
        "figure",
        f"{kills} kills of 2 to 8 writers at once in {seconds:.0f} s: "
        f"{len(acknowledged)} changes acknowledged, 0 lost",
    )


@pytest.mark.soak
@pytest.mark.timeout(900)
def test_the_storage_that_tinydb_ships_is_torn_by_the_same_kills(
    tmp_path: Path, length: Length, record_property: RecordProperty
) -> None:
    kills, dice = length(short=40, full=500), random.Random(1)
    torn = sum(was_torn_by_a_kill(tmp_path / "plain.json", dice) for _ in range(kills))
    record_property("figure", f"{kills} kills: {torn} torn files")
    assert torn > 0


def was_torn_by_a_kill(path: Path, dice: random.Random) -> bool:
    killed([rotate_plain_tinydb_until_killed], path, dice=dice, within=WITHIN)
    is_torn = not is_readable_by_tinydb(path)
    path.unlink()
    return is_torn


def is_readable_by_tinydb(path: Path) -> bool:
    try:
        with TinyDB(path) as database:
            return len(database) >= 0
    except ValueError:
        return False


@pytest.mark.soak
@pytest.mark.fault(12)
def test_a_writer_killed_between_any_two_effects_leaves_what_was_or_what_comes(tmp_path: Path) -> None:
    template = in_second_generation(tmp_path / "shop")
    before = TinyDBStore(template).read()
    *states, after = swept(lambda number, path: killed_before(number, change_once, path), template, tmp_path)
    assert len(states) > 10
    assert set(map(serial, states)) == {before.serial, after.serial}
    assert all(state in (before, after) for state in states)


@pytest.mark.soak
@pytest.mark.fault(12)
@pytest.mark.parametrize("make", TEMPLATES.values(), ids=TEMPLATES.keys())
def test_a_recovery_killed_between_any_two_effects_leaves_what_was_or_what_comes(
    make: Callable[[Path], Path], tmp_path: Path
) -> None:
    template = make(tmp_path / "shop")
    before = TinyDBStore(template).read()
    *states, after = swept(lambda number, path: killed_before(number, change_once, path), template, tmp_path)
    assert len(states) > 10
    assert all(state in (before, after) for state in states)


@pytest.fixture
def tracing() -> None:
    """Skips where one process may not look at another."""
    if (why := why_no_calls_can_be_traced()) is not None:
        pytest.skip(why)


@pytest.mark.soak
@pytest.mark.timeout(300)
@pytest.mark.usefixtures("tracing")
@pytest.mark.fault(12)
@pytest.mark.parametrize("rows", [3, 1000])
def test_a_writer_killed_at_any_call_of_the_kernel_leaves_what_was_or_what_comes(
    rows: int, tmp_path: Path, record_property: RecordProperty
) -> None:
    template = in_second_generation(tmp_path / "shop", rows=rows)
    before = TinyDBStore(template).read()
    sweeps = [killed_at_every(call, template) for call in CALLS]
    after = sweeps[0][-1]
    states = [state for sweep in sweeps for state in sweep[:-1]]
    assert all(state in (before, after) for state in states)
    assert {serial(state) for state in states} == {before.serial, after.serial}
    record_property("figure", f"{len(states)} calls at {rows} rows, each killed once: 0 lost")


def killed_at_every(call: str, template: Path) -> list[RepositoryState]:
    copies = template.with_name(call)
    return swept(lambda number, path: killed_at_call(call, number + 1, change_once, path), template, copies)


def serial(state: RepositoryState) -> int:
    return state.serial


# Disks.


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    with small_disk(tmp_path / "disk") as disk:
        yield disk


@pytest.mark.fault(13)
def test_a_full_disk_refuses_a_change_with_the_path_and_goes_on_when_there_is_room(disk: SmallDisk) -> None:
    shop, seen = disk.mounted / "shop", disk.path / "shop"
    assert disk.told_by(stored_or_refused, shop) == 1
    disk.fill()
    assert disk.told_by(stored_or_refused, shop) == (errno.ENOSPC, str(shop / "queue.json"))
    assert TinyDBStore(seen).read().serial == 1
    disk.make_room()
    assert disk.told_by(stored_or_refused, shop) == 2
    assert {path.name for path in seen.iterdir()} == {"queue.json", "queue.json.prev", "queue.json.lock"}


@pytest.mark.soak
@pytest.mark.fault(13)
def test_whatever_room_is_left_a_change_is_stored_or_refused(disk: SmallDisk) -> None:
    shop, seen, stored = disk.mounted / "shop", disk.path / "shop", 100
    disk.told_by(fill_and_tell, shop)
    for pages in range(20):
        disk.fill(leaving=4096 * pages)
        told = disk.told_by(stored_or_refused, shop)
        stored += told == stored + 1
        assert told in (stored, (errno.ENOSPC, str(shop / "queue.json")))
        assert TinyDBStore(seen).read().serial == stored
        assert is_whole(TinyDBStore(seen).read(), rows=100)
        disk.make_room()
    assert 100 < stored < 120


@pytest.mark.fault(13)
def test_a_read_only_disk_refuses_a_change_with_the_path_and_is_read(disk: SmallDisk) -> None:
    shop = disk.mounted / "shop"
    assert disk.told_by(stored_or_refused, shop) == 1
    disk.be_read_only()
    number, path = convert(disk.told_by(stored_or_refused, shop), tuple[int, str])
    assert number == errno.EROFS
    assert path.startswith(str(shop / "queue.json"))
    assert TinyDBStore(disk.path / "shop").read().serial == 1
    disk.be_writable()
    assert disk.told_by(stored_or_refused, shop) == 2


@pytest.mark.fault(13)
def test_a_journal_on_a_full_disk_keeps_what_it_took_and_goes_on_when_there_is_room(disk: SmallDisk) -> None:
    path, seen = disk.mounted / "journal.jsonl", disk.path / "journal.jsonl"
    disk.fill(leaving=8192)
    taken, number, where = convert(disk.told_by(appended_or_refused, path), tuple[int, int, str])
    assert (number, where) == (errno.ENOSPC, str(path))
    assert len(FileJournal(seen).read()) == taken > 10
    disk.make_room()
    more, _, _ = convert(disk.told_by(appended_or_refused, path), tuple[int, int, str])
    assert len(FileJournal(seen).read()) == taken + more


# Descriptors.


@pytest.mark.fault(13)
@pytest.mark.parametrize("spare", range(2))
def test_out_of_descriptors_a_change_is_refused_with_the_path(tmp_path: Path, spare: int) -> None:
    shop = in_second_generation(tmp_path / "shop")
    before = TinyDBStore(shop).read()
    number, path = convert(told_by(change_with_few_descriptors, shop, spare=spare), tuple[int, str])
    assert number == errno.EMFILE
    assert path.startswith(str(shop))
    assert TinyDBStore(shop).read() == before
    assert TinyDBStore(shop).change(rotated) == before.serial + 1
