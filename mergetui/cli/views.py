"""The stored state as the JSON of the contract."""

from typing import Any

from mergetui.cleaning import redact
from mergetui.model import Entry, Instant, Lease
from mergetui.operations import Desk
from mergetui.outcome import Run
from mergetui.queueing import order
from mergetui.repository import Repository
from mergetui.state import RepositoryState


def repository_fields(desk: Desk, now: Instant) -> dict[str, Any]:
    state, repository = desk.state(), desk.repository
    lease = state.lease
    return {
        "name": repository.name,
        "remote": redact(repository.remote),
        "target": repository.target,
        "tip": _tip(state, repository),
        "enabled": repository.enabled,
        "paused": _pause(state, now),
        "frozen": state.frozen,
        "lease": lease_fields(lease, stale=desk.is_stale(lease)) if lease else None,
        "trouble": state.seen.trouble if state.seen else None,
        "notice": desk.notice(),
        "queue": [
            entry_fields(entry, position)
            for position, entry in enumerate(order(state.entries.values()), start=1)
        ],
    }


def entry_fields(entry: Entry, position: int) -> dict[str, Any]:
    return {
        "id": entry.id,
        "branch": entry.branch,
        "branches": entry.branches,
        "state": entry.state,
        "position": position,
        "priority": entry.priority,
        "head": entry.heads[-1],
        "heads": entry.heads,
        "author": entry.author,
        "attempts": entry.attempts,
        "emergency": entry.emergency,
        "retries": entry.retries,
        "deferrals": entry.deferrals,
        "enqueued_at": entry.enqueued_at,
        "available_at": entry.available_at,
        "reason": entry.reason,
        "held_back": entry.held_back,
        "approvals": entry.approvals,
        "log": entry.log,
    }


def lease_fields(lease: Lease, *, stale: bool) -> dict[str, Any]:
    return {
        "token": lease.token,
        "holder": {"operator": lease.holder.operator, "host": lease.holder.host, "pid": lease.holder.pid},
        "for": lease.branches,
        "phase": lease.phase,
        "acquired_at": lease.acquired_at,
        "renewed_at": lease.renewed_at,
        "expires_at": lease.expires_at,
        "stale": stale,
    }


def run_fields(run: Run) -> dict[str, Any]:
    return {
        "id": run.id,
        "repo": run.repo,
        "branches": run.branches,
        "outcome": run.outcome,
        "code": run.reason.code if run.reason else None,
        "detail": run.reason.detail if run.reason else None,
        "base": run.base,
        "tested_commit": run.tested_commit,
        "tested_tree": run.tested_tree,
        "landed_commit": run.landed_commit,
        "landed_tree": run.landed_tree,
        "changes": run.changes,
        "emergency": run.emergency,
        "token": run.token,
        "retests": run.retests,
        "contended": run.contended,
        "started_at": run.started_at,
        "finished_at": run.finished_at,
        "log": run.log,
    }


def _pause(state: RepositoryState, now: Instant) -> dict[str, Any] | None:
    pause = state.pause
    if pause is None or not pause.holds(now):
        return None
    return {"by": pause.by, "reason": pause.reason, "at": pause.at, "until": pause.until}


def _tip(state: RepositoryState, repository: Repository) -> str | None:
    seen = state.seen
    return seen.tip if seen is not None and seen.target == repository.target else None
