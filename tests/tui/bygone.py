"""A past to look at: what happened on a repository before `NOON`."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from mergetui.events import (
    CatchUpStarted,
    Ended,
    Enqueued,
    Event,
    LandingContended,
    LeaseForced,
    PauseBegun,
    PauseEnded,
    RetestEnded,
    RetestStarted,
)
from mergetui.model import Priority
from mergetui.outcome import BranchOutcome, Run
from mergetui.reason import Coded, Reason
from mergetui.state import Pause
from tests.tui.fakes import World, ago, oid

_RED = Coded(Reason.RETEST_FAILED, "exit code 1: FAILED tests/test_cart.py - assert 3 == 4")
_ENDS: tuple[tuple[str, Any, Coded | None], ...] = (
    ("feat/cart-total", "landed", None),
    ("fix/login", "landed", None),
    ("chore/deps", "sent-back", Coded(Reason.CONFLICT, "setup.cfg, src/app.py")),
    ("feat/search", "sent-back", _RED),
    ("feat/export", "deferred", Coded(Reason.LEASE_BUSY, "held by joe@ci-2 pid 77")),
    ("fix/typo", "landed", None),
    ("feat/search", "held", _RED),
    ("spike/cache", "dequeued", Coded(Reason.DEQUEUED, "taken out by ana@buildbox")),
)


def run(number: int, branch: str, outcome: Any = "landed", **fields: Any) -> Run:
    """The higher its number, the longer ago it ended: half an hour each, and it took six minutes."""
    end = ago(minutes=30 * number)
    known: dict[str, Any] = {"id": f"e{number}.1", "repo": "shop", "branches": (branch,), "outcome": outcome}
    if outcome == "landed":
        known |= _proof(number, branch)
    return Run(**{**known, "started_at": end - timedelta(minutes=6), "finished_at": end, **fields})


def busy_past() -> list[Event]:
    """Runs of every kind, a pause, an override and a lost push, oldest first."""
    facts = [fact for number in range(16, 0, -1) for fact in _life(number)]
    pause = Pause(by="ana@buildbox", reason="release freeze", at=ago(hours=5))
    who: Any = {"repo": "shop", "by": "ana@buildbox pid 4121"}
    forced = LeaseForced(**who, at=ago(hours=1), token=16, holder="joe@ci-2 pid 77", reason="its host hangs")
    return [
        PauseBegun(**who, at=pause.at, pause=pause),
        PauseEnded(**who, at=ago(hours=4)),
        *facts,
        LandingContended(repo="shop", at=ago(minutes=50), branches=("fix/login",), base=oid(1)),
        forced,
    ]


def remember(world: World, facts: Iterable[Event], name: str = "shop") -> World:
    for fact in facts:
        world.wiring.journals[name].append(fact)
    return world


def _life(number: int) -> Iterable[Event]:
    branch, outcome, reason = _ENDS[number % len(_ENDS)]
    ended = run(number, branch, outcome, reason=reason)
    common: Any = {"repo": "shop", "branches": (branch,)}
    start, commit = ended.started_at, oid(number)
    yield Enqueued(**common, at=start - timedelta(minutes=number), heads=(commit,), priority=Priority.NORMAL)
    yield CatchUpStarted(**common, at=start, onto=oid(0))
    yield RetestStarted(**common, at=start, commit=commit, command="make test", log="")
    red = reason if reason is _RED else None
    yield RetestEnded(**common, at=ended.finished_at, commit=commit, reason=red, seconds=360.0, log="")
    yield Ended(repo="shop", at=ended.finished_at, run=ended)


def _proof(number: int, branch: str) -> dict[str, Any]:
    commit, tree = oid(number), oid(number + 500)
    return {
        "base": oid(number + 1),
        "tested_commit": commit,
        "tested_tree": tree,
        "landed_commit": commit,
        "landed_tree": tree,
        "changes": (BranchOutcome(branch, "committed", (commit,)),),
        "token": number,
        "retests": 1 + number % 3 // 2,
    }
