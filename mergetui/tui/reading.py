"""What a screen shows of the world, read on a thread of its own as long as it is open."""

import logging
from collections.abc import Callable
from threading import Event, Thread
from typing import Generic, NamedTuple, TypeVar

T = TypeVar("T")

POLL = 0.5
READING = "reading ..."

_log = logging.getLogger(__name__)


class Source(NamedTuple, Generic[T]):
    """`read` may block; it is asked again whenever `stamp` gives another value than before it."""

    read: Callable[[], T]
    stamp: Callable[[], object] = lambda: None


def known(answer: T) -> Source[T]:
    """What does not change."""
    return Source(lambda: answer)


class Reading(Generic[T]):
    """`show` and `failed` are run by `back`, on the event loop; what cannot be read is told once."""

    def __init__(
        self,
        source: Source[T],
        back: Callable[[Callable[[], object]], object],
        show: Callable[[T], object],
        failed: Callable[[str], object] = lambda _: None,
        *,
        poll: float = POLL,
    ) -> None:
        self._source = source
        self._back = back
        self._show = show
        self._failed = failed
        self._poll = poll
        self._over = Event()
        self._told = ""

    def start(self) -> None:
        # A daemon, for a disk may take longer than anybody wants to wait for the exit.
        Thread(target=self._run, name="reading", daemon=True).start()

    def end(self) -> None:
        self._over.set()

    def _run(self) -> None:
        seen: object = self
        while not self._over.is_set():
            seen = self._look(seen)
            self._over.wait(self._poll)

    def _look(self, seen: object) -> object:
        """The stamp of what has been shown."""
        try:
            stamp = self._source.stamp()
            if stamp == seen:
                return seen
            answer = self._source.read()
        except Exception as error:
            self._tell(str(error) or type(error).__name__)
            return seen
        self._told = ""
        if not self._over.is_set():
            self._back(lambda: self._show(answer))
        return stamp

    def _tell(self, trouble: str) -> None:
        if trouble != self._told and not self._over.is_set():
            _log.exception("a screen could not be read for")
            self._told = trouble
            self._back(lambda: self._failed(trouble))
