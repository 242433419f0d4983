"""A search through a log on a thread of its own."""

from threading import Event, Thread

from mergetui.tui.log_file import LogFile


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
