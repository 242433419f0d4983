"""All of them, one after the other."""

from benchmarks import landing, log_pane, long_queue, opening, starting, strategies, watched

for benchmark in (starting, opening, landing, strategies, log_pane, long_queue, watched):
    print(f"\n{benchmark.__name__}\n")
    benchmark.main()
