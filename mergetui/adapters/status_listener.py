"""Hears facts, and puts the statuses that follow from them into the spool."""

import logging
import threading

from mergetui.adapters.spool import Spool
from mergetui.events import (
    BranchesPushed,
    CatchUpStarted,
    CaughtUp,
    Ended,
    Enqueued,
    Event,
    HeadMoved,
    RetestEnded,
    RetestStarted,
    Retried,
    TakenUp,
)
from mergetui.masking import Mask
from mergetui.model import Oid
from mergetui.ports import Emit, Journal
from mergetui.statuses import Status, Statuses

_log = logging.getLogger(__name__)
_TELLING = (
    BranchesPushed,
    CatchUpStarted,
    CaughtUp,
    Ended,
    Enqueued,
    HeadMoved,
    RetestEnded,
    RetestStarted,
    Retried,
    TakenUp,
)
_REMEMBERED = 1_000


class StatusListener:
    """In front of another listener, who hears every fact whatever becomes of the statuses.

    What it knows comes from the journal, for other processes queue branches as well; it touches no network.
    """

    def __init__(self, journal: Journal, spool: Spool, *, mask: Mask, then: Emit) -> None:
        self._journal = journal
        self._spool = spool
        self._statuses = Statuses(mask)
        self._then = then
        self._heard = 0
        self._said: dict[Oid, tuple[str, str]] = {}
        self._lock = threading.Lock()

    def __call__(self, fact: Event) -> None:
        if isinstance(fact, _TELLING):
            try:
                with self._lock:
                    self._tell(fact)
            except Exception as error:
                # A full disk, a damaged journal: statuses are lost, and nothing else is.
                _log.warning("statuses of %s are lost: %s", fact.repo, error)
        self._then(fact)

    def _tell(self, fact: Event) -> None:
        for status in self._follow_from(fact):
            said = (status.state, status.description)
            if self._said.get(status.commit) != said:
                self._spool.put(status)
                self._said[status.commit] = said
        while len(self._said) > _REMEMBERED:
            del self._said[next(iter(self._said))]

    def _follow_from(self, fact: Event) -> tuple[Status, ...]:
        """What is behind the fact in the journal is not heard yet: it may belong to a newer head."""
        facts = self._journal.read()
        for position in range(min(self._heard, len(facts)), len(facts)):
            self._heard = position + 1
            if facts[position] == fact:
                break
            self._pass_over(facts[position])
        return self._statuses.hear(fact)

    def _pass_over(self, fact: Event) -> None:
        if not self._said:
            self._statuses.learn(fact)
            return
        for status in self._statuses.hear(fact):
            # Told by another process, or never: what was said last is not known any more.
            self._said.pop(status.commit, None)
