"""When memory that only cycles hold is taken back: a full collection holds up whoever types."""

import gc
from collections.abc import Callable

from textual.timer import Timer

QUIET = 5.0
"""Seconds without a key after which all is gone through, and again after every such while."""
_SELDOM = 500
"""Collections of what is younger before a full one comes all the same: for whoever never pauses."""


class Collecting:
    """Full collections of the process wait until the keys rest."""

    def __init__(self) -> None:
        self._timer: Timer | None = None

    def begin(self, every: Callable[[float, Callable[[], object]], Timer]) -> None:
        """`every` calls something at an interval, in seconds."""
        # What is there by now stays: no collection goes through it.
        gc.freeze()
        young, middle, _ = gc.get_threshold()
        gc.set_threshold(young, middle, _SELDOM)
        gc.enable()
        self._timer = every(QUIET, _collect)

    def put_off(self) -> None:
        """A key was pressed."""
        if self._timer is not None:
            self._timer.reset()


def _collect() -> None:
    gc.collect()
