"""Retests of candidates: begun in a slot, spared where the very tree has passed, noted when they end."""

from collections.abc import Iterable, Mapping

from msgspec import Struct
from msgspec.structs import replace

from mergetui import lifecycle, queueing
from mergetui.driver.bench import Bench, Ending, branches_of
from mergetui.driver.ports import Ports
from mergetui.driver.record import Record
from mergetui.driver.tenure import Tenure
from mergetui.events import Event, RetestEnded, RetestSpared, RetestStarted
from mergetui.model import Candidate, Entry, EntryId, EntryState, Instant, Oid, Pass, passed_over
from mergetui.ports import NoRoomError, RetestOrder
from mergetui.repository import Repository
from mergetui.results import Results
from mergetui.state import RepositoryState


class Retesting:
    """What the bench is told, the store and the journal are told, too."""

    def __init__(
        self, record: Record, ports: Ports, *, repository: Repository, bench: Bench, tenure: Tenure
    ) -> None:
        self._record = record
        self._ports = ports
        self._repository = repository
        self._bench = bench
        self._tenure = tenure
        self._results: Results | None = None

    def remember(self) -> None:
        """Read what retests said, if that spares others."""
        if self._repository.result_ttl is not None:
            self._results = Results(self._ports.journal.read())

    def hear(self, fact: Event) -> None:
        if self._results is not None:
            self._results.hear(fact)

    def passed(self) -> Mapping[Oid, Pass]:
        """Trees that are not tested again, and what vouches for each."""
        command, ttl = self._repository.retest, self._repository.result_ttl
        if command is None or ttl is None or self._results is None:
            return {}
        return self._results.passed(self._ports.mask(command), now=self._record.now(), ttl=ttl)

    def start(self, candidate: Candidate, *, reduced: bool) -> None:
        """With the repository's command, or its `reduced` one for an emergency."""
        command = self._repository.emergency_retest if reduced else self._repository.retest
        assert command is not None
        if not self._begins(candidate):
            return
        self.require_room()
        if not self._ports.slots.take(self._repository.name):
            return
        try:
            self._start_in_slot(candidate, command, reduced=reduced)
        except BaseException:
            self._ports.slots.give_back(self._repository.name)
            raise

    def spare(self, candidate: Candidate, earlier: Pass) -> None:
        """Take `earlier` for the candidate's own retest."""
        if not self._begins(candidate):
            return
        self._bench.vouch(candidate, earlier.commit)
        fact = self._record.fact(
            RetestSpared,
            branches=branches_of(candidate),
            commit=candidate.commit,
            tree=candidate.tree,
            earlier=earlier.commit,
            passed_at=earlier.at,
            log=earlier.log,
        )
        self._record.commit(lambda state: _logged(state, candidate, earlier.log), fact)

    def is_held_up(self, entries: tuple[EntryId, ...]) -> bool:
        """Whether a pause was begun since it was planned to begin something with the entries.

        Asked with the lease in the store already: who pauses and sees no lease knows that nothing begins.
        """
        return queueing.is_held_up(self._record.state(), entries, now=self._record.now())

    def _begins(self, candidate: Candidate) -> bool:
        taken = self._tenure.take(branches_of(candidate), phase="testing")
        return taken and not self.is_held_up(candidate.entries)

    def note(self, endings: Iterable[Ending]) -> None:
        for ending in endings:
            self._note(ending)

    def _note(self, ending: Ending) -> None:
        candidate, log = ending.candidate, ending.log
        fact = self._record.fact(
            RetestEnded,
            branches=branches_of(candidate),
            commit=candidate.commit,
            reason=ending.reason,
            seconds=ending.seconds,
            log=log,
            reds=ending.reds,
        )
        if ending.reason is None:
            # Its entries may land by it, and the shorter candidates that they were known by are stopped then.
            self._record.commit(lambda state: _logged(state, candidate, log), fact)
        else:
            self._record.note(fact)

    def require_room(self) -> None:
        if lack := self._ports.room.lack():
            raise NoRoomError(lack)

    def _start_in_slot(self, candidate: Candidate, command: str, *, reduced: bool) -> None:
        slot = self._bench.free_slot()
        directory = self._ports.repo.check_out(candidate.commit, slot=slot)
        number = self._record.change(lambda s: (replace(s, serial=s.serial + 1), s.serial + 1))
        log = self._ports.logs / f"r{number}.log"
        order = RetestOrder(
            id=f"r{number}",
            command=command,
            directory=directory,
            log=log,
            env=self._ports.environment(),
            timeout=self._repository.retest_timeout,
            silence=self._repository.retest_silence,
            output_limit=self._repository.retest_output_limit,
        )
        fact = self._record.fact(
            RetestStarted,
            branches=branches_of(candidate),
            commit=candidate.commit,
            command=self._ports.mask(command),
            log=str(log),
            reduced=reduced,
        )
        started = _Started(
            log=str(log),
            checkout=str(directory) if self._repository.report_log else None,
            doubts=self._bench.reds(candidate, reduced=reduced),
            at=self._record.now(),
        )
        others = self._bench.running
        self._record.commit(lambda state: _testing(state, candidate, started, others=others), fact)
        self._bench.start(candidate, order, slot=slot, reduced=reduced)


class _Started(Struct, frozen=True, kw_only=True):
    """What an entry tells of the retest that tells of it."""

    log: str
    checkout: str | None
    doubts: int
    at: Instant


def _testing(
    state: RepositoryState, candidate: Candidate, started: _Started, *, others: tuple[Candidate, ...]
) -> RepositoryState:
    """`others` run already: an entry is known by the retest of the one of them that tells of it first."""
    known = {key for other in others if _tells_first(other, candidate) for key in other.entries}
    entries = [state.entries[key] for key in candidate.entries if key in state.entries]
    testing = (_tested(entry, started, is_known=entry.id in known) for entry in entries)
    return queueing.put(state, *testing)


def _tells_first(other: Candidate, candidate: Candidate) -> bool:
    """It is shorter, or the candidate is a hedge against somebody in it."""
    hedged = passed_over(candidate.entries, other.entries)
    return bool(hedged) or len(other.links) < len(candidate.links)


def _tested(entry: Entry, started: _Started, *, is_known: bool) -> Entry:
    testing = lifecycle.enter(entry, EntryState.TESTING, now=started.at)
    testing = replace(testing, retests=entry.retests + 1)
    if is_known:
        return testing
    return replace(
        testing,
        log=started.log,
        checkout=started.checkout,
        doubts=started.doubts,
        state_since=started.at if started.doubts else testing.state_since,
    )


def _logged(state: RepositoryState, candidate: Candidate, log: str) -> RepositoryState:
    entries = (state.entries[key] for key in candidate.entries if key in state.entries)
    return queueing.put(state, *(replace(entry, log=log) for entry in entries))
