"""Engines that die at a chosen point of their work: between any two things that they do to the world.

This module is also a program, which has everything loaded and forks an engine for every order that it
reads, so that a death costs no start. An engine counts its effects by the audit events of the
interpreter, sys.addaudithook(3), and kills itself right before the one it was told.
"""

import os
import shutil
import signal
import subprocess  # noqa: TID251 - engines are met from outside
import sys
import threading
import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

import msgspec
import psutil
from msgspec import Struct

from mergetui.actions import Why
from mergetui.adapters.clock import SystemClock
from mergetui.operations import Queued
from mergetui.places import places
from mergetui.repository import Strategy
from mergetui.wiring import Wiring
from tests.cli.running import NO, Mergetui, clean_environment
from tests.faults.afterwards import (
    LEDGER,
    Place,
    Told,
    entries,
    evidence,
    facts,
    keep_log_of_refs,
    violations,
)
from tests.worlds.remote import Remote, full

EXPECTED = {"behind": "landed", "red": "sent-back", "green": "landed"}
"""What becomes of the branches of a world, whatever happens to the engine."""

_HASTE = 60
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT
_EFFECTS = frozenset(
    {
        "os.rename",
        "os.link",
        "os.symlink",
        "os.remove",
        "os.mkdir",
        "os.rmdir",
        "os.truncate",
        "os.utime",
        "os.chmod",
        "os.killpg",
        "shutil.rmtree",
        "subprocess.Popen",
        "fcntl.flock",
    }
)


class Rules(Struct, frozen=True, kw_only=True):
    strategy: Strategy = "rebase"
    batch: int = 1
    check: str = "! [ -e red ]"


class World(Struct, frozen=True):
    """A remote with three queued branches, and an engine's files; a copy goes on as another world."""

    directory: Path
    rules: Rules

    @property
    def remote(self) -> Path:
        return self.directory / "remote.git"

    @property
    def place(self) -> Place:
        state = self.directory / "state" / "repos" / "shop"
        return Place(remote=self.remote, state=state, ledger=self.directory / "ledger")

    @property
    def effects(self) -> Path:
        """What engines have done, a line each; the last line of one that died did not happen."""
        return self.directory / "effects"

    @property
    def mergetui(self) -> Mergetui:
        """The command line in this world."""
        return Mergetui(self.directory)

    def wiring(self, clock: SystemClock) -> Wiring:
        mergetui = self.mergetui
        where = places(config=mergetui.config, state_dir=mergetui.state, environ={})
        return Wiring(where, clock=clock)

    def configure(self) -> None:
        rules = self.rules
        settings = [f"strategy = {rules.strategy!r}", f"batch = {rules.batch}", 'fetch_interval = "1h"']
        env = f"env = {{ {LEDGER} = '{self.place.ledger}' }}"
        self.mergetui.configure(str(self.remote), *settings, env, retest=evidence(rules.check))

    def copy(self, to: Path) -> "World":
        shutil.copytree(self.directory, to)
        copied = World(to, self.rules)
        copied.configure()
        return copied

    def fates(self) -> dict[str, str]:
        """What became of each branch, by the journal."""
        runs = (fact["run"] for fact in facts(self.place.state) if fact["event"] == "ended")
        return {run["branches"][-1]: run["outcome"] for run in runs}

    def queue(self) -> list[str]:
        return [entry["branches"][-1] for entry in entries(self.place.state).values()]

    def halt(self, hook: str) -> None:
        """The first push to main stops in this hook of the server until it is let go."""
        path = self.remote / "hooks" / hook
        script = [
            "#!/bin/sh",
            f'case "$* $(cat)" in *{full("main")}*) ;; *) exit 0 ;; esac',
            "[ ! -e halted ] || exit 0",
            "echo > halted",
            "while [ ! -e go ]; do sleep 0.01; done",
        ]
        path.write_text("\n".join([*script, ""]))
        path.chmod(0o755)

    def is_halted(self) -> bool:
        return (self.remote / "halted").exists()

    def let_go(self) -> None:
        (self.remote / "go").touch()


class Drain(Struct, frozen=True, kw_only=True):
    """An order: drain the queue of the world, and die before the effect with that number, from 1."""

    world: World
    die_at: int | None = None
    hurried: bool = False
    """Graces and backoffs pass sixty times as fast."""


class Drained(Struct, frozen=True, kw_only=True):
    died: bool
    at_rest: bool
    """Nothing is left that can move without a person."""


class Crowd:
    """The process that forks engines."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.crash_points"],
            env={**clean_environment(), "PYTHONDONTWRITEBYTECODE": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )

    def drain(self, world: World, *, die_at: int | None = None, hurried: bool = False) -> Drained:
        self.order(Drain(world=world, die_at=die_at, hurried=hurried))
        return self.answer()

    def order(self, order: Drain) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(msgspec.json.encode(order, enc_hook=str) + b"\n")
        self._process.stdin.flush()

    def answer(self) -> Drained:
        assert self._process.stdout is not None
        return msgspec.json.decode(self._process.stdout.readline(), type=Drained)

    def kill_the_engine(self) -> None:
        """The one that was ordered last; what it has started lives on."""
        for engine in psutil.Process(self._process.pid).children():
            engine.kill()

    def close(self) -> None:
        self._process.kill()
        self._process.communicate()


def make_world(directory: Path, rules: Rules) -> tuple[World, Told]:
    directory.mkdir(parents=True)
    world = World(directory, rules)
    world.configure()
    remote = Remote(world.remote)
    remote.propose("behind", {"b": "behind"})
    first = remote.push(a="somebody was faster")
    remote.propose("red", {"red": "1"})
    remote.propose("green", {"c": "green"})
    remote.propose("bystander", {"d": "not queued"})
    keep_log_of_refs(remote)
    answers = world.wiring(SystemClock()).desk("shop").enqueue([(branch,) for branch in EXPECTED])
    assert isinstance(answers, list)
    told = Told(
        first=first,
        branches={branch: remote.tip(branch) for branch in (*EXPECTED, "bystander")},
        acknowledged={a.entry.id: a.entry.branch for a in answers if isinstance(a, Queued)},
    )
    return world, told


def traced(world: World, trap: str) -> bool:
    """Whether a run died of it that every thread is killed which makes a system call: `fsync:when=3`."""
    ran = subprocess.run(
        [sys.executable, "-m", "tests.faults.crash_points", trap, "run", "--drain", *world.mergetui.places],
        env={**clean_environment(), "PYTHONDONTWRITEBYTECODE": "1"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )
    assert ran.returncode in (-signal.SIGKILL, NO), ran.stderr.decode(errors="replace")
    return ran.returncode < 0


def wrong_after(crowd: Crowd, world: World, told: Told) -> list[str]:
    """What is not as it should be, once another engine has gone on from there."""
    rest = crowd.drain(world, hurried=True)
    found = [] if rest.at_rest else ["the next engine did not come to rest"]
    if world.fates() != EXPECTED or world.queue() != ["red"]:
        found.append(f"the branches ended as {world.fates()}, with {world.queue()} in the queue")
    return found + violations(world.place, told)


class _HurriedClock(SystemClock):
    def __init__(self) -> None:
        self._since = super().now()
        self._from = super().monotonic()

    def now(self) -> datetime:
        return self._since + (super().now() - self._since) * _HASTE

    def monotonic(self) -> float:
        return self._from + (super().monotonic() - self._from) * _HASTE


class _Doom:
    """An audit hook that writes down every effect before it happens, and lets the last one not happen."""

    def __init__(self, told: Path, die_at: int | None) -> None:
        self._told = os.open(told, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._left = die_at
        self._threads = threading.RLock()

    def __call__(self, event: str, about: tuple[object, ...]) -> None:
        if event in _EFFECTS or (event == "open" and _writes(about)):
            with self._threads:
                self._count(event, about)

    def _count(self, event: str, about: tuple[object, ...]) -> None:
        os.write(self._told, f"{event} {about[:2]}".replace("\n", " ").encode() + b"\n")
        if self._left is not None:
            self._left -= 1
            if self._left == 0:
                os.kill(os.getpid(), signal.SIGKILL)


def _writes(about: Sequence[object]) -> bool:
    path, _, flags = about
    return path != os.devnull and isinstance(flags, int) and bool(flags & _WRITES)


def _engine(order: Drain) -> int:
    """An engine's whole life in a process of its own; its exit code."""
    clock = _HurriedClock() if order.hurried else SystemClock()
    sys.addaudithook(_Doom(order.world.effects, order.die_at))
    engine = order.world.wiring(clock).engine(lambda _: None)
    patience = timedelta(hours=1) if order.hurried else timedelta()
    waits = engine.drain(["shop"], patience=patience, stopping=threading.Event())
    return 0 if waits["shop"].why in (Why.IDLE, Why.NEEDS_A_PERSON) else 1


def _forked(order: Drain) -> Drained:
    pid = os.fork()
    if pid == 0:
        code = 70
        try:
            code = _engine(order)
        finally:
            os._exit(code)
    _, status = os.waitpid(pid, 0)
    return Drained(died=os.WIFSIGNALED(status), at_rest=status == 0)


def _path(_: type, value: str) -> Path:
    return Path(value)


def _serve() -> None:
    # What an engine loads on demand: a fork has it all.
    import git

    import mergetui.adapters.logs
    import mergetui.adapters.mirror
    import mergetui.adapters.retest
    import mergetui.driver.driver
    import mergetui.engine  # noqa: F401

    git.refresh()
    for line in sys.stdin.buffer:
        answer = _forked(msgspec.json.decode(line, type=Drain, dec_hook=_path))
        sys.stdout.buffer.write(msgspec.json.encode(answer) + b"\n")
        sys.stdout.buffer.flush()


def _run_traced(trap: str, words: Sequence[str]) -> None:
    """The command line, traced by strace(1), which lets go of everything that another program is run in."""
    from mergetui.__main__ import main

    options = ["-f", "-b", "execve", "-qq", "-o", os.devnull, "-e", f"inject={trap}:signal=KILL"]
    subprocess.Popen(["strace", *options, "-p", str(os.getpid())])
    while "TracerPid:\t0\n" in Path("/proc/self/status").read_text():
        time.sleep(0.001)
    sys.argv[1:] = words
    main()


if __name__ == "__main__":
    _run_traced(sys.argv[1], sys.argv[2:]) if sys.argv[1:] else _serve()
