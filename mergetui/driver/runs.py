"""Rows of the history: what became of an entry, and the proof of it."""

from typing import Literal

from mergetui.git_ports import Published
from mergetui.model import Candidate, Entry, EntryState, FencingToken, Instant, Link, Oid
from mergetui.outcome import BranchOutcome, ChangeStatus, Run
from mergetui.reason import Coded


def ended_run(
    entry: Entry,
    *,
    repo: str,
    outcome: Literal["sent-back", "deferred", "held", "broken", "dequeued"],
    reason: Coded,
    candidate: Candidate | None,
    started_at: Instant,
    now: Instant,
) -> Run:
    """An entry that did not land; `candidate` is what was tested of it, if anything was."""
    return Run(
        id=run_id(entry),
        repo=repo,
        branches=entry.branches,
        outcome=outcome,
        reason=reason,
        base=candidate.base if candidate else None,
        tested_commit=candidate.commit if candidate else None,
        tested_tree=candidate.tree if candidate else None,
        retests=entry.retests,
        contended=entry.contended,
        enqueued_at=entry.enqueued_at,
        started_at=started_at,
        finished_at=now,
        log=entry.log,
        emergency=_why(entry),
    )


def landed_run(
    entry: Entry,
    link: Link,
    *,
    repo: str,
    candidate: Candidate,
    published: Published,
    token: FencingToken,
    tested: Oid | None,
    started_at: Instant,
    now: Instant,
) -> Run:
    """The proof: what was tested (None: nothing), and what the target then had."""
    return Run(
        id=run_id(entry),
        repo=repo,
        branches=entry.branches,
        outcome="landed",
        base=candidate.base,
        tested_commit=tested,
        tested_tree=candidate.tree if tested else None,
        landed_commit=candidate.commit,
        landed_tree=published.tree,
        changes=tuple(
            BranchOutcome(branch, _status(commits), commits)
            for branch, commits in zip(link.branches, link.commits, strict=True)
        ),
        token=token,
        retests=entry.retests,
        contended=entry.contended,
        enqueued_at=entry.enqueued_at,
        started_at=started_at,
        finished_at=now,
        log=entry.log,
        emergency=_why(entry),
    )


def run_id(entry: Entry) -> str:
    """The same for a run that is written down again after a crash."""
    return f"{entry.id}.{entry.attempts + entry.taken_out + 1}"


def _why(entry: Entry) -> str | None:
    return entry.emergency.reason if entry.emergency is not None else None


def _status(commits: tuple[str, ...]) -> ChangeStatus:
    return "committed" if commits else "already-existed"


def outcome_of(state: EntryState) -> Literal["sent-back", "deferred", "held"]:
    """What the history calls an entry that came to rest without landing."""
    match state:
        case EntryState.HELD:
            return "held"
        case EntryState.DEFERRED:
            return "deferred"
        case _:
            return "sent-back"
