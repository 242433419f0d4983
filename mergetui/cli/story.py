"""What happens, told in a line each as it happens."""

from mergetui.cleaning import name as clean
from mergetui.events import (
    Broken,
    CatchUpStarted,
    Ended,
    Enqueued,
    Event,
    HandedOver,
    HeadMoved,
    LandingContended,
    LandingUnknown,
    LeaseLost,
    OutOfRoom,
    PauseBegun,
    PauseEnded,
    Recovered,
    RemoteBack,
    RemoteLost,
    RetestEnded,
    RetestStarted,
    RoomBack,
    TakenBack,
    TakenUp,
    TargetMoved,
)
from mergetui.model import Emergency
from mergetui.reason import Coded, Reason
from mergetui.state import Pause


def tell(event: Event) -> str | None:  # noqa: C901, PLR0912, PLR0915 - one flat case per fact
    """A line about the fact; None for facts that only the journal needs."""
    match event:
        case CatchUpStarted(branches=branches, onto=onto):
            said = f"catching {_names(branches)} up with {onto[:10]}"
        case RetestStarted(branches=branches, commit=commit):
            said = f"retesting {_names(branches)} as {commit[:10]}"
        case RetestEnded(branches=branches, reason=None, seconds=seconds, reds=reds):
            flaky = f", red {reds}× before: a flake" if reds else ""
            said = f"green: {_names(branches)} after {seconds:.1f} s{flaky}"
        case RetestEnded(branches=branches, reason=Coded(code=Reason.INTERRUPTED, detail=detail)):
            said = f"stopped the retest of {_names(branches)}: {clean(detail)}"
        case RetestEnded(branches=branches, reason=reason) if reason is not None:
            said = f"red: {_names(branches)}: {clean(reason.detail)}"
        case Ended():
            said = _ending(event)
        case TargetMoved(after=after):
            said = f"somebody pushed to the target, which is at {(after or 'nothing')[:10]} now"
        case LandingContended(branches=branches):
            said = f"the target moved before {_names(branches)} could land: catching up again"
        case HeadMoved(branches=branches):
            said = f"the author of {_names(branches)} pushed: pinned anew"
        case TakenUp(branches=branches, retry=retry):
            said = f"the author of {_names(branches)} pushed: taken up again, retry {retry}"
        case RemoteLost(detail=detail):
            said = f"the remote cannot be reached: {clean(detail)}"
        case RemoteBack():
            said = "the remote answers again"
        case LandingUnknown(branches=branches, detail=detail):
            said = f"whether {_names(branches)} landed is not known yet: {clean(detail)}"
        case HandedOver(branches=branches, commit=commit):
            said = f"green: {_names(branches)} waits to be merged as {commit[:10]}"
        case TakenBack(branches=branches):
            said = f"{_names(branches)} cannot be merged as it was tested any more"
        case LeaseLost(token=token):
            said = f"the lease #{token} was taken away"
        case PauseBegun(pause=pause):
            begun = "the pause is changed" if event.instead_of is not None else "paused"
            said = f"{begun} by {clean(pause.by)}: {clean(pause.reason)}"
        case PauseEnded(by_time=True, pause=Pause(reason=reason)):
            said = f"the time of the pause is over: {clean(reason)}"
        case PauseEnded():
            said = "resumed"
        case Enqueued(emergency=Emergency(by=by, reason=reason)):
            said = f"emergency: {_names(event.branches)} goes first, by {clean(by)}: {clean(reason)}"
        case OutOfRoom(detail=detail):
            said = f"nothing can be written: {clean(detail)}"
        case RoomBack(detail=detail):
            said = f"there is room again after: {clean(detail)}"
        case Recovered(detail=detail):
            said = f"after a crash: {clean(detail)}"
        case Broken(detail=detail):
            said = f"the gate itself failed: {clean(detail)}"
        case _:
            return None
    return f"{event.at:%H:%M:%S} {event.repo}: {said}"


def _ending(event: Ended) -> str:
    run = event.run
    if run.outcome == "landed":
        return f"landed {_names(run.branches)} as {(run.landed_commit or '')[:10]}"
    why = f"{run.reason.code}: {clean(run.reason.detail)}" if run.reason else ""
    again = f", again at {event.available_at:%H:%M:%S}" if event.available_at else ""
    return f"{run.outcome.replace('-', ' ')} {_names(run.branches)}: {why}{again}"


def _names(branches: tuple[str, ...]) -> str:
    return clean(" + ".join(branches))
