"""The only place that runs git: scrubbed environment, exact flags, a bound on every call."""

import os
import signal
import time
from collections import deque
from collections.abc import Mapping
from contextlib import nullcontext, suppress
from functools import partial
from pathlib import Path
from subprocess import TimeoutExpired  # noqa: TID251 - GitPython's process raises it
from typing import Protocol

import psutil
from msgspec import Struct

from mergetui.adapters.halting import NEVER, Halt
from mergetui.adapters.silence import Effort, effort
from mergetui.cleaning import redact

LOCAL_TIMEOUT = 300.0
"""Seconds for a command that stays on this machine."""
REMOTE_TIMEOUT = 120.0
"""Seconds for a command that talks to the remote."""
FIRST_FETCH_TIMEOUT = 1800.0
"""Seconds for bringing a whole repository, as long as the remote goes on sending."""
PATIENCE = 12.0
"""Seconds without a word from a remote that is only asked. A push is not: its server may think longer."""

_KILL_GRACE = 2.0
_GLANCE = 1.0
_SSH = "ssh -o BatchMode=yes -o ConnectTimeout=10 -o ServerAliveInterval=5 -o ServerAliveCountMax=3"
_SETTINGS = (
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "core.askPass=/bin/false",
    "core.attributesFile=/dev/null",
    "core.excludesFile=/dev/null",
    "commit.gpgsign=false",
    "tag.gpgsign=false",
    "rerere.enabled=false",
    "rebase.updateRefs=false",
    "rebase.autoStash=false",
    "gc.auto=0",
    "maintenance.auto=false",
    "advice.detachedHead=false",
    "submodule.recurse=false",
)
_REACHING_THE_REMOTE = frozenset(
    {
        "GIT_SSL_CAINFO",
        "GIT_SSL_CAPATH",
        "GIT_SSL_CERT",
        "GIT_SSL_KEY",
        "GIT_PROXY_SSL_CAINFO",
        "GIT_PROXY_SSL_CERT",
        "GIT_PROXY_SSL_KEY",
        "GIT_HTTP_PROXY_AUTHMETHOD",
    }
)
"""What stays of the inherited `GIT_*`: a certificate authority of one's own has no other name for git."""


class GitError(Exception):
    """Git, the disk or the machine is broken; `args[0]` tells what was run and what it said."""


class Ran(Struct, frozen=True):
    code: int
    out: str
    err: str
    timed_out: bool = False

    @property
    def ok(self) -> bool:
        return self.code == 0

    @property
    def said(self) -> str:
        """The last words git had, for people; never to decide by."""
        lines = [line for line in self.err.strip().splitlines() if line.strip()]
        return redact(" / ".join(lines[-6:])) or f"git ended with code {self.code}"


class Identity(Struct, frozen=True):
    """Who commits: a catch-up keeps the author and makes the gate the committer."""

    name: str = "mergetui"
    email: str = "mergetui@localhost"


def allowed_protocols(remote: str) -> str:
    """What git may speak: an unencrypted protocol only if the configured remote names it."""
    plain = [remote.split(":", 1)[0]] if remote.startswith(("git://", "http://")) else []
    return ":".join(["https", "ssh", "file", *plain])


class RecentCommands:
    """The latest git commands that were run, newest last, for people to look at."""

    def __init__(self, most: int = 500) -> None:
        self.lines: deque[str] = deque(maxlen=most)

    def __call__(self, command: str) -> None:
        self.lines.append(command)


class Git:
    """Git in one directory."""

    def __init__(
        self,
        directory: Path,
        *,
        identity: Identity | None = None,
        commands: RecentCommands | None = None,
        protocols: str = "https:ssh:file",
        halt: Halt = NEVER,
    ) -> None:
        self.directory = directory
        self._identity = identity or Identity()
        self._commands = commands or RecentCommands()
        self._protocols = protocols
        self._halt = halt

    def at(self, directory: Path) -> "Git":
        """The same, in another directory."""
        return Git(
            directory,
            identity=self._identity,
            commands=self._commands,
            protocols=self._protocols,
            halt=self._halt,
        )

    def ask(
        self,
        *argv: str,
        timeout: float = LOCAL_TIMEOUT,
        patience: float | None = None,
        env: Mapping[str, str] | None = None,
    ) -> Ran:
        """Run git; the exit code is part of the answer. A GitError only if it cannot be run at all.

        It is stopped after `timeout` seconds, and after `patience` seconds in which nothing at all happened.
        What has a patience only asks, and raises `Halted` when the engine stops.
        """
        # Here, not at the top: commands that only read the stored state start in half the time without it.
        try:
            from git.cmd import Git as GitCommand
            from git.exc import GitCommandNotFound
        except ImportError as error:
            raise GitError("there is no git in PATH: install git 2.38 or newer") from error

        self._commands(redact(" ".join(("git", *argv))))
        settings = [part for setting in _SETTINGS for part in ("-c", setting)]
        # GitPython would run git where we happen to stand, in somebody else's repository.
        if not self.directory.is_dir():
            raise GitError(f"git cannot be run in {self.directory}: there is no such directory")
        here = str(self.directory.absolute())
        # A repository that is too damaged to be one must not be looked for further up.
        ceiling = {"GIT_CEILING_DIRECTORIES": str(Path(here).parent)}
        environment = {**_environment(self._identity, self._protocols), **ceiling, **(env or {})}
        command = [*_without_inherited(environment), "git", "-C", here, *settings, *argv]
        try:
            process = GitCommand(here).execute(
                command, as_process=True, env=environment, start_new_session=True
            )
        except (OSError, ValueError, GitCommandNotFound) as error:
            raise GitError(f"git cannot be run in {self.directory}: {error}") from error
        assert process.proc is not None
        end = partial(_end, process.proc)
        with self._halt.over(end) if patience is not None else nullcontext():
            return _await(process.proc, timeout=timeout, patience=patience)

    def tell(
        self,
        *argv: str,
        timeout: float = LOCAL_TIMEOUT,
        env: Mapping[str, str] | None = None,
    ) -> str:
        """Run git and return its output, stripped; anything but success is a `GitError`."""
        ran = self.ask(*argv, timeout=timeout, env=env)
        if not ran.ok:
            raise GitError(redact(f"git {argv[0]} in {self.directory}: {ran.said}"))
        return ran.out.strip("\n")


def _await(process: "_Process", *, timeout: float, patience: float | None) -> Ran:
    started = heard = time.monotonic()
    done, glance = Effort(), timeout if patience is None else min(_GLANCE, patience / 4)
    while True:
        now = time.monotonic()
        is_silent = patience is not None and now - heard >= patience
        if is_silent or now - started >= timeout:
            return _stop(process, waited=patience if is_silent and patience else timeout)
        try:
            out, err = process.communicate(timeout=min(glance, timeout - (now - started)))
        except TimeoutExpired:
            before, done = done, done if patience is None else effort(process.pid)
            if done.is_beyond(before):
                heard = time.monotonic()
        else:
            return Ran(code=process.returncode, out=_text(out), err=_text(err))


def _stop(process: "_Process", *, waited: float) -> Ran:
    _end(process)
    said = f"no answer within {waited:g} s, stopped"
    return Ran(code=-signal.SIGKILL, out=_text(_rest(process)), err=said, timed_out=True)


class _Process(Protocol):
    pid: int
    returncode: int

    def communicate(self, input: None = None, timeout: float | None = None) -> tuple[bytes, bytes]: ...  # noqa: A002

    def wait(self, timeout: float | None = None) -> int: ...


def _end(process: _Process) -> None:
    """TERM to the session first, so that git removes its lock files; then KILL, to those that left it too."""
    kin = _descendants(process.pid)
    _signal_session(process.pid, signal.SIGTERM)
    with suppress(TimeoutExpired):
        process.wait(timeout=_KILL_GRACE)
    _signal_session(process.pid, signal.SIGKILL)
    for relative in kin:
        with suppress(psutil.Error):
            relative.kill()


def _descendants(pid: int) -> list[psutil.Process]:
    try:
        return psutil.Process(pid).children(recursive=True)
    except psutil.Error:
        return []


def _rest(process: _Process) -> bytes:
    """What it had printed; not waited for when a daemon that nobody found keeps the pipe open."""
    try:
        return process.communicate(timeout=_KILL_GRACE)[0]
    except TimeoutExpired as silent:
        return silent.output or b""


def _signal_session(leader: int, number: signal.Signals) -> None:
    try:
        os.killpg(leader, number)
    except (ProcessLookupError, PermissionError):
        return


def _without_inherited(ours: Mapping[str, str]) -> list[str]:
    """GitPython adds to the environment but cannot take from it; env(1) can, but would take `ours` too."""
    kept = {*ours, *_REACHING_THE_REMOTE}
    inherited = sorted(name for name in os.environ if name.startswith("GIT_") and name not in kept)
    return ["env", *(part for name in inherited for part in ("-u", name))] if inherited else []


def _environment(identity: Identity, protocols: str) -> dict[str, str]:
    return {
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_CONFIG_SYSTEM": os.devnull,
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_EDITOR": "true",
        "GIT_SEQUENCE_EDITOR": "true",
        "GIT_PAGER": "cat",
        "GIT_ASKPASS": "/bin/false",
        "SSH_ASKPASS": "/bin/false",
        "GIT_SSH_COMMAND": _SSH,
        "GIT_ALLOW_PROTOCOL": protocols,
        "GIT_COMMITTER_NAME": identity.name,
        "GIT_COMMITTER_EMAIL": identity.email,
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_OPTIONAL_LOCKS": "0",
        "LC_ALL": "C",
    }


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "backslashreplace")
