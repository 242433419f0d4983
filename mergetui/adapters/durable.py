"""What every stored file needs: JSON of any text, errors that tell a path, directories on disk."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec


def as_json(value: object) -> bytes:
    """`value` on one line; a lone surrogate, which UTF-8 cannot hold, becomes `?`."""
    try:
        return msgspec.json.encode(value)
    except UnicodeEncodeError:
        return json.dumps(msgspec.to_builtins(value), ensure_ascii=False).encode(errors="replace")


@contextmanager
def telling(path: Path) -> Iterator[None]:
    """An OSError out of the block has a filename; `path` where a descriptor knew none."""
    try:
        yield
    except OSError as error:
        if error.filename is not None:
            raise
        raise OSError(error.errno, error.strerror, str(path)) from error


def make_directory(path: Path) -> None:
    """A directory for nobody but the user, whatever the umask, and so is each one above it that is missing.

    One that is there stays as it is.
    """
    if not path.is_dir():
        make_directory(path.parent)
        path.mkdir(mode=0o700, exist_ok=True)
        sync_directory(path.parent)


def sync_directory(path: Path) -> None:
    """The names in the directory are on disk, as fsync(2) asks for beside the files' own fsync."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        with telling(path):
            os.fsync(descriptor)
    finally:
        os.close(descriptor)
