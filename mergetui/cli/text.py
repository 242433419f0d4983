"""Answers for people: plain lines, nothing of others' text active in them."""

from collections.abc import Sequence

from mergetui.cleaning import name as clean
from mergetui.model import Entry, Instant, Lease
from mergetui.operations import Desk
from mergetui.outcome import Run
from mergetui.queueing import order, rest_of

_GLYPHS = {
    "queued": "·",
    "catching-up": "⟳",
    "testing": "▶",
    "landing": "⇡",
    "awaiting-merge": "⏸",
    "deferred": "↻",
    "held": "‖",
    "sent-back": "✗",
}


def status_lines(desk: Desk, now: Instant) -> list[str]:
    state, repository = desk.state(), desk.repository
    tip = state.seen.tip[:10] if state.seen and state.seen.tip else "not seen yet"
    lines = [f"{repository.name}  {clean(repository.target)} {tip}"]
    if state.pause is not None and state.pause.holds(now):
        left = len(rest_of(state).branches)
        lines.append(f"  {clean(str(state.pause))}{f'; draining: {left} left' if left else ''}")
    if state.seen is not None and state.seen.trouble is not None:
        lines.append(f"  the remote cannot be reached: {clean(state.seen.trouble)}")
    if state.lease is not None:
        lines.append(f"  lease {_lease(state.lease, desk, now)}")
    if notice := desk.notice():
        lines.append(f"  {clean(notice)}")
    rows = [_entry(e, place, now) for place, e in enumerate(order(state.entries.values()), start=1)]
    return [*lines, *(rows or ["  the queue is empty"])]


def history_lines(runs: Sequence[Run]) -> list[str]:
    return [
        f"{run.finished_at:%Y-%m-%d %H:%M:%S}  {run.repo:<12} {run.outcome:<9} "
        f"{clean(' + '.join(run.branches))}{_because(run)}{_urgent(run)}"
        for run in runs
    ]


def _urgent(run: Run) -> str:
    return f"  emergency: {clean(run.emergency)}" if run.emergency is not None else ""


def _because(run: Run) -> str:
    if run.reason is not None:
        return f"  {run.reason.code}: {clean(run.reason.detail)}"
    return f"  {run.landed_commit[:10]}" if run.landed_commit else ""


def _lease(lease: Lease, desk: Desk, now: Instant) -> str:
    left = int((lease.expires_at - now).total_seconds())
    ends = "stale" if desk.is_stale(lease) else f"{left} s left"
    return f"#{lease.token} {clean(str(lease.holder))} for {clean(', '.join(lease.branches))}, {ends}"


def _entry(entry: Entry, position: int, now: Instant) -> str:
    parts = [f"{position:>4} {_GLYPHS[entry.state]} {entry.state:<12} {clean(' + '.join(entry.branches))}"]
    if entry.emergency is not None:
        parts.append(clean(str(entry.emergency)))
    if entry.priority != "normal":
        parts.append(entry.priority)
    if entry.reason is not None and (entry.state.needs_a_person or entry.available_at):
        parts.append(f"{entry.reason.code}: {clean(entry.reason.detail)}")
    if entry.available_at is not None:
        parts.append(f"again in {max(int((entry.available_at - now).total_seconds()), 0)} s")
    return "  ".join(parts)
