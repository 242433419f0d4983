"""An `ssh` for the PATH that reaches this machine only, and what can go wrong with a real one."""

import os
from collections.abc import Iterator
from pathlib import Path

from tests.worlds.remote import Remote

LETS_IN = 'while [ $# -gt 2 ]; do shift; done; exec sh -c "$2"'
"""The command is run, as if on the other side; its words are the last argument."""
DOES_NOT_KNOW_THE_HOST = "echo 'Host key verification failed.' >&2; exit 255"
IS_NOT_LET_IN = "echo 'git@shop.invalid: Permission denied (publickey).' >&2; exit 255"
ASKS_FOR_A_PASSPHRASE = "printf 'passphrase: ' > /dev/tty && read -r answer < /dev/tty; exit 255"
SAYS_NOTHING = "exec sleep 600"


class SshRemote(Remote):
    """A bare repository whose address begins with `ssh://`."""

    @property
    def url(self) -> str:
        return f"ssh://git@shop.invalid{self.path}"


class FakeSsh:
    """`directory` has to come first in the PATH."""

    def __init__(self, directory: Path) -> None:
        directory.mkdir()
        self.directory = directory
        self._calls = directory / "calls"
        self._calls.touch()
        self.does(LETS_IN)

    @property
    def path(self) -> str:
        return f"{self.directory}{os.pathsep}{os.environ['PATH']}"

    def does(self, script: str) -> None:
        ssh = self.directory / "ssh"
        ssh.with_suffix(".new").write_text(f'#!/bin/sh\necho "$$ $*" >> {self._calls}\n{script}\n')
        ssh.with_suffix(".new").chmod(0o755)
        ssh.with_suffix(".new").rename(ssh)

    def calls(self) -> Iterator[tuple[int, str]]:
        """The pid of each so far, and its arguments."""
        for line in self._calls.read_text().splitlines():
            pid, _, words = line.partition(" ")
            yield int(pid), words
