"""How a console begins: it is there before its engine, and tells what that breaks on."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from threading import Event

import pytest

from mergetui.engine import Engine
from mergetui.model import Instant
from mergetui.ports import Emit, StoreError
from mergetui.tui.app import Console
from mergetui.tui.bridge import Bridge
from mergetui.tui.start import run_console
from tests.tui.fakes import FakeWiring, busy_day
from tests.tui.seat import Seat, play


class LateWiring(FakeWiring):
    """Its engine is made when `may_come` says so; `breaks` is what the making ends with instead."""

    def __init__(self, directory: Path, breaks: Exception | None = None) -> None:
        super().__init__(directory, busy_day(directory))
        self.may_come = Event()
        self.made = 0
        self.breaks = breaks

    def engine(
        self,
        emit: Emit,
        *,
        changed: Callable[[str], None] = lambda _: None,
        last_key: Callable[[], Instant | None] | None = None,
    ) -> Engine:
        self.may_come.wait(30)
        self.made += 1
        if self.breaks is not None:
            raise self.breaks
        return super().engine(emit, changed=changed, last_key=last_key)


@pytest.fixture
def wiring(tmp_path: Path) -> LateWiring:
    return LateWiring(tmp_path)


async def before_its_engine(wiring: LateWiring, look: Callable[[Seat], object], *keys: str) -> None:
    app = Console(Bridge(wiring))
    app.animation_level = "none"
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        seat = Seat(app, pilot, None)  # type: ignore[arg-type]
        await seat.until_seen("· reading")
        await seat.press(*keys)
        await seat.until(lambda: bool(look(seat)))
        assert wiring.made == 0
        wiring.may_come.set()
        await seat.until(lambda: wiring.made == 1)


def test_the_panes_are_there_before_the_engine(wiring: LateWiring) -> None:
    panes = ("1 Repositories", "2 Queue", "3 Lease", "4 Retest", "reading ...")
    play(before_its_engine(wiring, lambda seat: all(pane in seat.screen for pane in panes)))


def test_a_key_that_needs_the_engine_says_that_nothing_has_been_read_yet(wiring: LateWiring) -> None:
    play(before_its_engine(wiring, lambda seat: "no repository has been read yet" in seat.said, "s"))


def test_a_key_that_needs_no_engine_acts_before_it(wiring: LateWiring) -> None:
    play(before_its_engine(wiring, lambda seat: "Keys · queue" in seat.screen, "?"))


def test_what_the_engine_breaks_on_is_told_where_the_console_was_opened(tmp_path: Path) -> None:
    wiring = LateWiring(tmp_path, StoreError("queue.json was written by a newer mergetui"))
    wiring.may_come.set()
    with pytest.raises(StoreError, match="newer mergetui"):
        run_console(wiring, run=_to_its_end)


def test_a_console_that_is_left_before_its_engine_is_there_makes_none(wiring: LateWiring) -> None:
    wiring.may_come.set()
    bridge = Bridge(wiring)
    bridge.stop()
    bridge.start(lambda _: None)
    assert wiring.made == 0


def _to_its_end(console: Console) -> None:
    async def scene() -> None:
        async with console.run_test(size=(120, 40)):
            async with asyncio.timeout(10):
                while console.is_running and console.failure is None:
                    await asyncio.sleep(0.005)

    asyncio.run(scene())
