"""What engines that died left behind: processes of their retests, and half-done git operations."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import psutil

from mergetui.adapters.process import marked
from mergetui.adapters.retest import MARK
from mergetui.adapters.shells import leftovers
from mergetui.doctor.finding import Finding, Topic

_OF_GIT = (
    "mirror.git/*.lock",
    "mirror.git/refs/**/*.lock",
    "mirror.git/worktrees/*/*.lock",
    "mirror.git/worktrees/*/rebase-*",
    "mirror.git/worktrees/*/sequencer",
    "slots/*.index.lock",
)
_TOLD = 3


def running_retests() -> Mapping[str, Sequence[psutil.Process]]:
    """Every process of a retest that can be seen, by the mark of the state that it belongs to.

    Ask before the state is read: what runs then, and has no engine afterwards, was left behind.
    """
    found = defaultdict(list)
    for process, name in marked(MARK, prefix="").items():
        found[name.partition(":")[0]].append(process)
    return found


def examine_processes(name: str, processes: Sequence[psutil.Process]) -> Finding | None:
    """`processes` are those of the repository's retests, on which no engine is at work."""
    left = [str(process.pid) for process in processes if _runs(process)]
    if not left:
        return None
    says = f"left running by the retest of an engine that died: {', '.join(left)}"
    return Topic("processes", name).warn(says, f"kill {' '.join(left)}")


def examine_cache(name: str, directory: Path) -> Finding | None:
    """`directory` has the repository's caches, in which no engine is at work."""
    left = sorted(str(path.relative_to(directory)) for path in _left_by_git(directory))
    if not left:
        return None
    more = f" and {len(left) - _TOLD} more" if len(left) > _TOLD else ""
    says = f"left half done: {', '.join(left[:_TOLD])}{more}; the next engine makes it anew"
    return Topic("leftovers", name).note(says)


def examine_shells(name: str, directory: Path) -> Finding | None:
    """`directory` has the repository's caches; a tree that a console shows is no leftover."""
    left = [str(home.relative_to(directory)) for home in leftovers(directory)]
    if not left:
        return None
    says = f"left by the shell of a console that was killed: {', '.join(left)}; the next console removes it"
    return Topic("leftovers", name).note(says)


def _left_by_git(directory: Path) -> Iterator[Path]:
    for pattern in _OF_GIT:
        yield from directory.glob(pattern)


def _runs(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False
