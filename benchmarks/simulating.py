"""How long changes take from arrival to their end, as multiples of an oracle's, for every strategy.

    python -m benchmarks.simulating

A grid of changes per hour, of slots that are enough for them, and of shares of red changes.
The floor of each row is the oracle, over the same changes.
"""

import time

from mergetui.cli.simulate_text import is_overrun
from mergetui.simulation.figures import HOUR, Figures, figures
from mergetui.simulation.strategies import Field, Strategy, for_slots, played
from mergetui.simulation.traces import Chances, RetestTime, drawn

CHANGES = 3000
GRID = ((32, (4, 16, 64)), (80, (16, 64)), (128, (16, 64)), (320, (64,)))
"""Changes per hour, and slots; with retests of 6 minutes one slot does 10 of them."""
REDS = (0.02, 0.05, 0.10)
RETEST = RetestTime(p50=360.0, p95=360.0)
COMPARED = (Strategy.SERIAL, Strategy.BATCH, Strategy.SPECULATION, Strategy.OURS)


def main() -> None:
    began = time.perf_counter()
    print(f"{CHANGES:,} changes, turnaround p95 as multiples of the oracle's; > what cannot keep up")
    heads = "".join(f"{one:>13}" for one in COMPARED)
    print(f"{'per hour':>8}{'slots':>6}{'load':>6}{'red':>5}{'oracle, min':>13}{heads}{'retests':>9}")
    for rate, counts in GRID:
        for slots in counts:
            for red in REDS:
                load = rate / HOUR * RETEST.mean / slots
                print(f"{rate:>8}{slots:>6}{load:>6.0%}{red:>5.0%}{_row(rate, slots, red)}", flush=True)
    print(f"{time.perf_counter() - began:.0f} s")


def _row(rate: int, slots: int, red: float) -> str:
    chances = Chances(
        changes=CHANGES,
        per_second=rate / HOUR,
        red=red,
        conflict=0.01,
        together=0.005,
        retest=RETEST,
    )
    trace, field = drawn(chances), Field(slots=slots, batch=8, ours=for_slots(slots))
    oracle = figures(trace, played(Strategy.ORACLE, trace, field))
    told = [figures(trace, played(one, trace, field)) for one in COMPARED]
    cells = [_cell(one, oracle) for one in told]
    spent = f"{told[-1].retests_per_landing or 0:>9.1f}"
    return f"{oracle.turnaround.p95 / 60:>13.1f}" + "".join(f"{cell:>13}" for cell in cells) + spent


def _cell(told: Figures, oracle: Figures) -> str:
    times = told.turnaround.over(oracle.turnaround).p95
    return f"{'> ' if is_overrun(told, oracle) else ''}{times:,.2f}"


if __name__ == "__main__":
    main()
