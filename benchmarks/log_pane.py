"""How the console and its log pane stand a flood: key to paint, and memory, beside Textual's RichLog.

Run with `python -m benchmarks.log_pane`; takes under a minute. Every figure comes from a process of its own.
"""

import asyncio
import multiprocessing
import statistics
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import cached_property
from pathlib import Path
from threading import Event, Thread
from typing import NamedTuple, ParamSpec, TypeVar

import psutil
from textual import events
from textual.app import ComposeResult
from textual.widget import Widget
from textual.widgets import RichLog

from benchmarks.long_queue import on_a_queue
from benchmarks.painting import Painted, PaintedConsole
from mergetui.tui.bridge import Bridge
from mergetui.tui.log_file import CHUNK
from mergetui.tui.widgets.log_pane import LogPane

RATE = 50_000
FLOOD = 7.0
"""Seconds."""
PANE_LINES, RICH_LINES = 1_000_000, 30_000
LINE = "tests/test_cart.py::test_total[%07d] \x1b[32mPASSED\x1b[0m                       [ 41%%]\n"
PANE_KEYS = ("k", "k", "pageup", "ctrl+d", "g", "F")
RICH_KEYS = ("up", "up", "pageup", "pagedown", "home", "end")


P = ParamSpec("P")
T = TypeVar("T")


class Latency(NamedTuple):
    p50: float
    p95: float
    keys: int
    cpu: float
    written: float
    shown: float


class Timed(Painted):
    """When the keys that were obeyed reached the screen."""

    widget: Widget
    cpu = 0.0

    @cached_property
    def pressed(self) -> list[float]:
        return []

    @cached_property
    def obeyed(self) -> list[None]:
        return []

    @cached_property
    def answered(self) -> list[float]:
        """Seconds from the press to the paint, of every key."""
        return []

    async def run_action(self, *args: object, **options: object) -> bool:
        ran = await super().run_action(*args, **options)  # type: ignore[arg-type]
        self.obeyed.append(None)
        return ran

    def painted(self) -> None:
        now = time.perf_counter()
        self.answered.extend(now - key for key in self.pressed[len(self.answered) : len(self.obeyed)])

    def press(self, key: str) -> None:
        self.pressed.append(time.perf_counter())
        self.post_message(events.Key(key, key if len(key) == 1 else None))


class Watching(Timed):
    """A log widget alone."""

    def __init__(self, widget: Widget, begin: Callable[[], None]) -> None:
        super().__init__()
        self.widget, self.begin = widget, begin

    def compose(self) -> ComposeResult:
        yield self.widget

    def on_mount(self) -> None:
        self.begin()


class WatchingConsole(Timed, PaintedConsole):
    """The whole console on a repository whose retest writes the log; its pane has the focus."""

    async def on_main_screen_ready(self) -> None:
        self.widget = self.main.query_one(LogPane)
        self.widget.focus()


def pane(path: Path) -> Watching:
    widget = LogPane()
    return Watching(widget, lambda: widget.show_log(path, title="flood"))


def console(path: Path) -> WatchingConsole:
    """Ten entries, the first of which is under test."""
    path.touch()
    return WatchingConsole(Bridge(on_a_queue(path.parent, entries=10, log=path), read_only=True))


def rich_log(path: Path) -> Watching:
    """The usual way: a timer writes what is new, as many bytes at a time as the pane's reader takes."""
    widget = RichLog()
    path.touch()
    file = path.open("rb")

    def write() -> None:
        for line in file.readlines(CHUNK):
            widget.write(line.decode().rstrip("\n"))

    return Watching(widget, lambda: void(widget.set_interval(1 / 20, write)))


def void(_: object) -> None:
    """A callback's result is of no interest."""


def flood(path: Path, seconds: float) -> None:
    with path.open("w", buffering=1 << 16) as file:
        started, written = time.perf_counter(), 0
        while (passed := time.perf_counter() - started) < seconds:
            due = int(passed * RATE)
            file.writelines(LINE % number for number in range(written, due))
            file.flush()
            written = due
            time.sleep(0.005)


KINDS: Mapping[str, Callable[[Path], Timed]] = {"console": console, "pane": pane, "rich": rich_log}


def latency(kind: str) -> Latency:
    path = Path(tempfile.mkdtemp()) / "run.log"
    app = KINDS[kind](path)
    child = multiprocessing.get_context("spawn").Process(target=flood, args=(path, FLOOD))
    asyncio.run(_flooded(app, child, RICH_KEYS if kind == "rich" else PANE_KEYS))
    times = sorted(1000 * each for each in app.answered)
    with path.open("rb") as file:
        written = sum(1 for _ in file)
    p95 = times[int(len(times) * 0.95)]
    return Latency(
        p50=statistics.median(times),
        p95=p95,
        keys=len(times),
        cpu=app.cpu,
        written=written / FLOOD,
        shown=shown(app.widget) / written,
    )


async def _flooded(app: Timed, child: multiprocessing.process.BaseProcess, keys: tuple[str, ...]) -> None:
    over = Event()

    def hand() -> None:
        number = 0
        while not over.wait(0.083):
            app.press(keys[number % len(keys)])
            number += 1

    async with app.run_test(size=(120, 40)):
        child.start()
        await asyncio.sleep(1)
        process = psutil.Process()
        process.cpu_percent()
        typist = Thread(target=hand, daemon=True)
        typist.start()
        await asyncio.sleep(FLOOD - 2)
        over.set()
        app.cpu = process.cpu_percent()
        # An app that ends with keys in its queue has no screen left to give them to.
        while child.is_alive() or typist.is_alive() or len(app.answered) < len(app.pressed):
            await asyncio.sleep(0.05)


def memory(kind: str, lines: int) -> float:
    """Megabytes of resident memory that `lines` lines add to an empty widget."""
    path = Path(tempfile.mkdtemp()) / "run.log"
    return asyncio.run(_filled(KINDS[kind](path), path, lines))


async def _filled(app: Timed, path: Path, lines: int) -> float:
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause(1)
        before = psutil.Process().memory_info().rss
        with path.open("w") as file:
            for number in range(lines):
                file.write(LINE % number)
        while shown(app.widget) < lines:
            await asyncio.sleep(0.05)
        await pilot.pause(0.2)
        return (psutil.Process().memory_info().rss - before) / 1e6


def shown(widget: Widget) -> int:
    match widget:
        case LogPane():
            return widget.line_total
        case RichLog():
            return len(widget.lines)
        case _:
            raise TypeError(f"{widget!r} has no lines")


def apart(work: Callable[P, T], *args: P.args, **options: P.kwargs) -> T:
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(work, *args, **options).result()


def main() -> None:
    print(f"{RATE:,} lines/s for {FLOOD:.0f} s, 12 keys/s, 120x40, {psutil.cpu_count()} cores")
    times = [apart(latency, kind) for kind in KINDS]
    memories = [apart(memory, kind, PANE_LINES) for kind in ("console", "pane")]
    memories.append(apart(memory, "rich", RICH_LINES) * PANE_LINES / RICH_LINES)
    print(f"{'':34}{'console':>10}{'LogPane':>10}{'RichLog':>10}{'ratio':>8}")
    report("key to paint, p50, ms", [each.p50 for each in times])
    report("key to paint, p95, ms", [each.p95 for each in times])
    report("memory for 1,000,000 lines, MB", memories)
    report("processor, % of one core", [each.cpu for each in times])
    report("lines written per second", [each.written for each in times])
    report("shown of what was written, %", [100 * each.shown for each in times])
    report("keys answered", [each.keys for each in times])
    print(f"RichLog's memory is that of {RICH_LINES:,} lines, extrapolated.")


def report(what: str, figures: Sequence[float]) -> None:
    print(f"{what:34}" + "".join(f"{each:>10,.1f}" for each in figures) + f"{figures[-1] / figures[0]:>8.1f}")


if __name__ == "__main__":
    main()
