"""What a driver changes and says: journal first, then the store, then the listeners."""

import logging
from collections.abc import Callable
from typing import Any, TypeVar

from mergetui.events import Event, Fact
from mergetui.lifecycle import enter
from mergetui.model import EntryId, EntryState, FencingToken, Instant
from mergetui.ports import Clock, Emit, Journal, Store
from mergetui.queueing import put
from mergetui.state import RepositoryState

T = TypeVar("T")
F = TypeVar("F", bound=Fact)

Change = Callable[[RepositoryState], RepositoryState]
Decision = Callable[[RepositoryState], tuple[RepositoryState, T, tuple[Event, ...]]]

_log = logging.getLogger(__name__)


class Record:
    """The journal, the store and the listeners of one repository, kept in their order.

    The journal comes first: a row that a crash leaves there without its change in the store is written
    again by the next engine under the same id, while the other way round a landing could be forgotten.
    """

    def __init__(
        self, *, repo: str, by: str, store: Store, journal: Journal, clock: Clock, emit: Emit
    ) -> None:
        self.repo = repo
        self.by = by
        self.clock = clock
        self.token: FencingToken | None = None
        """Of the lease that is held: it stands in every fact meanwhile."""
        self._store = store
        self._journal = journal
        self._emit = emit

    def now(self) -> Instant:
        return self.clock.now()

    def fact(self, kind: type[F], **fields: Any) -> F:
        """A fact of this kind about this repository, now."""
        return kind(**{"repo": self.repo, "at": self.now(), "by": self.by, "token": self.token, **fields})

    def state(self) -> RepositoryState:
        return self._store.read()

    def stamp(self) -> tuple[int, ...]:
        return self._store.stamp()

    def commit(self, step: Change, *facts: Event) -> None:
        """Write the facts down, make the change, tell the listeners."""
        for fact in facts:
            self._journal.append(fact)
        self._store.change(lambda state: (step(state), None))
        self.tell(*facts)

    def decide(self, step: Decision[T]) -> T:
        """As `commit`, where the facts depend on the state that is met; the step's second value.

        They are written down inside the transaction: again, with the same meaning, if it has to be repeated.
        """
        told: tuple[Event, ...] = ()

        def write(state: RepositoryState) -> tuple[RepositoryState, T]:
            nonlocal told
            after, value, told = step(state)
            for fact in told:
                self._journal.append(fact)
            return after, value

        value = self._store.change(write)
        self.tell(*told)
        return value

    def change(self, step: Callable[[RepositoryState], tuple[RepositoryState, T]]) -> T:
        return self._store.change(step)

    def note(self, *facts: Event) -> None:
        """Facts that change nothing in the store."""
        for fact in facts:
            self._journal.append(fact)
        self.tell(*facts)

    def tell(self, *facts: Event) -> None:
        for fact in facts:
            try:
                self._emit(fact)
            except Exception:
                # A listener that fails must not fail a landing.
                _log.exception("a listener failed on %s", type(fact).__name__)

    def enter(self, ids: tuple[EntryId, ...], state: EntryState) -> None:
        """Entries that are still in the queue and not waiting for a person go over to `state`."""
        self._store.change(lambda old: (_entered(old, ids, state, now=self.now()), None))


def _entered(
    old: RepositoryState, ids: tuple[EntryId, ...], state: EntryState, *, now: Instant
) -> RepositoryState:
    live = (old.entries[key] for key in ids if key in old.entries)
    return put(old, *(enter(entry, state, now=now) for entry in live if not entry.state.needs_a_person))
