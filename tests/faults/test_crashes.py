"""Engines that are killed while they work, and what the next one finds."""

import os
import random
import shutil
import subprocess  # noqa: TID251 - whether a tracer may trace is asked of the tracer
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest

from tests.adapters.waiting import eventually
from tests.cli.running import NO
from tests.conftest import Length
from tests.faults.afterwards import Told, facts, left_running, violations
from tests.faults.crash_points import EXPECTED, Crowd, Drain, Rules, World, make_world, traced, wrong_after
from tests.worlds.remote import git_in

pytestmark = pytest.mark.fault(1)

_OFFSET = os.environ.get("CRASH_OFFSET")
"""Where the strides of a short sweep begin; random unless told."""
_RULES = [Rules(), Rules(strategy="merge"), Rules(batch=2)]
_TOLD = "had reached the remote: recorded"


@pytest.fixture(scope="module")
def crowd() -> Iterator[Crowd]:
    crowd = Crowd()
    yield crowd
    crowd.close()


@pytest.mark.soak
def test_a_retest_that_outlives_its_engine_is_ended_and_counts_for_nothing(
    crowd: Crowd, tmp_path: Path
) -> None:
    halt = '[ -e "$RETEST_LEDGER.at" ] || { echo > "$RETEST_LEDGER.at"; exec sleep 600; }'
    world, told = make_world(tmp_path / "world", Rules(check=f"{halt}; ! [ -e red ]"))
    crowd.order(Drain(world=world))
    eventually(world.place.ledger.with_suffix(".at").exists)
    crowd.kill_the_engine()
    assert crowd.answer().died
    assert left_running(world.place) != []
    assert wrong_after(crowd, world, told) == []


@pytest.mark.soak
def test_a_landing_of_an_engine_that_died_before_it_was_told_is_recorded_once(
    crowd: Crowd, tmp_path: Path
) -> None:
    world, told = make_world(tmp_path / "world", Rules())
    _die_during_the_push(crowd, world, hook="post-receive")
    world.let_go()
    assert wrong_after(crowd, world, told) == []
    assert _recoveries(world) == [f"the landing of behind {_TOLD}"]


@pytest.mark.soak
@pytest.mark.parametrize("hook", ["pre-receive", "update", "post-receive"])
def test_a_push_that_ends_after_its_engine_is_told_by_the_next_run(
    crowd: Crowd, tmp_path: Path, hook: str
) -> None:
    world, told = make_world(tmp_path / "world", Rules())
    _die_during_the_push(crowd, world, hook=hook)
    world.let_go()
    eventually(lambda: _tip(world) != told.first)
    answer = world.mergetui("run", "--drain")
    assert answer.code == NO
    assert answer.err.count(f"after a crash: the landing of behind {_TOLD}") == 1
    assert _recoveries(world) == [f"the landing of behind {_TOLD}"]
    assert violations(world.place, told) == []


@pytest.mark.soak
@pytest.mark.parametrize("hook", ["pre-receive", "update", "post-receive"])
def test_a_push_that_ends_while_the_next_engine_waits_is_not_done_twice(
    crowd: Crowd, tmp_path: Path, hook: str
) -> None:
    world, told = make_world(tmp_path / "world", Rules())
    _die_during_the_push(crowd, world, hook=hook)
    crowd.order(Drain(world=world))
    eventually(lambda: "recovered" in [fact["event"] for fact in facts(world.place.state)])
    world.let_go()
    assert crowd.answer().at_rest
    assert _recoveries(world) == [f"the landing of behind {_TOLD}"]
    assert world.fates() == EXPECTED
    assert violations(world.place, told) == []


@pytest.mark.soak
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("rules", _RULES, ids=["rebase", "merge", "batch"])
def test_wherever_an_engine_dies_the_next_one_needs_no_help(
    crowd: Crowd,
    tmp_path: Path,
    length: Length,
    record_property: Callable[[str, object], None],
    rules: Rules,
) -> None:
    sweep = Sweep(crowd, tmp_path, rules)
    points = sweep.strided(length(short=8, full=100_000))
    record_property("figure", f"{len(points)} of {sweep.effects} crash points, {points[:2]}...")
    assert sweep.wrong(points) == {}


@pytest.mark.soak
@pytest.mark.timeout(600)
def test_an_engine_that_dies_while_it_lands_or_lets_go_is_succeeded_by_the_next(
    crowd: Crowd, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    sweep = Sweep(crowd, tmp_path, Rules())
    points = sweep.telling()
    record_property("figure", f"{len(points)} crash points, {points[0]} to {points[-1]}")
    assert sweep.wrong(points) == {}


@pytest.mark.soak
@pytest.mark.timeout(7200)
@pytest.mark.usefixtures("tracer")
@pytest.mark.parametrize("call", ["fsync", "write", "rename", "link", "unlink"])
def test_a_run_that_dies_at_a_system_call_leaves_nothing_to_clean(
    crowd: Crowd,
    tmp_path: Path,
    length: Length,
    record_property: Callable[[str, object], None],
    call: str,
) -> None:
    traps = Traps(crowd, tmp_path, call)
    wrong = traps.sweep(step=length(short=40, full=1))
    record_property("figure", f"{traps.deaths} deaths at {call}(2)")
    assert traps.deaths > 0
    assert wrong == {}


class Sweep:
    """The same drain again and again, each of which dies at another of its effects."""

    def __init__(self, crowd: Crowd, directory: Path, rules: Rules) -> None:
        self._crowd = crowd
        self._directory = directory
        self._world, self._told = make_world(directory / "world", rules)
        undisturbed = self._world.copy(directory / "undisturbed")
        assert crowd.drain(undisturbed).at_rest
        assert violations(undisturbed.place, self._told) == []
        self._labels = undisturbed.effects.read_text().splitlines()

    @property
    def effects(self) -> int:
        return len(self._labels)

    def strided(self, most: int) -> list[int]:
        """About `most` of all crash points, evenly spread from a random first one on."""
        stride = max(1, self.effects // most)
        offset = int(_OFFSET) if _OFFSET else random.randrange(stride)
        return list(range(1 + offset % stride, self.effects + 1, stride))

    def telling(self) -> list[int]:
        """From the intent of the first landing until it is stored, and while the last lease is given back."""
        pushes = [number for number, label in enumerate(self._labels, start=1) if "'push'" in label]
        return [*range(pushes[1] - 16, pushes[1] + 14), *range(self.effects - 30, self.effects, 6)]

    def wrong(self, points: Iterable[int]) -> dict[int, list[str]]:
        """By crash point, what was not as it should be afterwards; the evidence of these is kept."""
        return {point: found for point in points if (found := self._wrong_after_dying_at(point))}

    def _wrong_after_dying_at(self, point: int) -> list[str]:
        world = self._world.copy(self._directory / f"died-at-{point}")
        self._crowd.drain(world, die_at=point)
        return _judged(self._crowd, world, self._told)


class Traps:
    """The same run again and again, which dies at each n-th call of one kind."""

    def __init__(self, crowd: Crowd, directory: Path, call: str) -> None:
        self._crowd = crowd
        self._directory = directory
        self._call = call
        self._world, self._told = make_world(directory / "world", Rules())
        self.deaths = 0

    def sweep(self, *, step: int) -> dict[int, list[str]]:
        """Every `step`-th call, until a run survives; what was not as it should be, by number."""
        wrong, number, died = {}, 1, True
        while died:
            world = self._world.copy(self._directory / f"{self._call}-{number}")
            died = traced(world, f"{self._call}:when={number}")
            self.deaths += died
            if found := _judged(self._crowd, world, self._told):
                wrong[number] = found
            number += step
        return wrong


@pytest.fixture
def tracer() -> None:
    if not shutil.which("strace"):
        pytest.skip("strace is not installed")
    ran = subprocess.run(["strace", "-qq", "-e", "trace=none", "true"], capture_output=True, check=False)
    if ran.returncode:
        pytest.skip(f"strace may not trace here: {ran.stderr.decode(errors='replace').strip()}")


def _judged(crowd: Crowd, world: World, told: Told) -> list[str]:
    found = wrong_after(crowd, world, told)
    if not found:
        shutil.rmtree(world.directory)
    return found


def _die_during_the_push(crowd: Crowd, world: World, *, hook: str) -> None:
    world.halt(hook)
    crowd.order(Drain(world=world))
    eventually(world.is_halted)
    crowd.kill_the_engine()
    assert crowd.answer().died


def _recoveries(world: World) -> list[str]:
    """What was told of landings that a dead engine had made."""
    told = [fact["detail"] for fact in facts(world.place.state) if fact["event"] == "recovered"]
    return [detail for detail in told if _TOLD in detail]


def _tip(world: World) -> str:
    return git_in(world.remote, "rev-parse", "main")
