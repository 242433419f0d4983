"""Many processes after one lease: every grant is marked in the world, and a second mark is a double hold."""

import os
import random
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from itertools import pairwise
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Literal, Protocol, TypeAlias

from msgspec import Struct

from mergetui.adapters.clock import SystemClock
from mergetui.adapters.memory import MemoryJournal
from mergetui.adapters.occupancy import DirectoryLock
from mergetui.adapters.process import SystemProcesses, identify
from mergetui.adapters.tinydb_store import TinyDBStore
from mergetui.driver.record import Record
from mergetui.driver.tenure import Tenure
from mergetui.leasing import acquire, force, renew
from mergetui.model import Holder, Lease
from mergetui.state import RepositoryState
from tests.adapters.processes import finish, server, start
from tests.faults.effects import before_effects

PROCESSES = 8

Kind: TypeAlias = Literal["fresh", "stale", "same-branch", "churn", "release-race"]
KINDS: tuple[Kind, ...] = ("fresh", "stale", "same-branch", "churn", "release-race")
Make: TypeAlias = Callable[[Path, int], "Attacked"]

_LONG = timedelta(hours=1)
_LATE = 60.0
_PAUSE = 0.0003
"""Seconds at most."""


class Attacked(Protocol):
    """A lease as one of the processes knows it."""

    def take(self) -> int | None:
        """The token that was granted; None when somebody else holds it."""

    def holds(self) -> bool:
        """Whether the lease is still the one that was granted to us last, untouched."""

    def renew(self) -> bool: ...

    def give_back(self) -> None: ...

    def leave_a_dead_holder(self) -> None:
        """Nobody holds it but a process that was killed."""

    def force(self) -> None:
        """An operator takes it from whoever holds it."""


class Result(Struct, frozen=True, kw_only=True):
    grants: int
    doubles: int
    """Grants while another's hold was not over."""
    ended: int
    """Holds that somebody else ended or changed."""
    revived: int
    """Late renewals that were granted."""
    is_rising: bool
    """Every token was higher than all that were granted before it."""


def row(directory: Path, number: int) -> "LeaseRow":
    """The product's lease without the kernel's lock: the row has to do alone."""
    return LeaseRow(directory, f"feature-{number}")


def row_for_one_branch(directory: Path, number: int) -> "LeaseRow":  # noqa: ARG001
    return LeaseRow(directory, "feature")


def occupied_row(directory: Path, number: int) -> "OccupiedRow":
    """The product's lease as an engine holds it, under the kernel's lock."""
    return OccupiedRow(directory, f"feature-{number}")


def attack(make: Make, kind: Kind, directory: Path, *, rounds: int) -> Result:
    """What so many rounds of this kind came to; every process has to come to its end."""
    directory.mkdir()
    barrier = server().Barrier(PROCESSES, timeout=_LATE)
    pipes = [Pipe(duplex=False) for _ in range(PROCESSES)]
    processes = [
        start(_attack, directory, number, make, kind, rounds, barrier, pipes[number][1])
        for number in range(PROCESSES)
    ]
    # Closed here, so that a process that breaks ends the wait for its words.
    for _, theirs in pipes:
        theirs.close()
    told = [ours.recv() for ours, _ in pipes]
    assert finish(*processes) == [0] * PROCESSES
    grants = [int(line) for line in (directory / "grants").read_text().split()]
    return Result(
        grants=len(grants),
        doubles=sum(doubles for doubles, _, _ in told),
        ended=sum(ended for _, ended, _ in told),
        revived=sum(revived for _, _, revived in told),
        is_rising=all(before < after for before, after in pairwise(grants)),
    )


def killed_process() -> Holder:
    """The identity of a real process that was alive and was killed."""
    ours, theirs = Pipe(duplex=False)
    process = start(_tell_who, theirs)
    holder: Holder = ours.recv()
    process.kill()
    finish(process)
    return holder


def take_and_tell(directory: Path, told: Connection) -> None:
    """Sends the token, or the path of the file that it could not be written to."""
    try:
        told.send(LeaseRow(directory, "feature").take())
    except OSError as error:
        told.send(error.filename)


class LeaseRow:
    """The lease row and its tenure; the heart beats so rarely that renewals are the attack's own."""

    def __init__(self, directory: Path, branch: str) -> None:
        self._branch = branch
        self._clock = SystemClock()
        self._store = TinyDBStore(directory / "shop")
        me = identify()
        record = Record(
            repo="shop",
            by=str(me),
            store=self._store,
            journal=MemoryJournal(),
            clock=self._clock,
            emit=lambda _: None,
        )
        self._tenure = Tenure(record, SystemProcesses(me, self._clock), ttl=_LONG)
        self._granted: Lease | None = None
        self._dead: Holder | None = None

    def take(self) -> int | None:
        if not self._tenure.take((self._branch,), phase="attack"):
            return None
        self._granted = self._tenure.lease
        return self._granted.token if self._granted else None

    def holds(self) -> bool:
        state = self._store.read()
        return (
            self._tenure.still_holds(state) and state.lease is not None and self._is_as_granted(state.lease)
        )

    def renew(self) -> bool:
        """As the tenure's heart does it."""
        mine, now = self._granted, self._clock.now()
        assert mine is not None
        renewed = self._store.change(lambda state: renew(state, mine, now=now, ttl=_LONG))
        self._granted = renewed or mine
        return renewed is not None

    def give_back(self) -> None:
        self._tenure.give_back()

    def leave_a_dead_holder(self) -> None:
        self._dead = self._dead or killed_process()
        holder, now = self._dead, self._clock.now()

        def planted(state: RepositoryState) -> tuple[RepositoryState, None]:
            after, _ = acquire(
                state, holder=holder, branches=("old",), holder_is_dead=False, now=now, ttl=_LONG
            )
            return after, None

        self._store.change(planted)

    def force(self) -> None:
        self._store.change(lambda state: force(state, token=None))

    def _is_as_granted(self, lease: Lease | None) -> bool:
        mine = self._granted
        return lease is not None and mine is not None and lease.expires_at == mine.expires_at


class OccupiedRow(LeaseRow):
    def __init__(self, directory: Path, branch: str) -> None:
        super().__init__(directory, branch)
        self._lock = DirectoryLock(directory / "shop")

    def take(self) -> int | None:
        if not self._lock.take():
            return None
        token = super().take()
        if token is None:
            self._lock.leave()
        return token

    def give_back(self) -> None:
        super().give_back()
        self._lock.leave()


class _Attacker:
    """One of the processes: it marks its holds where the others see them, and counts what must not be."""

    def __init__(self, lease: Attacked, directory: Path, number: int, barrier: Barrier) -> None:
        self._lease = lease
        self._number = number
        self._barrier = barrier
        self._mark = directory / "held"
        self._grants = os.open(directory / "grants", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        self._is_marked = False
        self._dice = random.Random(number)
        self.doubles = self.ended = self.revived = 0

    def attack(self, kind: Kind, rounds: int) -> None:
        self._barrier.wait()
        match kind:
            case "churn":
                for _ in range(-(-rounds // PROCESSES)):
                    self._take_and_hold_a_moment()
            case "release-race":
                for number in range(rounds):
                    self._race_with_a_late_release(victim=number % PROCESSES)
            case _:
                for number in range(rounds):
                    self._ask_with_all_others(kind, first=number % PROCESSES)

    def _ask_with_all_others(self, kind: Kind, *, first: int) -> None:
        if kind == "stale" and self._number == first:
            self._lease.leave_a_dead_holder()
        self._barrier.wait()
        granted = self._take()
        self._barrier.wait()
        # Everybody has asked by now, while whoever was granted it held it.
        if granted:
            self._let_go()
        self._barrier.wait()

    def _take_and_hold_a_moment(self) -> None:
        while not self._take():
            os.sched_yield()
        for _ in range(self._dice.randrange(3)):
            self._lease.renew()
        self._let_go()

    def _race_with_a_late_release(self, *, victim: int) -> None:
        """The victim's lease is taken away; while the others ask, it renews and releases, too late."""
        if self._number == victim:
            self._note(self._lease.take())
        self._barrier.wait()
        if self._number == (victim + 1) % PROCESSES:
            self._lease.force()
        self._barrier.wait()
        granted = self._release_late() if self._number == victim else self._take_if_it_is_free()
        self._barrier.wait()
        if granted:
            self._let_go()
        self._barrier.wait()

    def _release_late(self) -> bool:
        for _ in range(self._dice.randrange(4)):
            self.revived += self._lease.renew()
        self._lease.give_back()
        return False

    def _take_if_it_is_free(self) -> bool:
        return any(self._take() for _ in range(4))

    def _take(self) -> bool:
        token = self._lease.take()
        if token is None:
            return False
        self._note(token)
        try:
            self._mark.open("x").close()
            self._is_marked = True
        except FileExistsError:
            self.doubles += 1
        return True

    def _note(self, token: int | None) -> None:
        assert token is not None
        os.write(self._grants, f"{token}\n".encode())

    def _let_go(self) -> None:
        self.ended += not self._lease.holds()
        if self._is_marked:
            with suppress(FileNotFoundError):
                self._mark.unlink()
        self._is_marked = False
        self._lease.give_back()


def _attack(
    directory: Path,
    number: int,
    make: Make,
    kind: Kind,
    rounds: int,
    barrier: Barrier,
    told: Connection,
) -> None:
    attacker = _Attacker(make(directory, number), directory, number, barrier)
    _dawdle(random.Random(number))
    attacker.attack(kind, rounds)
    told.send((attacker.doubles, attacker.ended, attacker.revived))


def _dawdle(dice: random.Random) -> None:
    """One effect in four comes late, so that every order of the processes' effects has its chance."""
    before_effects(lambda: time.sleep(dice.random() * _PAUSE) if dice.random() < 0.25 else None)


def _tell_who(told: Connection) -> None:
    told.send(identify())
    signal.pause()
