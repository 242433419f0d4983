import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest
from textual.app import App, ComposeResult
from textual.geometry import Region
from textual.pilot import Pilot

from mergetui.tui.widgets.row_list import Cell, RowList

SIZE = (30, 10)


class Numbers(RowList):
    def __init__(self) -> None:
        super().__init__(empty="nothing: press e")
        self.painted = 0

    def cells(self, key: str, width: int) -> Sequence[Cell]:
        self.painted += 1
        return (Cell(f"row {key}", width),)


class Listing(App[None]):
    def __init__(self, keys: Sequence[str]) -> None:
        super().__init__()
        self.first = keys
        self.said: list[str] = []

    def compose(self) -> ComposeResult:
        yield Numbers()

    def on_mount(self) -> None:
        self.rows.show(self.first)

    @property
    def rows(self) -> Numbers:
        return self.query_one(Numbers)

    def on_row_list_opened(self, message: RowList.Opened) -> None:
        self.said.append(f"open {message.key}")

    def seen(self) -> list[str]:
        return [strip.text.rstrip() for strip in self.screen._compositor.render_strips()]


@asynccontextmanager
async def listing(keys: Sequence[str]) -> AsyncIterator[tuple[Numbers, Pilot[None], Listing]]:
    app = Listing(keys)
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause()
        yield app.rows, pilot, app


def keys(number: int) -> list[str]:
    return [f"k{place}" for place in range(number)]


def test_the_cursor_follows_its_key_through_every_refresh() -> None:
    async def scene() -> None:
        async with listing(keys(5)) as (rows, pilot, _):
            await pilot.press("j", "j")
            assert rows.current == "k2"
            rows.show(["new", "k4", "k3", "k2"])
            await pilot.pause()
            assert rows.current == "k2"
            rows.show(["k2"])
            assert rows.current == "k2"

    asyncio.run(scene())


def test_when_its_key_is_gone_the_cursor_stays_at_its_place() -> None:
    async def scene() -> None:
        async with listing(keys(5)) as (rows, pilot, _):
            await pilot.press("j")
            rows.show(["k0", "k2", "k3"])
            assert rows.current == "k2"
            rows.show(["k0"])
            assert rows.current == "k0"
            rows.show([])
            assert rows.current is None

    asyncio.run(scene())


def test_marks_stay_on_their_keys_and_go_with_them() -> None:
    async def scene() -> None:
        async with listing(keys(5)) as (rows, pilot, _):
            await pilot.press("m", "j", "space")
            assert rows.chosen() == ("k0", "k2")
            rows.show(["k4", "k2", "k0"])
            assert rows.chosen() == ("k2", "k0")
            rows.show(["k4", "k2"])
            assert rows.chosen() == ("k2",)
            rows.clear_marks()
            assert rows.chosen() == ("k2",)
            assert rows.current == "k2"

    asyncio.run(scene())


def test_every_key_of_the_hand_moves() -> None:
    async def scene() -> None:
        async with listing(keys(100)) as (rows, pilot, _):
            for pressed, expected in (
                (["G"], "k99"),
                (["k"], "k98"),
                (["g"], "k0"),
                (["ctrl+d"], "k5"),
                (["ctrl+u"], "k0"),
                (["pagedown"], "k10"),
                (["down", "up", "end"], "k99"),
                (["home"], "k0"),
            ):
                await pilot.press(*pressed)
                assert rows.current == expected

    asyncio.run(scene())


def test_the_cursor_is_always_in_sight_after_a_key() -> None:
    async def scene() -> None:
        async with listing(keys(100)) as (rows, pilot, app):
            await pilot.press("G")
            await pilot.pause()
            assert "▸ row k99" in app.seen()
            await pilot.press("g")
            await pilot.pause()
            assert "▸ row k0" in app.seen()
            await pilot.resize_terminal(30, 4)
            await pilot.press("ctrl+d", "ctrl+d")
            await pilot.pause()
            assert f"▸ row {rows.current}" in app.seen()

    asyncio.run(scene())


def test_the_mouse_selects_and_a_double_click_opens() -> None:
    async def scene() -> None:
        async with listing(keys(5)) as (rows, pilot, app):
            await pilot.click(Numbers, offset=(5, 3))
            assert rows.current == "k3"
            assert app.said == []
            await pilot.click(Numbers, offset=(5, 1), times=2)
            assert app.said == ["open k1"]

    asyncio.run(scene())


def test_an_empty_list_says_what_to_press() -> None:
    async def scene() -> None:
        async with listing([]) as (rows, pilot, app):
            await pilot.press("j", "m", "enter", "G", "ctrl+d")
            await pilot.pause()
            assert any("nothing: press e" in line for line in app.seen())
            assert rows.current is None

    asyncio.run(scene())


def test_ten_thousand_rows_paint_only_what_is_in_sight() -> None:
    async def scene() -> None:
        async with listing(keys(10_000)) as (rows, pilot, app):
            rows.painted = 0
            await pilot.press("G")
            await pilot.pause()
            assert 0 < rows.painted <= 6 * SIZE[1]
            assert "▸ row k9999" in app.seen()

    asyncio.run(scene())


def test_a_refresh_of_ten_thousand_rows_paints_only_what_is_in_sight() -> None:
    async def scene() -> None:
        async with listing(keys(10_000)) as (rows, pilot, _):
            await pilot.press("G")
            await pilot.pause()
            rows.painted = 0
            rows.show(list(reversed(keys(10_000))))
            await pilot.pause()
            assert 0 < rows.painted <= 3 * SIZE[1]
            assert rows.current == "k9999"

    asyncio.run(scene())


@pytest.mark.parametrize("key", ["j", "m"])
def test_a_move_and_a_mark_paint_the_two_rows_that_change(key: str) -> None:
    async def scene() -> None:
        async with listing(keys(10_000)) as (rows, pilot, _):
            await pilot.pause()
            rows.painted = 0
            await pilot.press(key)
            await pilot.pause()
            assert (rows.painted, rows.current) == (2, "k1")

    asyncio.run(scene())


def test_rows_are_painted_in_the_colours_of_a_theme_that_is_chosen_later() -> None:
    async def scene() -> None:
        async with listing(keys(5)) as (rows, pilot, app):
            app.theme = "textual-light"
            await pilot.pause()
            assert rows._styles["cursor"] == rows.get_component_rich_style("row--cursor")

    asyncio.run(scene())

    asyncio.run(scene())


def test_no_size_is_too_small() -> None:
    async def scene() -> None:
        async with listing(keys(5)) as (rows, pilot, _):
            for size in ((1, 1), (2, 1), (3, 2), (30, 10)):
                await pilot.resize_terminal(*size)
                await pilot.press("j")
            assert rows.current == "k4"

    asyncio.run(scene())


def test_a_row_is_gone_to_by_its_key() -> None:
    async def scene() -> None:
        async with listing(keys(30)) as (rows, _, _):
            rows.move_to("k7")
            assert rows.current == "k7"

    asyncio.run(scene())


def test_other_colours_are_those_of_the_rows_too() -> None:
    async def scene() -> None:
        async with listing(keys(3)) as (rows, pilot, app):

            def under_text() -> object:
                [strip] = rows.render_lines(Region(0, 2, SIZE[0], 1))
                return next(
                    segment.style and segment.style.bgcolor for segment in strip if "k2" in segment.text
                )

            before = under_text()
            app.theme = "textual-light"
            await pilot.pause()
            assert under_text() != before

    asyncio.run(scene())
