"""The slots for retests that all repositories of this process share."""

import threading
from collections import Counter


class SlotPool:
    """`total` retests at the same time; None: no limit.

    A repository that waits for its first slot is served before those that want one more, and in turn.
    """

    def __init__(self, total: int | None = None) -> None:
        self._total = total
        self._lock = threading.Lock()
        self._taken: Counter[str] = Counter()
        self._line: list[str] = []

    def free_for(self, repository: str) -> int | None:
        """How many more it may start now; below zero: so many others wait; None: as many as it likes."""
        with self._lock:
            return self._free_for(repository)

    def busy(self, repository: str) -> int:
        """Retests of the repository that run now."""
        with self._lock:
            return self._taken[repository]

    def take(self, repository: str) -> bool:
        with self._lock:
            free = self._free_for(repository)
            if free is not None and free <= 0:
                return False
            self._taken[repository] += 1
            self._leave_line(repository)
            return True

    def give_back(self, repository: str) -> None:
        with self._lock:
            self._taken[repository] -= 1

    def line_up(self, repository: str) -> None:
        """It wants a slot and has none: the next that is free is not for those who came later."""
        with self._lock:
            if repository not in self._line:
                self._line.append(repository)

    def withdraw(self, repository: str) -> None:
        with self._lock:
            self._leave_line(repository)

    def _free_for(self, repository: str) -> int | None:
        if self._total is None:
            return None
        ahead = self._line.index(repository) if repository in self._line else len(self._line)
        return self._total - self._taken.total() - ahead

    def _leave_line(self, repository: str) -> None:
        if repository in self._line:
            self._line.remove(repository)
