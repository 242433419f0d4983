"""Auto-advance that stops itself: real git, real retests, and a clock that a test pushes forward."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from mergetui.config import Config
from mergetui.engine import Engine
from mergetui.events import Ended, Event, RetestStarted
from mergetui.model import EntryState, Instant
from mergetui.operations import Desk
from mergetui.places import Places
from mergetui.repository import Gate, Repository
from mergetui.wiring import Wiring
from tests.adapters.waiting import eventually
from tests.gate.gate import RETEST, PushedClock
from tests.worlds.remote import Remote

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


class Watched:
    """One repository under an engine that watches itself as a console's does."""

    def __init__(self, directory: Path, caps: Gate, *, parallel: int = 1) -> None:
        self.remote = Remote(directory / "shop.git")
        self.heard: list[Event] = []
        self.clock = PushedClock()
        self.last_key: Instant | None = None
        repository = Repository(
            name="shop",
            remote=self.remote.url,
            retest=RETEST,
            retest_timeout=DAY,
            retest_silence=DAY,
            fetch_interval=timedelta(milliseconds=100),
            parallel=parallel,
        )
        self.wiring = Wiring(
            Places(config=directory / "c.toml", state=directory / "state", cache=directory / "cache"),
            Config(path=directory / "c.toml", gate=caps, repos={"shop": repository}),
            clock=self.clock,
        )
        self.engine: Engine = self.wiring.engine(self.heard.append, last_key=lambda: self.last_key)
        self.engine.start()

    @property
    def desk(self) -> Desk:
        return self.wiring.desk("shop")

    def queue(self, *branches: str, test: str = "exit 1") -> None:
        for branch in branches:
            self.remote.propose(branch, {f"test-{branch}": test})
            self.desk.enqueue([(branch,)])

    def stopped(self) -> str:
        return eventually(lambda: self.engine.standing("shop").stopped_itself, within=30)

    def tested(self) -> list[str]:
        return [fact.branches[-1] for fact in self.heard if isinstance(fact, RetestStarted)]

    def ended(self, outcome: str) -> list[str]:
        runs = [fact.run for fact in self.heard if isinstance(fact, Ended)]
        return [run.branches[-1] for run in runs if run.outcome == outcome]

    def states(self) -> dict[str, EntryState]:
        return {entry.branch: entry.state for entry in self.desk.state().entries.values()}


@pytest.fixture
def watch(tmp_path: Path) -> Iterator[Callable[..., Watched]]:
    made: list[Watched] = []

    def make(*, parallel: int = 1, **caps: object) -> Watched:
        known = {"lease_ttl": DAY, **caps}
        made.append(Watched(tmp_path, Gate(**known), parallel=parallel))  # type: ignore[arg-type]
        return made[-1]

    yield make
    for watched in made:
        watched.engine.stop()


@pytest.mark.sampled("1")
@pytest.mark.parametrize("parallel", [1, 2])
def test_three_red_in_a_row_stop_it_and_the_fourth_is_tested_when_it_is_resumed(
    watch: Callable[..., Watched], parallel: int
) -> None:
    shop = watch(parallel=parallel)
    shop.queue("a", "b", "c")
    shop.queue("good", test="exit 0")
    shop.engine.want("shop", "auto")
    assert shop.stopped() == "3 entries in a row were sent back by the retest (a, b, c)"
    eventually(lambda: shop.desk.state().advance is None)
    assert (shop.ended("sent-back"), shop.ended("landed")) == (["a", "b", "c"], [])
    assert shop.states()["good"] is EntryState.QUEUED
    assert shop.desk.state().lease is None
    shop.engine.want("shop", "auto")
    eventually(lambda: shop.ended("landed") == ["good"])
    assert shop.engine.standing("shop").stopped_itself is None


def test_the_fourth_is_not_tested_before(watch: Callable[..., Watched]) -> None:
    shop = watch()
    shop.queue("a", "b", "c", "d")
    shop.engine.want("shop", "auto")
    shop.stopped()
    eventually(lambda: shop.desk.state().advance is None)
    assert shop.tested() == ["a", "b", "c"]


@pytest.mark.soak
def test_when_resumed_it_takes_as_many_again_to_stop_it(watch: Callable[..., Watched]) -> None:
    shop = watch(auto_stop_red=2)
    shop.queue("a", "b", "c", "d", "e")
    shop.engine.want("shop", "auto")
    shop.stopped()
    shop.engine.want("shop", "auto")
    assert "(c, d)" in shop.stopped()
    assert shop.tested() == ["a", "b", "c", "d"]


def test_a_landing_between_them_keeps_it_going(watch: Callable[..., Watched]) -> None:
    shop = watch(auto_stop_red=2)
    shop.queue("a")
    shop.queue("good", test="exit 0")
    shop.queue("b")
    shop.engine.want("shop", "auto")
    eventually(lambda: shop.ended("sent-back") == ["a", "b"])
    assert shop.engine.standing("shop").mode == "auto"


def test_a_remote_that_stays_away_stops_it(watch: Callable[..., Watched]) -> None:
    shop = watch()
    shop.engine.want("shop", "auto")
    eventually(lambda: shop.desk.state().seen)
    away = shop.remote.path.rename(shop.remote.path.with_suffix(".away"))
    eventually(lambda: (seen := shop.desk.state().seen) and seen.failing_since)
    assert shop.engine.standing("shop").mode == "auto"
    shop.clock.ahead += timedelta(minutes=16)
    assert shop.stopped() == "the remote could not be reached for 15m"
    away.rename(shop.remote.path)
    shop.queue("good", test="exit 0")
    shop.engine.want("shop", "auto")
    eventually(lambda: shop.ended("landed") == ["good"])


def test_what_runs_is_finished_before_it_stops(watch: Callable[..., Watched], tmp_path: Path) -> None:
    shop, go = watch(auto_stop_unattended=HOUR), tmp_path / "go"
    shop.queue("slow", test=f"until [ -e {go} ]; do sleep 0.02; done")
    shop.queue("next", test="exit 0")
    shop.engine.want("shop", "auto")
    eventually(lambda: shop.tested() == ["slow"])
    shop.clock.ahead += 2 * HOUR
    eventually(lambda: shop.engine.standing("shop").ending)
    assert shop.engine.standing("shop").mode == "auto"
    go.touch()
    assert shop.stopped() == "nobody pressed a key in this console for 1h"
    eventually(lambda: shop.desk.state().advance is None)
    assert (shop.ended("landed"), shop.tested()) == (["slow"], ["slow"])
    assert shop.states() == {"next": EntryState.QUEUED}


def test_a_key_that_is_pressed_in_time_keeps_it_going(watch: Callable[..., Watched], tmp_path: Path) -> None:
    shop, go = watch(auto_stop_unattended=HOUR), tmp_path / "go"
    shop.queue("slow", test=f"until [ -e {go} ]; do sleep 0.02; done")
    shop.queue("next", test="exit 0")
    shop.engine.want("shop", "auto")
    eventually(lambda: shop.tested() == ["slow"])
    shop.clock.ahead += 2 * HOUR
    eventually(lambda: shop.engine.standing("shop").ending)
    shop.last_key = shop.clock.now()
    eventually(lambda: shop.engine.standing("shop").ending is None)
    go.touch()
    eventually(lambda: shop.ended("landed") == ["slow", "next"])


def test_an_engine_that_nobody_watches_goes_on(watch: Callable[..., Watched]) -> None:
    shop = watch()
    shop.engine.stop()
    shop.queue("a", "b", "c", "d")
    unwatched = shop.wiring.engine(shop.heard.append)
    unwatched.start()
    unwatched.want("shop", "auto")
    eventually(lambda: shop.ended("sent-back") == ["a", "b", "c", "d"])
    unwatched.stop()
