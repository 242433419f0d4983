"""Several repositories at once, in auto-advance, step by step, and drained."""

import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import psutil
import pytest

from mergetui.actions import Why
from mergetui.adapters.git import PATIENCE
from mergetui.adapters.process import descendants
from mergetui.config import Config
from mergetui.engine import Engine
from mergetui.events import Ended, Event, LeaseGranted, RemoteLost, RetestStarted
from mergetui.model import EntryState
from mergetui.places import Places
from mergetui.repository import Repository
from mergetui.wiring import Wiring
from tests.adapters.waiting import eventually
from tests.gate.gate import RETEST
from tests.worlds.remote import Remote


class Yard:
    """Two repositories under one engine."""

    def __init__(self, directory: Path) -> None:
        self.remotes = {name: Remote(directory / f"{name}.git") for name in ("api", "shop")}
        self.heard: list[Event] = []
        self.wiring = Wiring(
            Places(config=directory / "c.toml", state=directory / "state", cache=directory / "cache"),
            Config(path=directory / "c.toml", repos={n: _repository(n, r) for n, r in self.remotes.items()}),
        )
        self.at_start: Callable[[], object] = lambda: None
        """Done once when a retest starts, by the driver that started it."""
        self.engine: Engine = self.wiring.engine(self._hear)

    def _hear(self, fact: Event) -> None:
        self.heard.append(fact)
        if isinstance(fact, RetestStarted):
            at_start, self.at_start = self.at_start, lambda: None
            at_start()

    def queue(self, name: str, branch: str, test: str = "exit 0") -> None:
        self.remotes[name].propose(branch, {f"test-{branch}": test})
        self.wiring.desk(name).enqueue([(branch,)])

    def landed(self) -> set[str]:
        return {
            fact.run.branches[-1]
            for fact in self.heard
            if isinstance(fact, Ended) and fact.run.outcome == "landed"
        }

    def fetches(self, name: str) -> list[str]:
        return [line for line in self.wiring.commands[name].lines if line.startswith("git fetch")]

    def drain(self, patience: timedelta = timedelta()) -> dict[str, Why]:
        waits = self.engine.drain(self.remotes, patience=patience, stopping=threading.Event())
        return {name: wait.why for name, wait in waits.items()}


def _repository(name: str, remote: Remote) -> Repository:
    return Repository(name=name, remote=remote.url, retest=RETEST, fetch_interval=timedelta(milliseconds=100))


@pytest.fixture
def yard(tmp_path: Path) -> Iterator[Yard]:
    yard = Yard(tmp_path)
    yield yard
    yard.engine.stop()


def test_several_repositories_are_drained_at_once(yard: Yard) -> None:
    yard.queue("api", "a")
    yard.queue("shop", "s")
    assert yard.drain() == {"api": Why.IDLE, "shop": Why.IDLE}
    assert yard.landed() == {"a", "s"}


def test_one_broken_repository_leaves_the_other_running(yard: Yard) -> None:
    yard.queue("api", "a")
    yard.queue("shop", "s")
    (yard.wiring.places.cache).mkdir()
    (yard.wiring.places.cache / "api").write_text("in the way")
    assert yard.drain()["api"] is Why.BROKEN
    assert yard.landed() == {"s"}


def test_a_store_that_cannot_be_read_breaks_its_repository_alone(yard: Yard) -> None:
    yard.queue("api", "a")
    yard.queue("shop", "s")
    queue = yard.wiring.places.of("api") / "queue.json"
    queue.write_text('{"somebody": "else"}')
    queue.with_name("queue.json.prev").unlink(missing_ok=True)
    assert yard.drain()["api"] is Why.BROKEN
    assert yard.landed() == {"s"}
    assert queue.read_text() == '{"somebody": "else"}'


def test_drain_waits_for_a_deferred_entry_within_its_patience(yard: Yard) -> None:
    remote = yard.remotes["shop"]
    yard.queue("shop", "s")
    away = remote.path.rename(remote.path.with_suffix(".away"))
    returning = threading.Timer(0.3, away.rename, [remote.path])
    returning.start()
    assert yard.drain(timedelta(seconds=30))["shop"] is Why.IDLE
    assert yard.landed() == {"s"}


def test_auto_advance_lands_what_is_queued_while_it_is_on(yard: Yard) -> None:
    yard.engine.start()
    yard.engine.want("shop", "auto")
    yard.queue("shop", "s")
    eventually(lambda: yard.landed() == {"s"})


def test_a_step_is_one_entry_from_catch_up_to_its_end(yard: Yard) -> None:
    yard.queue("shop", "first")
    yard.queue("shop", "second")
    yard.engine.start()
    yard.engine.want("shop", "step")
    eventually(lambda: yard.landed() == {"first"})
    eventually(lambda: yard.engine.standing("shop").mode is None)
    [entry] = yard.wiring.desk("shop").state().entries.values()
    assert entry.branch == "second"


def test_switching_auto_advance_off_requeues_what_runs(yard: Yard) -> None:
    yard.queue("shop", "slow", "sleep 60")
    yard.engine.start()
    yard.engine.want("shop", "auto")
    eventually(lambda: any(isinstance(fact, RetestStarted) for fact in yard.heard))
    yard.engine.want("shop", None)
    eventually(lambda: yard.wiring.desk("shop").state().advance is None)
    [entry] = yard.wiring.desk("shop").state().entries.values()
    assert entry.state == "queued"


def test_auto_advance_switches_itself_off_when_the_lease_is_taken(yard: Yard) -> None:
    yard.queue("shop", "slow", "sleep 60")
    yard.engine.start()
    yard.engine.want("shop", "auto")
    eventually(lambda: any(isinstance(fact, RetestStarted) for fact in yard.heard))
    yard.wiring.desk("shop").force_release("enough")
    assert "lease" in eventually(lambda: yard.engine.standing("shop").stopped_itself)


def test_an_idle_engine_sees_the_remote_move(yard: Yard) -> None:
    yard.engine.start()
    moved = yard.remotes["shop"].push(x="1")
    eventually(lambda: (seen := yard.wiring.desk("shop").state().seen) and seen.tip == moved)


def test_stopping_the_engine_leaves_no_lease_behind(yard: Yard) -> None:
    yard.queue("shop", "slow", "sleep 60")
    yard.engine.start()
    yard.engine.want("shop", "auto")
    eventually(lambda: any(isinstance(fact, RetestStarted) for fact in yard.heard))
    yard.engine.stop()
    assert yard.wiring.desk("shop").state().lease is None


def test_a_repository_that_finishes_lands_what_runs_and_begins_nothing(yard: Yard, tmp_path: Path) -> None:
    yard.queue("shop", "first", f'until [ -e "{tmp_path}/go" ]; do sleep 0.02; done')
    yard.queue("shop", "second")
    yard.engine.start()
    yard.engine.want("shop", "auto")
    eventually(lambda: any(isinstance(fact, RetestStarted) for fact in yard.heard))
    yard.engine.finish("shop")
    (tmp_path / "go").touch()
    eventually(lambda: yard.engine.standing("shop").mode is None)
    assert yard.landed() == {"first"}
    begun = [fact.branches for fact in yard.heard if isinstance(fact, LeaseGranted)]
    assert begun == [("first",)]
    assert yard.engine.standing("shop").stopped_itself is None


def test_a_repository_that_was_to_finish_goes_on_when_it_is_wanted_again(yard: Yard, tmp_path: Path) -> None:
    yard.queue("shop", "first", f'until [ -e "{tmp_path}/go" ]; do sleep 0.02; done')
    yard.queue("shop", "second")
    yard.engine.start()
    yard.engine.want("shop", "auto")
    eventually(lambda: any(isinstance(fact, RetestStarted) for fact in yard.heard))
    yard.engine.finish("shop")
    yard.engine.want("shop", "auto")
    (tmp_path / "go").touch()
    eventually(lambda: yard.landed() == {"first", "second"})


@pytest.fixture
def silent(yard: Yard) -> Yard:
    """A retest runs, and the engine waits for an answer of a remote that says nothing any more."""
    asked: list[int] = []

    def fall_silent() -> None:
        yard.remotes["shop"].fall_silent()
        asked.append(len(yard.fetches("shop")))

    yard.at_start = fall_silent
    yard.queue("shop", "slow", "sleep 60")
    yard.engine.start()
    yard.engine.want("shop", "auto")
    eventually(lambda: asked and len(yard.fetches("shop")) > asked[0])
    return yard


def test_an_engine_does_not_wait_for_a_silent_remote_to_stop(silent: Yard) -> None:
    since = time.monotonic()
    silent.engine.stop()
    assert time.monotonic() - since < PATIENCE / 4


def test_an_engine_that_stops_takes_no_silence_for_a_remote_that_is_down(silent: Yard) -> None:
    silent.engine.stop()
    state = silent.wiring.desk("shop").state()
    [entry] = state.entries.values()
    assert (entry.state, entry.reason, entry.attempts) == (EntryState.QUEUED, None, 0)
    assert state.lease is None
    assert not any(isinstance(fact, RemoteLost) for fact in silent.heard)


@pytest.mark.soak
def test_an_engine_leaves_no_git_behind_that_asks_a_silent_remote(silent: Yard) -> None:
    silent.engine.stop()
    left = (process for process in descendants() if process.status() != psutil.STATUS_ZOMBIE)
    assert [process for process in left if process.name() == "git"] == []


def test_a_drain_that_is_stopped_does_not_wait_for_a_silent_remote(yard: Yard) -> None:
    yard.queue("shop", "slow")
    yard.remotes["shop"].fall_silent()
    stopping = threading.Event()
    stopping.set()
    since = time.monotonic()
    yard.engine.drain(["shop"], patience=timedelta(), stopping=stopping)
    assert time.monotonic() - since < PATIENCE / 4
