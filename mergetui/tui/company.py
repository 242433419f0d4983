"""The other consoles that are open on the same state, looked for on a thread of their own."""

import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mergetui.adapters.presence import OpenConsole, Presence

_POLL = 2.0
_PATIENCE = 0.3
"""Seconds in which a look at a small directory is over."""


class Company:
    """Announces this console while it runs, and shows who else is there whenever that changes."""

    def __init__(
        self,
        presence: "Callable[[], Presence]",
        show: "Callable[[Sequence[OpenConsole]], object]",
        *,
        sweep: bool,
    ) -> None:
        self._make_presence = presence
        self._presence: Presence | None = None
        self._show = show
        self._sweep = sweep
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        self._presence = self._make_presence()
        self._thread = threading.Thread(target=self._run, args=(self._presence,), name="company", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        # A console that opens in this one's place has the same file: nobody may take it away later.
        if self._thread is not None:
            self._thread.join(_PATIENCE)
        if self._presence is not None:
            self._presence.leave()

    def _run(self, presence: "Presence") -> None:
        seen: Sequence[OpenConsole] = ()
        presence.announce()
        while not self._stopping.wait(_POLL if seen else _POLL / 4):
            others = presence.others(sweep=self._sweep)
            if others != seen:
                self._show(others)
            seen = others
