"""Ending what only asks a remote, when nobody waits for the answer any more."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock

from mergetui.ports import Halted


class Halt:
    """For good: what is asked after it was called is ended as well.

    A push is none of its business: what became of one that is ended is not known.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._ends: dict[object, Callable[[], object]] = {}
        self._is_called = False

    def __call__(self) -> None:
        with self._lock:
            self._is_called = True
            ends = list(self._ends.values())
        for end in ends:
            end()

    @contextmanager
    def over(self, end: Callable[[], object]) -> Iterator[None]:
        """While something is asked that `end` ends; `Halted` instead of whatever it then says."""
        me = object()
        with self._lock:
            self._ends[me] = end
            is_late = self._is_called
        try:
            if is_late:
                end()
                raise Halted
            yield
        finally:
            with self._lock:
                del self._ends[me]
        if self._is_called:
            raise Halted


NEVER = Halt()
"""Nobody calls it."""
