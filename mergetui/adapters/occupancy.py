"""The kernel lock on a repository: held by the process that works on it, freed the moment it dies.

It is on the state directory's own descriptor, for a lock file can be deleted under its holder and then
held twice.
"""

import fcntl
import os
from pathlib import Path

from mergetui.adapters.durable import make_directory


class DirectoryLock:
    """The `Occupancy` port; one per process and repository."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._descriptor: int | None = None

    def take(self) -> bool:
        if self._descriptor is not None:
            if self._is_in_place(self._descriptor):
                return True
            self.leave()
        make_directory(self._directory)
        descriptor = os.open(self._directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return False
        self._descriptor = descriptor
        return True

    def leave(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _is_in_place(self, descriptor: int) -> bool:
        """Whether the locked directory is still the one at the path, and not another that took its name."""
        try:
            return os.path.samestat(os.fstat(descriptor), self._directory.stat())
        except OSError:
            return False
