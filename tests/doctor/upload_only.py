"""A server that hands its repositories out and takes nothing, and one that says nothing at all."""

import shutil
import socket
import subprocess  # noqa: TID251 - git-daemon(1) is the world's
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.worlds.remote import git_in


@contextmanager
def upload_only(base: Path) -> Iterator[str]:
    """The address below which git-daemon(1) serves what is in `base`; pushes are off, as by default."""
    programs = Path(git_in(base, "--exec-path"))
    if shutil.which("git-daemon", path=programs) is None:
        pytest.skip("git-daemon is not installed")
    command = [str(programs / "git-daemon"), "--inetd", "--export-all", f"--base-path={base}"]
    with _listening() as (server, address):
        threading.Thread(target=_serve, args=(server, command)).start()
        yield address


@contextmanager
def silent(*, expecting: int = 0) -> Iterator[str]:
    """An address that answers nothing; it hangs up once `expecting` connections are open at the same time."""
    with _listening() as (server, address):
        threading.Thread(target=_keep, args=(server, expecting)).start()
        yield address


@contextmanager
def _listening() -> Iterator[tuple[socket.socket, str]]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server, f"git://127.0.0.1:{server.getsockname()[1]}"
        # Closing alone does not wake the thread that accepts.
        server.shutdown(socket.SHUT_RDWR)


def _serve(server: socket.socket, command: list[str]) -> None:
    for caller in _callers(server):
        with caller:
            subprocess.run(
                command, stdin=caller.fileno(), stdout=caller.fileno(), stderr=subprocess.DEVNULL, check=False
            )


def _keep(server: socket.socket, expecting: int) -> None:
    held = []
    for caller in _callers(server):
        held.append(caller)
        if len(held) == expecting:
            break
    for caller in held:
        caller.close()


def _callers(server: socket.socket) -> Iterator[socket.socket]:
    while True:
        try:
            yield server.accept()[0]
        except OSError:
            return
