"""Removing what others left."""

import os
import shutil
from pathlib import Path


def remove(path: Path) -> None:
    """Gone, whatever it is; also below directories that a test made read-only."""
    if path.is_symlink() or not path.is_dir():
        path.unlink(missing_ok=True)
        return
    try:
        shutil.rmtree(path)
    except PermissionError:
        _open_up(path)
        shutil.rmtree(path)


def _open_up(directory: Path) -> None:
    directory.chmod(0o700)
    # Top down: every directory is opened before the walk looks into it.
    for parent, names, _ in os.walk(directory):
        for inner in (Path(parent, name) for name in names):
            if not inner.is_symlink():
                inner.chmod(0o700)
