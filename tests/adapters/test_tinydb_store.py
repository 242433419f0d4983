import fcntl
import stat
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec import Struct
from msgspec.structs import replace

from mergetui.adapters.generations import damaged_of, load
from mergetui.adapters.memory import MemoryStore
from mergetui.adapters.sealing import pack
from mergetui.adapters.tinydb_store import SERIAL_LEAP, TinyDBStore
from mergetui.model import Candidate, Entry, EntryState, Holder, Lease, Link
from mergetui.ports import Store, StoreError
from mergetui.reason import Coded, Reason
from mergetui.state import Advance, LandingIntent, Pause, RepositoryState, Sighting
from tests.adapters import writers
from tests.adapters.processes import finish, killed_after, start, told_by
from tests.adapters.waiting import eventually
from tests.adapters.writers import NEW_YEAR, an_entry, counted, enqueued


def stored(row: Struct) -> dict[str, Any]:
    return msgspec.json.decode(msgspec.json.encode(row), type=dict[str, Any])


HOLDER = Holder(operator="ada", host="box", boot="b", pid_namespace="4026531836", pid=7, started=1.5)
LEASE = Lease(
    token=7,
    holder=HOLDER,
    branches=("feature",),
    acquired_at=NEW_YEAR,
    renewed_at=NEW_YEAR,
    expires_at=NEW_YEAR + timedelta(seconds=90),
)
LINK = Link(
    entry="e1",
    branches=("feature",),
    heads=("a" * 40,),
    commit="b" * 40,
    tree="c" * 40,
    tips=("b" * 40,),
    commits=(("b" * 40,),),
)
FULL = RepositoryState(
    entries={
        "e1": an_entry(1),
        "e2": Entry(
            id="e2",
            branches=("base", "top"),
            heads=("a" * 40, "b" * 40),
            enqueued_at=NEW_YEAR,
            state=EntryState.DEFERRED,
            available_at=NEW_YEAR + timedelta(microseconds=1),
            reason=Coded(Reason.CONTENDED, "main moved 10 times"),
        ),
    },
    lease=LEASE,
    pause=Pause(by="ada", reason="release", at=NEW_YEAR),
    seen=Sighting(at=NEW_YEAR, tip="d" * 40),
    landing=LandingIntent(candidate=Candidate(base="d" * 40, links=(LINK,)), token=7, started_at=NEW_YEAR),
    advance=Advance(holder=HOLDER, mode="auto", since=NEW_YEAR),
    last_token=7,
    serial=2,
)
GOOD_LEASE = stored(LEASE)
BAD_LEASES: dict[str, Any] = {
    "empty": {},
    "null": None,
    "a text": "",
    "a number": 5,
    "a list": [],
    "a token that is a text": GOOD_LEASE | {"token": "7"},
    "a token that is true": GOOD_LEASE | {"token": True},
    "a token below zero": GOOD_LEASE | {"token": -1},
    "a token beyond all counting": GOOD_LEASE | {"token": 2**62},
    "no holder": GOOD_LEASE | {"holder": None},
    "a holder of wrong types": GOOD_LEASE | {"holder": GOOD_LEASE["holder"] | {"pid": "7"}},
    "never expires": GOOD_LEASE | {"expires_at": "never"},
    "no time zone": GOOD_LEASE | {"expires_at": "2026-01-01T00:00:00"},
    "huge": GOOD_LEASE | {"phase": "x" * 10_000_000},
}
HOSTILE = {
    "escape codes": "\x1b]52;c;aGk=\x07\x1b[2J\x9b31m",
    "lines": "a\r\nb\n\n{}\u2028c\x00d",
    "markup": "[/x][@click=app.quit]x[/]",
    "bidi": "\u202egpj.exe",
    "unicode": "żółw 🐢 e\u0301",
}


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "shop"


@pytest.fixture
def store(directory: Path) -> TinyDBStore:
    return TinyDBStore(directory)


@pytest.fixture(params=["tinydb", "memory"])
def any_store(request: pytest.FixtureRequest, directory: Path) -> Store:
    stores: dict[str, Callable[[], Store]] = {
        "tinydb": lambda: TinyDBStore(directory),
        "memory": MemoryStore,
    }
    return stores[request.param]()


def become(state: RepositoryState) -> Callable[[RepositoryState], tuple[RepositoryState, None]]:
    return lambda _: (state, None)


def unchanged(state: RepositoryState) -> tuple[RepositoryState, str]:
    return state, "value"


def broken(state: RepositoryState) -> tuple[RepositoryState, None]:
    raise ZeroDivisionError(state.serial)


def never() -> int:
    raise AssertionError("nothing was lost")


def files(directory: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in directory.iterdir()}


def put(directory: Path, **tables: Any) -> None:
    """A sound file with these tables, without asking the store."""
    directory.mkdir(exist_ok=True)
    (directory / "queue.json").write_bytes(pack(tables, generation=5))


def kept(directory: Path) -> list[Any]:
    """The rows that were set aside, in the order in which they were."""
    files = sorted(directory.glob("queue.json.set-aside-*"))
    return [row["row"] for file in files for row in msgspec.json.decode(file.read_bytes())["rows"]]


@contextmanager
def held(lock: Path) -> Iterator[None]:
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


# What every store promises.


def test_a_new_store_is_empty(any_store: Store) -> None:
    assert any_store.read() == RepositoryState()
    assert any_store.notice() is None


def test_a_change_is_read_again_and_its_value_returned(any_store: Store) -> None:
    assert [any_store.change(counted), any_store.change(counted)] == [1, 2]
    assert any_store.read().serial == 2


def test_everything_in_a_state_comes_back(any_store: Store) -> None:
    any_store.change(become(FULL))
    assert any_store.read() == FULL


def test_everything_in_a_state_can_be_taken_away_again(any_store: Store) -> None:
    any_store.change(become(FULL))
    any_store.change(become(RepositoryState(last_token=7, serial=2)))
    assert any_store.read() == RepositoryState(last_token=7, serial=2)


def test_entries_keep_their_order(any_store: Store) -> None:
    any_store.change(
        become(RepositoryState(entries={key: an_entry(int(key[1:])) for key in ("e3", "e1", "e2")}))
    )
    any_store.change(
        lambda state: (replace(state, entries={**state.entries, "e3": an_entry(3, "renamed")}), None)
    )
    assert list(any_store.read().entries) == ["e3", "e1", "e2"]


def test_a_step_that_raises_stores_nothing(any_store: Store) -> None:
    any_store.change(become(FULL))
    stamp = any_store.stamp()
    with pytest.raises(ZeroDivisionError):
        any_store.change(broken)
    assert (any_store.read(), any_store.stamp()) == (FULL, stamp)


def test_a_step_that_changes_nothing_stores_nothing(any_store: Store) -> None:
    any_store.change(become(FULL))
    stamp = any_store.stamp()
    assert any_store.change(unchanged) == "value"
    assert any_store.stamp() == stamp


def test_the_stamp_differs_after_every_change(any_store: Store) -> None:
    stamps = [(any_store.stamp(), any_store.change(counted)) for _ in range(20)]
    assert len({stamp for stamp, _ in stamps}) == 20


def test_a_state_is_the_same_object_until_it_changes(any_store: Store) -> None:
    any_store.change(become(FULL))
    first = any_store.read()
    any_store.change(unchanged)
    assert any_store.read() is first
    any_store.change(counted)
    assert any_store.read() is not first


def test_eight_threads_lose_nothing(any_store: Store) -> None:
    with ThreadPoolExecutor(8) as threads:
        numbers = list(threads.map(lambda _: any_store.change(counted), range(200)))
    assert sorted(numbers) == list(range(1, 201))
    assert any_store.read().serial == 200


# Many processes.


@pytest.mark.fault(8)
def test_two_processes_changing_at_once_lose_nothing(store: TinyDBStore, directory: Path) -> None:
    both = [start(writers.count_to, 100, directory) for _ in range(2)]
    assert finish(*both) == [0, 0]
    assert store.read().serial == 200
    assert store.notice() is None


@pytest.mark.soak
def test_the_same_on_the_storage_that_tinydb_ships_does_lose_or_tear(tmp_path: Path) -> None:
    both = [start(writers.count_with_plain_tinydb, 300, tmp_path / "plain.json") for _ in range(2)]
    finish(*both)
    assert told_by(writers.tell_plain_count, tmp_path / "plain.json") != 600


@pytest.mark.fault(8)
def test_eight_processes_enqueue_at_once_and_every_entry_is_kept_under_an_id_of_its_own(
    store: TinyDBStore, directory: Path
) -> None:
    with ThreadPoolExecutor(8) as threads:
        told = threads.map(lambda _: told_by(writers.enqueue, 5, directory), range(8))
    ids = [id_ for told_ids in told for id_ in msgspec.convert(told_ids, list[str])]
    assert len(ids) == len(set(ids)) == 40
    assert set(store.read().entries) == set(ids)


@pytest.mark.fault(10)
def test_a_lock_file_deleted_under_its_holder_loses_nothing(store: TinyDBStore, directory: Path) -> None:
    both = [start(writers.count_to, 100, directory) for _ in range(2)]
    while any(process.is_alive() for process in both):
        (directory / "queue.json.lock").unlink(missing_ok=True)
        _wait_for_a_change(store, both)
    assert finish(*both) == [0, 0]
    assert store.read().serial == 200


def _wait_for_a_change(store: TinyDBStore, writers: Sequence[BaseProcess]) -> None:
    """A lock that is deleted faster than it can be taken is nobody's."""
    before = store.stamp()
    eventually(lambda: store.stamp() != before or not any(writer.is_alive() for writer in writers))


def test_a_change_made_elsewhere_is_seen(store: TinyDBStore, directory: Path) -> None:
    assert store.read().serial == 0
    TinyDBStore(directory).change(counted)
    assert store.read().serial == 1


@pytest.mark.fault(10)
def test_a_state_replaced_past_the_lock_is_taken_into_account(store: TinyDBStore, directory: Path) -> None:
    rivals = iter([lambda: put(directory, singles={"counters": {"last_token": 0, "serial": 40}})])
    nobody: Callable[[], None] = lambda: None  # noqa: E731

    def overtaken(state: RepositoryState) -> tuple[RepositoryState, int]:
        next(rivals, nobody)()
        return counted(state)

    assert store.change(overtaken) == 41


@pytest.mark.fault(12)
def test_kill_9_of_a_writer_loses_nothing_that_was_acknowledged(store: TinyDBStore, directory: Path) -> None:
    rounds = [
        (killed_after(1 + number % 7, writers.count_until_killed, directory), store.read().serial)
        for number in range(30)
    ]
    assert all(acknowledged <= stored <= acknowledged + 1 for acknowledged, stored in rounds)
    assert store.notice() is None
    store.change(counted)
    assert set(files(directory)) == {"queue.json", "queue.json.prev", "queue.json.lock"}


def test_a_lock_held_too_long_is_named(directory: Path) -> None:
    store = TinyDBStore(directory, lock_timeout=0.05)
    store.change(counted)
    with held(directory / "queue.json.lock"), pytest.raises(StoreError, match=r"queue\.json\.lock was held"):
        store.change(counted)
    assert store.change(counted) == 2


def test_reading_needs_no_lock(store: TinyDBStore, directory: Path) -> None:
    store.change(counted)
    with held(directory / "queue.json.lock"):
        assert TinyDBStore(directory).read().serial == 1


def test_a_change_inside_a_change_is_refused_and_does_not_hang(directory: Path) -> None:
    store = TinyDBStore(directory, lock_timeout=0.05)
    with pytest.raises(StoreError, match="was held"):
        store.change(lambda state: (state, store.change(counted)))
    assert store.read().serial == 0


# Files.


def test_nobody_else_can_read_what_is_stored(store: TinyDBStore, directory: Path) -> None:
    store.change(counted)
    store.change(counted)
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in directory.iterdir()} == {0o600}


def test_reading_makes_no_file(store: TinyDBStore, directory: Path) -> None:
    store.read()
    assert (store.stamp(), directory.exists()) == ((0, 0, 0), False)


def test_a_thousand_entries_come_back(store: TinyDBStore, directory: Path) -> None:
    crowd = RepositoryState(entries={f"e{number}": an_entry(number) for number in range(1000)}, serial=1000)
    store.change(become(crowd))
    store.change(counted)
    assert TinyDBStore(directory).read() == replace(crowd, serial=1001)


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_text_comes_back_as_it_was(store: TinyDBStore, directory: Path, text: str) -> None:
    entry = replace(an_entry(1, text), author=text, reason=Coded(Reason.HOOK_REFUSED, text))
    store.change(become(RepositoryState(entries={"e1": entry}, serial=1)))
    assert TinyDBStore(directory).read().entries["e1"] == entry


def test_a_lone_surrogate_is_stored_as_a_question_mark(store: TinyDBStore) -> None:
    store.change(become(RepositoryState(entries={"e1": an_entry(1, "a\udcffb")}, serial=1)))
    assert store.read().entries["e1"].branch == "a?b"


@pytest.mark.fault(13)
def test_a_full_disk_leaves_the_state_as_it_was(store: TinyDBStore, directory: Path) -> None:
    store.change(become(FULL))
    before = files(directory)
    assert told_by(writers.enqueue_on_a_full_disk, directory, room=5000) == str(directory / "queue.json")
    assert files(directory) == before
    assert store.change(counted) == 3


# Damage.


@pytest.mark.fault(12)
def test_a_damaged_file_serves_the_generation_before_and_says_so(store: TinyDBStore, directory: Path) -> None:
    store.change(become(FULL))
    store.change(become(RepositoryState(serial=3)))
    (directory / "queue.json").write_bytes(b"")
    assert store.read() == FULL
    assert "queue.json is damaged (it is empty); queue.json.prev is served" in str(store.notice())


@pytest.mark.fault(12)
def test_the_next_change_sets_the_damaged_file_aside_and_says_so(store: TinyDBStore, directory: Path) -> None:
    store.change(become(FULL))
    store.change(counted)
    (directory / "queue.json").write_bytes(bytes(99))
    store.change(enqueued)
    assert [path.read_bytes() for path in damaged_of(directory / "queue.json")] == [bytes(99)]
    assert set(store.read().entries) == {"e1", "e2", f"e{2 + SERIAL_LEAP + 1}"}
    assert "queue.json.damaged-1 was damaged and is set aside" in str(TinyDBStore(directory).notice())


@pytest.mark.fault(12)
def test_after_a_recovery_tokens_and_ids_are_above_all_that_may_have_been_used(directory: Path) -> None:
    store = TinyDBStore(directory, token_floor=lambda: 12)
    store.change(become(FULL))
    store.change(become(replace(FULL, last_token=12, serial=9)))
    (directory / "queue.json").unlink()
    store.change(unchanged)
    assert store.read() == replace(FULL, last_token=12, serial=2 + SERIAL_LEAP)


def test_the_floor_is_not_below_what_is_stored(directory: Path) -> None:
    store = TinyDBStore(directory, token_floor=lambda: 3)
    store.change(become(FULL))
    store.change(counted)
    (directory / "queue.json").unlink()
    store.change(unchanged)
    assert store.read().last_token == 7


@pytest.mark.fault(12)
def test_with_both_generations_gone_tokens_and_ids_do_not_begin_again(directory: Path) -> None:
    store = TinyDBStore(directory, token_floor=lambda: 12)
    store.change(become(FULL))
    store.change(counted)
    (directory / "queue.json").unlink()
    (directory / "queue.json.prev").unlink()
    assert "and the queue with them" in str(store.notice())
    assert store.change(counted) == SERIAL_LEAP + 1
    assert store.read().last_token == 12
    assert "and the queue with them" in str(store.notice())


def test_without_damage_nobody_asks_for_the_floor(directory: Path) -> None:
    TinyDBStore(directory).change(become(FULL))
    store = TinyDBStore(directory, token_floor=never)
    store.change(counted)
    assert store.read().serial == 3


@pytest.mark.fault(12)
def test_a_step_that_raises_in_a_recovery_leaves_every_file_where_it_is(
    store: TinyDBStore, directory: Path
) -> None:
    store.change(become(FULL))
    store.change(counted)
    (directory / "queue.json").write_bytes(b"")
    before = files(directory)
    with pytest.raises(ZeroDivisionError):
        store.change(broken)
    assert files(directory) == before


@pytest.mark.fault(12)
@pytest.mark.parametrize(
    "content", [b"{}", pack({}, generation=9, schema=2)], ids=["a foreign file", "a newer schema"]
)
def test_what_is_not_ours_is_refused_untouched_and_told(
    store: TinyDBStore, directory: Path, content: bytes
) -> None:
    store.change(become(FULL))
    store.change(counted)
    (directory / "queue.json").write_bytes(content)
    before = files(directory)
    with pytest.raises(StoreError):
        store.read()
    with pytest.raises(StoreError):
        store.change(counted)
    assert files(directory) == before
    assert "queue.json was" in str(store.notice())


# Bad rows.


@pytest.mark.fault(10)
@pytest.mark.parametrize("row", BAD_LEASES.values(), ids=BAD_LEASES.keys())
def test_a_bad_lease_row_grants_nothing_and_is_set_aside(
    store: TinyDBStore, directory: Path, row: Any
) -> None:
    put(directory, singles={"lease": row, "counters": {"last_token": 7, "serial": 2}})
    assert store.read() == RepositoryState(last_token=7, serial=2)
    assert "the row singles/lease counts for nothing" in str(store.notice())
    store.change(unchanged)
    assert kept(directory) == [row]
    assert store.read() == RepositoryState(last_token=7, serial=2)
    told = str(TinyDBStore(directory).notice())
    assert "the row singles/lease counts for nothing" in told
    assert f"see {directory}/queue.json.set-aside-1. Check the queue, then remove that file" in told
    (directory / "queue.json.set-aside-1").unlink()
    assert store.notice() is None


@pytest.mark.fault(10)
def test_the_token_of_a_bad_lease_is_never_handed_out_again(store: TinyDBStore, directory: Path) -> None:
    row = GOOD_LEASE | {"token": 31, "holder": None}
    put(directory, singles={"lease": row, "counters": {"last_token": 7, "serial": 2}})
    store.change(unchanged)
    assert TinyDBStore(directory).read() == RepositoryState(last_token=31, serial=2)


@pytest.mark.fault(10)
def test_a_second_bad_lease_does_not_replace_the_first(store: TinyDBStore, directory: Path) -> None:
    for row in ({"first": 1}, {"second": 2}):
        put(directory, singles={"lease": row, "counters": {"last_token": 7, "serial": 2}})
        store.change(unchanged)
    assert kept(directory) == [{"first": 1}, {"second": 2}]


@pytest.mark.fault(10)
@pytest.mark.parametrize(
    "row",
    [
        {},
        None,
        stored(an_entry(2)),
        stored(replace(an_entry(1), branches=())),
        stored(replace(an_entry(1), heads=("a", "b"))),
        stored(an_entry(1)) | {"state": "landed twice"},
        stored(an_entry(1)) | {"available_at": "2026-01-01T00:00:00"},
    ],
)
def test_a_bad_entry_is_left_out_and_the_others_stay(store: TinyDBStore, directory: Path, row: Any) -> None:
    put(
        directory,
        entries={"e1": row, "e9": stored(an_entry(9))},
        singles={"counters": {"last_token": 7, "serial": 9}},
    )
    assert set(store.read().entries) == {"e9"}
    store.change(enqueued)
    assert set(store.read().entries) == {"e9", "e10"}
    assert kept(directory) == [row]


@pytest.mark.fault(10)
@pytest.mark.parametrize("key", ["pause", "seen", "landing", "advance"])
def test_any_other_bad_row_is_left_out(store: TinyDBStore, directory: Path, key: str) -> None:
    put(directory, singles={key: {"at": 1}, "counters": {"last_token": 7, "serial": 2}})
    store.change(unchanged)
    assert store.read() == RepositoryState(last_token=7, serial=2)
    assert kept(directory) == [{"at": 1}]


def test_a_landing_of_nothing_is_left_out(store: TinyDBStore, directory: Path) -> None:
    landing = LandingIntent(candidate=Candidate(base="a", links=()), token=7, started_at=NEW_YEAR)
    put(directory, singles={"landing": stored(landing)})
    assert store.read() == RepositoryState(last_token=7)


@pytest.mark.fault(12)
@pytest.mark.parametrize("counters", [{}, {"counters": None}, {"counters": {"serial": -1}}])
def test_lost_counters_never_go_back(directory: Path, counters: dict[str, Any]) -> None:
    put(
        directory,
        entries={"e41": stored(an_entry(41))},
        singles={"lease": GOOD_LEASE | {"token": 9}, **counters},
    )
    store = TinyDBStore(directory, token_floor=lambda: 8)
    assert (store.read().last_token, store.read().serial) == (9, 41)
    assert store.change(counted) == 41 + SERIAL_LEAP + 1
    assert TinyDBStore(directory, token_floor=never).change(counted) == 41 + SERIAL_LEAP + 2
    assert store.read().last_token == 9


def test_rows_of_a_later_version_are_left_alone(store: TinyDBStore, directory: Path) -> None:
    put(directory, singles={"mood": {"is": "good"}}, requests={"1": {"a": 1}})
    store.change(counted)
    tables = load(directory / "queue.json").tables
    assert (tables["singles"]["mood"], tables["requests"]) == ({"is": "good"}, {"1": {"a": 1}})


def test_a_poller_sees_every_change(store: TinyDBStore, directory: Path) -> None:
    poller = TinyDBStore(directory)
    seen = [(store.change(counted), poller.read().serial) for _ in range(50)]
    assert all(stored == read for stored, read in seen)


def test_a_row_that_stayed_as_it_was_is_not_read_again(tmp_path: Path) -> None:
    mine, others = TinyDBStore(tmp_path), TinyDBStore(tmp_path)
    others.change(lambda state: (replace(state, entries={"e1": an_entry(1), "e2": an_entry(2)}), None))
    before = mine.read().entries
    changed = replace(before["e2"], behind=7)
    others.change(lambda state: (replace(state, entries={**state.entries, "e2": changed}), None))
    after = mine.read().entries
    assert after["e1"] is before["e1"]
    assert after["e2"] == changed
