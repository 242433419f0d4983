"""How long the console takes to open and to close, beside the barest Textual app.

    python -m benchmarks.opening

Both are processes on a terminal: from exec to the frame that shows their text, and from `q` to the end.
Both have their bytecode, as what is installed has: the first run of each, which may compile it, does not
count.
"""

import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import NamedTuple

from benchmarks.terminal import Terminal
from mergetui.demo.story import set_up

RUNS = 15
WITH_BYTECODE = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
BARE = """
from textual.app import App
from textual.widgets import Static

class Bare(App):
    BINDINGS = [("q", "quit", "quit")]

    def compose(self):
        yield Static("Repositories")

Bare().run()
"""


class Times(NamedTuple):
    """Seconds."""

    open: float
    close: float


def main() -> None:
    with tempfile.TemporaryDirectory() as directory:
        places = set_up(Path(directory) / "demo").wiring.places
        console = ["-m", "mergetui", "--config", str(places.config), "--state-dir", str(places.state)]
        commands = {"Textual with one Static": ["-c", BARE], "the console": console}
        times: dict[str, list[Times]] = {name: [] for name in commands}
        for _ in range(RUNS + 1):
            for name, command in commands.items():
                times[name].append(_times([sys.executable, *command]))
    floor = times["Textual with one Static"][1:]
    print(f"{'':<26}{'open, s':>9}{'least':>8}{'ratio':>7}{'close, s':>10}{'most':>8}")
    for name, (_, *taken) in times.items():
        ratio = median(ours.open / bare.open for ours, bare in zip(taken, floor, strict=True))
        opening, closing = [each.open for each in taken], [each.close for each in taken]
        print(
            f"{name:<26}{median(opening):>9.3f}{min(opening):>8.3f}{ratio:>7.2f}"
            f"{median(closing):>10.3f}{max(closing):>8.3f}"
        )


def _times(command: Sequence[str]) -> Times:
    with Terminal(command, WITH_BYTECODE) as terminal:
        opened = terminal.shows("Repositories")
        terminal.drain(0.7)
        terminal.press("q")
        return Times(opened, terminal.ends())


if __name__ == "__main__":
    main()
