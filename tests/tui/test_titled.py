"""Titles on the border of a pane."""

import asyncio

from textual.app import App, ComposeResult
from textual.strip import Strip
from textual.widget import Widget

from mergetui.tui.widgets.titled import Entitled


class Pane(Entitled, Widget):
    DEFAULT_CSS = "Pane { border: round white; height: 1fr; }"

    def __init__(self) -> None:
        super().__init__()
        self.drawn = 0

    def render_line(self, y: int) -> Strip:
        self.drawn += 1
        return super().render_line(y)


class Showing(App[None]):
    def compose(self) -> ComposeResult:
        yield Pane()

    def rows(self) -> list[str]:
        return [strip.text for strip in self.screen._compositor.render_strips()]


def test_titles_change_and_nothing_between_them_is_drawn() -> None:
    async def scene() -> None:
        async with Showing().run_test(size=(30, 8)) as pilot:
            pane = pilot.app.query_one(Pane)
            await pilot.pause()
            before = pane.drawn
            pane.entitle("[above]", "below")
            await pilot.pause()
            assert isinstance(pilot.app, Showing)
            assert "─ [above] ─" in pilot.app.rows()[0]
            assert "─ below ─" in pilot.app.rows()[-1]
            assert pane.drawn == before
            pane.entitle("", "")
            await pilot.pause()
            assert "above" not in pilot.app.rows()[0]
            assert "below" not in pilot.app.rows()[-1]

    asyncio.run(scene())


def test_any_other_refresh_draws_it_all() -> None:
    async def scene() -> None:
        async with Showing().run_test(size=(30, 8)) as pilot:
            pane = pilot.app.query_one(Pane)
            pane.entitle("above", "")
            await pilot.pause()
            before = pane.drawn
            pane.refresh()
            await pilot.pause()
            assert pane.drawn == before + 6

    asyncio.run(scene())
