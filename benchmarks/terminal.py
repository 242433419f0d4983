"""A process on a terminal of its own, seen and typed at from outside."""

import fcntl
import os
import pty
import select
import struct
import subprocess  # noqa: TID251 - whole processes are what is measured
import termios
import time
from collections.abc import Mapping, Sequence
from types import TracebackType

PATIENCE = 60.0
"""Seconds after which something is broken and not slow."""


class Terminal:
    """The process is killed, if it is still there, when the block is left."""

    def __init__(self, command: Sequence[str], environ: Mapping[str, str] = os.environ) -> None:
        self.screen, there = pty.openpty()
        fcntl.ioctl(there, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
        self.began = time.perf_counter()
        self.process = subprocess.Popen(
            command,
            stdin=there,
            stdout=there,
            stderr=there,
            env={**environ, "TERM": "xterm-256color", "COLUMNS": "120", "LINES": "40"},
            start_new_session=True,
        )
        os.close(there)

    def __enter__(self) -> "Terminal":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self.screen)

    def shows(self, text: str) -> float:
        """Seconds from the start until the text was written to the screen."""
        seen, wanted, deadline = b"", text.encode(), time.perf_counter() + PATIENCE
        while wanted not in seen:
            piece = self._read(deadline)
            if piece is None:
                raise RuntimeError(f"{text!r} was never shown; the last: {seen[-2000:]!r}")
            seen += piece
        return time.perf_counter() - self.began

    def press(self, key: str) -> None:
        os.write(self.screen, key.encode())

    def ends(self) -> float:
        """Seconds until it has ended, from now; what it still writes is read."""
        began = time.perf_counter()
        while self.process.poll() is None:
            self.drain(0.002)
            if time.perf_counter() - began > PATIENCE:
                raise RuntimeError("it never ended")
        return time.perf_counter() - began

    def drain(self, seconds: float) -> None:
        """Read what comes for so long: a terminal that nobody reads holds up whoever writes."""
        deadline = time.perf_counter() + seconds
        while self._read(deadline) is not None:
            pass

    def _read(self, deadline: float) -> bytes | None:
        ready, _, _ = select.select([self.screen], [], [], max(deadline - time.perf_counter(), 0))
        if not ready:
            return None
        try:
            return os.read(self.screen, 65_536) or None
        except OSError:
            time.sleep(0.001)  # the other end is closed: the process is about to be gone
            return None
