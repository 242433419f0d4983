"""The operator's commands as the console sends them: what to say afterwards, and how to take it back.

Everything here may block: it runs on an errand's thread.
"""

from collections.abc import Callable, Iterable, Sequence
from threading import Event
from typing import TypeAlias

from msgspec import Struct

from mergetui.model import Entry, EntryId, Instant, Lease, Priority
from mergetui.operations import Desk, NotQueued, NotReleased, Queued
from mergetui.outcome import Unreachable
from mergetui.queueing import find, positions
from mergetui.tui.wording import names, short, span

_LADDER = tuple(Priority)


Undo: TypeAlias = Callable[[], Sequence[NotQueued]]
"""Gives what could not be taken back, and why."""


class Done(Struct, frozen=True, kw_only=True):
    says: str
    fine: bool = True
    undo: Undo | None = None


def taken_back(says: str, undo: Undo) -> Done:
    refused = undo()
    if refused:
        return Done(says=f"not taken back: {'; '.join(map(_refusal, refused))}", fine=False)
    return Done(says=f"taken back: {says}")


def dequeue(desk: Desk, entries: Sequence[Entry]) -> Done:
    answers = [desk.dequeue(shown.branch) for shown in entries]
    taken = [answer for answer in answers if isinstance(answer, Entry)]
    refused = [_refusal(answer) for answer in answers if not isinstance(answer, Entry)]

    def undo() -> list[NotQueued]:
        return _refusals(desk.put_back(entry) for entry in taken)

    told = [f"{_names(taken)}: taken out of the queue"] if taken else []
    return Done(says="; ".join([*told, *refused]), fine=not refused, undo=undo if taken else None)


def retry(desk: Desk, entries: Sequence[Entry]) -> Done:
    state = desk.state()
    before = [entry for shown in entries if (entry := find(state, shown.branch)) is not None]
    answers = [desk.retry(entry.branch) for entry in before]
    again = [entry for entry, answer in zip(before, answers, strict=True) if isinstance(answer, Entry)]
    refused = [_refusal(answer) for answer in answers if not isinstance(answer, Entry)]

    def undo() -> list[NotQueued]:
        return _refusals(desk.take_back_retry(entry) for entry in again)

    told = [f"{_names(again)}: queued for another try"] if again else []
    says = "; ".join([*told, *refused]) or f"{_names(entries)}: not in the queue any more"
    return Done(says=says, fine=bool(again) and not refused, undo=undo if again else None)


def move(desk: Desk, entries: Sequence[Entry], places: int) -> Done:
    """`places` down the queue, or up when negative; several keep their order, also where the queue ends."""
    before = positions(desk.state())
    ahead = sorted(
        (entry for entry in entries if entry.id in before), key=lambda e: before[e.id], reverse=places > 0
    )
    if not ahead:
        return Done(says="not in the queue any more", fine=False)
    reached, end = dict[EntryId, int](), len(before) if places > 0 else 1
    for entry in ahead:
        to = before[entry.id] + places
        to = min(to, end) if places > 0 else max(to, end)
        place = desk.move(entry.branch, to=to) or to if to != before[entry.id] else to
        reached[entry.id], end = place, place - 1 if places > 0 else place + 1
    ahead.sort(key=lambda entry: reached[entry.id])
    moved = [entry for entry in ahead if reached[entry.id] != before[entry.id]]

    def undo() -> list[NotQueued]:
        for entry in sorted(moved, key=lambda entry: before[entry.id]):
            desk.move(entry.branch, to=before[entry.id])
            desk.prioritise(entry.branch, entry.priority)
        return []

    if not moved:
        return Done(says=f"{_names(ahead)}: no further {'down' if places > 0 else 'up'}", fine=False)
    said = ", ".join(f"{names([entry.branch])} is number {reached[entry.id]}" for entry in moved)
    return Done(says=said, undo=undo)


def prioritise(desk: Desk, entries: Sequence[Entry], steps: int) -> Done:
    """`steps` more urgent, or less when negative."""
    state = desk.state()
    before = [entry for shown in entries if (entry := find(state, shown.branch)) is not None]
    if not before:
        return Done(says="not in the queue any more", fine=False)
    changed = [entry for entry in before if _step(entry.priority, steps) is not entry.priority]
    if not changed:
        return Done(says=f"{_names(before)}: {before[0].priority} already", fine=False)
    for entry in changed:
        desk.prioritise(entry.branch, _step(entry.priority, steps))

    def undo() -> list[NotQueued]:
        for entry in changed:
            desk.prioritise(entry.branch, entry.priority)
        return []

    says = ", ".join(f"{names([entry.branch])} is {_step(entry.priority, steps)}" for entry in changed)
    return Done(says=says, undo=undo)


def pause(desks: Sequence[Desk], reason: str, *, until: Instant | None, now: bool) -> Done:
    for desk in desks:
        desk.pause(reason, until=until, now=now)

    def undo() -> list[NotQueued]:
        for desk in desks:
            desk.resume()
        return []

    return Done(says=f"{_names_of(desks)}: paused", undo=undo)


def resume(desks: Sequence[Desk]) -> Done:
    ended = [(desk, pause) for desk in desks if (pause := desk.resume()) is not None]
    if not ended:
        return Done(says=f"{_names_of(desks)}: not paused any more", fine=False)

    def undo() -> list[NotQueued]:
        for desk, pause in ended:
            desk.pause(pause.reason, until=pause.until, now=pause.now)
        return []

    return Done(says=f"{_names_of([desk for desk, _ in ended])}: resumed", undo=undo)


def enqueue(desk: Desk, stacks: Sequence[tuple[str, ...]], priority: Priority) -> Done:
    answers = desk.enqueue(stacks, priority=priority)
    if isinstance(answers, Unreachable):
        return Done(says=_refusal(answers), fine=False)
    queued = [answer.entry for answer in answers if isinstance(answer, Queued)]
    refused = [_refusal(answer) for answer in answers if isinstance(answer, NotQueued)]
    told = [f"{_names(queued)}: queued"] if queued else []
    new = [answer.entry for answer in answers if isinstance(answer, Queued) and not answer.pinned_anew]

    def undo() -> list[NotQueued]:
        return _refusals(desk.dequeue(entry.branch) for entry in new)

    return Done(says="; ".join([*told, *refused]), fine=not refused, undo=undo if new else None)


def approve(desk: Desk, entries: Sequence[Entry]) -> Done:
    """For whichever check asks for it, and for the commits that were shown."""
    answers = [desk.approve(shown.branch, heads=shown.heads) for shown in entries]
    approved = [answer for answer in answers if isinstance(answer, Entry)]
    refused = [_refusal(answer) for answer in answers if isinstance(answer, NotQueued)]
    told = [f"{names([entry.branch])} at {short(entry.heads[-1])} has your word" for entry in approved]

    def undo() -> list[NotQueued]:
        return _refusals(desk.withdraw(entry) for entry in approved)

    return Done(says="; ".join([*told, *refused]), fine=not refused, undo=undo if approved else None)


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


def _refusals(answers: Iterable[Entry | NotQueued]) -> list[NotQueued]:
    return [answer for answer in answers if isinstance(answer, NotQueued)]


def _refusal(answer: NotQueued | Unreachable) -> str:
    if isinstance(answer, Unreachable):
        return f"the remote cannot be reached: {names([answer.message])}"
    return f"{names(answer.branches)}: {names([answer.why])}"


def _names(entries: Sequence[Entry]) -> str:
    first = names(entry.branch for entry in entries[:3])
    return first if len(entries) <= 3 else f"{first} and {len(entries) - 3} more"


def _names_of(desks: Sequence[Desk]) -> str:
    return names(desk.repository.name for desk in desks)
