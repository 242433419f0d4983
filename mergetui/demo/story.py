"""The main job on the sandbox: every scene queued, worked through, and the proof at the end."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from threading import Event as Flag

from msgspec import Struct

from mergetui.config_file import add_repository
from mergetui.demo.sandbox import RETEST, Sandbox, build
from mergetui.demo.scenes import SCENES, Scene
from mergetui.events import Ended, Event, RetestStarted
from mergetui.operations import Queued
from mergetui.outcome import Run
from mergetui.places import Places
from mergetui.wiring import Wiring

NAME = "shop"

_INTERRUPTING = ("feat/search",)
"""While these are retested, somebody pushes straight to main."""


class Verified(Struct, frozen=True):
    """A first-parent commit of main, and whether the suite is green there."""

    commit: str
    green: bool


class Ending(Struct, frozen=True):
    scene: Scene
    run: Run | None

    @property
    def as_expected(self) -> bool:
        run = self.run
        if run is None or run.outcome != self.scene.expected:
            return False
        return self.scene.code is None or (run.reason is not None and run.reason.code == self.scene.code)


class Stage(Struct, frozen=True):
    """A sandbox with its queue filled, and the wiring that works on it."""

    sandbox: Sandbox
    wiring: Wiring


def set_up(directory: Path) -> Stage:
    """Make the sandbox in `directory`, configure the gate for it, queue every scene."""
    sandbox = build(directory)
    where = Places(
        config=directory / "mergetui.toml", state=directory / "state", cache=directory / "state" / "cache"
    )
    add_repository(
        where.config,
        NAME,
        {"remote": str(sandbox.remote), "retest": RETEST, "fetch_interval": "5s", "env_pass": ["SHOP_PACE"]},
    )
    wiring = Wiring(where)
    desk = wiring.desk(NAME)
    for scene in SCENES:
        answers = desk.enqueue([scene.names], priority=scene.priority)
        assert isinstance(answers, list)
        assert all(isinstance(answer, Queued) for answer in answers), answers
    return Stage(sandbox, wiring)


def work_through(stage: Stage, tell: Callable[[Event], None], *, stopping: Flag) -> tuple[Ending, ...]:
    """Drain the queue, with a push straight to main in the middle; how every scene ended."""
    runs: dict[tuple[str, ...], Run] = {}
    rival = _Rival(stage.sandbox)

    def hear(event: Event) -> None:
        tell(event)
        rival.hear(event)
        if isinstance(event, Ended):
            runs[event.run.branches] = event.run

    engine = stage.wiring.engine(hear)
    engine.drain([NAME], patience=timedelta(), stopping=stopping)
    return tuple(Ending(scene, runs.get(scene.names)) for scene in SCENES)


def prove(sandbox: Sandbox) -> tuple[Verified, ...]:
    """The suite, run on every first-parent commit of main."""
    return tuple(Verified(commit, sandbox.prove(commit)) for commit in sandbox.first_parents())


class _Rival:
    """Somebody who pushes straight to main, once."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._waits = True

    def hear(self, event: Event) -> None:
        if self._waits and isinstance(event, RetestStarted) and set(event.branches) & set(_INTERRUPTING):
            self._waits = False
            self._sandbox.push_straight_to_main()


def is_as_it_should_be(endings: Sequence[Ending], proof: Sequence[Verified]) -> bool:
    return all(ending.as_expected for ending in endings) and all(verified.green for verified in proof)
