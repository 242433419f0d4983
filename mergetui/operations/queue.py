"""What an operator does to the queue."""

from collections.abc import Sequence

from msgspec.structs import replace

from mergetui import lifecycle, queueing
from mergetui.driver.runs import ended_run
from mergetui.emergencies import no_emergencies
from mergetui.events import ApprovalWithdrawn, Approved, Dequeued, Ended, Enqueued, Moved, Retried
from mergetui.model import Branch, Emergency, Entry, Instant, Oid, Priority
from mergetui.naming import broken_stack_rule
from mergetui.operations.answers import NotQueued, Queued
from mergetui.operations.office import Facts, Office
from mergetui.outcome import Unreachable
from mergetui.reason import Coded, Reason
from mergetui.state import RepositoryState


class QueueCommands(Office):
    def enqueue(
        self, stacks: Sequence[tuple[Branch, ...]], *, priority: Priority | None = None
    ) -> list[Queued | NotQueued] | Unreachable:
        """Queue each stack of branches as one entry, pinned to where the remote has it now."""
        return self._enqueue(stacks, priority=priority)

    def _enqueue(
        self,
        stacks: Sequence[tuple[Branch, ...]],
        *,
        priority: Priority | None,
        emergency: Emergency | None = None,
    ) -> list[Queued | NotQueued] | Unreachable:
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
                pinned = tuple(heads[branch] for branch in stack)
                proposal = queueing.Proposal(
                    branches=stack, heads=pinned, priority=priority, by=self._me(), emergency=emergency
                )
                answers.append(self._admit(proposal))
        return answers

    def emergency(
        self, branch: Branch, reason: str, *, through_pause: bool = False
    ) -> Queued | NotQueued | Unreachable:
        """Have the branch go ahead of everything, judged by the reduced command alone.

        Of a queued stack its name is enough. ValueError without a reason.
        """
        if not reason.strip():
            raise ValueError("an emergency has a reason: the journal keeps it")
        known = queueing.find(self.state(), branch)
        stack = known.branches if known is not None else (branch,)
        if why := no_emergencies(self.repository):
            return NotQueued(stack, why)
        said = Emergency(
            by=self._me(), reason=reason.strip(), at=self._clock.now(), through_pause=through_pause
        )
        answers = self._enqueue([stack], priority=None, emergency=said)
        return answers if isinstance(answers, Unreachable) else answers[0]

    def dequeue(self, branch: Branch) -> Entry | NotQueued:
        """Take the entry of the branch out; its run, if one is under way, is stopped."""

        def take_out(state: RepositoryState) -> tuple[RepositoryState, Entry | queueing.Refusal, Facts]:
            after, entry = queueing.dequeue(state, branch)
            return after, entry, () if isinstance(entry, queueing.Refusal) else self._taken_out(entry)

        entry = self._record.decide(take_out)
        return NotQueued((branch,), entry.why) if isinstance(entry, queueing.Refusal) else entry

    def put_back(self, entry: Entry) -> Entry | NotQueued:
        """Undo a dequeue: the entry as it was, in its old place; not where its branch is queued anew."""
        now = self._clock.now()

        def put(state: RepositoryState) -> tuple[RepositoryState, Entry | NotQueued, Facts]:
            if any(queueing.find(state, branch) for branch in entry.branches):
                return state, NotQueued(entry.branches, "it is queued anew by now"), ()
            again = replace(_at_rest(entry, now), taken_out=entry.taken_out + 1)
            return queueing.put(state, again), again, self._admitted_as(again)

        return self._record.decide(put)

    def take_back_retry(self, before: Entry) -> Entry | NotQueued:
        """Undo a retry: the entry as it was; what was begun for it meanwhile is stopped, and counted."""
        now = self._clock.now()

        def take_back(state: RepositoryState) -> tuple[RepositoryState, Entry | NotQueued, Facts]:
            latest = state.entries.get(before.id)
            if latest is None:
                return state, NotQueued(before.branches, "it is not in the queue any more"), ()
            if queueing.is_landing(state, latest):
                return state, NotQueued(before.branches, "it is landing at this moment"), ()
            counted = {"attempts": latest.attempts, "retests": latest.retests}
            again = replace(_at_rest(before, now), **counted)
            return queueing.put(state, again), again, self._admitted_as(again, pinned_anew=True)

        return self._record.decide(take_back)

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
                state, entry.id, lambda latest: lifecycle.retry(latest, pinned, now=now)
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

    def approve(
        self, branch: Branch, *, check: str | None = None, heads: tuple[Oid, ...] | None = None
    ) -> Entry | NotQueued:
        """An operator's word for the entry as it is pinned now; the author's next push takes it back.

        With `heads`, only while those are what it is pinned to.
        """
        by, now = self._me(), self._clock.now()

        def give(state: RepositoryState) -> tuple[RepositoryState, Entry | NotQueued, Facts]:
            entry = queueing.find(state, branch)
            if entry is None:
                return state, NotQueued((branch,), "it is not in the queue"), ()
            if heads not in (None, entry.heads):
                return state, NotQueued(entry.branches, "it has other commits by now: look at them first"), ()
            approved = lifecycle.approve(entry, by=by, check=check, now=now)
            said = self._record.fact(
                Approved, branches=entry.branches, heads=entry.heads, check=check, said_by=by
            )
            return queueing.put(state, approved), approved, (said,)

        return self._record.decide(give)

    def withdraw(self, approved: Entry, *, check: str | None = None) -> Entry | NotQueued:
        """Take the operator's word for the entry back, as far as its author's push has not done so."""
        by = self._me()

        def take_back(state: RepositoryState) -> tuple[RepositoryState, Entry | NotQueued, Facts]:
            latest = state.entries.get(approved.id)
            if latest is None:
                return state, NotQueued(approved.branches, "it is not in the queue any more"), ()
            kept = tuple(word for word in latest.approvals if (word.by, word.check) != (by, check))
            without = replace(latest, approvals=kept)
            said = self._record.fact(
                ApprovalWithdrawn, branches=latest.branches, heads=approved.heads, check=check, said_by=by
            )
            return queueing.put(state, without), without, (said,)

        return self._record.decide(take_back)

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

    def _admit(self, proposal: queueing.Proposal) -> Queued | NotQueued:
        now = self._clock.now()

        def take_in(state: RepositoryState) -> tuple[RepositoryState, Queued | NotQueued, Facts]:
            after, answer = queueing.admit(state, proposal, now=now)
            if isinstance(answer, queueing.Refusal):
                return after, NotQueued(proposal.branches, answer.why), ()
            entry = answer.entry
            enqueued = self._record.fact(
                Enqueued,
                branches=proposal.branches,
                heads=proposal.heads,
                priority=entry.priority,
                pinned_anew=answer.pinned_anew,
                emergency=proposal.emergency,
            )
            position = queueing.positions(after)[entry.id]
            return after, Queued(entry, position, answer.pinned_anew), (enqueued,)

        return self._record.decide(take_in)

    def _admitted_as(self, entry: Entry, *, pinned_anew: bool = False) -> Facts:
        known = {"branches": entry.branches, "heads": entry.heads, "priority": entry.priority}
        return (self._record.fact(Enqueued, **known, pinned_anew=pinned_anew),)

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


def _at_rest(entry: Entry, now: Instant) -> Entry:
    """Of what is under way nothing comes back."""
    return lifecycle.try_again(entry, now=now) if entry.state.in_flight else entry
