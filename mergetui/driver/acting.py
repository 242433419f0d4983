"""Performing what was planned, one action after the other."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar, assert_never

from msgspec import Struct
from msgspec.structs import replace

from mergetui import queueing, windowing
from mergetui.actions import (
    Action,
    CatchUp,
    Decide,
    Defer,
    Hold,
    Land,
    PauseItself,
    PinAnew,
    SendBack,
    StartRetest,
    StopRetest,
    TakeResult,
    TakeUp,
    Wait,
    Why,
)
from mergetui.driver.bench import Bench, Ending, branches_of, names
from mergetui.driver.landing import Landing
from mergetui.driver.looking import Lookout
from mergetui.driver.record import Record
from mergetui.driver.runs import ended_run, outcome_of
from mergetui.driver.tenure import Tenure
from mergetui.events import (
    CatchUpStarted,
    CaughtUp,
    Ended,
    Event,
    HeadMoved,
    PauseBegun,
    RetestEnded,
    RetestSpared,
    RetestStarted,
    TakenUp,
)
from mergetui.model import (
    GATE_ITSELF,
    Candidate,
    Entry,
    EntryState,
    Gate,
    Instant,
    Pass,
    Pause,
    Repository,
    RepositoryState,
    Window,
)
from mergetui.outcome import RetestEnding
from mergetui.ports import (
    Clash,
    Clock,
    Emit,
    Journal,
    NoRoomError,
    Occupancy,
    Processes,
    Repo,
    Retester,
    RetestOrder,
    Room,
    Slots,
    Store,
)
from mergetui.reason import RED, Coded
from mergetui.results import Results
from mergetui.view import Policy, Verdict, policy_of

F = TypeVar("F", HeadMoved, TakenUp)


class Ports(Struct, frozen=True, kw_only=True):
    """The world as one driver meets it."""

    store: Store
    journal: Journal
    repo: Repo
    retester: Retester
    occupancy: Occupancy
    processes: Processes
    room: Room
    slots: Slots
    clock: Clock
    emit: Emit
    logs: Path
    environment: Callable[[], dict[str, str]]
    """What the retest command finds in its environment."""
    mask: Callable[[str], str]
    """What is written down of the operator's settings has no secret in it."""
    judge: Callable[[RetestEnding], tuple[Verdict, Coded | None]]


class Acts:
    """The hands of a driver: every action of the plan, and what it leaves in the store and the journal."""

    def __init__(self, repository: Repository, gate: Gate, ports: Ports) -> None:
        self._repository = repository
        self._gate = gate
        self._ports = ports
        self.record = Record(
            repo=repository.name,
            by=str(ports.processes.me()),
            store=ports.store,
            journal=ports.journal,
            clock=ports.clock,
            emit=self._tell,
        )
        self.results: Results | None = None
        """What the journal tells of green retests, where they are believed for a while."""
        self.bench = Bench(
            ports.retester,
            monotonic=ports.clock.monotonic,
            judge=ports.judge,
            ended=lambda: ports.slots.give_back(repository.name),
        )
        self.tenure = Tenure(self.record, ports.processes, ttl=gate.lease_ttl)
        self.lookout = Lookout(
            self.record,
            ports.repo,
            target=repository.target,
            interval=repository.fetch_interval,
            monotonic=ports.clock.monotonic,
        )
        self._landing = Landing(
            self.record,
            ports.repo,
            tenure=self.tenure,
            bench=self.bench,
            tested=repository.enabled,
            began=self._began,
        )
        self._started: dict[str, Instant] = {}
        self.endings = 0
        """Entries that came to an end."""

    def remember(self) -> None:
        """Read what retests said, if that spares others."""
        if self._repository.result_ttl is not None:
            self.results = Results(self._ports.journal.read())

    def _tell(self, fact: Event) -> None:
        if self.results is not None:
            self.results.hear(fact)
        self._ports.emit(fact)

    def perform(self, action: Action) -> Wait | None:  # noqa: C901, PLR0912 - one flat case per action
        """Do it; what to wait for, if the action says so."""
        match action:
            case Wait():
                return action
            case CatchUp():
                self._catch_up(action)
            case StartRetest(candidate=candidate):
                self._start_retest(candidate)
            case TakeResult(candidate=candidate, earlier=earlier):
                self._take_result(candidate, earlier)
            case StopRetest(candidate=candidate, why=why):
                self.note_endings([e for e in [self.bench.stop(candidate, why)] if e])
            case Land(candidate=candidate):
                self._land(lambda: self._landing.land(candidate))
            case Decide(landing=landing):
                return self._decide(landing.candidate, lambda: self._landing.decide(landing))
            case SendBack(entry=entry, reason=reason):
                self._end(entry, queueing.send_back(entry, reason, now=self.record.now()))
            case Hold(entry=entry, reason=reason):
                self._end(entry, queueing.hold(entry, reason, now=self.record.now()))
            case Defer(entries=entries, reason=reason):
                self.defer(entries, reason)
            case PinAnew(entry=entry, heads=heads):
                self._pin_anew(entry, heads)
            case TakeUp(entry=entry, heads=heads):
                self._take_up(entry, heads)
            case PauseItself(reason=reason):
                self._pause_itself(reason)
            case _:
                assert_never(action)
        return None

    def _catch_up(self, action: CatchUp) -> None:
        branches = names(action.entries)
        if not self.tenure.take(branches, phase="catching up"):
            return
        ids = tuple(entry.id for entry in action.entries)
        for entry in action.entries:
            self._started.setdefault(entry.id, self.record.now())
        fact = self.record.fact(CatchUpStarted, branches=branches, onto=action.base)
        self.record.note(fact)
        self.record.enter(ids, EntryState.CATCHING_UP)
        links = list(action.built)
        for entry in action.entries[len(links) :]:
            onto = links[-1].commit if links else action.base
            link = self._ports.repo.catch_up(entry, onto=onto)
            if isinstance(link, Clash):
                self.bench.met(entry, onto, link.reason)
                break
            links.append(link)
        if links:
            candidate = Candidate(base=action.base, links=tuple(links))
            self.bench.built(candidate)
            self.record.note(self.record.fact(CaughtUp, branches=branches_of(candidate), candidate=candidate))

    def _start_retest(self, candidate: Candidate) -> None:
        branches, command = branches_of(candidate), self._repository.retest
        assert command is not None
        if not self.tenure.take(branches, phase="testing"):
            return
        self.require_room()
        if not self._ports.slots.take(self._repository.name):
            return
        try:
            self._start_in_slot(candidate, command)
        except BaseException:
            self._ports.slots.give_back(self._repository.name)
            raise

    def _start_in_slot(self, candidate: Candidate, command: str) -> None:
        slot = self.bench.free_slot()
        directory = self._ports.repo.check_out(candidate.commit, slot=slot)
        number = self.record.change(lambda s: (replace(s, serial=s.serial + 1), s.serial + 1))
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
        fact = self.record.fact(
            RetestStarted,
            branches=branches_of(candidate),
            commit=candidate.commit,
            command=self._ports.mask(command),
            log=str(log),
        )
        doubts, now = self.bench.reds(candidate), self.record.now()
        self.record.commit(lambda state: _testing(state, candidate, log, now, doubts=doubts), fact)
        self.bench.start(candidate, order, slot=slot)

    def _take_result(self, candidate: Candidate, earlier: Pass) -> None:
        self.bench.vouch(candidate, earlier.commit)
        fact = self.record.fact(
            RetestSpared,
            branches=branches_of(candidate),
            commit=candidate.commit,
            tree=candidate.tree,
            earlier=earlier.commit,
            passed_at=earlier.at,
            log=earlier.log,
        )
        self.record.commit(lambda state: _logged(state, candidate, earlier.log), fact)

    def require_room(self) -> None:
        if lack := self._ports.room.lack():
            raise NoRoomError(lack)

    def _land(self, land: Callable[[], None]) -> None:
        before = len(self.record.state().entries)
        land()
        landed = before - len(self.record.state().entries)
        self.endings += landed
        if landed:
            self._adapt(windowing.grown)
        if not landed or not self._repository.enabled:
            # After a landing the tip is known: it was read back. A retest is followed by a look of its own.
            self.lookout.distrust()

    def _decide(self, candidate: Candidate, decide: Callable[[], None]) -> Wait | None:
        self._land(decide)
        if self.record.state().landing is None:
            return None
        return Wait(why=Why.UNDECIDED, detail=", ".join(branches_of(candidate)))

    def defer(self, entries: tuple[Entry, ...], reason: Coded, *, broken: bool = False) -> None:
        """Nobody's fault, or the gate's own: tried again later, or held once that was often enough."""
        now, most = self.record.now(), self._gate.max_deferrals
        for entry in entries:
            self._end(entry, queueing.defer(entry, reason, most=most, now=now), broken=broken)

    def _end(self, before: Entry, after: Entry, *, broken: bool = False) -> None:
        """Store what an entry ended as, with its row of the history."""
        assert after.reason is not None
        run = ended_run(
            before,
            repo=self._repository.name,
            outcome="broken" if broken else outcome_of(after.state),
            reason=after.reason,
            candidate=self.bench.tested(before.id),
            started_at=self._began(before.id),
            now=self.record.now(),
        )
        fact = self.record.fact(Ended, run=run, available_at=after.available_at)
        self.record.commit(lambda state: _exchanged(state, before, after), fact)
        if run.outcome == "sent-back" and after.reason.code in RED:
            self._adapt(windowing.halved)
        self.endings += 1
        self._started.pop(before.id, None)
        self.bench.forget_entry(before.id)

    def _adapt(self, step: Callable[[Window | None, Policy], Window]) -> None:
        if self._repository.adaptive:
            policy = policy_of(self._repository, self._gate)
            self.record.change(lambda state: (replace(state, window=step(state.window, policy)), None))

    def _pin_anew(self, entry: Entry, heads: tuple[str, ...]) -> None:
        pinned = queueing.pin_anew(entry, heads, now=self.record.now())
        own = all(head in entry.pushed or head in entry.heads for head in heads)
        facts = [] if own else [self._moved(HeadMoved, entry, heads)]
        self.record.commit(lambda state: _exchanged(state, entry, pinned), *facts)

    def _take_up(self, entry: Entry, heads: tuple[str, ...]) -> None:
        taken = queueing.take_up(entry, heads, now=self.record.now())
        fact = self._moved(TakenUp, entry, heads, retry=taken.retries)
        self.record.commit(lambda state: _exchanged(state, entry, taken), fact)

    def _moved(self, kind: type[F], entry: Entry, heads: tuple[str, ...], **fields: object) -> F:
        return self.record.fact(kind, branches=entry.branches, before=entry.heads, heads=heads, **fields)

    def _pause_itself(self, reason: Coded) -> None:
        self.lookout.rewound = None
        pause = Pause(by=GATE_ITSELF, reason=reason.detail, at=self.record.now(), now=True)
        fact = self.record.fact(PauseBegun, pause=pause)
        self.record.commit(lambda state: replace(state, pause=pause), fact)

    def note_endings(self, endings: list[Ending]) -> None:
        for ending in endings:
            self.lookout.distrust()
            self.record.note(
                self.record.fact(
                    RetestEnded,
                    branches=branches_of(ending.candidate),
                    commit=ending.candidate.commit,
                    reason=ending.reason,
                    seconds=ending.seconds,
                    log=ending.log,
                    reds=ending.reds,
                )
            )

    def _began(self, entry: str) -> Instant:
        return self._started.get(entry, self.record.now())


def _testing(
    state: RepositoryState, candidate: Candidate, log: Path, now: Instant, *, doubts: int
) -> RepositoryState:
    entries = (state.entries[key] for key in candidate.entries if key in state.entries)
    testing = (queueing.enter(entry, EntryState.TESTING, now=now) for entry in entries)
    started = (
        replace(entry, log=str(log), retests=entry.retests + 1, doubts=doubts, state_since=now)
        for entry in testing
    )
    return queueing.put(state, *started)


def _logged(state: RepositoryState, candidate: Candidate, log: str) -> RepositoryState:
    entries = (state.entries[key] for key in candidate.entries if key in state.entries)
    return queueing.put(state, *(replace(entry, log=log) for entry in entries))


def _exchanged(state: RepositoryState, before: Entry, after: Entry) -> RepositoryState:
    """`after` in the place of `before`, unless somebody took it out or pinned it anew meanwhile."""
    now = state.entries.get(before.id)
    if now is None or now.heads != before.heads:
        return state
    return queueing.put(state, replace(after, rank=now.rank, priority=now.priority))
