"""The line that a filter is typed in."""

from pathlib import Path

import pytest

from mergetui.tui.screens.main import MainScreen
from mergetui.tui.widgets.prompt import Prompt
from tests.tui.fakes import World
from tests.tui.seat import play, seated


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def sizes(main: MainScreen) -> list[object]:
    return [main.query_one(f"#{pane}").region for pane in ("repositories", "lease", "queue", "retest")]


def test_the_panes_stay_where_they_are_while_it_is_open(world: World) -> None:
    async def scene() -> None:
        async with seated(world) as seat:
            before = sizes(seat.main)
            await seat.press("slash")
            await seat.until_seen("filter the queue:")
            assert sizes(seat.main) == before

    play(scene())


def test_a_letter_lays_nothing_out_anew(world: World) -> None:
    async def scene() -> None:
        async with seated(world) as seat:
            await seat.press("slash")
            await seat.until_seen("filter the queue:")
            layouts = list[object]()
            seat.main.screen_layout_refresh_signal.subscribe(seat.main, layouts.append)
            await seat.press(*"feat", "backspace", "backspace")
            await seat.until_seen("/fe: 3 of 6")
            assert layouts == []

    play(scene())


def test_of_a_text_that_is_too_long_the_end_that_is_typed_at_is_seen(world: World) -> None:
    async def scene() -> None:
        async with seated(world) as seat:
            seat.main.query_one(Prompt).open("filter the queue:", "a" + "x" * 150)
            await seat.press("y")
            await seat.until_seen("xxxy")
            await seat.press("home")
            await seat.until_seen("filter the queue: axx")

    play(scene())


def test_what_a_letter_hid_is_there_again_when_it_is_taken_back(world: World) -> None:
    async def scene() -> None:
        async with seated(world) as seat:
            await seat.press("slash")
            await seat.until_seen("filter the queue:")
            await seat.press(*"feat/s")
            assert list(seat.queue.keys) == ["e4"]
            await seat.press("backspace")
            assert list(seat.queue.keys) == ["e1", "e4", "e6"]

    play(scene())
