from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.gate.gate import TestGate
from tests.worlds.distributions import Shelf, shelf_in
from tests.worlds.remote import Remote


@pytest.fixture
def make_gate(remote: Remote, tmp_path: Path) -> Iterator[Callable[..., TestGate]]:
    """Gates with these settings of the repository; whatever they run is over when the test is."""
    gates: list[TestGate] = []

    def make(**settings: object) -> TestGate:
        gates.append(TestGate(remote, tmp_path / "gate", **settings))
        return gates[-1]

    yield make
    for gate in gates:
        gate.driver.leave()


@pytest.fixture
def gate(make_gate: Callable[..., TestGate]) -> TestGate:
    return make_gate()


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shelf]:
    with shelf_in(tmp_path / "site", monkeypatch) as shelf:
        yield shelf
