"""A gate on a real remote: real git, real retests, stores on disk; only the clock can be pushed forward."""

import time
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

from msgspec.structs import replace

from mergetui.actions import Wait, Why
from mergetui.adapters.clock import SystemClock
from mergetui.adapters.sender import Pace, Sender
from mergetui.adapters.tinydb_store import TinyDBStore
from mergetui.config import Config
from mergetui.config_checks import parse_check
from mergetui.driver.driver import Driver
from mergetui.events import Ended, Event, Fact
from mergetui.integrations import Forge
from mergetui.model import Entry, Holder, Instant
from mergetui.operations import Desk, Queued
from mergetui.outcome import Run
from mergetui.places import Places
from mergetui.queueing import find
from mergetui.reason import Coded
from mergetui.repository import Gate, Repository
from mergetui.state import RepositoryState
from mergetui.wiring import Wiring
from tests.worlds.remote import Remote

F = TypeVar("F", bound=Fact)

RETEST = 'set -e; for t in ./test-*; do [ ! -e "$t" ] || { echo "running $t"; sh "$t"; }; done'
"""Runs every file that is named `test-...`; a repository without one is green."""


_TICK = 0.01


class PushedClock(SystemClock):
    """The system's clock, ahead by as much as a test says."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def now(self) -> Instant:
        return super().now() + self.ahead

    def monotonic(self) -> float:
        return super().monotonic() + self.ahead.total_seconds()


class TestGate:
    """One repository, an operator's desk at it, and an engine that a test steps."""

    __test__ = False

    def __init__(self, remote: Remote, directory: Path, **settings: object) -> None:
        self.remote = remote
        self.directory = directory
        self.clock = PushedClock()
        self.heard: list[Event] = []
        self.reactions: list[tuple[type[Fact], Callable[[], object]]] = []
        self.forges: dict[str, Forge] = {}
        tables: Mapping[str, Mapping[str, object]] = settings.pop("tables", {})  # type: ignore[assignment]
        self.checks = {name: parse_check(name, table) for name, table in tables.items()}
        gate = {key: settings.pop(key) for key in list(settings) if key in Gate.__struct_fields__}
        defaults = {"retest": RETEST, "fetch_interval": timedelta(seconds=5)}
        self.repository = Repository(
            **{"name": "shop", "remote": remote.url, **defaults, **settings}  # type: ignore[arg-type]
        )
        self.caps = Gate(**gate)  # type: ignore[arg-type]
        self.driver = self.engine()

    def engine(self, holder: Holder | None = None) -> Driver:
        """An engine on this state; `holder` is who it says it is."""
        wiring = self._wiring(holder)
        return wiring.driver("shop", self._hear)

    def told_by(self, forge: Forge, project: str) -> None:
        """From now on that forge is told what becomes of commits."""
        self.forges = {forge.name: forge}
        self.repository = replace(self.repository, forge=forge.name, project=project)
        self.driver = self.engine()

    def sender(self, pace: Pace) -> Sender:
        return self._wiring(None).sender(pace)

    @property
    def desk(self) -> Desk:
        return self._wiring(None).desk("shop", self._hear)

    def enqueue(self, *branches: str, stack: bool = False) -> list[Entry]:
        answers = self.desk.enqueue([branches] if stack else [(branch,) for branch in branches])
        assert isinstance(answers, list), answers
        return [answer.entry for answer in answers if isinstance(answer, Queued)]

    def drain(self, *, rounds: int = 2000) -> Wait:
        """Work until it waits for anything but a retest or the remote's word; what it waits for."""
        return self.until(lambda wait: wait.why not in (Why.TESTING, Why.UNDECIDED), rounds=rounds)

    def until(self, is_enough: Callable[[Wait], bool], *, rounds: int = 2000) -> Wait:
        assert self.driver.occupy("auto") is None
        try:
            for _ in range(rounds):
                wait = self.driver.round()
                if wait is not None and is_enough(wait):
                    return wait
                time.sleep(_TICK if wait else 0)
            raise AssertionError(f"it did not come to rest: {wait}")
        finally:
            self.driver.leave()

    def rounds_until(self, why: Why, *, rounds: int = 2000) -> Wait:
        """Work on what is occupied already, and do not let it go."""
        for _ in range(rounds):
            wait = self.driver.round()
            if wait is not None and wait.why is why:
                return wait
            time.sleep(_TICK if wait else 0)
        raise AssertionError(f"it did not come to {why}: {wait}")

    def when(self, fact: type[Fact], do: Callable[[], object]) -> None:
        """The next time this fact is told, do that: the world moves while the gate works."""
        self.reactions.append((fact, do))

    def later(self, **span: float) -> None:
        self.clock.ahead += timedelta(**span)

    def store(self) -> TinyDBStore:
        return self._wiring(None).store("shop")

    def state(self) -> RepositoryState:
        return self.desk.state()

    def entry(self, branch: str) -> Entry:
        entry = find(self.state(), branch)
        assert entry is not None, f"{branch} is not in the queue"
        return entry

    def reason(self, branch: str) -> Coded:
        """Why the entry did not land."""
        reason = self.entry(branch).reason
        assert reason is not None, f"{branch} has no reason"
        return reason

    def reason_of_run(self, branch: str) -> Coded:
        reason = self.run_of(branch).reason
        assert reason is not None, f"the run of {branch} has no reason"
        return reason

    def is_queued(self, branch: str) -> bool:
        return find(self.state(), branch) is not None

    def run_of(self, branch: str) -> Run:
        """The latest run of the branch."""
        return [run for run in self.desk.history() if branch in run.branches][-1]

    def facts(self, kind: type[F]) -> list[F]:
        return [fact for fact in self.heard if isinstance(fact, kind)]

    def landed(self) -> list[str]:
        return [run.run.branches[-1] for run in self.facts(Ended) if run.run.outcome == "landed"]

    def _hear(self, event: Event) -> None:
        self.heard.append(event)
        for reaction in [r for r in self.reactions if isinstance(event, r[0])][:1]:
            self.reactions.remove(reaction)
            reaction[1]()

    def _wiring(self, holder: Holder | None) -> Wiring:
        where = Places(
            config=self.directory / "mergetui.toml",
            state=self.directory / "state",
            cache=self.directory / "cache",
        )
        config = Config(
            path=where.config,
            gate=self.caps,
            repos={"shop": self.repository},
            forges=self.forges,
            checks=self.checks,
        )
        return Wiring(where, config, clock=self.clock, me=holder)
