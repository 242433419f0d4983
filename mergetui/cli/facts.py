"""`mergetui log --journal`: every step that was taken, by whom, under which lease, and what it moved."""

from collections.abc import Iterable, Sequence
from typing import Any

from msgspec import Struct, to_builtins

from mergetui.cleaning import name as clean
from mergetui.cleaning import redact
from mergetui.events import (
    ApprovalWithdrawn,
    Approved,
    BranchesPushed,
    BranchPushStarted,
    Broken,
    CatchUpStarted,
    CaughtUp,
    Ended,
    Enqueued,
    Event,
    HandedOver,
    HeadMoved,
    HeldUp,
    LandingContended,
    LandingRefused,
    LandingStarted,
    LandingUnknown,
    LeaseForced,
    LeaseGranted,
    PauseBegun,
    PauseEnded,
    Recovered,
    RemoteLost,
    RetestEnded,
    RetestStarted,
    RoomBack,
    SaidMerged,
    TakenBack,
    TakenUp,
    TargetMoved,
)
from mergetui.model import Branch, Emergency, Oid
from mergetui.outcome import Run
from mergetui.reason import Coded
from mergetui.state import Pause

_SHORT = 10


class RefStep(Struct, frozen=True, kw_only=True):
    """A ref and where it stood before and after; what did not move has only one of the two."""

    ref: str
    before: Oid | None = None
    after: Oid | None = None


def concerns(fact: Event, branch: Branch) -> bool:
    return branch in branches_of(fact)


def branches_of(fact: Event) -> tuple[Branch, ...]:
    return fact.run.branches if isinstance(fact, Ended) else getattr(fact, "branches", ())


def steps(fact: Event, target: Branch) -> list[RefStep]:  # noqa: C901, PLR0911 - one flat case per kind of fact
    """What the fact says of refs, the target's name being `target`."""
    match fact:
        case Enqueued(branches=branches, heads=heads):
            return [RefStep(ref=branch, after=head) for branch, head in zip(branches, heads, strict=True)]
        case HeadMoved(heads=after) | TakenUp(heads=after):
            return _moved(fact.branches, fact.before, after)
        case BranchPushStarted(commits=after) | BranchesPushed(commits=after):
            return _moved(fact.branches, fact.before, after)
        case CaughtUp(candidate=candidate):
            return [step for link in candidate.links for step in _moved(link.branches, link.heads, link.tips)]
        case TargetMoved(before=before, after=after):
            return [RefStep(ref=target, before=before, after=after)]
        case LandingStarted(base=base, commit=commit):
            return [RefStep(ref=target, before=base, after=commit)]
        case Ended(run=Run(outcome="landed", base=base, landed_commit=commit)):
            return [RefStep(ref=target, before=base, after=commit)]
        case LandingContended(base=base) | CatchUpStarted(onto=base):
            return [RefStep(ref=target, before=base)]
        case HandedOver(commit=commit) | TakenBack(commit=commit) | LandingRefused(commit=commit):
            return [RefStep(ref="candidate", after=commit)]
        case RetestStarted(commit=commit) | RetestEnded(commit=commit) | LandingUnknown(commit=commit):
            return [RefStep(ref="candidate", after=commit)]
        case _:
            return []


def fields(facts: Iterable[Event], target: Branch) -> list[Any]:
    return [{**to_builtins(fact), "refs": steps(fact, target)} for fact in facts]


def lines(facts: Iterable[Event], target: Branch) -> list[str]:
    return [_line(fact, target) for fact in facts]


def _line(fact: Event, target: Branch) -> str:
    token = "" if fact.token is None else f"#{fact.token}"
    kind = str(fact.__struct_config__.tag)
    parts = [
        f"{fact.at:%Y-%m-%d %H:%M:%S}",
        f"{token:>5}",
        f"{kind:<19}",
        clean(" + ".join(branches_of(fact))),
        ", ".join(_arrow(step) for step in steps(fact, target)),
        clean(redact(_says(fact))),
        f"by {clean(fact.by)}" if fact.by else "",
    ]
    return "  ".join(part for part in parts if part)


def _moved(branches: Sequence[Branch], before: Sequence[Oid], after: Sequence[Oid]) -> list[RefStep]:
    """`before` may be unknown: facts of an earlier version did not tell it."""
    known: Sequence[Oid | None] = before or [None] * len(branches)
    return [
        RefStep(ref=branch, before=old, after=new)
        for branch, old, new in zip(branches, known, after, strict=True)
    ]


def _arrow(step: RefStep) -> str:
    ends = [oid[:_SHORT] for oid in (step.before, step.after) if oid]
    return f"{clean(step.ref)} {' → '.join(ends) or 'gone'}"


def _pause(pause: Pause) -> str:
    return pause.reason + (f", until {pause.until:%Y-%m-%d %H:%M} UTC" if pause.until else "")


def _says(fact: Event) -> str:  # noqa: C901, PLR0911, PLR0912 - one flat case per kind of fact
    match fact:
        case Ended(run=run):
            return f"{run.outcome} {run.reason.code}: {run.reason.detail}" if run.reason else run.outcome
        case RetestEnded(reason=reason, seconds=seconds, reds=reds):
            flaky = f", red {reds}× before: a flake" if reds else ""
            return f"{reason.code}: {reason.detail}" if reason else f"green after {seconds:.1f} s{flaky}"
        case Recovered(detail=said) | Broken(detail=said) | RoomBack(detail=said):
            return said
        case LandingUnknown(detail=said) | RemoteLost(detail=said):
            return said
        case TakenBack(reason=Coded(detail=said)) | SaidMerged(said_by=said):
            return said
        case LandingRefused(reason=why):
            return f"{why.code}: {why.detail}"
        case HeldUp(held=held):
            return f"by {held.check}: {held.reason}"
        case Approved(check=check) | ApprovalWithdrawn(check=check):
            return f"for {check or 'every check'}"
        case PauseBegun(pause=pause, instead_of=None):
            return f"{pause.by}: {_pause(pause)}"
        case PauseBegun(pause=pause, instead_of=Pause() as before):
            return f"{pause.by}: {_pause(pause)}, instead of {before.by}: {_pause(before)}"
        case PauseEnded(pause=Pause() as ended, by_time=by_time):
            return f"{'its time is over: ' if by_time else ''}{_pause(ended)}"
        case Enqueued(emergency=Emergency(by=who, reason=said, through_pause=through)):
            return f"emergency{', through the pause' if through else ''}, {who}: {said}"
        case RetestStarted(reduced=True):
            return "with the command for emergencies"
        case LeaseForced(holder=holder, reason=reason):
            return f"from {holder}: {reason}"
        case LeaseGranted(taken_over_from=str() as left):
            return f"taken over from {left}"
        case _:
            return ""
