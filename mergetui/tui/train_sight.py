"""The train of one repository as it is read: the journal from where it was read last, and the logs' ends."""

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from threading import Lock

from msgspec import Struct

from mergetui import cleaning
from mergetui.events import Event
from mergetui.model import Oid
from mergetui.train import OnTrial, Rails, Train
from mergetui.tui.progress import LATEST, percent_in

_END = 8192
"""Bytes of a log that are looked at for a percentage."""


class Aboard(Struct, frozen=True, kw_only=True):
    """The train, and how far its retests say they are."""

    train: Train = Train()
    percents: Mapping[Oid, int] = {}


class TrainSight:
    """Blocks, on whatever thread asks; a journal that is not the one of before is read anew."""

    def __init__(self, facts: Callable[[], Sequence[Event]]) -> None:
        self._facts = facts
        self._lock = Lock()
        self._heard: Sequence[Event] = ()
        self._rails = Rails()
        self._train = Train()

    def read(self) -> Train:
        """The very same as before, when nothing was added."""
        with self._lock:
            facts, heard = self._facts(), self._heard
            if facts is heard:
                return self._train
            count = len(heard)
            if count > len(facts) or (count and facts[count - 1] is not heard[count - 1]):
                self._rails, count = Rails(), 0
            for fact in facts[count:]:
                self._rails.hear(fact)
            self._heard, self._train = facts, self._rails.train()
            return self._train


def percents(running: Iterable[OnTrial]) -> dict[Oid, int]:
    """What the latest lines of their logs say, by commit; those that say nothing are left out."""
    told = ((one.commit, _percent(Path(one.log))) for one in running)
    return {commit: percent for commit, percent in told if percent is not None}


def _percent(log: Path) -> int | None:
    try:
        with open(log, "rb", opener=_without_waiting) as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(size - _END, 0))
            lines = file.read(_END).decode(errors="replace").splitlines()
    except OSError:
        return None
    return percent_in(cleaning.plain(line) for line in reversed(lines[-LATEST:]))


def _without_waiting(path: str, flags: int) -> int:
    """A named pipe in the place of a log would hang a plain open."""
    return os.open(path, flags | os.O_NONBLOCK | os.O_CLOEXEC)
