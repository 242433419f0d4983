"""A real filesystem with little room, in a user and mount namespace of its own: no root is needed for it."""

import ctypes
import errno
import os
import shutil
import subprocess  # noqa: TID251 - unshare(1) and nsenter(1) are the world's
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

from tests.adapters.processes import told_by

_PAGE = 4096
_READY, _FAILED = b"ready\n", b"failed\n"
_LEAVE = ("--user", "--map-root-user", "--mount")
_ENTER = ("--user", "--mount", "--preserve-credentials")


class SmallDisk:
    """What is on it goes away with it."""

    def __init__(self, shell: "subprocess.Popen[bytes]", mounted: Path) -> None:
        self._shell = shell
        self.mounted = mounted
        """Where it is for who works on it, with `inside` or `told_by`; elsewhere an empty directory."""
        self.path = Path(f"/proc/{shell.pid}/root{mounted}")
        """Where any process can look at it. Not for working there: git and filelock resolve the path."""

    def inside(self, *argv: str) -> list[str]:
        """The command that runs `argv` where the disk is mounted."""
        return [_program("nsenter"), f"--target={self._shell.pid}", *_ENTER, "--", *argv]

    def told_by(self, work: Callable[..., None], *arguments: object, **named: object) -> object:
        """What `work`, run in a process where the disk is mounted, sends through its last argument."""
        return told_by(_entered, self._shell.pid, work, *arguments, **named)

    def fill(self, *, leaving: int = 0) -> None:
        """No room is left, but for `leaving` bytes in whole pages."""
        with (self.path / "filler").open("ab", buffering=0) as file:
            _write_until_full(file.fileno())
            file.truncate(max(0, file.tell() - -(-leaving // _PAGE) * _PAGE))

    def make_room(self) -> None:
        """What `fill` took is free again."""
        (self.path / "filler").unlink()

    def be_read_only(self) -> None:
        self._tell(f"mount -o remount,ro '{self.mounted}'")

    def be_writable(self) -> None:
        self._tell(f"mount -o remount,rw '{self.mounted}'")

    def _tell(self, command: str) -> None:
        said = _said(self._shell, command)
        assert said == _READY, f"{command}: {said.decode()}"


@contextmanager
def small_disk(at: Path, *, size: str = "256k") -> Iterator[SmallDisk]:
    """A disk of `size`, as tmpfs(5) counts it, at the directory `at`; skips where nobody may mount one."""
    at.mkdir(parents=True, exist_ok=True)
    shell = subprocess.Popen(
        [_program("unshare"), *_LEAVE, "/bin/sh"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    with shell:
        said = _said(shell, f"mount -t tmpfs -o mode=700,size={size} none '{at}'")
        try:
            if said != _READY:
                _skip(f"no filesystem of its own can be mounted here: {said.decode().strip()}")
            yield SmallDisk(shell, at)
        finally:
            shell.kill()


def _said(shell: "subprocess.Popen[bytes]", command: str) -> bytes:
    """What the shell answers: `ready` alone, or what went wrong."""
    assert shell.stdin is not None
    assert shell.stdout is not None
    try:
        shell.stdin.write(f"{command} && echo ready || echo failed\n".encode())
        shell.stdin.flush()
    except BrokenPipeError:
        return shell.stdout.read()
    said = b""
    for line in iter(shell.stdout.readline, b""):
        said += line
        if line in (_READY, _FAILED):
            break
    return said


def _entered(pid: int, work: Callable[..., None], *arguments: object, **named: object) -> None:
    _join(pid, "user")
    _join(pid, "mnt")
    work(*arguments, **named)


def _join(pid: int, kind: str) -> None:
    """As setns(2) says; a process with threads cannot join a user namespace."""
    libc = ctypes.CDLL(None, use_errno=True)
    with Path(f"/proc/{pid}/ns/{kind}").open("rb") as namespace:
        if libc.setns(namespace.fileno(), 0) != 0:
            raise OSError(ctypes.get_errno(), f"setns {kind}")


def _program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        _skip(f"{name} of util-linux is not installed")
    return found


def _skip(why: str) -> NoReturn:
    # Processes that work on the disk import this module, and they start ten times faster without pytest.
    import pytest

    pytest.skip(why)


def _write_until_full(descriptor: int) -> None:
    try:
        while True:
            os.write(descriptor, bytes(_PAGE))
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
