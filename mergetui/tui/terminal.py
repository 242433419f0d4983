"""Textual's driver on a terminal that may go away: a window that is closed, a connection that breaks."""

from contextlib import suppress
from typing import Any, TextIO

from textual.drivers.linux_driver import LinuxDriver


class LastingDriver(LinuxDriver):
    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        if self._file is not None:
            self._file = Lasting(self._file)  # type: ignore[assignment]


class Lasting:
    """What is written after the end of the terminal is nobody's loss.

    Textual's writer thread would die of it, its queue fill up, and the console wait for room for ever.
    """

    def __init__(self, terminal: TextIO) -> None:
        self._terminal = terminal

    def write(self, text: str) -> None:
        with suppress(OSError):
            self._terminal.write(text)

    def flush(self) -> None:
        with suppress(OSError):
            self._terminal.flush()

    def fileno(self) -> int:
        return self._terminal.fileno()
