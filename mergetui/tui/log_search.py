"""A search through a log on a thread of its own."""

from array import array
from threading import Event, Thread

from mergetui.tui.log_file import LogFile, Spot

_CAP = 16_384
"""Lines that are kept of a search; of more than that only every second, fourth ... one is."""
_BREATH, _POLL = 0.0005, 0.2


class LogSearch:
    """From line `start` on, around the end and back to it; `over` once `found` is the answer."""

    def __init__(self, log: LogFile, text: str, start: int, *, forward: bool) -> None:
        self.text = text
        self.found: int | None = None
        self._over = Event()
        self._cancelled = Event()
        Thread(target=self._run, args=(log, start, forward), name="log-search", daemon=True).start()

    @property
    def over(self) -> bool:
        return self._over.is_set()

    def cancel(self) -> None:
        self._cancelled.set()

    def _run(self, log: LogFile, start: int, forward: bool) -> None:
        last = log.count - 1
        inside = start if 0 <= start <= last else (0 if forward else last)
        found = log.find(self.text, inside, forward=forward, cancelled=self._cancelled)
        if found is None:
            around = 0 if forward else last
            found = log.find(self.text, around, forward=forward, cancelled=self._cancelled)
        self.found = found
        self._over.set()


class HitLines:
    """Where in the whole log `text` stands, also in what still comes; for a strip, not to go to.

    `lines` is replaced as a whole, so that it can be read from any thread.
    """

    def __init__(self, log: LogFile, text: str, *, cap: int = _CAP) -> None:
        self.lines = array("Q")
        self._cap = cap
        self._gap = 1
        self._cancelled = Event()
        Thread(target=self._run, args=(log, text), name="log-hits", daemon=True).start()

    @property
    def told(self) -> str:
        """`1 line`, `17 lines`, `over 16,384 lines`."""
        count = len(self.lines)
        if self._gap > 1:
            return f"over {self._cap:,} lines"
        return f"{count:,} line{'s' * (count != 1)}"

    def cancel(self) -> None:
        self._cancelled.set()

    def _run(self, log: LogFile, text: str) -> None:
        spot = Spot(log.incarnation)
        while not self._cancelled.is_set():
            found, after = log.hits_from(text, spot, gap=self._gap)
            kept = self.lines if after.incarnation == spot.incarnation else array("Q")
            if found or kept is not self.lines:
                self._keep(kept + array("Q", found))
            self._cancelled.wait(_POLL if after == spot else _BREATH)
            spot = after

    def _keep(self, lines: "array[int]") -> None:
        while len(lines) > self._cap:
            self._gap *= 2
            lines = lines[::2]
        self.lines = lines
