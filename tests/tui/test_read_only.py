from pathlib import Path

import pytest

from mergetui.adapters.presence import Presence
from mergetui.cli.main import split
from mergetui.cli.session import Options, Session
from mergetui.tui.availability import LOOKS, Ground, why_not
from mergetui.tui.bridge import Bridge
from mergetui.tui.keys import ACTS
from mergetui.tui.screens.log_view import LogView
from mergetui.tui.screens.quit import QuitQuestion
from mergetui.tui.screens.settings import SettingsForm
from tests.tui.fakes import FakeProcesses, World, holder
from tests.tui.seat import play, seated

CHANGES = [act for act in ACTS if act.name not in LOOKS]


@pytest.fixture
def world(tmp_path: Path) -> World:
    world = World(tmp_path)
    world.bridge = Bridge(world.wiring, read_only=True)
    return world


@pytest.mark.parametrize("act", CHANGES, ids=lambda act: act.name)
def test_no_act_that_changes_something_can_act(world: World, act: object) -> None:
    picture = world.bridge.picture("shop")
    ground = Ground(picture=picture, entries=tuple(picture.state.entries.values()), read_only=True)
    assert why_not(act.name, ground) == "read-only"  # type: ignore[attr-defined]


def test_what_only_looks_is_told_from_what_changes() -> None:
    assert {act.name for act in CHANGES} >= {
        "step",
        "auto",
        "pause",
        "enqueue",
        "undo",
        "force_release",
        "editor",
    }


def test_keys_palette_and_mouse_change_nothing(world: World) -> None:
    async def scene() -> None:
        before, facts = world.state(), world.facts()
        async with seated(world) as seat:
            await seat.until_seen("read-only")
            for act in CHANGES:
                seat.main.run_act(act.name)
                seat.main.action_act(act.name)
                assert seat.app.screen is seat.main
            await seat.press("s", "s")
            await seat.until_said("read-only")
            await seat.pilot.click("KeyBar", offset=(2, 0))
            assert seat.app.screen is seat.main
            assert (world.state(), world.facts(), world.engine.wanted) == (before, facts, [])

    play(scene())


@pytest.mark.parametrize("size", [(60, 20), (80, 24), (120, 40)])
def test_the_top_bar_says_so_at_every_size(world: World, size: tuple[int, int]) -> None:
    async def scene() -> None:
        async with seated(world, size=size) as seat:
            assert "read-only" in seat.screen.splitlines()[0]
            assert "auto" not in seat.screen.splitlines()[0]

    play(scene())


def test_looking_goes_on(world: World) -> None:
    async def scene() -> None:
        async with seated(world) as seat:
            await seat.select("feat/cart")
            await seat.press("l")
            await seat.until_asked(LogView)

    play(scene())


def test_settings_open_to_look_at_and_cannot_be_changed(world: World) -> None:
    file = world.wiring.places.config
    file.write_text('[repos.shop]\nremote = "git@example.org:shop.git"\nretest = "make test"\n')
    before = file.read_text()

    async def scene() -> None:
        async with seated(world) as seat:
            await seat.press("S")
            await seat.until_asked(SettingsForm)
            await seat.until_seen("make test")
            await seat.until_seen("read-only: this console only looks on")
            assert "save" not in seat.screen
            await seat.press("down", "x", "backspace", "ctrl+s", "ctrl+r")
            assert type(seat.app.screen) is SettingsForm
            await seat.press("escape")
            await seat.until(lambda: seat.app.screen is seat.main)
            assert file.read_text() == before

    play(scene())


def test_no_engine_is_made_and_leaving_asks_nothing(world: World) -> None:
    async def scene() -> None:
        async with seated(world) as seat:
            assert world.bridge.engine is not world.engine
            await seat.press("q")
            assert not isinstance(seat.app.screen, QuitQuestion)
        assert not world.engine.stopped

    play(scene())


@pytest.mark.parametrize(
    ("argv", "environ", "expected"),
    [
        ([], {}, False),
        (["--read-only"], {}, True),
        ([], {"MERGETUI_READ_ONLY": "1"}, True),
        ([], {"MERGETUI_READ_ONLY": "0"}, False),
    ],
)
def test_how_it_is_asked_for(argv: list[str], environ: dict[str, str], expected: bool) -> None:
    options, words = split(argv)
    assert (Session(options, environ=environ).read_only, words) == (expected, [])
    assert not Options().read_only


def test_consoles_on_one_state_see_each_other(tmp_path: Path) -> None:
    async def scene() -> None:
        world = World(tmp_path)
        consoles = world.wiring.places.state / "consoles"
        joe = Presence(consoles, FakeProcesses(holder("joe", 77)), since=world.clock.now())
        joe.announce()
        async with seated(world, size=(160, 40)) as seat:
            await seat.until_seen("2 consoles: ana, joe")
            again = Presence(consoles, FakeProcesses(holder("joe", 78)), since=world.clock.now())
            again.announce()
            await seat.until_seen("3 consoles: ana, joe ×2")
            again.leave()
            await seat.until_seen("2 consoles: ana, joe")
            assert len(list(consoles.glob("*.json"))) == 2
            joe.leave()
            await seat.until_seen("ana@buildbox  ")
        assert list(consoles.iterdir()) == []

    play(scene())


def test_the_retest_pane_tells_the_progress(tmp_path: Path) -> None:
    async def scene() -> None:
        async with seated(World(tmp_path)) as seat:
            await seat.until_seen("18% · 4m12s of about 23m")

    play(scene())
