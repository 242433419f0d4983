"""The driver of one repository: look at what is true, plan, act, look again."""

import logging
from collections.abc import Callable

from msgspec.structs import replace

from mergetui.actions import Wait, Why
from mergetui.driver.acting import Acts
from mergetui.driver.bench import Ending
from mergetui.driver.occupation import Mode, Occupation
from mergetui.driver.ports import Ports
from mergetui.driver.situation import Situation
from mergetui.events import Broken, OutOfRoom, PauseEnded, RoomBack
from mergetui.model import Instant
from mergetui.planning import plan
from mergetui.ports import Halted
from mergetui.queueing import in_flight
from mergetui.reason import Coded, Reason
from mergetui.repository import Gate, Repository
from mergetui.state import Pause, RepositoryState
from mergetui.view import policy_of

_log = logging.getLogger(__name__)


class Driver:
    """Works on one repository while it occupies it. Everything it can look up again, it does."""

    def __init__(self, repository: Repository, gate: Gate, ports: Ports) -> None:
        self._repository = repository
        self._gate = gate
        self._ports = ports
        self._policy = policy_of(repository, gate)
        self._acts = Acts(repository, gate, ports)
        self._planned_at: tuple[int, ...] = ()
        self._situation = Situation(self._acts, ports, repository=repository, policy=self._policy)
        self._occupation = Occupation(self._acts, ports, self._situation)
        self._waits_for: Wait | None = None
        self._news = False
        self._lost_lease = False
        self._copies = ports.repo.copies
        self._lacks_slot = False
        self._planned_slots: int | None = None
        self._lack: str | None = None
        """What kept the last write from being made."""

    @property
    def endings(self) -> int:
        """Entries that came to an end under this driver."""
        return self._acts.endings.count

    @property
    def unreachable_since(self) -> Instant | None:
        """Since when the remote has not answered; None when it did the last time."""
        return self._acts.lookout.failing_since

    def wind_down(self, why: str | None) -> None:
        """From the next round on finish what runs and begin nothing; None: go on as usual."""
        now, me = self._ports.clock.now(), str(self._ports.processes.me())
        self._situation.ending = Pause(by=me, reason=why, at=now) if why is not None else None

    def occupy(self, mode: Mode) -> Wait | None:
        """Take the repository for this process, cleaning up after a dead one; else why that cannot be."""
        if (broken := self._guard(lambda: self._occupation.take(mode))) is None:
            return None if self._occupation.is_ours else Wait(why=Why.ELSEWHERE)
        self._ports.occupancy.leave()
        return broken

    def is_worked_on(self) -> bool:
        """Whether another live process says that it works on the repository."""
        return self._occupation.is_anothers()

    def leave(self, why: str = "the engine stopped") -> None:
        """Stop what runs, put it back in the queue, let the repository go."""
        if self._occupation.is_ours:
            self._occupation.is_ours, self._situation.ending = False, None
            self._ports.slots.withdraw(self._repository.name)
            self._guard(lambda: self._occupation.clear(why))
            self._ports.occupancy.leave()

    def round(self) -> Wait | None:
        """Look, plan, act once; what it waits for, or None when there is more to do at once."""
        self._waits_for = None
        return self._guard(self._round, then=self._let_go) or self._waits_for

    def has_news(self) -> bool:
        """Whether another round could come to another plan; cheap enough to ask ten times a second."""
        self._news = True
        self._guard(self._look_for_news, then=self._let_go)
        return self._news

    def take_lost_lease(self) -> bool:
        """True once after the lease was taken away while it was held; whoever drives decides what follows."""
        lost, self._lost_lease = self._lost_lease, False
        return lost

    def glance(self) -> None:
        """Look at the remote once, for people to see; nothing if somebody works on the repository."""
        self._guard(self._occupation.glance)

    def _guard(
        self, work: Callable[[], None], then: Callable[[Exception], None] = lambda _: None
    ) -> Wait | None:
        """The one exception boundary: what breaks inside is a value outside, and other repositories go on."""
        try:
            work()
        except Halted:
            return Wait(why=Why.NOT_ADVANCING)
        except Exception as error:
            is_news = self._lack is None
            self._lack = self._ports.room.lack(error)
            if self._lack is None:
                _log.exception("the gate broke on %s", self._repository.name)
                then(error)
                return Wait(why=Why.BROKEN, detail=str(error) or type(error).__name__)
            if is_news:
                self._acts.record.tell(self._acts.record.fact(OutOfRoom, detail=self._lack))
            then(error)
            return Wait(why=Why.NO_ROOM, detail=self._lack)
        return None

    def _look_for_news(self) -> None:
        ended = self._poll()
        changed = self._acts.record.stamp() != self._planned_at
        arrived = self._has_other_slots() or self._ports.checks.has_news()
        self._news = bool(ended) or changed or arrived or self._look_is_due()

    def _has_other_slots(self) -> bool:
        """There is one where there was none, or others wait for one who did not."""
        free, planned = self._ports.slots.free_for(self._repository.name), self._planned_slots
        if free is None or planned is None:
            return False
        return planned <= 0 < free or free < 0 <= planned

    def _round(self) -> None:
        if self._lack is not None and not self._finds_room(self._lack):
            return
        self._poll()
        state = self._acts.record.state()
        if self._acts.tenure.notice_loss(state):
            # No new lease in the same breath: whoever took this one has the first word.
            self._give_up_the_lease()
            self._waits_for = Wait(why=Why.LEASE_BUSY, detail="the lease was taken away")
            return
        if self._acts.lookout.is_due(state):
            state = self._acts.lookout.look(state, in_flight=self._acts.bench.entries())
            self._poll()
        state = self._end_pause(state)
        self._acts.bench.keep_standing_on(state.seen.tip if state.seen else None)
        state = self._situation.check(state)
        self._planned_at = self._acts.record.stamp()
        view = self._situation.view(state)
        self._planned_slots = view.free_slots
        waits = [self._acts.perform(action) for action in plan(view, self._policy)]
        self._line_up(wants_a_slot=any(wait is not None and wait.why is Why.NO_SLOT for wait in waits))
        self._situation.reconcile()
        self._waits_for = next((wait for wait in waits if wait is not None), None)

    def _line_up(self, wants_a_slot: bool) -> None:
        slots, name = self._ports.slots, self._repository.name
        if wants_a_slot:
            slots.line_up(name)
        else:
            slots.withdraw(name)
        if wants_a_slot != self._lacks_slot:
            self._lacks_slot = wants_a_slot
            self._acts.record.change(lambda state: (_lacking(state, lacks_slot=wants_a_slot), None))

    def _poll(self) -> list[Ending]:
        """Note what has ended; a test whose checkout was taken away is red for no fault of its own."""
        why = "its checkout had to be thrown away"
        if self._ports.repo.copies == self._copies:
            ended = self._acts.bench.poll()
        else:
            reason = Coded(Reason.INTERRUPTED, why)
            ended = [replace(ending, reason=reason) for ending in self._acts.bench.stop_all(why)]
            self._acts.bench.clear()
            self._copies = self._ports.repo.copies
        self._acts.note_endings(ended)
        return ended

    def _finds_room(self, lack: str) -> bool:
        self._lack = self._ports.room.lack()
        if self._lack is not None:
            self._waits_for = Wait(why=Why.NO_ROOM, detail=self._lack)
            return False
        self._acts.record.note(self._acts.record.fact(RoomBack, detail=lack))
        return True

    def _end_pause(self, state: RepositoryState) -> RepositoryState:
        pause = state.pause
        if pause is None or pause.holds(self._acts.record.now()):
            return state
        self._acts.record.commit(
            lambda old: replace(old, pause=None) if old.pause == pause else old,
            self._acts.record.fact(PauseEnded, pause=pause, by_time=True),
        )
        return self._acts.record.state()

    def _give_up_the_lease(self) -> None:
        self._lost_lease = True
        self._acts.note_endings(self._acts.bench.stop_all("the lease was lost"))
        self._acts.bench.clear()
        flying = in_flight(self._acts.record.state())
        if flying:
            self._acts.endings.defer(
                flying, Coded(Reason.LEASE_LOST, "an operator released it, or it was taken")
            )

    def _let_go(self, error: Exception) -> None:
        """Drop everything, so that the next try starts from what is stored."""
        reason = Coded(Reason.INTERNAL, str(error) or type(error).__name__)
        if self._lack is not None:
            reason = Coded(Reason.DISK_FULL, self._lack)
        self._guard(lambda: self._write_down(reason))

    def _write_down(self, reason: Coded) -> None:
        is_full = reason.code is Reason.DISK_FULL
        endings = self._acts.bench.stop_all("nothing can be written" if is_full else "the gate broke")
        busy = self._acts.bench.entries()
        self._acts.bench.clear()
        if is_full:
            # Checkouts are caches, and may be what has filled the disk.
            self._ports.repo.dispose()
        self._acts.note_endings(endings)
        state = self._acts.record.state()
        flying = in_flight(state)
        hit = tuple(entry for entry in state.entries.values() if entry.id in busy or entry in flying)
        self._acts.endings.defer(hit, reason, broken=not is_full)
        self._acts.tenure.give_back()
        if not is_full:
            self._acts.record.note(self._acts.record.fact(Broken, detail=reason.detail))

    def _look_is_due(self) -> bool:
        return self._acts.lookout.is_due(self._acts.record.state())


def _lacking(state: RepositoryState, *, lacks_slot: bool) -> RepositoryState:
    advance = state.advance
    return replace(state, advance=replace(advance, lacks_slot=lacks_slot)) if advance else state
