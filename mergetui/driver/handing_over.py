"""A tested candidate that somebody else merges: handed over, waited for, recorded or taken back."""

from msgspec.structs import replace

from mergetui import queueing
from mergetui.driver.bench import Bench, branches_of
from mergetui.driver.endings import Endings
from mergetui.driver.landing import Landing
from mergetui.driver.record import Record
from mergetui.driver.runs import landed_run
from mergetui.driver.tenure import Tenure
from mergetui.events import Ended, HandedOver, TakenBack
from mergetui.git_ports import Published, Repo
from mergetui.model import Candidate, EntryState, Oid
from mergetui.reason import Coded
from mergetui.repository import Repository
from mergetui.state import Handover, RepositoryState

SEEN = "the target has it"
"""Who said that it was merged, when nobody did but the refs."""


class HandingOver:
    """The lease is kept for the entry, also while no engine is alive; the refs decide what became of it."""

    def __init__(
        self,
        record: Record,
        repo: Repo,
        *,
        repository: Repository,
        tenure: Tenure,
        bench: Bench,
        landing: Landing,
        endings: Endings,
    ) -> None:
        self._record = record
        self._repo = repo
        self._repository = repository
        self._tenure = tenure
        self._bench = bench
        self._landing = landing
        self._endings = endings
        self._asked: tuple[Oid, Oid] | None = None
        self._found: Published | None = None

    def hand_over(self, candidate: Candidate) -> None:
        """Push the task branches, and keep the lease for whoever merges them."""
        branches = branches_of(candidate)
        if not self._tenure.take(branches, phase="landing") or not self._landing.push_branches(candidate):
            return
        lease = self._tenure.lease
        assert lease is not None
        now = self._record.now()
        handover = Handover(
            candidate=candidate,
            token=lease.token,
            since=now,
            until=now + self._repository.merge_ttl,
            tested=self._bench.tested_as(candidate),
        )
        self._bench.forget(candidate)
        self._record.enter(candidate.entries, EntryState.AWAITING_MERGE)
        fact = self._record.fact(
            HandedOver,
            branches=branches,
            base=candidate.base,
            commit=candidate.commit,
            token=lease.token,
            until=handover.until,
        )
        self._record.commit(lambda state: replace(state, handover=handover), fact)
        self._tenure.keep_for_merge(branches, until=handover.until)

    def merge(self, state: RepositoryState) -> Published | None:
        """What the target has of the candidate that was handed over, as of the last look."""
        handover, tip = state.handover, state.seen.tip if state.seen else None
        if handover is None or tip is None:
            return None
        asked = (handover.candidate.commit, tip)
        if asked != self._asked:
            self._asked, self._found = asked, self._repo.find_merge(handover.candidate, tip)
        return self._found

    def record_merge(self, handover: Handover) -> None:
        """It has landed: write down as what, and let the lease go."""
        state, candidate = self._record.state(), handover.candidate
        merge = self.merge(state)
        assert merge is not None
        now, tested = self._record.now(), handover.tested or candidate.commit
        runs = [
            replace(
                landed_run(
                    entry,
                    link,
                    repo=self._record.repo,
                    candidate=candidate,
                    published=merge,
                    token=handover.token,
                    tested=tested if self._repository.enabled else None,
                    started_at=self._endings.began(entry.id),
                    now=now,
                ),
                landed_commit=merge.tip,
                merged_by=handover.said_by or SEEN,
            )
            for link in candidate.links
            if (entry := state.entries.get(link.entry))
        ]
        facts = [self._record.fact(Ended, run=run, token=handover.token) for run in runs]
        self._record.commit(
            lambda old: replace(queueing.take_out(old, candidate.entries), handover=None), *facts
        )
        self._endings.landed(len(runs))
        self._tenure.release_kept(handover.token)

    def take_back(self, handover: Handover, reason: Coded | None) -> None:
        """It cannot be merged as it was tested: `reason` defers its entry, without one it is queued again."""
        candidate = handover.candidate
        fact = self._record.fact(
            TakenBack, branches=branches_of(candidate), commit=candidate.commit, reason=reason
        )
        self._record.commit(lambda state: replace(state, handover=None), fact)
        entries = self._record.state().entries
        waiting = tuple(entries[key] for key in candidate.entries if key in entries)
        if reason is not None:
            self._endings.defer(waiting, reason)
        else:
            self._record.enter(candidate.entries, EntryState.QUEUED)
        self._tenure.release_kept(handover.token)
