"""Commands as processes of their own whose start costs nothing: one process has loaded mergetui, and forks.

Such a command has its own pid, streams, directory, environment and exit code. Not its own are the start of
the interpreter (the locale, PYTHON*, what is imported when) and its end: those are for `Mergetui.afresh`.
"""

import gc
import json
import os
import select
import signal
import socket
import struct
import subprocess  # noqa: TID251 - the command line is met from outside
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from subprocess import TimeoutExpired  # noqa: TID251 - said as its processes say it
from tempfile import TemporaryFile

from mergetui.cli.main import run

_LARGEST = 100_000
"""Bytes of a command's words and environment."""
_NUMBER = struct.Struct("q")
_MOST_DESCRIPTORS = 256
_STREAMS = (0, 1, 2)


class Forked:
    """A command under way; as `subprocess.Popen` has it."""

    def __init__(self, told: int) -> None:
        self._told = told
        self.pid = _number(told)
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """The exit code, once it has ended."""
        with suppress(TimeoutExpired):
            self.wait(0)
        return self.returncode

    def wait(self, patience: float) -> int:
        if self.returncode is None:
            if not select.select([self._told], [], [], patience)[0]:
                raise TimeoutExpired(str(self.pid), patience)
            self.returncode = _number(self._told)
            os.close(self._told)
        return self.returncode

    def send_signal(self, number: signal.Signals) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


class Forking:
    """The process that forks, started with the first command."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self._process: subprocess.Popen[bytes] | None = None
        self._channel, self._theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)

    def run(
        self, words: Sequence[str], *, cwd: Path, environment: Mapping[str, str], patience: float
    ) -> tuple[int, bytes, bytes]:
        """Exit code, stdout and stderr; after `patience` seconds the command is killed."""
        with Path(os.devnull).open("rb") as nothing, TemporaryFile() as out, TemporaryFile() as err:
            streams = (nothing.fileno(), out.fileno(), err.fileno())
            command = self.start(words, cwd=cwd, environment=environment, streams=streams)
            try:
                code = command.wait(patience)
            finally:
                command.kill()
            out.seek(0)
            err.seek(0)
            return code, out.read(), err.read()

    def start(
        self, words: Sequence[str], *, cwd: Path, environment: Mapping[str, str], streams: Sequence[int]
    ) -> Forked:
        """With these as stdin, stdout and stderr."""
        self._start()
        request = json.dumps([list(words), str(cwd), dict(environment)]).encode()
        told, telling = os.pipe()
        socket.send_fds(self._channel, [request], [*streams, telling])
        os.close(telling)
        return Forked(told)

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


def _number(told: int) -> int:
    """The next one: both may have been told by now."""
    return int(_NUMBER.unpack(os.read(told, _NUMBER.size))[0])


def _serve(channel: socket.socket) -> None:
    """Fork for every request until the other end is closed; told are a pid, and in the end its exit code."""
    children: dict[int, tuple[int, int]] = {}
    while True:
        ready, _, _ = select.select([channel.fileno(), *children], [], [])
        for ended in [one for one in ready if one in children]:
            pid, telling = children.pop(ended)
            # Told before its number is free for another process.
            status = os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
            assert status is not None
            code = status.si_status if status.si_code == os.CLD_EXITED else -status.si_status
            os.write(telling, _NUMBER.pack(code))
            os.waitpid(pid, 0)
            os.close(telling)
            os.close(ended)
        if channel.fileno() in ready:
            request, given, _, _ = socket.recv_fds(channel, _LARGEST, len(_STREAMS) + 1)
            if not request:
                return
            *streams, telling = given
            child = os.fork()
            if child == 0:
                os._exit(_become(streams, *json.loads(request)))
            for stream in streams:
                os.close(stream)
            os.write(telling, _NUMBER.pack(child))
            children[os.pidfd_open(child)] = child, telling


def _become(streams: Sequence[int], words: list[str], cwd: str, environment: dict[str, str]) -> int:
    """The exit code."""
    for number, stream in zip(_STREAMS, streams, strict=True):
        os.dup2(stream, number)
    os.closerange(len(_STREAMS), _MOST_DESCRIPTORS)
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
    import mergetui.cli.webhooks
    import mergetui.doctor.examination
    import mergetui.driver.driver
    import mergetui.engine
    import mergetui.webhooks.serving
    import mergetui.webhooks.web  # noqa: F401


if __name__ == "__main__":
    _load()
    gc.freeze()
    _serve(socket.socket(fileno=int(sys.argv[1])))
