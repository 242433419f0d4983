"""Whether there is room to work in; the logs of ended retests give way first."""

import errno
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

from mergetui.adapters.durable import make_directory, telling
from mergetui.adapters.logs import prune

_PROBE = 2**20
"""Bytes that must fit: more than a step writes beside the retest's own log."""
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
_NO_ROOM = _FULL | {errno.EROFS, errno.EMFILE, errno.ENFILE}
_LATEST = 8
"""Logs that stay when the others give way: a retest may be writing to them."""


def prove(directory: Path) -> None:
    """Write there and take it back; the OSError names the directory."""
    with telling(directory):
        make_directory(directory)
        with tempfile.TemporaryFile(dir=directory, prefix="room.") as probe:
            probe.write(bytes(_PROBE))
            probe.flush()
            os.fsync(probe.fileno())


class DiskRoom:
    """The `Room` port for the directories that an engine writes to."""

    def __init__(self, directories: Sequence[Path], logs: Path) -> None:
        self._directories = directories
        self._logs = logs

    def peek(self) -> str | None:
        """As `lack`, and nothing gives way."""
        found = self._lack()
        return _told(found) if found else None

    def lack(self, error: Exception | None = None) -> str | None:
        found = self._lack()
        if found is not None and found.errno in _FULL:
            prune(self._logs, kept=_LATEST)
            found = self._lack()
        if found is None and isinstance(error, OSError) and error.errno in _NO_ROOM:
            found = error
        return _told(found) if found else None

    def _lack(self) -> OSError | None:
        for directory in self._directories:
            try:
                prove(directory)
            except OSError as error:
                if error.errno in _NO_ROOM:
                    return error
        return None


def _told(error: OSError) -> str:
    return f"{error.strerror}: {error.filename}"
