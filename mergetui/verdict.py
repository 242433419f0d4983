"""Why is nothing landing: one verdict from what is stored, and what helps.

The same plan that a driver follows is asked, from the view of somebody who only reads.
"""

from collections.abc import Mapping
from datetime import timedelta

from msgspec import Struct
from msgspec.structs import replace

from mergetui.actions import Defer, Wait, Why
from mergetui.cleaning import redact
from mergetui.leasing import is_kept
from mergetui.model import Candidate, Entry, EntryState, Instant
from mergetui.planning import plan
from mergetui.queueing import order, rest_of
from mergetui.reason import Coded, HeldBack, Reason
from mergetui.repository import Repository
from mergetui.state import RepositoryState
from mergetui.view import Output, Policy, View


class Knowledge(Struct, frozen=True, kw_only=True):
    """What somebody who only reads knows of a repository."""

    repository: Repository
    state: RepositoryState
    policy: Policy
    now: Instant
    holder_is_dead: bool = False
    """Proven of the process that the lease names."""
    output: Output | None = None
    """Of the retest that runs."""
    usual: timedelta | None = None
    """What a run takes, from those that landed."""
    slow: timedelta | None = None
    """What 95 of 100 of these stayed under."""
    broken: str | None = None
    """What the gate itself failed with, if nothing was done since."""
    lack: str | None = None
    """Why nothing can be written."""


class Verdict(Struct, frozen=True, kw_only=True):
    why: Why
    says: str
    """One sentence for people."""
    mend: str = ""
    """The command that helps, if one does."""
    key: str = ""
    """The key of the console that helps."""


def explain(known: Knowledge) -> Verdict:  # noqa: C901, PLR0911, PLR0912 - one flat case per Why
    """The first that holds: no room, a landing in doubt, work in flight, pause, lease, remote, queue."""
    wait = _wait(known)
    name = known.repository.name
    match wait.why:
        case Why.NO_ROOM:
            return _verdict(wait, f"nothing can be written: {wait.detail}", "mergetui doctor")
        case Why.IDLE:
            return _verdict(wait, "the queue is empty", f"mergetui enqueue {name} BRANCH", "e")
        case Why.PAUSED:
            return _paused(known.state, name)
        case Why.TESTING:
            return _verdict(wait, wait.detail, f"mergetui log {name} --follow", "l")
        case Why.AWAITING_MERGE:
            return _awaiting_merge(known, wait)
        case Why.UNDECIDED:
            return _verdict(wait, f"the remote has not said yet whether {wait.detail} landed")
        case Why.NO_COMMAND:
            says = f"[repos.{name}] has no retest command, so no candidate can be judged"
            return _verdict(wait, says, "set 'retest' in the configuration")
        case Why.REMOTE_DOWN:
            mend = f"git ls-remote {redact(known.repository.remote)}"
            return _verdict(wait, f"the remote cannot be reached: {wait.detail}", mend)
        case Why.FROZEN | Why.HELD_BACK:
            return _verdict(wait, wait.detail + _until(wait.until))
        case Why.NO_SLOT:
            return _verdict(wait, "every slot for retests is taken by other repositories: [gate] slots")
        case Why.LEASE_BUSY:
            return _lease_busy(known, wait)
        case Why.NEEDS_A_PERSON:
            return _verdict(wait, _needs_a_person(known.state), f"mergetui retry {name} BRANCH", "r")
        case Why.DEFERRED:
            says = _deferred(known.state, known.now)
            return _verdict(wait, says, f"mergetui retry {name} BRANCH", "r")
        case Why.BROKEN:
            return _verdict(wait, f"the gate itself failed: {wait.detail}", "mergetui doctor")
        case Why.NOT_ADVANCING | Why.ELSEWHERE:
            return _not_advancing(known.state, name)


def _wait(known: Knowledge) -> Wait:  # noqa: PLR0911 - one return per thing that may hold it up
    """What a driver that came now would wait for."""
    state = known.state
    if known.lack is not None:
        return Wait(why=Why.NO_ROOM, detail=known.lack)
    if state.landing is not None:
        return Wait(why=Why.UNDECIDED, detail=_names(state.landing.candidate))
    if state.handover is not None and is_kept(state):
        return Wait(why=Why.AWAITING_MERGE, detail=_names(state.handover.candidate))
    queue = order(state.entries.values())
    frozen = freeze_of(known)
    if frozen is not None and any(not entry.state.needs_a_person for entry in queue):
        return Wait(why=Why.FROZEN, detail=f"{frozen.check}: {frozen.reason}", until=frozen.until)
    flying = [entry for entry in queue if entry.state.in_flight]
    worked_on = state.lease is not None and not known.holder_is_dead
    if flying and worked_on:
        return Wait(why=Why.TESTING, detail=_draining(state, known.now) + _in_flight(flying, known.now))
    held = {entry.id: said for entry in queue if (said := held_back(entry, known))}
    view = replace(_view(state, queue, now=known.now, lease_of_another=worked_on), held_back=held)
    actions = plan(view, known.policy)
    match actions[0]:
        case Wait() as wait:
            return wait
        case Defer(reason=Coded(code=Reason.REMOTE_UNREACHABLE, detail=detail)):
            return Wait(why=Why.REMOTE_DOWN, detail=detail)
        case Defer(reason=Coded(code=Reason.LEASE_BUSY, detail=detail)):
            return Wait(why=Why.LEASE_BUSY, detail=detail)
        case _ if known.broken is not None and state.advance is None:
            return Wait(why=Why.BROKEN, detail=known.broken)
        case _:
            lacks_slot = state.advance is not None and state.advance.lacks_slot
            return Wait(why=Why.NO_SLOT if lacks_slot else Why.NOT_ADVANCING)


def freeze_of(known: Knowledge) -> HeldBack | None:
    """What a check holds the whole repository up with, as it was last asked."""
    return _said(known.state.frozen, known)


def held_back(entry: Entry, known: Knowledge) -> HeldBack | None:
    """What a check lets the entry wait for, as it was last asked; nothing while the gate is at work on it."""
    waits = entry.state in (EntryState.QUEUED, EntryState.DEFERRED)
    return _said(entry.held_back, known) if waits else None


def _said(held: HeldBack | None, known: Knowledge) -> HeldBack | None:
    """Nothing once its time is over, or when nobody wants the check any more."""
    if held is None or held.check not in known.repository.checks:
        return None
    return held if held.until is None or held.until > known.now else None


def _until(instant: Instant | None) -> str:
    return f", until {instant:%Y-%m-%d %H:%M} UTC" if instant else ""


def _names(candidate: Candidate) -> str:
    return ", ".join(branch for link in candidate.links for branch in link.branches)


def _view(state: RepositoryState, queue: tuple[Entry, ...], *, now: Instant, lease_of_another: bool) -> View:
    """Branches are taken to stand where they were pinned, or to be gone still: only an engine looks."""
    heads: Mapping[str, str] = {
        branch: head
        for entry in state.entries.values()
        if entry.reason is None or entry.reason.code is not Reason.BRANCH_GONE
        for branch, head in zip(entry.branches, entry.heads, strict=True)
    }
    return View(
        now=now,
        tip=state.seen.tip if state.seen else None,
        heads=heads,
        queue=queue,
        pause=state.pause,
        lease_of_another=state.lease if lease_of_another else None,
        trouble=state.seen.trouble if state.seen else None,
    )


def _verdict(wait: Wait, says: str, mend: str = "", key: str = "") -> Verdict:
    return Verdict(why=wait.why, says=says, mend=mend, key=key)


def _paused(state: RepositoryState, name: str) -> Verdict:
    pause = state.pause
    assert pause is not None
    says = str(pause) + _waiting_emergencies(state)
    return Verdict(why=Why.PAUSED, says=says, mend=f"mergetui resume {name}", key="p")


def _waiting_emergencies(state: RepositoryState) -> str:
    waiting = [
        entry.branch
        for entry in order(state.entries.values())
        if entry.emergency is not None and not entry.state.needs_a_person
    ]
    return f"; the emergency {waiting[0]} waits for the resume" if waiting else ""


def _lease_busy(known: Knowledge, wait: Wait) -> Verdict:
    held = known.state.lease
    assert held is not None
    stale = " and has not been renewed in time" if known.now >= held.expires_at else ""
    return Verdict(
        why=wait.why,
        says=f"{held.holder} holds the lease #{held.token}{stale}",
        mend=f"mergetui lease release {known.repository.name} --reason TEXT --token {held.token}",
        key="f",
    )


def _awaiting_merge(known: Knowledge, wait: Wait) -> Verdict:
    name, handover = known.repository.name, known.state.handover
    assert handover is not None
    says = f"{wait.detail} is green and waits to be merged for {spell(known.now - handover.since)}"
    if known.now < handover.until:
        return _verdict(wait, says, "merge it where it was proposed")
    told = f"{says}, which is too long: its lease #{handover.token} is stale"
    return _verdict(wait, told, f"mergetui lease release {name} --reason TEXT --token {handover.token}", "f")


def _not_advancing(state: RepositoryState, name: str) -> Verdict:
    if state.advance is not None:
        says = f"{state.advance.holder} works on it: the next step is due"
        return Verdict(why=Why.ELSEWHERE, says=says)
    says = f"nobody advances {name}: auto-advance is off"
    return Verdict(why=Why.NOT_ADVANCING, says=says, mend=f"mergetui run {name}", key="a")


def _in_flight(flying: list[Entry], now: Instant) -> str:
    first = flying[0]
    since = now - (first.state_since or now)
    others = f" and {len(flying) - 1} more" if len(flying) > 1 else ""
    urgent = f", {first.emergency!s}" if first.emergency is not None else ""
    return f"{first.branch}{others} is {first.state} for {spell(since)}{urgent}"


def _draining(state: RepositoryState, now: Instant) -> str:
    if state.pause is None or not state.pause.holds(now):
        return ""
    return f"draining, {len(rest_of(state).branches)} left ({state.pause!s}): "


def _needs_a_person(state: RepositoryState) -> str:
    entries = [entry for entry in state.entries.values() if entry.state.needs_a_person]
    held = sum(entry.state is EntryState.HELD for entry in entries)
    back = len(entries) - held
    parts = [f"{back} sent back" * bool(back), f"{held} held" * bool(held)]
    told = " and ".join(part for part in parts if part)
    return f"{told}: each waits for its author to push, or for an operator"


def _deferred(state: RepositoryState, now: Instant) -> str:
    waiting = [entry for entry in state.entries.values() if entry.available_at is not None]
    first = min(waiting, key=lambda entry: entry.available_at or now)
    why = f": {first.reason.detail}" if first.reason else ""
    return f"{first.branch} is tried again in {spell((first.available_at or now) - now)}{why}"


def spell(span: timedelta) -> str:
    """`4m12s`, `1h05m`."""
    seconds = max(int(span.total_seconds()), 0)
    hours, minutes, left = seconds // 3600, seconds % 3600 // 60, seconds % 60
    if hours:
        return f"{hours}h{minutes:02}m"
    return f"{minutes}m{left:02}s" if minutes else f"{left}s"
