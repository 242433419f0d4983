"""Removing what others left."""

import shutil
from collections.abc import Callable
from pathlib import Path


def remove(path: Path) -> None:
    """Gone, whatever it is; also below directories that a test made read-only."""
    if path.is_symlink() or path.is_file():
        path.unlink()
    elif path.exists():
        shutil.rmtree(path, onerror=_make_writable)


def _make_writable(again: Callable[[str], object], path: str, _: object) -> None:
    Path(path).parent.chmod(0o700)
    if not Path(path).is_symlink():
        Path(path).chmod(0o700)
    again(path)
