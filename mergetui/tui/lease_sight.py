"""What is known of a lease right now: whether it is stale, and what its holder printed last."""

from pathlib import Path

from mergetui import cleaning
from mergetui.masking import Mask
from mergetui.operations import Desk
from mergetui.tui.screens.force_release import LeaseSight

_TAIL = 4096
"""Bytes of a log that are read for its last line."""


def lease_sight(desk: Desk, mask: Mask) -> LeaseSight:
    """May block."""
    state = desk.state()
    lease = state.lease
    if lease is None:
        return LeaseSight(lease=None)
    log = next((entry.log for entry in state.entries.values() if entry.branch in lease.branches), None)
    line = _last_line(Path(log), mask) if log is not None else ""
    return LeaseSight(lease=lease, stale=desk.is_stale(lease), last_line=line)


def _last_line(log: Path, mask: Mask) -> str:
    """Nothing when there is no such log any more."""
    try:
        with log.open("rb") as file:
            start = max(log.stat().st_size - _TAIL, 0)
            file.seek(start)
            lines = file.read(_TAIL).decode(errors="replace").splitlines()[1 if start else 0 :]
    except OSError:
        return ""
    return next((mask(cleaning.plain(line)) for line in reversed(lines) if line.strip()), "")
