"""A queue of 10,000 entries in the console: the longest that a key has to wait for the event loop.

    python -m benchmarks.long_queue

Another process changes 200 rows every second, as an engine does; the console takes a picture of every
change. A heartbeat on the event loop, due every 5 ms, tells how late it comes. The floor is the same
heartbeat in a Textual app that only shows a text, beside the same process: what the machine is late by.
Beside it stands the processor time that the event loop itself took between two beats, which does not depend
on who else is at work.
"""

import asyncio
import multiprocessing
import random
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple, TypeAlias

from msgspec.structs import replace
from textual import events
from textual.app import App
from textual.keys import key_to_character
from textual.pilot import Pilot

from benchmarks.painting import Painted, PaintedConsole
from mergetui.adapters.clock import SystemClock
from mergetui.adapters.tinydb_store import TinyDBStore
from mergetui.config import Config
from mergetui.model import Entry, EntryState
from mergetui.places import Places
from mergetui.reason import Coded, Reason
from mergetui.repository import Repository
from mergetui.state import RepositoryState, Sighting
from mergetui.tui.bridge import Bridge
from mergetui.wiring import Wiring

ENTRIES, CHANGED = 10_000, 200
BEAT, LATE = 0.005, 0.050
"""Seconds between two beats, and what is still no stall."""
RUNS = 3
PER_SECOND = 25
"""Keys, as a keyboard repeats one that is held."""

Hand: TypeAlias = Callable[[App[Any]], Awaitable[None]]


class Beat(NamedTuple):
    """Seconds."""

    late: float
    own: float
    """Of the processor, on the event loop, since the beat before."""


class Bare(Painted, App[None]):
    def render(self) -> str:
        return "nothing to do"


def main() -> None:
    late: dict[str, list[list[Beat]]] = {}
    bare: list[list[Beat]] = []
    for _ in range(RUNS):
        with tempfile.TemporaryDirectory() as directory:
            wiring = on_a_queue(Path(directory), entries=ENTRIES)
            with writing(wiring.places):
                bare.append(asyncio.run(_bare()))
                for name, beats in asyncio.run(_console(wiring)).items():
                    late.setdefault(name, []).append(beats)
    print(f"{ENTRIES:,} entries, {CHANGED} of them changed every second, {RUNS} runs")
    print(f"{'ms late':<34}{'longest':>9}{'median':>9}{'p99':>7}{'over 50':>9}{'own':>7}{'own p99':>9}")
    for name, runs in {"a bare app": bare, **late}.items():
        _report(name, runs)


def _report(name: str, runs: Sequence[Sequence[Beat]]) -> None:
    """The longest of all runs, the median of the longest of each, and how many beats of all were a stall."""
    longest = [max(beat.late for beat in run) for run in runs]
    late = sorted(beat.late for run in runs for beat in run)
    own = sorted(beat.own for run in runs for beat in run)
    p99, stalls = int(len(late) * 0.99), sum(each > LATE for each in late)
    print(
        f"{name:<34}{1000 * max(longest):>9.0f}{1000 * median(longest):>9.0f}{1000 * late[p99]:>7.1f}"
        f"{stalls:>9}{1000 * own[-1]:>7.0f}{1000 * own[p99]:>9.1f}"
    )


def on_a_queue(directory: Path, *, entries: int, log: Path | None = None) -> Wiring:
    """A repository with a queue; with `log`, the first entry is under test and that is its output."""
    places = filled(directory, entries, log)
    repository = Repository(name="shop", remote=str(directory / "none.git"), retest="true")
    return Wiring(places, Config(path=places.config, repos={"shop": repository}))


def filled(directory: Path, length: int = ENTRIES, log: Path | None = None) -> Places:
    """The state of that repository."""
    places = Places(config=directory / "c.toml", state=directory / "state", cache=directory / "cache")
    entries = {f"e{number}": _entry(number) for number in range(1, length + 1)}
    if log is not None:
        entries["e1"] = replace(entries["e1"], state=EntryState.TESTING, log=str(log))
    state = RepositoryState(
        entries=entries, seen=Sighting(at=SystemClock().now(), tip="9" * 40), serial=length
    )
    TinyDBStore(places.of("shop")).change(lambda _: (state, None))
    return places


def _entry(number: int) -> Entry:
    return Entry(
        id=f"e{number}",
        branches=(f"feature/{number % 17}-{number:05}",),
        heads=(f"{number:040x}",),
        enqueued_at=SystemClock().now() - timedelta(minutes=number % 600),
        author=("ada", "joe", "lou", "renovate")[number % 4],
        rank=number,
        behind=number % 40,
    )


class writing:  # noqa: N801 - a context manager
    """A process that changes the queue every second, until the block is left."""

    def __init__(self, places: Places) -> None:
        context = multiprocessing.get_context("spawn")
        self._process = context.Process(target=_write, args=(str(places.of("shop")),), daemon=True)

    def __enter__(self) -> None:
        self._process.start()

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.join()


def _write(directory: str) -> None:
    store, chance = TinyDBStore(Path(directory)), random.Random(7)
    while True:
        began = time.monotonic()
        store.change(lambda state: (_changed(state, chance), None))
        time.sleep(max(1 - (time.monotonic() - began), 0))


def _changed(state: RepositoryState, chance: random.Random) -> RepositoryState:
    now = SystemClock().now()
    entries = dict(state.entries)
    for key in chance.sample(sorted(entries), CHANGED):
        entry = entries[key]
        waits = entry.state is EntryState.DEFERRED
        entries[key] = replace(
            entry,
            behind=chance.randrange(40),
            state=EntryState.QUEUED if waits else EntryState.DEFERRED,
            available_at=None if waits else now + timedelta(minutes=1),
            reason=None if waits else Coded(Reason.LEASE_BUSY, "held by joe@ci-2 pid 77"),
        )
    return replace(state, entries=entries, seen=Sighting(at=now, tip="9" * 40))


async def _bare() -> list[Beat]:
    async with Bare().run_test(size=(120, 40)), _heart() as beats:
        await asyncio.sleep(4)
    return beats


async def _console(wiring: Wiring) -> dict[str, list[Beat]]:
    app, late = PaintedConsole(Bridge(wiring)), dict[str, list[Beat]]()
    app.animation_level = "none"
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        async with asyncio.timeout(30):
            while not app.main.taken:
                await asyncio.sleep(0.01)
        for name, hand in HANDS.items():
            await pilot.pause(0.5)
            async with _heart() as beats:
                await hand(app)
            late[name] = beats
        await _settled(pilot)
    return late


@asynccontextmanager
async def _heart() -> AsyncIterator[list[Beat]]:
    late: list[Beat] = []

    async def beat() -> None:
        while True:
            due, began = time.perf_counter() + BEAT, time.thread_time()
            await asyncio.sleep(BEAT)
            late.append(Beat(time.perf_counter() - due, time.thread_time() - began))

    task = asyncio.create_task(beat())
    try:
        yield late
    finally:
        task.cancel()


async def _settled(pilot: Pilot[Any]) -> None:
    """What was pressed is answered: an app that ends with keys in its queue has no screen to give them to."""
    await pilot.pause(0.5)


def _held(*keys: str, times: int = 100) -> Hand:
    async def hand(app: App[Any]) -> None:
        for number in range(times):
            key = keys[number % len(keys)]
            app.post_message(events.Key(key, key_to_character(key)))
            await asyncio.sleep(1 / PER_SECOND)

    return hand


async def _only_look(_: App[Any]) -> None:
    await asyncio.sleep(4)


HANDS: dict[str, Hand] = {
    "new pictures, no key": _only_look,
    "j held": _held("j"),
    "page down held": _held("pagedown"),
    "to the end and to the start": _held("G", "g"),
    "marking": _held("m", "j", "m", "k"),
    "filter, typed and taken back": _held(
        *("slash", *"feature/3-01", *["backspace"] * 12, *"joe", *["backspace"] * 3, *"renovate", "escape"),
        times=114,
    ),
}


if __name__ == "__main__":
    main()
