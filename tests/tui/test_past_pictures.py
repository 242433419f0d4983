import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest
from textual.pilot import Pilot

from mergetui.masking import Mask
from mergetui.statistics import statistics
from mergetui.tui.app import Console
from mergetui.tui.reading import known
from mergetui.tui.screens.history import HistoryView
from mergetui.tui.screens.statistics import SPANS, StatisticsView
from tests.tui.bygone import busy_past, remember
from tests.tui.fakes import NOON, World, queue_of
from tests.tui.until import shown

Compare = Callable[..., bool]
SIZES = [(80, 24), (120, 40)]


@pytest.fixture(autouse=True)
def _surroundings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    # Where the plugin keeps its report; what else begins with TEXTUAL is kept from the tests.
    monkeypatch.setenv("TEXTUAL_SNAPSHOT_TEMPDIR", str(tmp_path))
    with monkeypatch.context() as zone:
        zone.setenv("TZ", "UTC")
        time.tzset()
        yield
    time.tzset()


@pytest.fixture
def app(tmp_path: Path) -> Console:
    world = remember(World(tmp_path, {"shop": queue_of(), "api": queue_of()}), busy_past())
    console = Console(world.bridge)
    console.animation_level = "none"
    return console


def drawn(
    open_it: Callable[[Pilot[None]], Awaitable[object]], text: str
) -> Callable[[Pilot[None]], Awaitable[None]]:
    """Wait for both pictures, open the screen, and wait until `text` is on it."""

    async def ready(pilot: Pilot[None]) -> None:
        app = pilot.app
        assert isinstance(app, Console)
        await shown(pilot, lambda: len(app.main.taken) == 2)
        await open_it(pilot)
        await shown(pilot, lambda: text in _text(app))

    return ready


def _text(app: Console) -> str:
    return "\n".join(strip.text for strip in app.screen._compositor.render_strips())


@pytest.mark.sampled("*(80, 24)", "history-*")
@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize(
    ("key", "text"),
    [("h", "17 runs"), ("t", "7 landed"), ("H", "# Hand-over")],
    ids=["history", "statistics", "report"],
)
def test_a_busy_past(snap_compare: Compare, app: Console, size: tuple[int, int], key: str, text: str) -> None:
    ready = drawn(lambda pilot: pilot.press(key), text)
    assert snap_compare(app, terminal_size=size, run_before=ready)


def test_a_run_in_full(snap_compare: Compare, app: Console) -> None:
    async def enter(pilot: Pilot[None]) -> None:
        await pilot.press("h")
        await shown(pilot, lambda: isinstance(pilot.app.screen, HistoryView))
        await pilot.press("enter")

    assert snap_compare(app, terminal_size=(80, 24), run_before=drawn(enter, "proof"))


@pytest.mark.sampled("*(80, 24)")
@pytest.mark.parametrize("size", SIZES, ids=str)
def test_an_empty_history_says_what_to_press(
    snap_compare: Compare, app: Console, size: tuple[int, int]
) -> None:
    async def enter(pilot: Pilot[None]) -> None:
        pilot.app.push_screen(HistoryView("shop", known(()), Mask()))

    assert snap_compare(app, terminal_size=size, run_before=drawn(enter, "nothing has ended yet"))


@pytest.mark.sampled("*(80, 24)")
@pytest.mark.parametrize("size", SIZES, ids=str)
def test_statistics_of_nothing_say_what_to_press(
    snap_compare: Compare, app: Console, size: tuple[int, int]
) -> None:
    numbers = [statistics((), since=NOON - length, now=NOON) for _, length in SPANS]

    async def enter(pilot: Pilot[None]) -> None:
        pilot.app.push_screen(StatisticsView("shop", known(numbers)))

    assert snap_compare(app, terminal_size=size, run_before=drawn(enter, "nothing has happened here"))
