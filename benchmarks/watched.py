"""Whether a retest is held up by being watched: 2,000,000 lines, with a console on them and without.

    python -m benchmarks.watched

The retest is run by the product's own retester and writes every line by itself. The runs alternate; the floor
of each watched run is the unwatched one before it. Beside it stands the processor time that the console took,
which depends less on who else is at work.
"""

import os
import sys
import tempfile
import threading
import time
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from statistics import median
from typing import NamedTuple

import psutil

from benchmarks.long_queue import on_a_queue
from benchmarks.terminal import Terminal
from mergetui.adapters.clock import SystemClock
from mergetui.adapters.retest import ProcessRetester
from mergetui.outcome import Passed
from mergetui.ports import RetestOrder

PAIRS = 5
LINES = 2_000_000
LINE = "tests/test_cart.py::test_total[%07d] PASSED                       [ 41%%]"
PRINTS = f"""
import sys
for number in range({LINES}):
    sys.stdout.write({LINE!r} % number + chr(10))
"""


class Ran(NamedTuple):
    """Seconds."""

    taken: float
    console: float
    """Of the processor, by the console; 0 without one."""


def main() -> None:
    with tempfile.TemporaryDirectory() as directory:
        runs = [_ran(Path(directory), watched=number % 2 == 1) for number in range(2 * PAIRS + 2)][2:]
    alone, watched = ([ran.taken for ran in some] for some in (runs[::2], runs[1::2]))
    console = median(ran.console for ran in runs[1::2])
    ratio = median(b / a for a, b in zip(alone, watched, strict=True))
    print(f"{LINES:,} lines, {PAIRS} pairs of runs, {os.cpu_count()} cores")
    print(f"{'':<12}{'median, s':>10}{'least':>8}{'ratio':>8}{'console, s':>12}")
    print(f"{'unwatched':<12}{median(alone):>10.2f}{min(alone):>8.2f}{1:>8.3f}{'':>12}")
    print(f"{'watched':<12}{median(watched):>10.2f}{min(watched):>8.2f}{ratio:>8.3f}{console:>12.2f}")


def _ran(directory: Path, *, watched: bool) -> Ran:
    """From the start of the retest to its end."""
    log = directory / "run.log"
    log.write_bytes(b"")
    with ExitStack() as stack:
        if watched:
            places = on_a_queue(directory, entries=10, log=log).places
            places.config.write_text('[repos.shop]\nremote = "none"\nretest = "true"\n')
            where = ["--config", str(places.config), "--state-dir", str(places.state)]
            console = [sys.executable, "-m", "mergetui", "--read-only", *where]
            terminal = stack.enter_context(Terminal(console))
            terminal.shows("testing")
            stack.enter_context(_reading(terminal))
            before = _processor(terminal)
            taken = _retest(directory, log)
            return Ran(taken, _processor(terminal) - before)
        return Ran(_retest(directory, log), 0)


def _processor(terminal: Terminal) -> float:
    times = psutil.Process(terminal.process.pid).cpu_times()
    return times.user + times.system


def _retest(directory: Path, log: Path) -> float:
    order = RetestOrder(
        id="r1",
        directory=directory,
        command=f"exec {sys.executable} {_script(directory)}",
        env=dict(os.environ),
        log=log,
        timeout=timedelta(minutes=5),
        silence=timedelta(minutes=5),
        output_limit=2**31,
    )
    began = time.perf_counter()
    retest = ProcessRetester("bench", SystemClock()).start(order)
    while (ending := retest.poll()) is None:
        time.sleep(0.02)
    taken = time.perf_counter() - began
    assert isinstance(ending, Passed), ending
    return taken


def _script(directory: Path) -> Path:
    script = directory / "prints.py"
    script.write_text(PRINTS)
    return script


class _reading:  # noqa: N801 - a context manager
    """Somebody reads what the terminal is sent, as a terminal does."""

    def __init__(self, terminal: Terminal) -> None:
        self._terminal, self._over = terminal, threading.Event()
        self._thread = threading.Thread(target=self._read, daemon=True)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _read(self) -> None:
        while not self._over.is_set():
            self._terminal.drain(0.1)


if __name__ == "__main__":
    main()
