"""What an operator does to a repository, from any process; the engine that works on it sees the result.

Commands are changes of the stored state, not messages: whoever works on the repository looks at the
state before every decision, so there is nothing to deliver and nothing to lose.
"""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from mergetui import leasing, queueing
from mergetui.driver.record import Record
from mergetui.driver.runs import ended_run
from mergetui.events import (
    Dequeued,
    Ended,
    Enqueued,
    Event,
    LeaseForced,
    Moved,
    PauseBegun,
    PauseEnded,
    Retried,
)
from mergetui.model import (
    Branch,
    Entry,
    FencingToken,
    Instant,
    Lease,
    Pause,
    Priority,
    Repository,
    RepositoryState,
)
from mergetui.naming import broken_stack_rule
from mergetui.outcome import Run, Unreachable
from mergetui.ports import Clock, Emit, Journal, Occupancy, Processes, RemoteRefs, Store
from mergetui.reason import Coded, Reason

STOP_PATIENCE = timedelta(seconds=10)
"""How long a holder whose lease was forced away may take to reach a safe point before it is ended."""

Facts: TypeAlias = tuple[Event, ...]


class Queued(Struct, frozen=True):
    entry: Entry
    position: int
    pinned_anew: bool


class NotQueued(Struct, frozen=True):
    branches: tuple[Branch, ...]
    why: str


class Released(Struct, frozen=True):
    lease: Lease


class NotReleased(Struct, frozen=True):
    why: str
    held: Lease | None


class Desk:
    """The operator's desk at one repository."""

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

    def enqueue(
        self, stacks: Sequence[tuple[Branch, ...]], *, priority: Priority | None = None
    ) -> list[Queued | NotQueued] | Unreachable:
        """Queue each stack of branches as one entry, pinned to where the remote has it now."""
        refused = {
            stack: rule
            for stack in stacks
            if (rule := broken_stack_rule(stack, target=self.repository.target))
        }
        wanted = [stack for stack in stacks if stack not in refused]
        heads = self._refs.heads([branch for stack in wanted for branch in stack]) if wanted else {}
        if isinstance(heads, Unreachable):
            return heads
        answers: list[Queued | NotQueued] = []
        for stack in stacks:
            missing = [branch for branch in stack if branch not in heads]
            if stack in refused:
                answers.append(NotQueued(stack, refused[stack]))
            elif missing:
                answers.append(NotQueued(stack, f"the remote has no branch {missing[0]}"))
            else:
                answers.append(self._admit(stack, tuple(heads[branch] for branch in stack), priority))
        return answers

    def dequeue(self, branch: Branch) -> Entry | NotQueued:
        """Take the entry of the branch out; its run, if one is under way, is stopped."""

        def take_out(state: RepositoryState) -> tuple[RepositoryState, Entry | queueing.Refusal, Facts]:
            after, entry = queueing.dequeue(state, branch)
            return after, entry, () if isinstance(entry, queueing.Refusal) else self._taken_out(entry)

        entry = self._record.decide(take_out)
        return NotQueued((branch,), entry.why) if isinstance(entry, queueing.Refusal) else entry

    def put_back(self, entry: Entry) -> None:
        """Undo a dequeue: the entry as it was, in its old place."""
        now = self._clock.now()
        waiting = queueing.try_again(entry, now=now) if entry.state.in_flight else entry
        # That it was taken out stands in the history, as a run that must keep its id.
        again = replace(waiting, attempts=entry.attempts + 1)
        self._record.commit(
            lambda state: queueing.put(state, again),
            self._record.fact(Enqueued, branches=entry.branches, heads=entry.heads, priority=entry.priority),
        )

    def retry(self, branch: Branch) -> Entry | NotQueued | Unreachable:
        """Another try with the branch's present head; also for one that was sent back or is held."""
        entry = queueing.find(self.state(), branch)
        if entry is None:
            return NotQueued((branch,), "it is not in the queue")
        heads = self._refs.heads(entry.branches)
        if isinstance(heads, Unreachable):
            return heads
        missing = [name for name in entry.branches if name not in heads]
        if missing:
            return NotQueued(entry.branches, f"the remote has no branch {missing[0]}")
        pinned = tuple(heads[name] for name in entry.branches)
        now = self._clock.now()
        self._record.commit(
            lambda state: queueing.exchange(
                state, entry.id, lambda latest: queueing.retry(latest, pinned, now=now)
            ),
            self._record.fact(Retried, branches=entry.branches),
        )
        return self.state().entries.get(entry.id, entry)

    def move(self, branch: Branch, *, to: int) -> int | None:
        """The position it then has, from 1; None if it is not queued."""
        entry = queueing.find(self.state(), branch)
        if entry is None:
            return None
        self._record.commit(lambda state: queueing.move(state, branch, to=to) or state)
        position = queueing.positions(self.state()).get(entry.id, to)
        self._record.note(self._record.fact(Moved, branches=entry.branches, position=position))
        return position

    def prioritise(self, branch: Branch, priority: Priority) -> Entry | None:
        """Served among those of `priority` from now on; the entry as it was, None if it is not queued."""
        entry = queueing.find(self.state(), branch)
        if entry is not None:
            self._record.commit(
                lambda state: queueing.exchange(
                    state, entry.id, lambda latest: replace(latest, priority=priority)
                )
            )
        return entry

    def pause(self, reason: str, *, until: Instant | None = None, now: bool = False) -> Pause:
        """Finish what runs (or stop it, with `now`) and start nothing until it is resumed."""
        pause = Pause(by=self._me(), reason=reason, at=self._clock.now(), until=until, now=now)
        self._record.commit(
            lambda state: replace(state, pause=pause), self._record.fact(PauseBegun, pause=pause)
        )
        return pause

    def resume(self) -> Pause | None:
        """The pause that ends; None if there was none."""
        pause = self.state().pause
        if pause is not None:
            self._record.commit(lambda state: replace(state, pause=None), self._record.fact(PauseEnded))
        return pause

    def force_release(self, reason: str, *, token: FencingToken | None = None) -> Released | NotReleased:
        """Take the lease from whoever holds it; with `token`, only if that is still the one that is held."""

        def take_away(state: RepositoryState) -> tuple[RepositoryState, Released | NotReleased, Facts]:
            after, taken = leasing.force(state, token=token)
            if taken is None:
                return after, NotReleased(leasing.why_not(state.lease, token), state.lease), ()
            forced = self._record.fact(
                LeaseForced, token=taken.token, holder=str(taken.holder), reason=reason
            )
            return after, Released(taken), (forced,)

        return self._record.decide(take_away)

    def see_off(self, lease: Lease, *, sleep: Callable[[float], object]) -> str:
        """After a force-release: wait until the holder lets go, or end it if it does not; what was seen."""
        if lease.holder == self._processes.me():
            return "it was held here"
        deadline = self._clock.monotonic() + STOP_PATIENCE.total_seconds()
        while self._is_at_work(lease):
            if self._clock.monotonic() >= deadline:
                said = "ended" if self._processes.end(lease.holder) else "it cannot be ended from here"
                return f"{lease.holder} did not stop: {said}"
            sleep(0.1)
        return f"{lease.holder} has let go"

    def is_stale(self, lease: Lease) -> bool:
        dead = self._processes.is_dead(lease.holder)
        return leasing.is_stale(lease, holder_is_dead=dead, now=self._clock.now())

    def is_dead(self, lease: Lease) -> bool:
        return self._processes.is_dead(lease.holder)

    def _is_at_work(self, lease: Lease) -> bool:
        advance = self.state().advance
        if advance is None or advance.holder != lease.holder or self._processes.is_dead(lease.holder):
            return False
        lock = self._occupancy()
        if not lock.take():
            return True
        lock.leave()
        return False

    def _admit(
        self, branches: tuple[Branch, ...], heads: tuple[str, ...], priority: Priority | None
    ) -> Queued | NotQueued:
        now = self._clock.now()
        proposal = queueing.Proposal(branches=branches, heads=heads, priority=priority, by=self._me())

        def take_in(state: RepositoryState) -> tuple[RepositoryState, Queued | NotQueued, Facts]:
            after, answer = queueing.admit(state, proposal, now=now)
            if isinstance(answer, queueing.Refusal):
                return after, NotQueued(branches, answer.why), ()
            entry = answer.entry
            enqueued = self._record.fact(
                Enqueued,
                branches=branches,
                heads=heads,
                priority=entry.priority,
                pinned_anew=answer.pinned_anew,
            )
            position = queueing.positions(after)[entry.id]
            return after, Queued(entry, position, answer.pinned_anew), (enqueued,)

        return self._record.decide(take_in)

    def _taken_out(self, entry: Entry) -> Facts:
        run = ended_run(
            entry,
            repo=self.repository.name,
            outcome="dequeued",
            reason=Coded(Reason.DEQUEUED, f"taken out by {self._me()}"),
            candidate=None,
            started_at=entry.enqueued_at,
            now=self._clock.now(),
        )
        return self._record.fact(Dequeued, branches=entry.branches), self._record.fact(Ended, run=run)

    def _me(self) -> str:
        me = self._processes.me()
        return f"{me.operator}@{me.host}"
