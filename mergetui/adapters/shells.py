"""Checkouts for the operator's hands: what is typed there reaches no mirror, no slot and no verdict.

Each is a clone of its own in a numbered directory, whose lock is held while the checkout is used: what lies
in one that nobody holds was left by a console that was killed.
"""

from collections.abc import Iterator, Mapping
from itertools import count
from pathlib import Path

from msgspec import Struct

from mergetui.adapters.git import Git, GitError, RecentCommands
from mergetui.adapters.occupancy import DirectoryLock
from mergetui.adapters.retest import environment
from mergetui.adapters.slots import Slot
from mergetui.model import Oid
from mergetui.repository import Repository

_OF_THE_TERMINAL = ("TERM", "COLORTERM")
_OF_THE_OPERATOR = ("HOME", "SHELL", "USER")
_ONLY = 0
"""The one slot of a numbered directory."""


class Gone(Struct, frozen=True):
    """The commit is not in the mirror: it never came there, or went when the mirror was made anew."""


class Checkout:
    """Exactly the tree of a commit, until it is disposed of."""

    def __init__(self, tree: Path, slot: Slot, lock: DirectoryLock) -> None:
        self.tree = tree
        self._slot = slot
        self._lock = lock

    def dispose(self) -> None:
        try:
            self._slot.dispose()
        finally:
            self._lock.leave()


class Shells:
    """Below `directory`, the caches of one repository; any number of consoles may share it."""

    def __init__(self, directory: Path, commands: RecentCommands | None = None) -> None:
        self._mirror = directory / "mirror.git"
        self._directory = directory / "shells"
        self._git = Git(self._mirror, commands=commands)

    def check_out(self, commit: Oid) -> Checkout | Gone:
        """A clone of its own at the commit, detached and without a remote. May raise GitError and OSError."""
        if not self._has(commit):
            return Gone()
        home, lock = self._take_a_free_one()
        slot = Slot(home, _ONLY, self._mirror, self._git)
        try:
            # A killed console may have left a tree, with what somebody typed in it.
            slot.dispose()
            return Checkout(slot.check_out(commit, clean="everything"), slot, lock)
        except BaseException:
            Checkout(home, slot, lock).dispose()
            raise

    def sweep(self) -> None:
        """Remove what killed consoles left."""
        for home in leftovers(self._directory.parent):
            lock = DirectoryLock(home)
            if lock.take():
                Checkout(home, Slot(home, _ONLY, self._mirror, self._git), lock).dispose()

    def _has(self, commit: Oid) -> bool:
        return self._mirror.is_dir() and self._git.ask("cat-file", "-e", f"{commit}^{{commit}}").ok

    def _take_a_free_one(self) -> tuple[Path, DirectoryLock]:
        # The directories stay when their trees go: a lock on one that was removed would hold nobody off.
        for number in count():
            home = self._directory / str(number)
            lock = DirectoryLock(home)
            if lock.take():
                return home, lock
        raise GitError("there is a last number")


def leftovers(directory: Path) -> Iterator[Path]:
    """The numbered directories below a repository's caches that have a tree and no console that uses it."""
    for home in sorted((directory / "shells").glob("*")):
        if home.is_dir() and any(home.iterdir()):
            lock = DirectoryLock(home)
            if lock.take():
                lock.leave()
                yield home


def surroundings(environ: Mapping[str, str], repository: Repository, commit: Oid) -> dict[str, str]:
    """The environment of the retest, and what a person at a terminal needs on top of it."""
    told = environment(environ, repository)
    of_terminal = {name: environ[name] for name in _OF_THE_TERMINAL if name in environ}
    of_operator = {name: environ[name] for name in _OF_THE_OPERATOR if name in environ}
    # Not MERGETUI_RETEST: by that one the engine knows the processes of its retests, to end them.
    ours = {"MERGETUI_COMMIT": commit, "MERGETUI_RETEST_COMMAND": repository.retest or ""}
    return {**of_operator, **told, **of_terminal, "PYTHONUNBUFFERED": "1", **ours}
