"""What of a store could not be used, kept beside it for a person to look at, in a file per finding."""

import os
from collections.abc import Iterator, Sequence
from itertools import count
from pathlib import Path

import msgspec
from msgspec import Struct

from mergetui.adapters.durable import as_json, sync_directory, telling
from mergetui.adapters.rows import BadRow


class SetAside(Struct, frozen=True, kw_only=True):
    why: str
    rows: tuple[BadRow, ...] = ()


def set_aside(path: Path, found: SetAside) -> None:
    """Durable when this returns; no file of an earlier finding is touched."""
    kept = next(name for name in _names(path) if not name.exists())
    descriptor = os.open(kept, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with telling(kept), os.fdopen(descriptor, "wb") as file:
        file.write(as_json(found) + b"\n")
        file.flush()
        os.fsync(descriptor)
    sync_directory(path.parent)


def told_of(path: Path) -> list[str]:
    """A line for every finding that nobody has taken away yet."""
    files = sorted(path.parent.glob(f"{path.name}.set-aside-*"))
    return [f"{_why(file)}: see {file}. Check the queue, then remove that file" for file in files]


def rows_told(rows: Sequence[BadRow]) -> str:
    return "; ".join(f"the row {row.table}/{row.key} counts for nothing ({row.why})" for row in rows)


def _names(path: Path) -> Iterator[Path]:
    return (path.with_name(f"{path.name}.set-aside-{number}") for number in count(1))


def _why(file: Path) -> str:
    try:
        return msgspec.json.decode(file.read_bytes(), type=SetAside).why
    except (ValueError, OSError):
        return "something was set aside"
