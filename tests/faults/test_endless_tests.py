"""Tests that do not end by themselves, through the whole gate: gone in time, and nothing of them is left."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from time import monotonic

import pytest

from mergetui.events import RetestEnded
from tests.adapters.waiting import eventually
from tests.cli.running import gone
from tests.gate.gate import TestGate
from tests.worlds.remote import Remote

pytestmark = pytest.mark.fault(14)

PROMISED = 15.0
"""Seconds after its time-out."""
SELF = "echo $$ >> $PIDS"
HANGS = f"{SELF}; sleep 600"
LEAVES_ITS_SESSION = f"setsid sh -c '{SELF}; exec sleep 600' & {SELF}; sleep 600"
FORKS_TWICE = f"(setsid sh -c '({SELF}; exec sleep 600) &' &) ; {SELF}; sleep 600"
FORKS_TWICE_AND_ENDS = f"(setsid sh -c '{SELF}; exec sleep 600' &) ; {SELF}"
KEEPS_THE_PIPE = (
    f"(setsid sh -c '{SELF}; while :; do echo still here; sleep 0.05; done' &) ; {SELF}; sleep 600"
)
IS_DEAF = f"trap '' TERM INT HUP; {SELF}; while :; do sleep 0.1; done"
IS_DEAF_ELSEWHERE = f"setsid sh -c \"trap '' TERM; {SELF}; while :; do sleep 0.1; done\" & {SELF}; sleep 600"


def pids(file: Path) -> list[int]:
    return [int(line) for line in file.read_text().split()]


def end_of(test: str, gate: TestGate, file: Path) -> float:
    """Seconds from the start of the retest to its end; none of the processes that it named is left."""
    gate.remote.propose("feature", {"test-a": f"PIDS={file}; export PIDS\n{test}\n"})
    gate.enqueue("feature")
    started = monotonic()
    gate.drain()
    took = monotonic() - started
    assert pids(file)
    eventually(lambda: all(gone(pid) for pid in pids(file)), within=5)
    return took


@pytest.mark.sampled("hangs", "forks twice")
@pytest.mark.parametrize(
    "test",
    [
        HANGS,
        LEAVES_ITS_SESSION,
        FORKS_TWICE,
        KEEPS_THE_PIPE,
        IS_DEAF,
        IS_DEAF_ELSEWHERE,
    ],
    ids=["hangs", "own session", "forks twice", "keeps the pipe", "deaf", "deaf in its own session"],
)
def test_a_test_that_takes_too_long_is_gone_in_time_and_sent_back(
    test: str, make_gate: Callable[..., TestGate], tmp_path: Path
) -> None:
    gate = make_gate(retest_timeout=timedelta(seconds=1))
    took = end_of(test, gate, tmp_path / "pids")
    assert took < 1 + PROMISED
    assert gate.reason("feature").code == "retest-timeout"
    log = gate.facts(RetestEnded)[-1].log
    assert log is not None
    assert Path(log).exists()


def test_a_silent_test_is_gone_in_time_and_sent_back(
    make_gate: Callable[..., TestGate], tmp_path: Path
) -> None:
    gate = make_gate(retest_silence=timedelta(seconds=1))
    assert end_of(HANGS, gate, tmp_path / "pids") < 1 + PROMISED
    assert gate.reason("feature").code == "retest-hung"


def test_what_a_green_test_leaves_running_is_gone_before_it_lands(
    remote: Remote, gate: TestGate, tmp_path: Path
) -> None:
    end_of(FORKS_TWICE_AND_ENDS, gate, tmp_path / "pids")
    assert gate.landed() == ["feature"]
    assert "test-a" in remote.files()
