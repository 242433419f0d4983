"""What an operator's shell leaves running: it becomes the console's child, whose end somebody must note."""

import os
from contextlib import suppress

import psutil


def reap_orphans() -> int:
    """Let those go that have ended; how many still run.

    They are told by the shell's job control: in the session of this process, in a group of their own. Git and
    retests have sessions of their own, and are waited for by those who started them.
    """
    return sum(_runs_on(child.pid) for child in psutil.Process().children())


def _runs_on(child: int) -> bool:
    with suppress(ProcessLookupError, ChildProcessError):
        if os.getsid(child) == os.getsid(0) and os.getpgid(child) != os.getpgrp():
            return os.waitpid(child, os.WNOHANG) == (0, 0)
    return False
