"""What may block, on threads that hold nobody up: git, the store, files."""

import logging
from collections.abc import Callable
from queue import SimpleQueue
from threading import Thread
from typing import TypeVar

T = TypeVar("T")

_log = logging.getLogger(__name__)


class Errands:
    """A daemon thread per lane, first come first served: a key pressed twice acts in the order of the keys.

    Textual's own thread workers are joined when the program ends, so a remote that does not answer would
    hold the exit; these are not.
    """

    def __init__(self, back: Callable[[Callable[[], object]], object]) -> None:
        """`back` runs what it is given on the event loop."""
        self._back = back
        self._lanes: dict[str, SimpleQueue[Callable[[], None]]] = {}

    def run(
        self, lane: str, errand: Callable[[], T], then: Callable[[T], object], failed: Callable[[str], object]
    ) -> None:
        def work() -> None:
            try:
                answer = errand()
            except Exception as error:
                _log.exception("an errand failed")
                told = str(error) or type(error).__name__
                self._back(lambda: failed(told))
            else:
                self._back(lambda: then(answer))

        self._lane(lane).put(work)

    def _lane(self, name: str) -> SimpleQueue[Callable[[], None]]:
        if name not in self._lanes:
            self._lanes[name] = SimpleQueue()
            Thread(target=_serve, args=(self._lanes[name],), name=f"errands-{name}", daemon=True).start()
        return self._lanes[name]


def _serve(lane: SimpleQueue[Callable[[], None]]) -> None:
    while True:
        lane.get()()
