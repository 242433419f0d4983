"""The other consoles that are open on the same state, looked for on a thread of their own."""

import threading
from collections.abc import Callable, Sequence

from mergetui.adapters.presence import OpenConsole, Presence

_POLL = 2.0


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
        self._presence.leave()

    def _run(self) -> None:
        seen: Sequence[OpenConsole] = ()
        self._presence.announce()
        while not self._stopping.wait(_POLL if seen else _POLL / 4):
            others = self._presence.others(sweep=self._sweep)
            if others != seen:
                self._show(others)
            seen = others
        self._presence.leave()
