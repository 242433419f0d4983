"""What the console knows of the engine: one picture per repository, and the commands it can send."""

import logging
import threading
from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from mergetui.actions import Wait, Why
from mergetui.model import EntryId, Instant, Oid
from mergetui.queueing import positions
from mergetui.repository import Repository
from mergetui.state import RepositoryState
from mergetui.train import Train
from mergetui.tui.train_sight import Aboard, TrainSight, percents

if TYPE_CHECKING:
    from mergetui.adapters.presence import Presence
    from mergetui.adapters.room import DiskRoom
    from mergetui.adapters.shells import Shells
    from mergetui.engine import Engine
    from mergetui.events import Event
    from mergetui.git_ports import BranchReader
    from mergetui.masking import Mask
    from mergetui.operations import Desk
    from mergetui.verdict import Knowledge, Verdict
    from mergetui.wiring import Wiring
    from mergetui.worker import Standing

_POLL = 0.25
_log = logging.getLogger(__name__)


class Picture(Struct, frozen=True, kw_only=True):
    """One repository as the screens show it; a value, made off the event loop."""

    known: "Knowledge"
    standing: "Standing"
    """What this console's own engine does on it."""
    verdict: "Verdict"
    lease_is_stale: bool
    worked_on_elsewhere: str | None
    """The other process that works on it; then this console is a viewer."""
    notice: str | None
    train: Train = Train()
    """The candidates that are under test at this moment, whoever tests them."""

    @property
    def repository(self) -> Repository:
        return self.known.repository

    @property
    def state(self) -> RepositoryState:
        return self.known.state

    @property
    def usual(self) -> timedelta | None:
        """What a run takes, from those that landed."""
        return self.known.usual

    @property
    def slow(self) -> timedelta | None:
        """What 95 of 100 such runs stayed under."""
        return self.known.slow

    @property
    def taken_at(self) -> Instant:
        return self.known.now

    @property
    def name(self) -> str:
        return self.repository.name

    @property
    def wait(self) -> Wait | None:
        return self.standing.wait

    def positions(self) -> dict[EntryId, int]:
        return dict(positions(self.state))


class Bridge:
    """Owns the engine of this console; a read-only one has none.

    Everything here may block: screens call it from workers. Nothing is made before it is asked for, so that a
    console can show itself first: what comes with the engine is loaded when it starts.
    """

    def __init__(self, wiring: "Wiring", *, read_only: bool = False) -> None:
        self.wiring = wiring
        self.read_only = read_only
        self.names = tuple(wiring.config.repos)
        self._listener: Callable[[Event], None] = lambda _: None
        self._last_key: Instant | None = None
        self._desks: dict[str, Desk] = {}
        self._masks: dict[str, Mask] = {}
        self._readers: dict[str, BranchReader] = {}
        self._trains: dict[str, TrainSight] = {}
        self._is_over = False
        self._starts_or_stops = threading.Lock()

    @cached_property
    def engine(self) -> "Engine":
        if self.read_only:
            from mergetui.tui.idle_engine import IdleEngine

            return IdleEngine(self.wiring.clock)
        return self.wiring.engine(self._hear, last_key=lambda: self._last_key)

    @property
    def operator(self) -> str:
        return str(self.wiring.processes.me())

    def start(self, listener: "Callable[[Event], None]") -> None:
        """Facts go to `listener`, from the engine's threads. Nothing is started that was stopped already."""
        with self._starts_or_stops:
            if not self._is_over:
                self._listener = listener
                for part in (self.desk, self.mask, self.reader):
                    for name in self.names:
                        part(name)
                self.engine.start()

    def stop(self) -> None:
        """Stop what runs here and requeue it; an engine that was never asked for is not made for it."""
        with self._starts_or_stops:
            self._is_over = True
            if "engine" in self.__dict__:
                self.engine.stop()

    def note_key(self) -> None:
        """The operator is there."""
        self._last_key = self.now()

    def now(self) -> Instant:
        return self.wiring.clock.now()

    def desk(self, name: str) -> "Desk":
        if name not in self._desks:
            self._desks[name] = self.wiring.desk(name, self._hear)
        return self._desks[name]

    def logs(self, name: str) -> Path:
        return self.wiring.places.logs(name)

    def presence(self) -> "Presence":
        """Of this console, among all that are open on the state."""
        from mergetui.adapters.presence import Presence

        where = self.wiring.places.state / "consoles"
        return Presence(where, self.wiring.processes, since=self.now())

    def mask(self, name: str) -> "Mask":
        """What must not be shown of a retest's output."""
        if name not in self._masks:
            self._masks[name] = self.wiring.mask(name)
        return self._masks[name]

    def reader(self, name: str) -> "BranchReader":
        if name not in self._readers:
            self._readers[name] = self.wiring.reader(name)
        return self._readers[name]

    def shells(self, name: str) -> "Shells":
        return self.wiring.shells(name)

    def room(self, name: str) -> "DiskRoom":
        return self.wiring.room(name)

    def commands(self, name: str) -> tuple[str, ...]:
        """The latest git commands of this console's engine, newest last."""
        recent = self.wiring.commands.get(name)
        return tuple(recent.lines) if recent else ()

    def train(self, name: str) -> Train:
        """As the journal tells of it; of a dead engine's retests it does not know that they are over."""
        if name not in self._trains:
            self._trains[name] = TrainSight(self.desk(name).facts)
        return self._trains[name].read()

    def aboard(self, name: str) -> Aboard:
        train = self._alive(name, self.wiring.without_the_dead(self.desk(name).state()))
        return Aboard(train=train, percents=percents(train.running))

    def picture(self, name: str) -> Picture:
        from mergetui.verdict import explain

        desk, standing = self.desk(name), self.engine.standing(name)
        known = self.wiring.knowledge(desk, lack=_lack(standing))
        state, lease = known.state, known.state.lease
        elsewhere = state.advance is not None and state.advance.holder != self.wiring.processes.me()
        return Picture(
            known=known,
            standing=standing,
            verdict=explain(known),
            lease_is_stale=lease is not None and desk.is_stale(lease),
            worked_on_elsewhere=str(state.advance.holder) if elsewhere and state.advance else None,
            notice=desk.notice(),
            train=self._alive(name, state),
        )

    def is_overtaken(self, picture: Picture) -> bool:
        """Whether somebody has died since, or a lease has gone stale: nothing that is stored tells of it."""
        lease, advance = picture.state.lease, picture.state.advance
        if advance is not None and self.wiring.processes.is_dead(advance.holder):
            return True
        if lease is None:
            return False
        desk = self.desk(picture.name)
        now = (desk.is_stale(lease), desk.is_dead(lease))
        return now != (picture.lease_is_stale, picture.known.holder_is_dead)

    def _alive(self, name: str, state: RepositoryState) -> Train:
        train = self.train(name)
        return train if state.advance is not None else train.without_engine()

    def _hear(self, event: "Event") -> None:
        self._listener(event)


class Watcher:
    """A daemon thread that takes a new picture whenever a repository's state, standing or holder changes."""

    def __init__(
        self,
        bridge: Bridge,
        show: Callable[[Picture], object],
        tell: Callable[[str, Mapping[Oid, int]], object] = lambda *_: None,
        miss: Callable[[str, str | None], object] = lambda *_: None,
    ) -> None:
        """`tell` is told how far the retests of a repository say they are, by commit, when that changes.

        `miss` is told why a repository cannot be read, and None when it can again.
        """
        self._bridge = bridge
        self._show = show
        self._tell = tell
        self._miss = miss
        self._missed: dict[str, str] = {}
        self._told: dict[str, Mapping[Oid, int]] = {}
        self._stopping = threading.Event()
        self._wake = threading.Event()
        self._seen: dict[str, object] = {}
        self._latest: dict[str, Picture] = {}
        self._thread = threading.Thread(target=self._run, name="watcher", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def look_now(self) -> None:
        """After a command of this console: do not wait for the next poll."""
        self._wake.set()

    def stop(self) -> None:
        self._stopping.set()
        self._wake.set()

    def _run(self) -> None:
        while not self._stopping.is_set():
            for name in self._bridge.names:
                self._look(name)
            self._wake.wait(_POLL)
            self._wake.clear()

    def _look(self, name: str) -> None:
        try:
            train = self._bridge.train(name)
            mark = (self._bridge.desk(name).stamp(), self._bridge.engine.standing(name), train)
            if self._seen.get(name) != mark or self._bridge.is_overtaken(self._latest[name]):
                self._latest[name] = self._bridge.picture(name)
                self._show(self._latest[name])
                self._seen[name] = mark
            told = percents(train.running)
            if self._told.get(name, {}) != told:
                self._told[name] = told
                self._tell(name, told)
        except Exception as error:
            # The last picture stays and ages.
            _log.exception("no picture of %s", name)
            why = str(error) or type(error).__name__
            if self._missed.get(name) != why:
                self._missed[name] = why
                self._miss(name, why)
        else:
            if self._missed.pop(name, None) is not None:
                self._miss(name, None)


def _lack(standing: "Standing") -> str | None:
    """Why this console's own engine cannot write, if it works and cannot."""
    wait = standing.wait
    return wait.detail if wait is not None and wait.why is Why.NO_ROOM else None
