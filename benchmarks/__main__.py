"""All of them, one after the other."""

from benchmarks import landing, log_pane, starting

for benchmark in (starting, landing, log_pane):
    print(f"\n{benchmark.__name__}\n")
    benchmark.main()
