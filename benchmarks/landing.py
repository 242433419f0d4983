"""What the gate itself costs: the time from one landing to the next when the retest takes none.

    python -m benchmarks.landing

The floor is the same branches, rebased and pushed by plain git in a shell, without a lease, a store, a
journal or a clean checkout for the retest.
"""

import tempfile
import threading
import time
from datetime import timedelta
from pathlib import Path

from benchmarks.remotes import git, make_remote
from mergetui.config import Config
from mergetui.places import Places
from mergetui.repository import Repository
from mergetui.wiring import Wiring

BRANCHES = 24


def main() -> None:
    with tempfile.TemporaryDirectory() as directory:
        floor = _by_git(_remote(Path(directory) / "floor")) / BRANCHES
        gate = {
            (batch, parallel): _by_the_gate(Path(directory) / f"gate{batch}{parallel}", batch, parallel)
            / BRANCHES
            for batch, parallel in ((1, 1), (4, 1), (1, 4))
        }
    print(f"{'a landing by':<28}{'ms':>8}{'ratio':>8}")
    print(f"{'plain git':<28}{floor * 1000:>8.0f}{1:>8.1f}")
    for (batch, parallel), seconds in gate.items():
        name = f"the gate, batch {batch}, parallel {parallel}"
        print(f"{name:<28}{seconds * 1000:>8.0f}{seconds / floor:>8.1f}")


def _by_git(remote: Path) -> float:
    work = remote.with_suffix(".work")
    git(remote.parent, "clone", "--quiet", str(remote), str(work))
    began = time.perf_counter()
    for number in range(BRANCHES):
        git(work, "fetch", "--quiet")
        git(work, "rebase", "--quiet", "origin/main", f"origin/b{number}")
        git(work, "push", "--quiet", "origin", "HEAD:main")
    return time.perf_counter() - began


def _by_the_gate(directory: Path, batch: int, parallel: int) -> float:
    remote = _remote(directory)
    repository = Repository(name="r", remote=str(remote), retest="true", batch=batch, parallel=parallel)
    where = Places(config=directory / "c", state=directory / "s", cache=directory / "cache")
    wiring = Wiring(where, Config(path=where.config, repos={"r": repository}))
    wiring.desk("r").enqueue([(f"b{number}",) for number in range(BRANCHES)])
    engine = wiring.engine(lambda _: None)
    began = time.perf_counter()
    engine.drain(["r"], patience=timedelta(), stopping=threading.Event())
    taken = time.perf_counter() - began
    assert not wiring.desk("r").state().entries, "not everything landed"
    return taken


def _remote(directory: Path) -> Path:
    return make_remote(directory, {f"b{number}": {f"new{number}": "1\n"} for number in range(BRANCHES)})


if __name__ == "__main__":
    main()
