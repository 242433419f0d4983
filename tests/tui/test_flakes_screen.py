"""The ledger of flakes, as an operator meets it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from mergetui.events import CaughtUp, Event, RetestEnded, RetestStarted
from mergetui.model import Candidate, Link
from mergetui.reason import Coded, Reason
from mergetui.tui.app import Console
from mergetui.tui.screens.flakes import FlakesView
from mergetui.tui.widgets.log_pane import LogPane
from tests.tui.bygone import remember
from tests.tui.fakes import World, ago, oid, queue_of
from tests.tui.seat import Seat, play, seated
from tests.tui.until import shown

Compare = Callable[..., bool]
HOSTILE = "feat/[/bold]\x1b]52;c;aGk=\x07x"
RED = Coded(Reason.RETEST_FAILED, "exit code 1: FAILED tests/test_clock.py::test_noon")


def judged(log: Path, minutes: int, *, branch: str, tree: int, reason: Coded | None = None) -> list[Event]:
    """A retest of a commit of its own, which ended so long ago."""
    commit = oid(100 + int(log.stem[1:]))
    link = Link(
        entry="e1",
        branches=(branch,),
        heads=(commit,),
        commit=commit,
        tree=oid(tree),
        tips=(commit,),
        commits=((commit,),),
    )
    common: dict[str, Any] = {"repo": "shop", "at": ago(minutes=minutes), "branches": (branch,)}
    return [
        CaughtUp(**common, candidate=Candidate(base=oid(1), links=(link,))),
        RetestStarted(**common, commit=commit, command="make test", log=str(log)),
        RetestEnded(**common, commit=commit, reason=reason, seconds=75.0, log=str(log)),
    ]


@pytest.fixture
def world(tmp_path: Path) -> World:
    """Two flakes, of which the older one's red log has been removed since."""
    logs = {name: tmp_path / f"{name}.log" for name in ("r1", "r2", "r3", "r4")}
    logs["r2"].write_text("test_midnight passed\n")
    logs["r3"].write_text("collected 9 items\ntests/test_clock.py F\nE   assert 11 == 12\n1 failed\n")
    logs["r4"].write_text("collected 9 items\ntests/test_clock.py .\n9 passed\n")
    facts = [
        *judged(logs["r1"], 90, branch="fix/login", tree=3, reason=RED),
        *judged(logs["r2"], 80, branch="fix/login", tree=3),
        *judged(logs["r3"], 20, branch=HOSTILE, tree=4, reason=RED),
        *judged(logs["r4"], 15, branch=HOSTILE, tree=4),
    ]
    return remember(World(tmp_path, {"shop": queue_of(), "api": queue_of()}), facts)


async def ledger(seat: Seat) -> FlakesView:
    await seat.press("L")
    await seat.until(lambda: isinstance(seat.app.screen, FlakesView))
    view = seat.app.screen
    assert isinstance(view, FlakesView)
    await seat.until_seen("9 passed")
    return view


def test_the_red_log_stands_beside_the_green_one_at_its_first_error(world: World) -> None:
    async def scene() -> None:
        async with seated(world, size=(120, 40)) as seat:
            view = await ledger(seat)
            await seat.until_seen("assert 11 == 12")
            failed = view.query_one("#flake-failed", LogPane)
            passed = view.query_one("#flake-passed", LogPane)
            await seat.until(lambda: "assert 11 == 12" in failed.current_text())
            assert failed.region.y == passed.region.y
            assert "✗ failed" in str(failed.border_title)
            assert "✓ passed" in str(passed.border_title)

    play(scene())


def test_without_room_beside_each_other_they_stand_one_above_the_other(world: World) -> None:
    async def scene() -> None:
        async with seated(world, size=(80, 24)) as seat:
            view = await ledger(seat)
            failed, passed = view.query_one("#flake-failed"), view.query_one("#flake-passed")
            assert failed.region.x == passed.region.x
            assert failed.region.bottom == passed.region.y

    play(scene())


def test_the_cursor_chooses_whose_logs_are_shown(world: World) -> None:
    async def scene() -> None:
        async with seated(world, size=(120, 40)) as seat:
            await ledger(seat)
            await seat.press("j")
            await seat.until_seen("test_midnight passed")
            assert "no such log any more" in seat.screen
            assert "assert 11 == 12" not in seat.screen

    play(scene())


def test_escape_goes_from_the_log_to_the_list_and_from_there_back(world: World) -> None:
    async def scene() -> None:
        async with seated(world, size=(120, 40)) as seat:
            view = await ledger(seat)
            await seat.press("enter")
            assert view.focused is view.query_one("#flake-failed")
            await seat.press("escape")
            assert view.focused is view.query_one("FlakeList")
            await seat.press("escape")
            await seat.until(lambda: seat.app.screen is seat.main)

    play(scene())


def test_names_of_others_are_cleaned(world: World) -> None:
    async def scene() -> None:
        async with seated(world, size=(120, 40)) as seat:
            await ledger(seat)
            assert "feat/[/bold]␛]52" in seat.screen
            assert not set("\x1b\x07") & set(seat.screen)

    play(scene())


def test_without_flakes_it_says_so(tmp_path: Path) -> None:
    async def scene() -> None:
        async with seated(World(tmp_path, {"shop": queue_of()})) as seat:
            await seat.press("L")
            await seat.until_seen("no tree has both failed and passed yet: esc goes back")

    play(scene())


@pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=str)
def test_the_ledger_in_pictures(
    snap_compare: Compare,
    world: World,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    size: tuple[int, int],
) -> None:
    monkeypatch.setenv("TEXTUAL_SNAPSHOT_TEMPDIR", str(tmp_path))
    app = Console(world.bridge)
    app.animation_level = "none"

    async def ready(pilot: Pilot[None]) -> None:
        await shown(pilot, lambda: len(app.main.taken) == 2)
        await pilot.press("L")
        await shown(pilot, lambda: isinstance(app.screen, FlakesView))
        panes = list(app.screen.query(LogPane))
        await shown(pilot, lambda: "Flakes · shop" in str(app.screen.query_one("FlakeList").border_title))
        await shown(pilot, lambda: all(pane.line_total for pane in panes))
        await shown(pilot, lambda: "assert 11 == 12" in panes[0].current_text())

    assert snap_compare(app, terminal_size=size, run_before=ready)
