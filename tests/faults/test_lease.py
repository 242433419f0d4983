"""The lease under attack: many processes, stopped and dead holders, clocks that jump, a full disk."""

import os
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import psutil
import pytest
from msgspec.structs import replace

from mergetui.adapters.memory import MemoryJournal
from mergetui.adapters.process import SystemProcesses, identify
from mergetui.adapters.tinydb_store import TinyDBStore
from mergetui.driver.record import Record
from mergetui.driver.tenure import Tenure
from mergetui.leasing import force
from mergetui.model import Holder, Lease
from tests.adapters.waiting import eventually
from tests.cli.running import AGAIN, DONE, Mergetui, Stop
from tests.conftest import Length
from tests.faults.lease_attack import (
    KINDS,
    PROCESSES,
    Kind,
    Result,
    attack,
    killed_process,
    occupied_row,
    row,
    row_for_one_branch,
    take_and_tell,
)
from tests.faults.naive_lease import LockFile
from tests.gate.gate import PushedClock
from tests.worlds.remote import Remote
from tests.worlds.small_disk import small_disk

RecordProperty = Callable[[str, object], None]

TTL = timedelta(seconds=90)


def told(result: Result, seconds: float, *, rounds: int) -> str:
    return (
        f"{rounds} rounds with {PROCESSES} processes in {seconds:.0f} s: {result.grants} grants, "
        f"{result.doubles} double holds, {result.ended} ended by another, {result.revived} late renewals"
    )


# Many processes.


@pytest.mark.soak
@pytest.mark.timeout(900)
@pytest.mark.fault(8)
@pytest.mark.fault(9)
@pytest.mark.parametrize("kind", KINDS)
def test_the_lease_row_alone_is_never_held_twice(
    kind: Kind, tmp_path: Path, length: Length, record_property: RecordProperty
) -> None:
    rounds, began = length(short=100, full=2000), time.monotonic()
    make = row_for_one_branch if kind == "same-branch" else row
    result = attack(make, kind, tmp_path / "attack", rounds=rounds)
    record_property("figure", told(result, time.monotonic() - began, rounds=rounds))
    assert (result.doubles, result.ended, result.revived) == (0, 0, 0)
    assert result.is_rising
    assert result.grants >= rounds


@pytest.mark.soak
@pytest.mark.timeout(900)
@pytest.mark.fault(8)
@pytest.mark.parametrize("kind", ["fresh", "stale", "churn"])
def test_the_lease_of_an_engine_is_never_held_twice(
    kind: Kind, tmp_path: Path, length: Length, record_property: RecordProperty
) -> None:
    rounds, began = length(short=100, full=2000), time.monotonic()
    result = attack(occupied_row, kind, tmp_path / "attack", rounds=rounds)
    record_property("figure", told(result, time.monotonic() - began, rounds=rounds))
    assert (result.doubles, result.ended, result.revived) == (0, 0, 0)
    assert result.is_rising
    assert result.grants >= rounds


@pytest.mark.soak
@pytest.mark.timeout(900)
@pytest.mark.parametrize("kind", KINDS)
def test_a_lock_file_with_an_age_is_held_twice_in_the_same_attack(
    kind: Kind, tmp_path: Path, length: Length, record_property: RecordProperty
) -> None:
    rounds, began = length(short=100, full=2000), time.monotonic()
    result = attack(LockFile, kind, tmp_path / "attack", rounds=rounds)
    record_property("figure", told(result, time.monotonic() - began, rounds=rounds))
    assert result.doubles > 0
    assert result.ended > 0


# Holders that are stopped, dead, or somebody else by now.


@pytest.fixture
def clock() -> PushedClock:
    return PushedClock()


@pytest.fixture
def store(tmp_path: Path) -> TinyDBStore:
    return TinyDBStore(tmp_path / "shop")


@pytest.fixture
def me() -> Holder:
    return identify(operator="ada")


@pytest.fixture
def somebody() -> Holder:
    """Another process that is alive."""
    return identify(os.getppid(), operator="joe")


def tenure(store: TinyDBStore, holder: Holder, clock: PushedClock, *, ttl: timedelta = TTL) -> Tenure:
    record = Record(
        repo="shop",
        by=str(holder),
        store=store,
        journal=MemoryJournal(),
        clock=clock,
        emit=lambda _: None,
    )
    return Tenure(record, SystemProcesses(holder, clock), ttl=ttl)


def lease_of(store: TinyDBStore) -> Lease:
    lease = store.read().lease
    assert lease is not None
    return lease


@pytest.mark.fault(11)
@pytest.mark.parametrize("jump", [timedelta(hours=1), timedelta(days=366), timedelta(days=-1)], ids=str)
def test_a_clock_that_jumps_takes_no_lease_from_who_is_alive(
    store: TinyDBStore, clock: PushedClock, me: Holder, somebody: Holder, jump: timedelta
) -> None:
    holder = tenure(store, somebody, clock)
    holder.take(("feature",), phase="testing")
    clock.ahead += jump
    assert not tenure(store, me, clock).take(("other",), phase="testing")
    assert holder.still_holds(store.read())
    holder.give_back()


@pytest.mark.fault(11)
@pytest.mark.parametrize("jump", [timedelta(hours=1), timedelta(days=-1)], ids=str)
def test_a_dead_holders_lease_is_taken_over_whatever_the_clock_says(
    store: TinyDBStore, clock: PushedClock, me: Holder, jump: timedelta
) -> None:
    tenure(store, killed_process(), clock).take(("feature",), phase="testing")
    clock.ahead += jump
    mine = tenure(store, me, clock)
    assert mine.take(("feature",), phase="testing")
    assert lease_of(store).expires_at - clock.now() < TTL
    mine.give_back()


@pytest.mark.fault(11)
def test_a_lease_that_is_renewed_after_the_clock_went_back_ends_a_ttl_from_then(
    store: TinyDBStore, clock: PushedClock, me: Holder
) -> None:
    ttl = timedelta(milliseconds=60)
    mine = tenure(store, me, clock, ttl=ttl)
    mine.take(("feature",), phase="testing")
    clock.ahead -= timedelta(days=1)
    eventually(lambda: lease_of(store).expires_at <= clock.now() + ttl)
    assert mine.still_holds(store.read())
    mine.give_back()


@pytest.mark.fault(11)
@pytest.mark.parametrize(
    ("changes", "granted"),
    [
        pytest.param({"started": 1.0}, True, id="its pid is another process by now"),
        pytest.param({"boot": "an earlier one"}, True, id="the machine was started anew"),
        pytest.param({"pid_namespace": "pid:[1]"}, True, id="the container was started anew"),
        pytest.param({"host": "elsewhere", "boot": "its own"}, False, id="another machine"),
    ],
)
def test_a_lease_is_taken_over_only_from_who_cannot_be_at_work(
    store: TinyDBStore,
    clock: PushedClock,
    me: Holder,
    somebody: Holder,
    changes: dict[str, object],
    granted: bool,
) -> None:
    left = tenure(store, replace(somebody, **changes), clock)
    left.take(("feature",), phase="testing")
    mine = tenure(store, me, clock)
    assert mine.take(("feature",), phase="testing") is granted
    mine.give_back()
    left.give_back()


@pytest.mark.fault(11)
def test_a_lease_that_nobody_can_prove_dead_is_freed_by_an_operator(
    store: TinyDBStore, clock: PushedClock, me: Holder
) -> None:
    tenure(store, replace(me, host="elsewhere", boot="its own"), clock).take(("feature",), phase="testing")
    store.change(lambda state: force(state, token=lease_of(store).token))
    mine = tenure(store, me, clock)
    assert mine.take(("feature",), phase="testing")
    assert lease_of(store).token == 3
    mine.give_back()


@pytest.fixture
def shop(tmp_path: Path, remote: Remote, stop: Stop) -> Mergetui:
    """The only branch in the queue has a retest that goes on until it is let go."""
    shop = Mergetui(tmp_path)
    shop.configure(remote.url, retest=stop.until_let_go)
    remote.propose("feature", a="1")
    assert shop("enqueue", "shop", "feature").code == DONE
    return shop


@pytest.fixture
def stop(tmp_path: Path) -> Iterator[Stop]:
    stop = Stop(tmp_path)
    yield stop
    stop.end()


def stored(shop: Mergetui) -> TinyDBStore:
    return TinyDBStore(shop.state / "repos" / "shop")


@pytest.mark.fault(9)
@pytest.mark.soak
def test_a_holder_that_is_stopped_past_its_ttl_released_and_continued_lands_nothing(
    shop: Mergetui, remote: Remote, stop: Stop
) -> None:
    shop.configure(remote.url, gate='lease_ttl = "200ms"', retest=stop.until_let_go)
    with shop.running("run", "--drain", "--json") as run:
        retest = psutil.Process(stop.reached())
        run.halt(shop.state / "repos" / "shop" / "queue.json")
        lease, clock = lease_of(stored(shop)), PushedClock()
        stop.let_go()
        eventually(lambda: not retest.is_running() or retest.status() == psutil.STATUS_ZOMBIE)
        eventually(lambda: clock.now() > lease.expires_at)
        with shop.running("lease", "release", "shop", "--reason", "it is silent", "--json") as release:
            eventually(lambda: stored(shop).read().lease is None)
            run.signal(signal.SIGCONT)
            assert release.end().json["then"].endswith("has let go")
        answer = run.end()
    assert remote.tip() == remote.first
    assert answer.code == AGAIN
    assert [row["code"] for row in answer.events[-1]["deferred"]] == ["lease-lost"]


@pytest.mark.fault(10)
@pytest.mark.soak
def test_a_holder_whose_state_is_deleted_lands_nothing_and_the_next_run_does(
    shop: Mergetui, remote: Remote, stop: Stop
) -> None:
    with shop.running("run", "--drain", "--json") as run:
        stop.reached()
        shutil.rmtree(shop.state / "repos" / "shop")
        stop.let_go()
        answer = run.end()
    assert (answer.code, len(answer.told("lease-lost")), answer.err) == (AGAIN, 1, "")
    assert remote.tip() == remote.first
    shop.configure(remote.url)
    shop("enqueue", "shop", "feature")
    assert shop("run", "--drain").code == DONE


@pytest.mark.soak
@pytest.mark.fault(10)
def test_on_a_state_replaced_by_its_copy_under_the_holder_a_second_engine_leaves_the_first_alone(
    shop: Mergetui, remote: Remote, stop: Stop
) -> None:
    shop.configure(remote.url, retest=stop.once)
    state = shop.state / "repos" / "shop"
    with shop.running("run", "--drain", "--json") as run:
        stop.reached()
        state.rename(state.with_name("moved"))
        shutil.copytree(state.with_name("moved"), state)
        second = shop("run", "--drain", "--json")
        assert psutil.pid_exists(stop.reached())
        run.signal(signal.SIGINT)
        run.end()
    assert second.code == AGAIN
    assert [fact["event"] for fact in second.events] == ["summary"]
    assert remote.tip() == remote.first
    assert shop("run", "--drain").code == DONE
    assert remote.log(f"{remote.first}..main") == ["Ada: feature 2"]


# A full disk.


@pytest.mark.fault(13)
def test_on_a_full_disk_nobody_is_granted_the_lease(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk") as disk:
        assert disk.told_by(take_and_tell, disk.mounted) == 1
        disk.fill()
        refused = [disk.told_by(take_and_tell, disk.mounted) for _ in range(2)]
        left = lease_of(TinyDBStore(disk.path / "shop"))
        disk.make_room()
        assert disk.told_by(take_and_tell, disk.mounted) == 2
    assert refused == [str(disk.mounted / "shop" / "queue.json")] * 2
    assert left.token == 1
