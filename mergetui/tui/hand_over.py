"""A background `mergetui run` that goes on with what this console leaves."""

import os
import sys
from collections.abc import Sequence

from mergetui.places import Places

_REDIRECT = (
    (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
    (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0),
    (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0),
)


def hand_over(places: Places, repositories: Sequence[str]) -> int:
    """Start it in a session of its own, on the same configuration and state; its pid. May raise OSError."""
    where = ("--config", str(places.config), "--state-dir", str(places.state))
    argv = [sys.executable, "-m", "mergetui", *where, "run", *repositories]
    return os.posix_spawn(sys.executable, argv, os.environ, file_actions=_REDIRECT, setsid=True)
