"""All of them, one after the other."""

from benchmarks import (
    landing,
    log_pane,
    long_queue,
    opening,
    planning,
    simulating,
    starting,
    strategies,
    watched,
)

ALL = (starting, opening, landing, strategies, planning, simulating, log_pane, long_queue, watched)

for benchmark in ALL:
    print(f"\n{benchmark.__name__}\n")
    benchmark.main()
