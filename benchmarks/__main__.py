"""All of them, one after the other."""

from benchmarks import landing, log_pane, long_queue, opening, starting, watched

for benchmark in (starting, opening, landing, log_pane, long_queue, watched):
    print(f"\n{benchmark.__name__}\n")
    benchmark.main()
