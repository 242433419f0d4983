"""Tries that end without landing: stored with their row of the history."""

from collections.abc import Callable

from msgspec.structs import replace

from mergetui import lifecycle, queueing, windowing
from mergetui.driver.bench import Bench
from mergetui.driver.record import Record
from mergetui.driver.runs import ended_run, outcome_of
from mergetui.events import Ended
from mergetui.model import Entry, EntryId, Instant
from mergetui.reason import RED, Coded
from mergetui.repository import Gate, Repository
from mergetui.state import RepositoryState, Window
from mergetui.view import Policy, policy_of


class Endings:
    """What becomes of entries, and what follows from it for the window."""

    def __init__(self, record: Record, bench: Bench, *, repository: Repository, gate: Gate) -> None:
        self._record = record
        self._bench = bench
        self._repository = repository
        self._gate = gate
        self._started: dict[EntryId, Instant] = {}
        self.count = 0
        """Entries that came to an end."""

    def begin(self, entry: EntryId) -> None:
        """The try at the entry begins now, unless it has begun already."""
        self._started.setdefault(entry, self._record.now())

    def began(self, entry: EntryId) -> Instant:
        return self._started.get(entry, self._record.now())

    def landed(self, entries: int) -> None:
        """So many have landed."""
        self.count += entries
        if entries:
            self._adapt(windowing.grown)

    def send_back(self, entry: Entry, reason: Coded) -> None:
        self._end(entry, lifecycle.send_back(entry, reason, now=self._record.now()))

    def hold(self, entry: Entry, reason: Coded) -> None:
        self._end(entry, lifecycle.hold(entry, reason, now=self._record.now()))

    def defer(self, entries: tuple[Entry, ...], reason: Coded, *, broken: bool = False) -> None:
        """Nobody's fault, or the gate's own: tried again later, or held once that was often enough."""
        now, most = self._record.now(), self._gate.max_deferrals
        for entry in entries:
            self._end(entry, lifecycle.defer(entry, reason, most=most, now=now), broken=broken)

    def _end(self, before: Entry, after: Entry, *, broken: bool = False) -> None:
        assert after.reason is not None
        run = ended_run(
            before,
            repo=self._repository.name,
            outcome="broken" if broken else outcome_of(after.state),
            reason=after.reason,
            candidate=self._bench.tested(before.id),
            started_at=self.began(before.id),
            now=self._record.now(),
        )
        fact = self._record.fact(Ended, run=run, available_at=after.available_at)
        self._record.commit(lambda state: exchanged(state, before, after), fact)
        if run.outcome == "sent-back" and after.reason.code in RED:
            self._adapt(windowing.halved)
        self.count += 1
        self._started.pop(before.id, None)
        self._bench.forget_entry(before.id)

    def _adapt(self, step: Callable[[Window | None, Policy], Window]) -> None:
        if self._repository.adaptive:
            policy = policy_of(self._repository, self._gate)
            self._record.change(lambda state: (replace(state, window=step(state.window, policy)), None))


def exchanged(state: RepositoryState, before: Entry, after: Entry) -> RepositoryState:
    """`after` in the place of `before`, unless somebody took it out or pinned it anew meanwhile."""
    now = state.entries.get(before.id)
    if now is None or now.heads != before.heads:
        return state
    # What an operator said of the entry meanwhile stays.
    emergency = after.emergency if now.emergency == before.emergency else now.emergency
    return queueing.put(state, replace(after, rank=now.rank, priority=now.priority, emergency=emergency))
