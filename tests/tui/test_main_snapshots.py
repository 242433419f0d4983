import time
from collections.abc import Awaitable, Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace
from textual.pilot import Pilot

from mergetui.model import EntryState
from mergetui.state import Advance, Pause
from mergetui.tui.app import Console
from mergetui.tui.themes import LIGHT
from mergetui.tui.widgets.log_pane import LogPane
from mergetui.worker import Standing
from tests.tui.fakes import NOON, World, ago, entry, holder, lease, queue_of
from tests.tui.until import shown

Compare = Callable[..., bool]
SIZES = [(60, 20), (80, 24), (120, 40), (200, 60)]


@pytest.fixture(autouse=True)
def _surroundings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    # Where the plugin keeps its report; what else begins with TEXTUAL is kept from the tests.
    monkeypatch.setenv("TEXTUAL_SNAPSHOT_TEMPDIR", str(tmp_path))
    with monkeypatch.context() as zone:
        zone.setenv("TZ", "UTC")
        time.tzset()
        yield
    time.tzset()


def console(world: World, *, light: bool = False) -> Console:
    app = Console(world.bridge)
    app.animation_level = "none"
    if light:
        app.theme = LIGHT.name
    return app


def drawn(world: World, *keys: str, lines: int = 0) -> Callable[[Pilot[None]], Awaitable[None]]:
    """Wait until every picture and the log are on the screen, then press `keys`."""

    async def ready(pilot: Pilot[None]) -> None:
        app = pilot.app
        assert isinstance(app, Console)
        await shown(pilot, lambda: len(app.main.taken) == len(world.bridge.names))
        await shown(pilot, lambda: app.main.query_one(LogPane).line_total >= lines)
        await pilot.press(*keys)
        await pilot.pause()

    return ready


@pytest.mark.sampled("dark-(80, 24)", "dark-(120, 40)", "light-(200, 60)")
@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("light", [False, True], ids=["dark", "light"])
def test_a_busy_day(snap_compare: Compare, tmp_path: Path, size: tuple[int, int], light: bool) -> None:
    world = World(tmp_path)
    assert snap_compare(
        console(world, light=light), terminal_size=size, run_before=drawn(world, "j", "m", "j", lines=12)
    )


@pytest.mark.sampled("*(80, 24)")
@pytest.mark.parametrize("size", SIZES[1:3], ids=str)
def test_an_empty_queue_says_what_to_press(
    snap_compare: Compare, tmp_path: Path, size: tuple[int, int]
) -> None:
    world = World(tmp_path, {"docs": queue_of()})
    assert snap_compare(console(world), terminal_size=size, run_before=drawn(world))


@pytest.mark.sampled("*(80, 24)")
@pytest.mark.parametrize("size", SIZES[1:3], ids=str)
def test_no_repository_says_how_to_begin(
    snap_compare: Compare, tmp_path: Path, size: tuple[int, int]
) -> None:
    world = World(tmp_path, {})
    assert snap_compare(console(world), terminal_size=size, run_before=drawn(world))


def test_trouble_is_amber_and_in_words(snap_compare: Compare, tmp_path: Path) -> None:
    shop = queue_of(
        entry(1, "feat/cart", state=EntryState.LANDING, state_since=ago(seconds=9)),
        entry(2, "fix/login", behind=2),
        lease=lease("joe", renewed=300),
        advance=Advance(holder=holder("joe"), mode="auto", since=ago(hours=1)),
    )
    seen = shop.seen
    assert seen is not None
    down = replace(seen, at=ago(minutes=7), failing_since=ago(minutes=6), trouble="ssh: connection timed out")
    pause = Pause(by="ana@buildbox", reason="release freeze", at=NOON, until=NOON + timedelta(hours=2))
    world = World(
        tmp_path,
        {"shop": replace(shop, seen=down), "api": queue_of(pause=pause), "docs": queue_of()},
    )
    world.engine.standings["docs"] = Standing(stopped_itself="the lease was taken away")
    assert snap_compare(console(world), terminal_size=(120, 40), run_before=drawn(world))


def test_one_pane_alone(snap_compare: Compare, tmp_path: Path) -> None:
    world = World(tmp_path)
    assert snap_compare(console(world), terminal_size=(80, 24), run_before=drawn(world, "4", "z", lines=12))


def test_the_filter_line(snap_compare: Compare, tmp_path: Path) -> None:
    world = World(tmp_path)
    ready = drawn(world, lines=12)

    async def filtering(pilot: Pilot[None]) -> None:
        await ready(pilot)
        app = pilot.app
        assert isinstance(app, Console)
        app.main.run_act("filter")
        await pilot.pause()
        await pilot.press(*"feat")
        await pilot.pause()

    assert snap_compare(console(world), terminal_size=(80, 24), run_before=filtering)
