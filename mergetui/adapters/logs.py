"""Retest output, one file per run: the oldest give way first."""

from datetime import UTC, datetime
from pathlib import Path

from mergetui.view import Output

KEPT = 500
KEPT_BYTES = 2_000_000_000


def output_in(log: Path) -> Output | None:
    """What stands in a log by now; None if there is none."""
    try:
        status = log.stat()
    except OSError:
        return None
    return Output(bytes=status.st_size, at=datetime.fromtimestamp(status.st_mtime, UTC))


def prune(directory: Path, *, kept: int = KEPT, kept_bytes: int = KEPT_BYTES) -> None:
    """Remove the oldest logs beyond `kept` files or `kept_bytes` in all."""
    logs = sorted(directory.glob("r*.log"), key=lambda log: log.stat().st_mtime, reverse=True)
    total = 0
    for place, log in enumerate(logs):
        total += log.stat().st_size
        if place >= kept or total > kept_bytes:
            log.unlink(missing_ok=True)
