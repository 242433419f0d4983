"""Commands as processes of their own whose start costs nothing: one process has loaded mergetui, and forks.

Such a command has its own pid, streams, directory, environment and exit code. Not its own are the start of
the interpreter (the locale, PYTHON*, what is imported when) and its end: those are for `Mergetui.afresh`.
"""

import gc
import json
import os
import signal
import socket
import subprocess  # noqa: TID251 - the command line is met from outside
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryFile

from mergetui.cli.main import run

_LARGEST = 100_000
"""Bytes of a command's words and environment."""
_STREAMS = (0, 1, 2)


class Forking:
    """The process that forks, started with the first command; one command at a time."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self._process: subprocess.Popen[bytes] | None = None
        self._channel, self._theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)

    def run(
        self, words: Sequence[str], *, cwd: Path, environment: Mapping[str, str], patience: float
    ) -> tuple[int, bytes, bytes]:
        """Exit code, stdout and stderr; after `patience` seconds the command is killed."""
        self._start()
        request = json.dumps([list(words), str(cwd), dict(environment)]).encode()
        with Path(os.devnull).open("rb") as nothing, TemporaryFile() as out, TemporaryFile() as err:
            socket.send_fds(self._channel, [request], [nothing.fileno(), out.fileno(), err.fileno()])
            code = self._end_of(int(self._channel.recv(_LARGEST)), patience)
            out.seek(0)
            err.seek(0)
            return code, out.read(), err.read()

    def close(self) -> None:
        self._channel.close()
        self._theirs.close()
        if self._process is not None:
            self._process.wait()

    def _start(self) -> None:
        if self._process is not None:
            return
        theirs = self._theirs.fileno()
        argv = [sys.executable, "-m", "tests.cli.forking", str(theirs)]
        self._process = subprocess.Popen(argv, env=dict(self._environment), pass_fds=[theirs])
        self._theirs.close()

    def _end_of(self, pid: int, patience: float) -> int:
        self._channel.settimeout(patience)
        try:
            return int(self._channel.recv(_LARGEST))
        except TimeoutError:
            os.kill(pid, signal.SIGKILL)
            self._channel.settimeout(None)
            self._channel.recv(_LARGEST)
            raise
        finally:
            self._channel.settimeout(None)


def _serve(channel: socket.socket) -> None:
    """Fork for every request until the other end is closed; told are a pid, and then its exit code."""
    while True:
        request, streams, _, _ = socket.recv_fds(channel, _LARGEST, len(_STREAMS))
        if not request:
            return
        child = os.fork()
        if child == 0:
            channel.close()
            os._exit(_become(streams, *json.loads(request)))
        for stream in streams:
            os.close(stream)
        channel.send(str(child).encode())
        _, status = os.waitpid(child, 0)
        channel.send(str(os.waitstatus_to_exitcode(status)).encode())


def _become(streams: Sequence[int], words: list[str], cwd: str, environment: dict[str, str]) -> int:
    """The exit code."""
    for number, stream in zip(_STREAMS, streams, strict=True):
        os.dup2(stream, number)
        os.close(stream)
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(environment)
    code = run(words)
    sys.stdout.flush()
    sys.stderr.flush()
    return code


def _load() -> None:
    """What the commands import when they need it; not what reads the environment when it is imported."""
    import mergetui.adapters.archive
    import mergetui.adapters.mirror
    import mergetui.adapters.reproof
    import mergetui.adapters.retest
    import mergetui.cli.commands
    import mergetui.cli.doctor
    import mergetui.cli.flakes
    import mergetui.cli.report
    import mergetui.cli.verify
    import mergetui.doctor.examination
    import mergetui.driver.driver
    import mergetui.engine  # noqa: F401


if __name__ == "__main__":
    _load()
    gc.freeze()
    _serve(socket.socket(fileno=int(sys.argv[1])))
