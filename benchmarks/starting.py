"""How long a command takes to answer, against the floor of an interpreter that does nothing.

python -m benchmarks.starting
"""

import subprocess  # noqa: TID251 - whole processes are what is measured
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from benchmarks.opening import WITH_BYTECODE
from mergetui.demo.story import set_up

RUNS = 15


def main() -> None:
    with tempfile.TemporaryDirectory() as directory:
        config = set_up(Path(directory) / "demo").wiring.places
        where = ["--config", str(config.config), "--state-dir", str(config.state)]
        commands = {
            "python -c pass": [sys.executable, "-c", "pass"],
            "mergetui status --json": [sys.executable, "-m", "mergetui", "status", "--json", *where],
            "mergetui why": [sys.executable, "-m", "mergetui", "why", *where],
        }
        times = {name: _median_of(command) for name, command in commands.items()}
    floor = times["python -c pass"]
    print(f"{'command':<28}{'median, s':>10}{'ratio':>8}")
    for name, seconds in times.items():
        print(f"{name:<28}{seconds:>10.3f}{seconds / floor:>8.1f}")


def _median_of(command: Sequence[str]) -> float:
    """Seconds of wall time, after a run that warms the caches."""
    return median([_seconds(command) for _ in range(RUNS + 1)][1:])


def _seconds(command: Sequence[str]) -> float:
    began = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=WITH_BYTECODE)
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
