"""What a landing hangs on: disk, lease, pause, remote, engine, checks, head entry, retest, next entry."""

from collections.abc import Sequence
from datetime import timedelta
from statistics import median

from msgspec import Struct

from mergetui.events import Broken, CaughtUp, Ended, Event, RetestStarted
from mergetui.model import Entry, EntryState, Instant, Lease
from mergetui.outcome import Run
from mergetui.queueing import order, rest_of
from mergetui.reason import HeldBack
from mergetui.verdict import Knowledge, freeze_of, held_back, spell

_LATEST = 50
"""Landings that tell what is usual."""
_ENOUGH = 5
"""Landings below which the latest one tells as much as their median, and a percentile tells nothing."""


class Circumstance(Struct, frozen=True, kw_only=True):
    about: str
    says: str
    blocks: bool = False
    """Nothing lands before it has changed."""


def circumstances(known: Knowledge) -> tuple[Circumstance, ...]:
    """In the order in which a person would look."""
    return (
        *_disk(known),
        _lease(known),
        _pause(known),
        _remote(known),
        _engine(known),
        *_checks(known),
        _head(known),
        _retest(known),
        _next(known),
    )


def usual_span(runs: Sequence[Run]) -> timedelta | None:
    """The median from catch-up to landing of the latest that landed; of few, what the last one took."""
    spans = [span.total_seconds() for span in _spans(runs)]
    if len(spans) < _ENOUGH:
        return timedelta(seconds=spans[-1]) if spans else None
    return timedelta(seconds=median(spans))


def slow_span(runs: Sequence[Run]) -> timedelta | None:
    """What 95 of 100 of the same do not exceed (nearest rank); None of few."""
    spans = sorted(_spans(runs))
    return spans[-(-95 * len(spans) // 100) - 1] if len(spans) >= _ENOUGH else None


def _spans(runs: Sequence[Run]) -> list[timedelta]:
    return [run.finished_at - run.started_at for run in runs[-_LATEST:] if run.outcome == "landed"]


def broken_by(facts: Sequence[Event]) -> str | None:
    """What the gate itself failed with, unless it has done its work since."""
    for fact in reversed(facts):
        match fact:
            case Broken(detail=detail):
                return detail
            case CaughtUp() | RetestStarted() | Ended(run=Run(outcome="landed")):
                return None
            case _:
                continue
    return None


def _disk(known: Knowledge) -> tuple[Circumstance, ...]:
    if known.lack is None:
        return ()
    return (Circumstance(about="disk", says=f"nothing can be written: {known.lack}", blocks=True),)


def _lease(known: Knowledge) -> Circumstance:
    lease = known.state.lease
    if lease is None:
        return Circumstance(about="lease", says="free")
    return Circumstance(about="lease", says=f"#{lease.token} {lease.holder} for {_held_for(lease, known)}")


def _held_for(lease: Lease, known: Knowledge) -> str:
    branches = ", ".join(lease.branches)
    if lease.awaits_merge and known.now >= lease.expires_at:
        return f"{branches}; stale: it waits to be merged for too long"
    if lease.awaits_merge:
        return f"{branches}, kept until it is merged, {spell(lease.expires_at - known.now)} left"
    if known.holder_is_dead:
        return f"{branches}; the holder is dead: the next engine takes it over"
    if known.now >= lease.expires_at:
        return f"{branches}; stale: not renewed for {spell(known.now - lease.renewed_at)}"
    renewed, left = spell(known.now - lease.renewed_at), spell(lease.expires_at - known.now)
    return f"{branches}, renewed {renewed} ago, {left} left"


def _pause(known: Knowledge) -> Circumstance:
    pause = known.state.pause
    if pause is None or not pause.holds(known.now):
        return Circumstance(about="pause", says="none")
    until = f", {spell(pause.until - known.now)} left" if pause.until else ""
    left = len(rest_of(known.state).branches)
    draining = f"; draining: {left} left" if left else ""
    says = f"by {pause.by} for {spell(known.now - pause.at)}{until}: {pause.reason}{draining}"
    return Circumstance(about="pause", says=says, blocks=True)


def _remote(known: Knowledge) -> Circumstance:
    seen = known.state.seen
    if seen is None:
        return Circumstance(about="remote", says="never looked at yet")
    if seen.trouble is not None:
        since = spell(known.now - (seen.failing_since or seen.at))
        return Circumstance(about="remote", says=f"down for {since}: {seen.trouble}", blocks=True)
    at = seen.tip[:10] if seen.tip else "gone"
    says = f"{seen.target} at {at}, looked at {spell(known.now - seen.at)} ago"
    return Circumstance(about="remote", says=says, blocks=seen.tip is None)


def _engine(known: Knowledge) -> Circumstance:
    advance = known.state.advance
    if advance is not None:
        says = f"{advance.holder} advances it ({advance.mode}) for {spell(known.now - advance.since)}"
        return Circumstance(about="engine", says=says)
    broken = f"; the last one failed: {known.broken}" if known.broken else ""
    return Circumstance(about="engine", says=f"nobody advances it{broken}", blocks=True)


def _checks(known: Knowledge) -> tuple[Circumstance, ...]:
    """Where there are any: what they said when they were last asked."""
    if not known.repository.checks:
        return ()
    if frozen := freeze_of(known):
        return (Circumstance(about="checks", says=_held(frozen, known), blocks=True),)
    queue = order(known.state.entries.values())
    held = [(entry, said) for entry in queue if (said := held_back(entry, known))]
    if not held:
        return (Circumstance(about="checks", says=f"nothing waits for {', '.join(known.repository.checks)}"),)
    others = f"; {len(held) - 1} more wait" if len(held) > 1 else ""
    (entry, said), movable = held[0], [entry for entry in queue if not entry.state.needs_a_person]
    says = f"{entry.branch} waits for {_held(said, known)}{others}"
    return (Circumstance(about="checks", says=says, blocks=len(held) == len(movable)),)


def _held(said: HeldBack, known: Knowledge) -> str:
    left = f", {spell(said.until - known.now)} left" if said.until else ""
    return f"{said.check}: {said.reason}{left}"


def _head(known: Knowledge) -> Circumstance:
    movable = [entry for entry in order(known.state.entries.values()) if not entry.state.needs_a_person]
    if not movable:
        says = "no entry can move" if known.state.entries else "the queue is empty"
        return Circumstance(about="head", says=says, blocks=True)
    head = movable[0]
    since = head.state_since or head.enqueued_at
    behind = f", {head.behind} behind" if head.behind else ""
    urgent = f", {head.emergency!s}" if head.emergency is not None else ""
    says = f"{head.branch} is {head.state} for {spell(known.now - since)}{behind}{urgent}"
    return Circumstance(about="head", says=says)


def _retest(known: Knowledge) -> Circumstance:
    if not known.policy.has_command:
        return Circumstance(about="retest", says="no command is configured", blocks=known.policy.enabled)
    running = [e for e in known.state.entries.values() if e.state is EntryState.TESTING and e.state_since]
    if not running:
        return Circumstance(about="retest", says="none runs")
    return Circumstance(about="retest", says=_progress(known, running[0]))


def _progress(known: Knowledge, entry: Entry) -> str:
    spent = spell(known.now - (entry.state_since or known.now))
    usual = f" of about {spell(known.usual)}" if known.usual else ""
    output = known.output
    if output is None or output.bytes == 0:
        return f"runs for {spent}{usual}, has printed nothing"
    silent = known.now - output.at
    limit = known.repository.retest_silence
    allowed = f" of {spell(limit)} allowed" if silent > limit / 2 else ""
    return f"runs for {spent}{usual}, last output {spell(silent)} ago{allowed}"


def _next(known: Knowledge) -> Circumstance:
    entries = [e for e in order(known.state.entries.values()) if not e.state.needs_a_person]
    waiting = [entry for entry in entries if not entry.state.in_flight]
    if not waiting:
        return Circumstance(about="next", says=_nothing_next(known))
    first = min(waiting, key=lambda entry: entry.available_at or known.now)
    return Circumstance(about="next", says=f"{first.branch} {_when(first, known.now)}")


def _nothing_next(known: Knowledge) -> str:
    if not known.state.entries:
        return "nothing until a branch is queued"
    if all(entry.state.needs_a_person for entry in known.state.entries.values()):
        return "nothing until an author pushes or an operator acts"
    return "nothing else is queued"


def _when(entry: Entry, now: Instant) -> str:
    if entry.available_at is None or entry.available_at <= now:
        return "as soon as it is its turn"
    return f"in {spell(entry.available_at - now)}"
