"""What repositories share, slots for retests; and what candidates do, the window of entries on trial."""

import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from mergetui.actions import Why
from mergetui.config import Config
from mergetui.events import Ended, Event, RetestStarted
from mergetui.places import Places
from mergetui.repository import Gate, Repository
from mergetui.wiring import Wiring
from tests.adapters.waiting import eventually
from tests.gate.gate import TestGate
from tests.worlds.remote import Remote

MakeGate = Callable[..., TestGate]


def alone(place: Path) -> str:
    """A retest that is red when another one runs at the same time."""
    return f"mkdir {place} && sleep 0.1 && rmdir {place}"


def waits_for(path: Path) -> str:
    return f'until [ -e "{path}" ]; do sleep 0.02; done'


class Roof:
    """Three repositories with two good branches each; their retests bear no other beside them."""

    names = ("api", "docs", "shop")

    def __init__(self, directory: Path, *, slots: int, **settings: object) -> None:
        self.heard: list[Event] = []
        self._settings = {"retest": alone(directory / "busy"), "parallel": 2, **settings}
        places = Places(config=directory / "c", state=directory / "s", cache=directory / "cache")
        repositories = {name: self._repository(name, directory) for name in self.names}
        self.wiring = Wiring(places, Config(path=places.config, repos=repositories, gate=Gate(slots=slots)))
        for name in self.names:
            self.wiring.desk(name).enqueue([("a",), ("b",)])

    def drain(self) -> None:
        engine = self.wiring.engine(self.heard.append)
        engine.drain(self.names, patience=timedelta(minutes=1), stopping=threading.Event())

    def _repository(self, name: str, directory: Path) -> Repository:
        remote = Remote(directory / f"{name}.git")
        for branch in ("a", "b"):
            remote.propose(branch, {branch: "1"})
        return Repository(name=name, remote=remote.url, **self._settings)  # type: ignore[arg-type]


@pytest.mark.soak
def test_no_more_retests_run_than_there_are_slots_and_nobody_is_served_twice_while_another_waits(
    tmp_path: Path,
) -> None:
    roof = Roof(tmp_path, slots=1)
    roof.drain()
    assert [fact.run.outcome for fact in roof.heard if isinstance(fact, Ended)] == ["landed"] * 6
    served = [fact.repo for fact in roof.heard if isinstance(fact, RetestStarted)]
    assert set(served[:3]) == set(roof.names)


def test_who_has_no_slot_says_so_and_goes_on_when_there_is_one(tmp_path: Path) -> None:
    roof = Roof(tmp_path, slots=1)
    roof.wiring.slots.take("elsewhere")
    driver = roof.wiring.driver("shop", roof.heard.append)
    assert driver.occupy("auto") is None
    wait = eventually(driver.round)
    assert wait.why is Why.NO_SLOT
    eventually(lambda: driver.round() and not driver.has_news())
    roof.wiring.slots.give_back("elsewhere")
    assert driver.has_news()
    driver.leave()


def test_a_hedge_makes_room_for_another_repository(tmp_path: Path) -> None:
    roof = Roof(tmp_path, slots=3, retest=waits_for(tmp_path / "go"), parallel=3, hedge=True)
    driver, pool = roof.wiring.driver("shop", roof.heard.append), roof.wiring.slots
    assert driver.occupy("auto") is None
    eventually(lambda: driver.round() and pool.busy("shop") == 3)
    pool.line_up("api")
    assert driver.has_news()
    eventually(lambda: driver.round() and pool.busy("shop") == 2)
    assert pool.take("api")
    driver.leave()


def test_the_window_is_halved_by_a_red_entry_and_grows_with_what_lands(
    remote: Remote, make_gate: MakeGate
) -> None:
    gate = make_gate(batch=8, adaptive=True)
    remote.propose("red", {"test-red": "exit 1"})
    remote.propose("good", good="1")
    gate.enqueue("red", "good")
    gate.drain()
    assert (gate.reason("red").code, gate.landed()) == ("retest-failed", ["good"])
    assert _size(gate) == 8 // 2 + 1


def test_no_more_entries_are_on_trial_than_the_window_allows(remote: Remote, make_gate: MakeGate) -> None:
    gate = make_gate(batch=4, adaptive=True)
    remote.propose("red", {"test-red": "exit 1"})
    for name in "abcd":
        remote.propose(name, {name: "1"})
    gate.enqueue("red")
    gate.drain()
    gate.enqueue(*"abcd")
    gate.drain()
    assert [len(fact.branches) for fact in gate.facts(RetestStarted)] == [1, 2, 2]


def _size(gate: TestGate) -> int:
    window = gate.state().window
    assert window is not None
    return window.size
