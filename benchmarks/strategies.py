"""What batches and speculation save on a real gate: twelve good branches; a batch of eight, one of them red.

    python -m benchmarks.strategies

Each retest sleeps for a second. The floor is the serial gate: one branch and one retest at a time.
"""

import tempfile
import threading
import time
from datetime import timedelta
from pathlib import Path

from msgspec import Struct

from benchmarks.remotes import make_remote
from mergetui.config import Config
from mergetui.events import Ended, Event, RetestStarted
from mergetui.places import Places
from mergetui.repository import Repository
from mergetui.wiring import Wiring

_GOOD = 12
_BATCH = 8
_RETEST = "sleep 1; test ! -e red"


class Played(Struct, frozen=True, kw_only=True):
    """A queue that was drained."""

    seconds: float
    retests: int
    landed: int
    sent_back: tuple[str, ...]


def main() -> None:
    with tempfile.TemporaryDirectory() as directory:
        _print_speed(Path(directory))
        _print_search(Path(directory))


def _print_speed(directory: Path) -> None:
    branches = {f"b{number}": {f"new{number}": "1\n"} for number in range(_GOOD)}
    print(f"{f'{_GOOD} green branches':<28}{'seconds':>9}{'ratio':>8}{'retests':>9}")
    serial = None
    for batch, parallel in ((1, 1), (1, 4), (4, 1), (4, 4)):
        played = _play(directory / f"speed{batch}{parallel}", branches, batch=batch, parallel=parallel)
        assert played.landed == _GOOD, played
        serial = serial or played.seconds
        name = f"batch {batch}, parallel {parallel}"
        print(f"{name:<28}{played.seconds:>9.1f}{serial / played.seconds:>8.1f}{played.retests:>9}")


def _print_search(directory: Path) -> None:
    print(f"\n{f'{_BATCH} branches, one red':<28}{'seconds':>9}{'sent back':>11}{'further retests':>17}")
    for red in range(_BATCH):
        branches = {
            f"b{number}": {"red" if number == red else f"new{number}": "1\n"} for number in range(_BATCH)
        }
        played = _play(directory / f"search{red}", branches, batch=_BATCH, parallel=1)
        assert played.landed == _BATCH - 1, played
        name, sent_back = f"batch {_BATCH}, the red one at {red + 1}", ", ".join(played.sent_back)
        print(f"{name:<28}{played.seconds:>9.1f}{sent_back:>11}{played.retests - 1:>17}")


def _play(directory: Path, branches: dict[str, dict[str, str]], *, batch: int, parallel: int) -> Played:
    remote = make_remote(directory, branches)
    repository = Repository(name="r", remote=str(remote), retest=_RETEST, batch=batch, parallel=parallel)
    where = Places(config=directory / "c", state=directory / "s", cache=directory / "cache")
    wiring = Wiring(where, Config(path=where.config, repos={"r": repository}))
    wiring.desk("r").enqueue([(branch,) for branch in branches])
    heard = list[Event]()
    began = time.perf_counter()
    wiring.engine(heard.append).drain(["r"], patience=timedelta(), stopping=threading.Event())
    seconds = time.perf_counter() - began
    runs = [fact.run for fact in heard if isinstance(fact, Ended)]
    return Played(
        seconds=seconds,
        retests=sum(isinstance(fact, RetestStarted) for fact in heard),
        landed=sum(run.outcome == "landed" for run in runs),
        sent_back=tuple(run.branches[-1] for run in runs if run.outcome == "sent-back"),
    )


if __name__ == "__main__":
    main()
