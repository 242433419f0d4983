"""The operator's seat: a console on a world, the keys, and the eyes."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

from textual.pilot import Pilot
from textual.screen import Screen
from textual.widgets._toast import Toast

from mergetui.tui.app import Console
from mergetui.tui.screens.dialog import HAND
from mergetui.tui.screens.main import MainScreen
from mergetui.tui.widgets.queue_pane import QueuePane
from tests.tui.fakes import World
from tests.tui.until import shown


class Seat:
    def __init__(self, app: Console, pilot: Pilot[None], world: World) -> None:
        self.app, self.pilot, self.world = app, pilot, world

    @property
    def main(self) -> MainScreen:
        return next(screen for screen in self.app.screen_stack if isinstance(screen, MainScreen))

    @property
    def queue(self) -> QueuePane:
        return self.main.query_one(QueuePane)

    @property
    def screen(self) -> str:
        return "\n".join(strip.text for strip in self.app.screen._compositor.render_strips())

    @property
    def said(self) -> str:
        """Every toast that is on the screen."""
        return "\n".join(toast._notification.message for toast in self.app.screen.query(Toast))

    @property
    def focus(self) -> str | None:
        return self.main.focused.id if self.main.focused is not None else None

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)
        await self.pilot.pause()

    async def press_at_once(self, *keys: str) -> None:
        """As a paste does that the terminal does not mark as one."""
        for key in keys:
            self.app.simulate_key(key)
        await self.pilot.pause()

    async def until(self, fact: Callable[[], bool]) -> None:
        await shown(self.pilot, fact)

    async def until_seen(self, text: str) -> None:
        await self.until(lambda: text in self.screen)

    async def until_said(self, text: str) -> None:
        await self.until(lambda: text in self.said)

    async def until_asked(self, kind: type[Screen[Any]]) -> None:
        """Until that screen is there, and has been for as long as it takes no key that is not a hand's."""
        await self.until(lambda: isinstance(self.app.screen, kind))
        shown_at = getattr(self.app.screen, "shown_at", 0.0)
        await self.until(lambda: time.monotonic() - shown_at > HAND)

    async def select(self, branch: str) -> None:
        """The cursor on the entry of a branch, by hand."""
        entry = next(e for e in self.world.state().entries.values() if e.branch == branch)
        self.queue.focus()
        self.queue.move_to(entry.id)
        await self.pilot.pause()


@asynccontextmanager
async def seated(
    world: World, *, size: tuple[int, int] = (120, 40), start_auto: bool = False
) -> AsyncIterator[Seat]:
    app = Console(world.bridge, start_auto=start_auto)
    app.animation_level = "none"
    async with app.run_test(size=size, notifications=True) as pilot:
        seat = Seat(app, pilot, world)
        await seat.until(lambda: len(seat.main.taken) == len(world.bridge.names))
        yield seat


def play(scene: Coroutine[object, object, None]) -> None:
    asyncio.run(scene)
