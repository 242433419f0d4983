"""Waiting for a fact instead of sleeping."""

import time
from collections.abc import Callable
from threading import Event

from textual.pilot import Pilot

DEADLINE = 10.0


def until(fact: Callable[[], bool]) -> None:
    """Return as soon as `fact()` holds; fail when it does not within ten seconds."""
    deadline = time.monotonic() + DEADLINE
    while not fact():
        assert time.monotonic() < deadline, "it never came true"
        Event().wait(0.002)


async def shown(pilot: Pilot[None], fact: Callable[[], bool]) -> None:
    """As `until`, while the app goes on; what is on the screen then is drawn."""
    deadline = time.monotonic() + DEADLINE
    while not fact():
        assert time.monotonic() < deadline, "it never came true"
        await pilot.pause(0.01)
    await pilot.pause()
