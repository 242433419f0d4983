"""Landing a candidate: task branches first, then the target, then what the remote says of it."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import TypeVar

from msgspec.structs import replace

from mergetui.driver.bench import Bench, branches_of
from mergetui.driver.record import Record
from mergetui.driver.runs import landed_run
from mergetui.driver.tenure import Tenure
from mergetui.events import (
    BranchesPushed,
    BranchPushStarted,
    Ended,
    LandingContended,
    LandingRefused,
    LandingStarted,
    LandingUnknown,
    Recovered,
)
from mergetui.git_ports import (
    BranchesMoved,
    BranchHasMoved,
    BranchMove,
    Published,
    PublishResult,
    PushRefused,
    Repo,
    TargetHasMoved,
    Undecided,
)
from mergetui.model import Branch, Candidate, Entry, EntryState, Instant, Link, Oid
from mergetui.outcome import Unreachable
from mergetui.queueing import put, take_out
from mergetui.reason import Coded, Reason
from mergetui.state import LandingIntent, RepositoryState
from mergetui.view import Verdict

DECISION_GRACE = timedelta(minutes=2)
"""A push without an answer is waited for so long while the target does not move; servers have landed late."""

_REMEMBERED_PUSHES = 20

F = TypeVar("F", BranchPushStarted, BranchesPushed)


class Landing:
    """Acts under the lease of `tenure`; whatever is not proven to be in the target did not land."""

    def __init__(
        self,
        record: Record,
        repo: Repo,
        *,
        tenure: Tenure,
        bench: Bench,
        tested: bool,
        began: Callable[[str], Instant],
    ) -> None:
        self._record = record
        self._repo = repo
        self._tenure = tenure
        self._bench = bench
        self._tested = tested
        self._began = began

    def land(self, candidate: Candidate) -> None:
        """Push the task branches and then the target, if the lease is still held."""
        if not self._tenure.take(branches_of(candidate), phase="landing"):
            return
        self._record.enter(candidate.entries, EntryState.LANDING)
        if not self.push_branches(candidate):
            return
        intent = self._intend(candidate)
        if intent is not None:
            self._settle(intent, self._repo.publish(candidate))

    def push_branches(self, candidate: Candidate) -> bool:
        """Whether the task branches stand where they were caught up, as far as they are ours to move."""
        moves = self._repo.branch_moves(candidate)
        return not moves or self._have_moved(candidate, moves)

    def decide(self, intent: LandingIntent) -> None:
        """Ask the remote what became of a push that it did not answer, or that a dead engine made."""
        if self._tenure.take(branches_of(intent.candidate), phase="landing"):
            self._settle(intent, self._repo.what_became_of(intent.candidate), asked_again=True)

    def _have_moved(self, candidate: Candidate, moves: tuple[BranchMove, ...]) -> bool:
        """Push the task branches; False when the candidate cannot land any more, or not now."""
        # Remembered before the push: an engine that dies in it must not take its own push for the author's.
        self._record.commit(
            lambda state: _with_own_pushes(state, moves), self._told(BranchPushStarted, moves)
        )
        match self._repo.push_branches(moves):
            case BranchHasMoved():
                self._bench.forget(candidate)
                return False
            case Unreachable(message=message):
                self._bench.found(candidate, Verdict.VOID, Coded(Reason.REMOTE_UNREACHABLE, message))
                return False
            case BranchesMoved(moves=made):
                self._record.note(*([self._told(BranchesPushed, made)] if made else []))
                return True

    def _told(self, kind: type[F], moves: tuple[BranchMove, ...]) -> F:
        return self._record.fact(
            kind,
            branches=tuple(move.branch for move in moves),
            before=tuple(move.before for move in moves),
            commits=tuple(move.after for move in moves),
        )

    def _intend(self, candidate: Candidate) -> LandingIntent | None:
        """Write down what is about to be pushed; None when the lease is not held any more."""
        lease = self._tenure.lease
        assert lease is not None
        intent = LandingIntent(
            candidate=candidate,
            token=lease.token,
            started_at=self._record.now(),
            tested=self._bench.tested_as(candidate),
        )
        self._record.note(
            self._record.fact(
                LandingStarted,
                branches=branches_of(candidate),
                base=candidate.base,
                commit=candidate.commit,
                token=lease.token,
            )
        )

        # The token is looked at in the transaction that stores the intent: nobody can take it in between.
        def write(state: RepositoryState) -> tuple[RepositoryState, bool]:
            holds = self._tenure.still_holds(state) and _is_as_tested(state, candidate)
            return (replace(state, landing=intent) if holds else state), holds

        return intent if self._record.change(write) else None

    def _settle(self, intent: LandingIntent, result: PublishResult, *, asked_again: bool = False) -> None:
        candidate = intent.candidate
        match result:
            case Published():
                self._landed(intent, result, asked_again=asked_again)
            case TargetHasMoved():
                # The candidate stays until the next look: that counts what the moving target cost it.
                self._clear(self._contended(candidate))
            case PushRefused(reason=reason):
                self._clear(self._refused(candidate, reason))
                self._bench.found(candidate, Verdict.RED, reason)
            case Undecided(detail=detail) if asked_again and self._waited_enough(intent):
                self._clear(self._contended(candidate))
                self._bench.found(candidate, Verdict.VOID, Coded(Reason.REMOTE_UNREACHABLE, detail))
            case Undecided(detail=detail) | Unreachable(message=detail):
                self._wait_for_the_remote(intent, detail, asked_again=asked_again)

    def _landed(self, intent: LandingIntent, published: Published, *, asked_again: bool) -> None:
        state, candidate = self._record.state(), intent.candidate
        now = self._record.now()
        runs = [
            landed_run(
                entry,
                link,
                repo=self._record.repo,
                candidate=candidate,
                published=published,
                token=intent.token,
                tested=(intent.tested or candidate.commit) if self._tested else None,
                started_at=self._began(entry.id),
                now=now,
            )
            for link in candidate.links
            if (entry := state.entries.get(link.entry))
        ]
        facts = [self._record.fact(Ended, run=run) for run in runs]
        if asked_again:
            branches = ", ".join(branches_of(candidate))
            told = f"the landing of {branches} had reached the remote: recorded"
            self._record.note(self._record.fact(Recovered, detail=told))
        self._record.commit(lambda old: _without(old, candidate, published), *facts)

    def _clear(self, *facts: LandingContended | LandingRefused) -> None:
        self._record.commit(lambda state: replace(state, landing=None), *facts)

    def _wait_for_the_remote(self, intent: LandingIntent, detail: str, *, asked_again: bool) -> None:
        if not asked_again:
            branches, commit = branches_of(intent.candidate), intent.candidate.commit
            self._record.note(
                self._record.fact(LandingUnknown, branches=branches, commit=commit, detail=detail)
            )

    def _contended(self, candidate: Candidate) -> LandingContended:
        return self._record.fact(LandingContended, branches=branches_of(candidate), base=candidate.base)

    def _refused(self, candidate: Candidate, reason: Coded) -> LandingRefused:
        branches, commit = branches_of(candidate), candidate.commit
        return self._record.fact(LandingRefused, branches=branches, commit=commit, reason=reason)

    def _waited_enough(self, intent: LandingIntent) -> bool:
        return self._record.now() - intent.started_at >= DECISION_GRACE


def _without(state: RepositoryState, candidate: Candidate, published: Published) -> RepositoryState:
    """An entry that was pinned to a newer head meanwhile stays: that head has not landed."""
    landed = [link.entry for link in candidate.links if _is_pinned(state, link)]
    staying = [state.entries[key] for key in candidate.entries if key in state.entries and key not in landed]
    # The run of what stays counts: the next one must not take its place in the history.
    counted = put(state, *(replace(entry, attempts=entry.attempts + 1) for entry in staying))
    seen = replace(state.seen, tip=published.tip) if state.seen else None
    return replace(take_out(counted, landed), landing=None, seen=seen)


def _is_as_tested(state: RepositoryState, candidate: Candidate) -> bool:
    return all(_is_pinned(state, link) for link in candidate.links)


def _is_pinned(state: RepositoryState, link: Link) -> bool:
    return link.entry in state.entries and state.entries[link.entry].heads == link.heads


def _with_own_pushes(state: RepositoryState, moves: tuple[BranchMove, ...]) -> RepositoryState:
    tips = {move.branch: move.after for move in moves}
    moving = [entry for entry in state.entries.values() if tips.keys() & set(entry.branches)]
    return put(state, *(replace(entry, pushed=_latest_pushes(entry, tips)) for entry in moving))


def _latest_pushes(entry: Entry, tips: Mapping[Branch, Oid]) -> tuple[Oid, ...]:
    new = (tips[branch] for branch in entry.branches if branch in tips)
    return (*entry.pushed, *new)[-_REMEMBERED_PUSHES:]
