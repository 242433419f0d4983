"""Performing what was planned, one action after the other."""

from collections.abc import Callable
from typing import TypeVar, assert_never

from msgspec.structs import replace

from mergetui import lifecycle
from mergetui.actions import (
    Action,
    CatchUp,
    Decide,
    Defer,
    HandOver,
    Hold,
    Land,
    PauseItself,
    PinAnew,
    RecordMerge,
    SendBack,
    StartRetest,
    StopRetest,
    TakeBack,
    TakeResult,
    TakeUp,
    Wait,
    Why,
)
from mergetui.driver.bench import Bench, Ending, branches_of, names
from mergetui.driver.endings import Endings, exchanged
from mergetui.driver.handing_over import HandingOver
from mergetui.driver.landing import Landing
from mergetui.driver.looking import Lookout
from mergetui.driver.ports import Ports
from mergetui.driver.record import Record
from mergetui.driver.retesting import Retesting
from mergetui.driver.tenure import Tenure
from mergetui.events import CatchUpStarted, CaughtUp, Event, HeadMoved, PauseBegun, TakenUp
from mergetui.git_ports import Clash
from mergetui.model import Candidate, Entry, EntryState
from mergetui.reason import Coded
from mergetui.repository import Gate, Repository
from mergetui.state import GATE_ITSELF, Pause

F = TypeVar("F", HeadMoved, TakenUp)


class Acts:
    """The hands of a driver: every action of the plan, and what it leaves in the store and the journal."""

    def __init__(self, repository: Repository, gate: Gate, ports: Ports) -> None:
        self._enabled = repository.enabled
        self._ports = ports
        self.record = Record(
            repo=repository.name,
            by=str(ports.processes.me()),
            store=ports.store,
            journal=ports.journal,
            clock=ports.clock,
            emit=self._tell,
        )
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
        self.retesting = Retesting(
            self.record, ports, repository=repository, bench=self.bench, tenure=self.tenure
        )
        self.endings = Endings(self.record, self.bench, repository=repository, gate=gate)
        self._landing = Landing(
            self.record,
            ports.repo,
            tenure=self.tenure,
            bench=self.bench,
            tested=repository.enabled,
            began=self.endings.began,
        )
        self.handing_over = HandingOver(
            self.record,
            ports.repo,
            repository=repository,
            tenure=self.tenure,
            bench=self.bench,
            landing=self._landing,
            endings=self.endings,
        )

    def perform(self, action: Action) -> Wait | None:  # noqa: C901, PLR0912 - one flat case per action
        """Do it; what to wait for, if the action says so."""
        match action:
            case Wait():
                return action
            case CatchUp():
                self._catch_up(action)
            case StartRetest(candidate=candidate, reduced=reduced):
                self.retesting.start(candidate, reduced=reduced)
            case TakeResult(candidate=candidate, earlier=earlier):
                self.retesting.spare(candidate, earlier)
            case StopRetest(candidate=candidate, why=why):
                self.note_endings([e for e in [self.bench.stop(candidate, why)] if e])
            case HandOver(candidate=candidate):
                self.handing_over.hand_over(candidate)
                self.lookout.distrust()
            case RecordMerge(handover=handover):
                self.handing_over.record_merge(handover)
            case TakeBack(handover=handover, reason=reason):
                self.handing_over.take_back(handover, reason)
            case Land(candidate=candidate):
                self._land(lambda: self._landing.land(candidate))
            case Decide(landing=landing):
                return self._decide(landing.candidate, lambda: self._landing.decide(landing))
            case SendBack(entry=entry, reason=reason):
                self.endings.send_back(entry, reason)
            case Hold(entry=entry, reason=reason):
                self.endings.hold(entry, reason)
            case Defer(entries=entries, reason=reason):
                self.endings.defer(entries, reason)
            case PinAnew(entry=entry, heads=heads):
                self._pin_anew(entry, heads)
            case TakeUp(entry=entry, heads=heads):
                self._take_up(entry, heads)
            case PauseItself(reason=reason):
                self._pause_itself(reason)
            case _:
                assert_never(action)
        return None

    def note_endings(self, endings: list[Ending]) -> None:
        """Retests that have ended: what they were about has to be looked at again."""
        if endings:
            self.lookout.distrust()
        self.retesting.note(endings)

    def _tell(self, fact: Event) -> None:
        self.retesting.hear(fact)
        self._ports.emit(fact)

    def _catch_up(self, action: CatchUp) -> None:
        branches = names(action.entries)
        if not self.tenure.take(branches, phase="catching up"):
            return
        if self.retesting.is_held_up(tuple(entry.id for entry in action.entries)):
            return
        # Those that are built already may be under test at this moment, and stay what they are.
        ids = tuple(entry.id for entry in action.entries[len(action.built) :])
        for entry in action.entries:
            self.endings.begin(entry.id)
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

    def _land(self, land: Callable[[], None]) -> None:
        before = len(self.record.state().entries)
        land()
        landed = before - len(self.record.state().entries)
        self.endings.landed(landed)
        if not landed or not self._enabled:
            # After a landing the tip is known: it was read back. A retest is followed by a look of its own.
            self.lookout.distrust()

    def _decide(self, candidate: Candidate, decide: Callable[[], None]) -> Wait | None:
        self._land(decide)
        if self.record.state().landing is None:
            return None
        return Wait(why=Why.UNDECIDED, detail=", ".join(branches_of(candidate)))

    def _pin_anew(self, entry: Entry, heads: tuple[str, ...]) -> None:
        pinned = lifecycle.pin_anew(entry, heads, now=self.record.now())
        own = all(head in entry.pushed or head in entry.heads for head in heads)
        pinned = lifecycle.carry_approvals(entry, pinned) if own else pinned
        facts = [] if own else [self._moved(HeadMoved, entry, heads)]
        self.record.commit(lambda state: exchanged(state, entry, pinned), *facts)

    def _take_up(self, entry: Entry, heads: tuple[str, ...]) -> None:
        taken = lifecycle.take_up(entry, heads, now=self.record.now())
        fact = self._moved(TakenUp, entry, heads, retry=taken.retries)
        self.record.commit(lambda state: exchanged(state, entry, taken), fact)

    def _moved(self, kind: type[F], entry: Entry, heads: tuple[str, ...], **fields: object) -> F:
        return self.record.fact(kind, branches=entry.branches, before=entry.heads, heads=heads, **fields)

    def _pause_itself(self, reason: Coded) -> None:
        self.lookout.rewound = None
        pause = Pause(by=GATE_ITSELF, reason=reason.detail, at=self.record.now(), now=True)
        fact = self.record.fact(PauseBegun, pause=pause, instead_of=self.record.state().pause)
        self.record.commit(lambda state: replace(state, pause=pause), fact)
