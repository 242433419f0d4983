"""A store and a journal in memory, with the promises of those on disk but durability."""

import threading
from collections.abc import Callable, Sequence
from typing import TypeVar

from mergetui.events import Event
from mergetui.state import RepositoryState

T = TypeVar("T")


class MemoryStore:
    def __init__(self, state: RepositoryState | None = None) -> None:
        self._state = state or RepositoryState()
        self._generation = 0
        self._threads = threading.Lock()

    def read(self) -> RepositoryState:
        return self._state

    def change(self, step: Callable[[RepositoryState], tuple[RepositoryState, T]]) -> T:
        with self._threads:
            after, value = step(self._state)
            if after != self._state:
                self._state = after
                self._generation += 1
            return value

    def stamp(self) -> tuple[int, ...]:
        return (self._generation,)

    def notice(self) -> str | None:
        return None


class MemoryJournal:
    def __init__(self) -> None:
        self._events: tuple[Event, ...] = ()
        self._threads = threading.Lock()

    def append(self, event: Event) -> None:
        with self._threads:
            self._events = (*self._events, event)

    def read(self) -> Sequence[Event]:
        return self._events
