"""What all commands on a repository need, and what can be read there."""

from collections.abc import Callable, Sequence
from typing import TypeAlias

from mergetui.driver.record import Record
from mergetui.events import Ended, Event
from mergetui.git_ports import RemoteRefs
from mergetui.model import Branch
from mergetui.outcome import Run, Unreachable
from mergetui.ports import Clock, Emit, Journal, Occupancy, Processes, Store
from mergetui.repository import Repository
from mergetui.state import RepositoryState

Facts: TypeAlias = tuple[Event, ...]


class Office:
    """One repository, with its store, its journal and its remote."""

    def __init__(
        self,
        repository: Repository,
        *,
        store: Store,
        journal: Journal,
        refs: RemoteRefs,
        processes: Processes,
        occupancy: Callable[[], Occupancy],
        clock: Clock,
        emit: Emit = lambda _: None,
    ) -> None:
        self.repository = repository
        self._record = Record(
            repo=repository.name,
            by=str(processes.me()),
            store=store,
            journal=journal,
            clock=clock,
            emit=emit,
        )
        self._store = store
        self._journal = journal
        self._refs = refs
        self._processes = processes
        self._occupancy = occupancy
        self._clock = clock

    def state(self) -> RepositoryState:
        return self._store.read()

    def stamp(self) -> tuple[int, ...]:
        return self._store.stamp()

    def notice(self) -> str | None:
        return self._store.notice()

    def history(self) -> tuple[Run, ...]:
        """Finished runs, newest last; one that was written down twice counts once."""
        runs = {fact.run.id: fact.run for fact in self.facts() if isinstance(fact, Ended)}
        return tuple(runs.values())

    def facts(self) -> Sequence[Event]:
        """The whole journal, oldest first."""
        return self._journal.read()

    def branches(self) -> dict[Branch, str] | Unreachable:
        """What could be queued: the remote's branches but the target."""
        heads = self._refs.all_heads()
        if isinstance(heads, Unreachable):
            return heads
        return {branch: oid for branch, oid in heads.items() if branch != self.repository.target}

    def _me(self) -> str:
        me = self._processes.me()
        return f"{me.operator}@{me.host}"
