"""The journal of a landing, without the work."""

from typing import Any

from mergetui.events import CaughtUp, Ended, Event, LandingStarted, LeaseGranted, RetestEnded, RetestStarted
from mergetui.model import Candidate
from mergetui.outcome import BranchOutcome, Run
from tests.rules.build import NOW


def facts(candidate: Candidate, token: int) -> list[Event]:
    """What the gate writes down of a landing."""
    commit, base = candidate.commit, candidate.base
    common: Any = {"repo": "shop", "at": NOW, "branches": candidate.entries}
    retest: Any = {**common, "commit": commit, "log": "r1.log"}
    return [
        LeaseGranted(**common, token=token),
        CaughtUp(**common, candidate=candidate),
        RetestStarted(**retest, command="make test"),
        RetestEnded(**retest, reason=None, seconds=1.0),
        LandingStarted(**common, base=base, commit=commit, token=token),
        *(_ended(candidate, number, token) for number in range(len(candidate.links))),
    ]


def _ended(candidate: Candidate, number: int, token: int) -> Ended:
    link = candidate.links[number]
    run = Run(
        id=f"{link.entry}.1",
        repo="shop",
        branches=link.branches,
        outcome="landed",
        base=candidate.base,
        tested_commit=candidate.commit,
        tested_tree=candidate.tree,
        landed_commit=candidate.commit,
        landed_tree=candidate.tree,
        changes=(BranchOutcome(link.entry, "committed", link.commits[0]),),
        token=token,
        started_at=NOW,
        finished_at=NOW,
    )
    return Ended(repo="shop", at=NOW, run=run)
