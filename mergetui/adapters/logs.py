"""Retest output, one file per run: the oldest give way first."""

from pathlib import Path

KEPT = 500
KEPT_BYTES = 2_000_000_000


def prune(directory: Path, *, kept: int = KEPT, kept_bytes: int = KEPT_BYTES) -> None:
    """Remove the oldest logs beyond `kept` files or `kept_bytes` in all."""
    logs = sorted(directory.glob("r*.log"), key=lambda log: log.stat().st_mtime, reverse=True)
    total = 0
    for place, log in enumerate(logs):
        total += log.stat().st_size
        if place >= kept or total > kept_bytes:
            log.unlink(missing_ok=True)
