"""One plan with 10,000 entries in the queue.

    python -m benchmarks.planning

The floor is one pass over the same queue that only asks each entry for its state.
"""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from statistics import median

from mergetui.model import Candidate, Entry, EntryState, Link
from mergetui.planning import plan
from mergetui.reason import Coded, Reason
from mergetui.view import Policy, Trial, Verdict, View

ENTRIES, PARALLEL, RUNS = 10_000, 16, 50
AIM = 0.010
"""Seconds."""


def main() -> None:
    queue = tuple(_entry(number) for number in range(ENTRIES))
    policy = Policy(parallel=PARALLEL)
    floor = _seconds(lambda: sum(entry.state is EntryState.QUEUED for entry in queue))
    print(f"{ENTRIES:,} entries, {PARALLEL} candidates, {RUNS} runs; the aim: {1000 * AIM:.0f} ms")
    print(f"{'':<34}{'median, ms':>12}{'ratio':>8}")
    print(f"{'one pass over the queue':<34}{1000 * floor:>12.2f}{1:>8.1f}")
    for name, trials in _benches(queue).items():
        view = _view(queue, trials)
        seconds = _seconds(lambda view=view: plan(view, policy))
        print(f"{name:<34}{1000 * seconds:>12.2f}{seconds / floor:>8.1f}")
    view, hedging = _view(queue, _hedged(queue)), Policy(parallel=2 * PARALLEL, hedge=True)
    seconds = _seconds(lambda: plan(view, hedging))
    print(f"{f'with {PARALLEL - 1} hedges':<34}{1000 * seconds:>12.2f}{seconds / floor:>8.1f}")


def _seconds(work: Callable[[], object]) -> float:
    taken = []
    for _ in range(RUNS):
        began = time.perf_counter()
        work()
        taken.append(time.perf_counter() - began)
    return median(taken)


def _benches(queue: tuple[Entry, ...]) -> dict[str, tuple[Trial, ...]]:
    links = tuple(map(_link, queue[:PARALLEL]))
    chains = [Candidate(base="m", links=links[:length]) for length in range(1, PARALLEL + 1)]
    failed = Coded(Reason.RETEST_FAILED, "exit code 1")
    running = [Trial(chain, Verdict.RUNNING) for chain in chains]
    red = [*running[:7], Trial(chains[7], Verdict.RED, failed), *running[8:]]
    return {
        "nothing is tested yet": (),
        "all are tested": tuple(running),
        "one of them is red": tuple(red),
    }


def _hedged(queue: tuple[Entry, ...]) -> tuple[Trial, ...]:
    """All are tested, and besides the line without each but the last."""
    links = tuple(map(_link, queue[:PARALLEL]))
    line = [Candidate(base="m", links=links[:length]) for length in range(1, PARALLEL + 1)]
    without = [Candidate(base="m", links=(*links[:k], *links[k + 1 :])) for k in range(PARALLEL - 1)]
    return tuple(Trial(chain, Verdict.RUNNING) for chain in (*line, *without))


def _view(queue: tuple[Entry, ...], trials: tuple[Trial, ...]) -> View:
    heads = {entry.branch: entry.heads[0] for entry in queue}
    return View(now=_NOW, tip="m", heads=heads, queue=queue, trials=trials)


_NOW = datetime(2026, 1, 1, tzinfo=UTC)


def _entry(number: int) -> Entry:
    return Entry(id=f"e{number}", branches=(f"b{number}",), heads=(f"{number:040x}",), enqueued_at=_NOW)


def _link(entry: Entry) -> Link:
    commit = f"m{entry.heads[0]}"
    return Link(
        entry=entry.id,
        branches=entry.branches,
        heads=entry.heads,
        commit=commit,
        tree=commit,
        tips=(commit,),
        commits=((commit,),),
    )


if __name__ == "__main__":
    main()
