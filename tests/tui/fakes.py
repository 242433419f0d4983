"""A world for the console: everything of it in memory, with a clock that stands still."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread

from msgspec.structs import replace

from mergetui.adapters.memory import MemoryJournal, MemoryStore
from mergetui.config import Config
from mergetui.engine import Engine
from mergetui.events import Ended, Event
from mergetui.forecasting import Clean, Commit, Distance, FileChange, Forecast, Pair
from mergetui.model import Branch, Entry, EntryState, Holder, Instant, Lease, Oid, Priority
from mergetui.operations import Desk
from mergetui.outcome import Run, Unreachable
from mergetui.places import Places
from mergetui.ports import Emit
from mergetui.reason import Coded, Reason
from mergetui.repository import Repository
from mergetui.state import RepositoryState, Sighting
from mergetui.tui.bridge import Bridge
from mergetui.wiring import Wiring
from mergetui.worker import Standing, WorkMode

NOON = datetime(2024, 5, 17, 14, 2, 11, tzinfo=UTC)
TIP = "9f3c2a1" + "0" * 33


CLEAN = Clean()
AHEAD = Distance(ahead=1, behind=2)


class StillClock:
    def __init__(self, now: Instant = NOON) -> None:
        self._now = now

    def now(self) -> Instant:
        return self._now

    def monotonic(self) -> float:
        return self._now.timestamp()

    def pass_by(self, span: timedelta) -> None:
        self._now += span


class FakeRefs:
    """The remote's branches; `down` is why it does not answer."""

    def __init__(self, heads: Mapping[Branch, Oid]) -> None:
        self.known = dict(heads)
        self.down: str | None = None

    def heads(self, branches: Sequence[Branch]) -> Mapping[Branch, Oid] | Unreachable:
        if self.down:
            return Unreachable(self.down)
        return {branch: self.known[branch] for branch in branches if branch in self.known}

    def all_heads(self) -> Mapping[Branch, Oid] | Unreachable:
        return Unreachable(self.down) if self.down else self.known


class FakeReader:
    """What git's copy would tell: nothing yet, until it is put in. Counts what it was asked."""

    def __init__(self) -> None:
        self.known: dict[Oid, Commit] = {}
        self.distances: dict[Pair, Distance] = {}
        self.listed: dict[Pair, tuple[Commit, ...]] = {}
        self.changed: dict[Pair, tuple[FileChange, ...]] = {}
        self.forecasts: dict[Pair, Forecast] = {}
        self.asked: list[Pair] = []

    def latest(self, commits: Sequence[Oid]) -> Mapping[Oid, Commit]:
        return {commit: self.known[commit] for commit in commits if commit in self.known}

    def distance(self, tip: Oid, head: Oid) -> Distance | None:
        return self.distances.get((tip, head))

    def commits(self, tip: Oid, head: Oid) -> tuple[Commit, ...] | None:
        return self.listed.get((tip, head))

    def files(self, tip: Oid, head: Oid) -> tuple[FileChange, ...] | None:
        return self.changed.get((tip, head))

    def forecast(self, ours: Oid, theirs: Oid) -> Forecast | None:
        self.asked.append((ours, theirs))
        return self.forecasts.get((ours, theirs))

    def tell(
        self,
        tip: Oid,
        head: Oid,
        *,
        forecast: Forecast = CLEAN,
        distance: Distance = AHEAD,
        by: str = "Ana Lima",
        subject: str = "Sum the cart",
        files: tuple[FileChange, ...] = (),
    ) -> None:
        """All there is to know of one branch."""
        commit = Commit(oid=head, at=ago(days=4), author=by, subject=subject)
        self.known[head] = commit
        self.distances[tip, head] = distance
        self.listed[tip, head] = (commit,)
        self.changed[tip, head] = files
        self.forecasts[tip, head] = forecast


class FakeProcesses:
    def __init__(self, me: Holder) -> None:
        self._me = me
        self.dead: set[Holder] = set()

    def me(self) -> Holder:
        return self._me

    def is_dead(self, holder: Holder) -> bool:
        return holder in self.dead

    def end(self, holder: Holder) -> bool:
        self.dead.add(holder)
        return True


class FreeLock:
    def take(self) -> bool:
        return True

    def leave(self) -> None:
        """Nobody waits for it."""


class FakeEngine(Engine):
    """Does no work; remembers what was wanted of it."""

    def __init__(self, names: Sequence[str]) -> None:
        super().__init__({}, clock=StillClock(), glance_every={})
        self.wanted: list[tuple[str, WorkMode | None]] = []
        self.standings = dict.fromkeys(names, Standing())
        self.stopped = False
        self.finishing: list[str] = []

    def want(self, name: str, mode: WorkMode | None) -> None:
        self.wanted.append((name, mode))
        self.standings[name] = Standing(mode)

    def finish(self, name: str) -> None:
        self.finishing.append(name)

    def standing(self, name: str) -> Standing:
        return self.standings[name]

    def stop(self, patience: float = 0.0) -> None:  # noqa: ARG002 - as in Engine
        self.stopped = True


class FakeWiring(Wiring):
    def __init__(
        self,
        directory: Path,
        states: Mapping[str, RepositoryState],
        keys: Mapping[str, str] | None = None,
        **settings: object,
    ) -> None:
        self.places = Places(config=directory / "c.toml", state=directory, cache=directory / "cache")
        repos = {name: replace(repository(name), **settings) for name in states}
        self.config = Config(path=self.places.config, repos=repos, keys=keys or {})
        self.still = StillClock()
        self.clock = self.still
        self.commands = {}
        self.fake_processes = FakeProcesses(holder("ana"))
        self.processes = self.fake_processes  # type: ignore[assignment]
        self.stores = {name: MemoryStore(state) for name, state in states.items()}
        self.journals = {name: MemoryJournal() for name in states}
        for name, journal in self.journals.items():
            journal.append(landed(name))
        self.readers = {name: FakeReader() for name in states}
        self.refs = FakeRefs({"main": TIP, "feat/new": oid(77), "fix/other": oid(78)})
        self.fake_engine = FakeEngine(tuple(states))
        self.last_key: Callable[[], Instant | None] | None = None
        """When a key was last pressed, as the engine is told."""

    def engine(
        self,
        emit: Emit,  # noqa: ARG002 - as in Wiring
        *,
        changed: Callable[[str], None] = lambda _: None,  # noqa: ARG002
        last_key: Callable[[], Instant | None] | None = None,
    ) -> Engine:
        self.last_key = last_key
        return self.fake_engine

    def reader(self, name: str) -> FakeReader:
        return self.readers[name]

    def desk(self, name: str, emit: Emit = lambda _: None) -> Desk:
        return Desk(
            self.config.repos[name],
            store=self.stores[name],
            journal=self.journals[name],
            refs=self.refs,
            processes=self.fake_processes,
            occupancy=FreeLock,
            clock=self.still,
            emit=emit,
        )


class World:
    """A console's bridge, and everything behind it within reach."""

    def __init__(
        self,
        directory: Path,
        states: Mapping[str, RepositoryState] | None = None,
        keys: Mapping[str, str] | None = None,
        **settings: object,
    ) -> None:
        """`settings` are those of every repository."""
        states = busy_day(directory) if states is None else states
        self.wiring = FakeWiring(directory, states, keys, **settings)
        self.bridge = Bridge(self.wiring)
        self.engine = self.wiring.fake_engine
        self.refs = self.wiring.refs
        self.clock = self.wiring.still

    def state(self, name: str = "shop") -> RepositoryState:
        return self.wiring.stores[name].read()

    def reader(self, name: str = "shop") -> FakeReader:
        return self.wiring.readers[name]

    def facts(self, name: str = "shop") -> list[Event]:
        return list(self.wiring.journals[name].read())

    def change(self, step: Callable[[RepositoryState], RepositoryState], name: str = "shop") -> None:
        self.wiring.stores[name].change(lambda state: (step(state), None))

    def queue(self, name: str = "shop") -> list[Branch]:
        """As the console shows it."""
        places = self.bridge.picture(name).positions()
        return [self.state(name).entries[key].branch for key in sorted(places, key=places.__getitem__)]


def holder(operator: str, pid: int = 4121) -> Holder:
    return Holder(operator=operator, host="buildbox", boot="b", pid_namespace="n", pid=pid, started=1.0)


def oid(number: int) -> Oid:
    return f"{number:07x}" + "a" * 33


def repository(name: str) -> Repository:
    return Repository(name=name, remote=f"git@example.org:{name}.git", retest="python -m pytest tests/ -q")


def ago(**span: float) -> Instant:
    return NOON - timedelta(**span)


def entry(number: int, branch: Branch, **fields: object) -> Entry:
    plain = Entry(
        id=f"e{number}",
        branches=(branch,),
        heads=(oid(number),),
        enqueued_at=ago(minutes=40),
        enqueued_by="joe@buildbox",
        author="joe",
        rank=number,
        state_since=ago(minutes=30),
    )
    return replace(plain, **fields)


def queue_of(*entries: Entry, **fields: object) -> RepositoryState:
    seen = Sighting(at=ago(seconds=6), tip=TIP)
    state = RepositoryState(entries={entry.id: entry for entry in entries}, seen=seen, serial=len(entries))
    return replace(state, **fields)


def lease(operator: str = "ana", *, token: int = 17, renewed: float = 6.0, ttl: float = 90.0) -> Lease:
    at = ago(seconds=renewed)
    return Lease(
        token=token,
        holder=holder(operator),
        branches=("feat/cart",),
        phase="testing",
        acquired_at=ago(minutes=5),
        renewed_at=at,
        expires_at=at + timedelta(seconds=ttl),
    )


def busy_day(directory: Path) -> dict[str, RepositoryState]:
    """Three repositories with an entry in every state."""
    log = directory / "r17.log"
    passed = [f"tests/test_{name}.py ........................ [{n}%]" for n, name in enumerate(_TESTS, 10)]
    log.write_text("\n".join(["collected 212 items", "", *passed, "tests/test_cart.py .........."]) + "\n")
    shop = queue_of(
        entry(
            1,
            "feat/cart",
            author="ana",
            priority=Priority.HIGH,
            state=EntryState.TESTING,
            state_since=ago(minutes=4, seconds=12),
            log=str(log),
        ),
        entry(2, "fix/login", behind=2),
        entry(3, "fix/typo-in-the-checkout-confirmation-mail", author="mika", behind=0),
        entry(
            4,
            "feat/search",
            author="lou",
            state=EntryState.DEFERRED,
            available_at=NOON + timedelta(seconds=20),
            reason=Coded(Reason.LEASE_BUSY, "held by joe@ci-2 pid 77"),
        ),
        entry(
            5,
            "chore/deps",
            author="renovate",
            state=EntryState.SENT_BACK,
            reason=Coded(Reason.CONFLICT, "setup.cfg, src/app.py"),
        ),
        entry(
            6,
            "feat/export",
            state=EntryState.HELD,
            reason=Coded(Reason.RETEST_TIMEOUT, "`python -m pytest tests/ -q` was not done after 1800 s"),
        ),
        lease=lease(),
    )
    api = queue_of(entry(1, "feat/v2", behind=14), entry(2, "fix/timeouts", behind=1))
    return {"shop": shop, "api": api, "docs": queue_of()}


_TESTS = ("accounts", "api", "basket", "catalogue", "checkout", "discounts", "export", "feeds", "invoices")


def landed(name: str) -> Ended:
    """An earlier run, so that there is something to judge the next one by."""
    run = Run(
        id="e0.1",
        repo=name,
        branches=("feat/old",),
        outcome="landed",
        started_at=ago(hours=2),
        finished_at=ago(hours=2) + timedelta(minutes=6),
    )
    return Ended(repo=name, at=run.finished_at, run=run)


def on_a_thread(work: Callable[[], object]) -> None:
    """Do it off the event loop, and wait for it."""
    thread = Thread(target=work, daemon=True)
    thread.start()
    thread.join()
