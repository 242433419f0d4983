import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest
from textual.pilot import Pilot

from mergetui.forecasting import Clashing, Clean, Distance, FileChange
from mergetui.tui.app import Console
from tests.tui.fakes import TIP, World, entry, oid, queue_of
from tests.tui.seat import Seat

Compare = Callable[..., bool]
BRANCHES = ("feat/cart", "fix/login", "feat/search", "chore/deps", "feat/export", "docs/readme")
FILES = (
    FileChange(path="src/cart.py", added=41, removed=7),
    FileChange(path="tests/test_cart.py", added=60, removed=0),
    FileChange(path="docs/cart.png", added=None, removed=None),
)


@pytest.fixture(autouse=True)
def _surroundings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    # Where the plugin keeps its report; what else begins with TEXTUAL is kept from the tests.
    monkeypatch.setenv("TEXTUAL_SNAPSHOT_TEMPDIR", str(tmp_path))
    with monkeypatch.context() as zone:
        zone.setenv("TZ", "UTC")
        time.tzset()
        yield
    time.tzset()


def queued(directory: Path, *branches: str) -> World:
    world = World(directory, {"shop": queue_of(*(entry(n, b) for n, b in enumerate(branches, 1)))})
    reader, heads = world.reader(), [oid(number) for number in range(1, len(branches) + 1)]
    for place, head in enumerate(heads):
        reader.tell(TIP, head, distance=Distance(place, 2), files=FILES)
        reader.forecasts.update({(other, head): Clean() for other in heads[:place]})
    reader.forecasts[TIP, oid(4)] = Clashing(("setup.cfg", "src/app.py"))
    reader.forecasts[oid(1), oid(3)] = Clashing(("src/cart.py",))
    reader.forecasts.pop((oid(2), oid(6)), None)
    for number, branch in enumerate(branches, 1):
        world.refs.known[branch] = oid(number)
    return world


def console(world: World) -> Console:
    app = Console(world.bridge)
    app.animation_level = "none"
    return app


def after(world: World, *keys: str, shows: str) -> Callable[[Pilot[None]], Awaitable[None]]:
    async def act(pilot: Pilot[None]) -> None:
        app = pilot.app
        assert isinstance(app, Console)
        seat = Seat(app, pilot, world)
        await seat.until(lambda: bool(seat.main.taken))
        await seat.press(*keys)
        await seat.until_seen(shows)

    return act


@pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=str)
def test_the_matrix(snap_compare: Compare, tmp_path: Path, size: tuple[int, int]) -> None:
    world = queued(tmp_path, *BRANCHES)
    ready = after(world, "c", shows="20 of 21 pairs known")

    async def act(pilot: Pilot[None]) -> None:
        await ready(pilot)
        await pilot.press("j", "j", "right")
        await pilot.pause()

    assert snap_compare(console(world), terminal_size=size, run_before=act)


@pytest.mark.sampled("*(80, 24)")
@pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=str)
def test_the_matrix_of_an_empty_queue(snap_compare: Compare, tmp_path: Path, size: tuple[int, int]) -> None:
    world = queued(tmp_path)
    act = after(world, "c", shows="no branch is queued")
    assert snap_compare(console(world), terminal_size=size, run_before=act)


@pytest.mark.sampled("*(80, 24)")
@pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=str)
def test_an_entry_in_full(snap_compare: Compare, tmp_path: Path, size: tuple[int, int]) -> None:
    world = queued(tmp_path, *BRANCHES)
    ready = after(world, "j", "j", "enter", shows="feat/search ─")

    async def act(pilot: Pilot[None]) -> None:
        await ready(pilot)
        app = pilot.app
        assert isinstance(app, Console)
        await Seat(app, pilot, world).until(lambda: bool(world.reader().asked))
        await pilot.press("G")
        await Seat(app, pilot, world).until_seen("docs/cart.png")

    assert snap_compare(console(world), terminal_size=size, run_before=act)
