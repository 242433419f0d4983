"""The operator's commands as the console sends them: what to say afterwards, and how to take it back.

Everything here may block: it runs on an errand's thread.
"""

from collections.abc import Callable, Sequence
from threading import Event

from msgspec import Struct

from mergetui.model import Entry, Instant, Lease, Priority
from mergetui.operations import Desk, NotQueued, NotReleased, Queued
from mergetui.outcome import Unreachable
from mergetui.queueing import find, positions
from mergetui.tui.wording import names, span

_LADDER = tuple(Priority)


class Done(Struct, frozen=True, kw_only=True):
    says: str
    fine: bool = True
    undo: Callable[[], object] | None = None


def dequeue(desk: Desk, entries: Sequence[Entry]) -> Done:
    answers = [desk.dequeue(shown.branch) for shown in entries]
    taken = [answer for answer in answers if isinstance(answer, Entry)]
    refused = [_refusal(answer) for answer in answers if not isinstance(answer, Entry)]

    def undo() -> None:
        for entry in taken:
            desk.put_back(entry)

    told = [f"{_names(taken)}: taken out of the queue"] if taken else []
    return Done(says="; ".join([*told, *refused]), fine=not refused, undo=undo if taken else None)


def retry(desk: Desk, entries: Sequence[Entry]) -> Done:
    state = desk.state()
    before = [entry for shown in entries if (entry := find(state, shown.branch)) is not None]
    answers = [desk.retry(entry.branch) for entry in before]
    again = [entry for entry, answer in zip(before, answers, strict=True) if isinstance(answer, Entry)]
    refused = [_refusal(answer) for answer in answers if not isinstance(answer, Entry)]

    def undo() -> None:
        for entry in again:
            desk.put_back(entry)

    told = [f"{_names(again)}: queued for another try"] if again else []
    says = "; ".join([*told, *refused]) or f"{_names(entries)}: not in the queue any more"
    return Done(says=says, fine=bool(again) and not refused, undo=undo if again else None)


def move(desk: Desk, entries: Sequence[Entry], places: int) -> Done:
    """`places` down the queue, or up when negative; several keep their order."""
    before = positions(desk.state())
    known = [entry for entry in entries if entry.id in before]
    ahead = sorted(known, key=lambda entry: before[entry.id], reverse=places > 0)
    reached = {entry.branch: desk.move(entry.branch, to=before[entry.id] + places) for entry in ahead}

    def undo() -> None:
        for entry in sorted(known, key=lambda entry: before[entry.id]):
            desk.move(entry.branch, to=before[entry.id])
            desk.prioritise(entry.branch, entry.priority)

    said = ", ".join(f"{names([branch])} is number {place}" for branch, place in reached.items() if place)
    return Done(says=said or "not in the queue any more", fine=bool(said), undo=undo if said else None)


def prioritise(desk: Desk, entries: Sequence[Entry], steps: int) -> Done:
    """`steps` more urgent, or less when negative."""
    state = desk.state()
    before = [entry for shown in entries if (entry := find(state, shown.branch)) is not None]
    now = {entry.branch: _step(entry.priority, steps) for entry in before}
    for branch, priority in now.items():
        desk.prioritise(branch, priority)

    def undo() -> None:
        for entry in before:
            desk.prioritise(entry.branch, entry.priority)

    says = ", ".join(f"{names([branch])} is {priority}" for branch, priority in now.items())
    return Done(says=says or "not in the queue any more", fine=bool(now), undo=undo if now else None)


def pause(desk: Desk, reason: str, *, until: Instant | None, now: bool) -> Done:
    desk.pause(reason, until=until, now=now)
    return Done(says=f"{desk.repository.name}: paused", undo=desk.resume)


def resume(desk: Desk) -> Done:
    name, ended = desk.repository.name, desk.resume()
    if ended is None:
        return Done(says=f"{name}: it was not paused", fine=False)
    return Done(
        says=f"{name}: resumed", undo=lambda: desk.pause(ended.reason, until=ended.until, now=ended.now)
    )


def enqueue(desk: Desk, stacks: Sequence[tuple[str, ...]], priority: Priority) -> Done:
    answers = desk.enqueue(stacks, priority=priority)
    if isinstance(answers, Unreachable):
        return Done(says=_refusal(answers), fine=False)
    queued = [answer.entry for answer in answers if isinstance(answer, Queued)]
    refused = [_refusal(answer) for answer in answers if isinstance(answer, NotQueued)]
    told = [f"{_names(queued)}: queued"] if queued else []
    return Done(says="; ".join([*told, *refused]), fine=not refused)


def emergency(desk: Desk, branch: str, reason: str, *, through_pause: bool) -> Done:
    answer = desk.emergency(branch, reason, through_pause=through_pause)
    if isinstance(answer, Queued):
        return Done(says=f"{names(answer.entry.branches)} goes ahead of everything")
    return Done(says=_refusal(answer), fine=False)


def force_release(desk: Desk, shown: Lease, reason: str, *, stale: bool, now: Instant) -> Done:
    """Of the lease that was shown and no other; not of one that was stale when shown and is renewed since."""
    held = desk.state().lease
    if stale and held is not None and held.token == shown.token and held.renewed_at > shown.renewed_at:
        return Done(says=f"renewed {span(now - held.renewed_at)} ago: refused", fine=False)
    answer = desk.force_release(reason, token=shown.token)
    if isinstance(answer, NotReleased):
        return Done(says=f"refused: {names([answer.why])}", fine=False)
    seen = desk.see_off(shown, sleep=Event().wait)
    return Done(says=f"the lease #{shown.token} is free: {names([seen])}")


def _step(priority: Priority, steps: int) -> Priority:
    place = _LADDER.index(priority) - steps
    return _LADDER[min(max(place, 0), len(_LADDER) - 1)]


def _refusal(answer: NotQueued | Unreachable) -> str:
    if isinstance(answer, Unreachable):
        return f"the remote cannot be reached: {names([answer.message])}"
    return f"{names(answer.branches)}: {names([answer.why])}"


def _names(entries: Sequence[Entry]) -> str:
    first = names(entry.branch for entry in entries[:3])
    return first if len(entries) <= 3 else f"{first} and {len(entries) - 3} more"
