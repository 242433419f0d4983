"""A repository's past in a line per fact; times are minutes before `NOW`."""

from datetime import timedelta
from typing import Any

from mergetui.events import (
    CatchUpStarted,
    Ended,
    Enqueued,
    LandingContended,
    LeaseForced,
    PauseBegun,
    PauseEnded,
    RetestEnded,
    RetestStarted,
)
from mergetui.model import Instant, Priority
from mergetui.outcome import Run
from mergetui.reason import Coded, Reason
from mergetui.state import Pause
from tests.rules.build import NOW

WHO = "ada@box pid 7"


def ago(minutes: float) -> Instant:
    return NOW - timedelta(minutes=minutes)


def queued(minutes: float, *branches: str, anew: bool = False) -> Enqueued:
    return Enqueued(
        repo="shop",
        at=ago(minutes),
        branches=branches,
        heads=tuple(f"{branch}.1" for branch in branches),
        priority=Priority.NORMAL,
        pinned_anew=anew,
    )


def caught_up(minutes: float, *branches: str) -> CatchUpStarted:
    return CatchUpStarted(repo="shop", at=ago(minutes), branches=branches, onto="m")


def retested(minutes: float, code: Reason | None = None) -> tuple[RetestStarted, RetestEnded]:
    """A retest of a minute."""
    reason = Coded(code, "") if code else None
    known: dict[str, Any] = {"repo": "shop", "branches": ("a",), "commit": "c", "log": "r1.log"}
    return (
        RetestStarted(at=ago(minutes + 1), command="make test", **known),
        RetestEnded(at=ago(minutes), reason=reason, seconds=60.0, **known),
    )


def contended(minutes: float, *branches: str) -> LandingContended:
    return LandingContended(repo="shop", at=ago(minutes), branches=branches, base="m")


def run(minutes: float, *branches: str, outcome: Any = "landed", **fields: Any) -> Run:
    """It took a minute."""
    known: dict[str, Any] = {"id": f"{branches[-1]}.1", "started_at": ago(minutes + 1)}
    known |= {"finished_at": ago(minutes), "repo": "shop", "branches": branches, "outcome": outcome}
    return Run(**(known | fields))


def ended(minutes: float, *branches: str, code: Reason | None = None, **fields: Any) -> Ended:
    detail = fields.pop("detail", "")
    reason = Coded(code, detail) if code else None
    return Ended(repo="shop", at=ago(minutes), run=run(minutes, *branches, reason=reason, **fields))


def paused(minutes: float, reason: str, *, until: Instant | None = None) -> PauseBegun:
    at = ago(minutes)
    return PauseBegun(repo="shop", at=at, pause=Pause(by="ada@box", reason=reason, at=at, until=until))


def resumed(minutes: float) -> PauseEnded:
    return PauseEnded(repo="shop", at=ago(minutes))


def forced(minutes: float, reason: str) -> LeaseForced:
    return LeaseForced(repo="shop", at=ago(minutes), by=WHO, token=4, holder="joe@ci pid 9", reason=reason)
