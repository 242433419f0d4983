"""How long changes take from arrival to their end, as multiples of an oracle's, for every strategy.

    python -m benchmarks.simulating

A grid of shares of red changes and of slots, at two rates: the oracle is busy to 80%, or to 50%.
The floor of each row is the oracle, over the same changes.
"""

import time

from mergetui.cli.simulate_text import is_overrun
from mergetui.simulation.figures import Figures, figures
from mergetui.simulation.strategies import Field, Strategy, for_slots, played
from mergetui.simulation.traces import Chances, RetestTime, drawn, rate_at

CHANGES = 3000
LOADS, SLOTS, REDS = (0.8, 0.5), (4, 16, 64), (0.02, 0.05, 0.10)
RETEST = RetestTime(p50=360.0, p95=360.0)
COMPARED = (Strategy.SERIAL, Strategy.BATCH, Strategy.SPECULATION, Strategy.OURS)


def main() -> None:
    began = time.perf_counter()
    print(f"{CHANGES:,} changes, turnaround p95 as multiples of the oracle's; > what cannot keep up")
    print(f"{'load':>5}{'slots':>6}{'red':>5}{'oracle, min':>13}" + "".join(f"{one:>13}" for one in COMPARED))
    for load in LOADS:
        for slots in SLOTS:
            for red in REDS:
                print(f"{load:>5.0%}{slots:>6}{red:>5.0%}{_row(load, slots, red)}", flush=True)
    print(f"{time.perf_counter() - began:.0f} s")


def _row(load: float, slots: int, red: float) -> str:
    chances = Chances(
        changes=CHANGES,
        per_second=rate_at(load, slots=slots, retest=RETEST),
        red=red,
        conflict=0.01,
        together=0.005,
        retest=RETEST,
    )
    trace, field = drawn(chances), Field(slots=slots, batch=8, ours=for_slots(slots))
    oracle = figures(trace, played(Strategy.ORACLE, trace, field))
    told = [figures(trace, played(one, trace, field)) for one in COMPARED]
    cells = [_cell(one, oracle) for one in told]
    return f"{oracle.turnaround.p95 / 60:>13.1f}" + "".join(f"{cell:>13}" for cell in cells)


def _cell(told: Figures, oracle: Figures) -> str:
    times = told.turnaround.over(oracle.turnaround).p95
    return f"{'> ' if is_overrun(told, oracle) else ''}{times:,.2f}"


if __name__ == "__main__":
    main()
