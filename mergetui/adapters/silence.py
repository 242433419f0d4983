"""Noticing that a command waits for somebody who says nothing."""

from contextlib import suppress

import psutil
from msgspec import Struct

_AT_WORK = 0.05
"""Seconds of processor time from one glance to the next; waiting costs up to 0.01 a second, too."""


class Effort(Struct, frozen=True):
    """What the git processes below one command have done so far."""

    characters: int = 0
    """Read and written, from files and by pipe: a word of the remote passes through one of them."""
    seconds: float = 0.0

    def is_beyond(self, earlier: "Effort") -> bool:
        return self.characters != earlier.characters or self.seconds - earlier.seconds >= _AT_WORK


def effort(pid: int) -> Effort:
    """Of `pid` and everything below it, but not of its ssh: that one chats with its server all by itself."""
    characters, seconds = 0, 0.0
    with suppress(psutil.Error):
        root = psutil.Process(pid)
        for process in (root, *root.children(recursive=True)):
            with suppress(psutil.Error):
                if process.name().startswith("git"):
                    moved, spent = process.io_counters(), process.cpu_times()
                    characters += moved.read_chars + moved.write_chars
                    seconds += spent.user + spent.system
    return Effort(characters, seconds)
