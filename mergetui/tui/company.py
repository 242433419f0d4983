"""The other consoles that are open on the same state, looked for on a thread of their own."""

import threading
from collections.abc import Callable, Sequence

from mergetui.adapters.presence import OpenConsole, Presence

_POLL = 2.0
_PATIENCE = 0.3
"""Seconds in which a look at a small directory is over."""


class Company:
    """Announces this console while it runs, and shows who else is there whenever that changes."""

    def __init__(
        self, presence: Presence, show: Callable[[Sequence[OpenConsole]], object], *, sweep: bool
    ) -> None:
        self._presence = presence
        self._show = show
        self._sweep = sweep
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="company", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        # A console that opens in this one's place has the same file: nobody may take it away later.
        if self._thread.is_alive():
            self._thread.join(_PATIENCE)
        self._presence.leave()

    def _run(self) -> None:
        seen: Sequence[OpenConsole] = ()
        self._presence.announce()
        while not self._stopping.wait(_POLL if seen else _POLL / 4):
            others = self._presence.others(sweep=self._sweep)
            if others != seen:
                self._show(others)
            seen = others
