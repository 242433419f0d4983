"""Everything at once: several engines and a console on one state, and somebody who wishes them ill.

As a program, `python -m tests.faults.nemesis GUARD CONFIG STATE` is an engine without one of its guards.
"""

import os
import pty
import random
import signal
import subprocess  # noqa: TID251 - engines are met from outside
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TypeAlias

import msgspec
from msgspec.structs import replace

from mergetui.adapters.mirror import Mirror
from mergetui.driver.driver import Driver
from mergetui.git_ports import Published, PublishResult, Seen
from mergetui.model import Candidate
from mergetui.outcome import RetestEnding, Unreachable
from mergetui.places import places
from mergetui.ports import Emit
from mergetui.reason import Coded
from mergetui.view import Verdict
from mergetui.wiring import Wiring
from tests.cli.running import Mergetui, clean_environment, command
from tests.faults.afterwards import LEDGER, Place, Told, evidence, keep_log_of_refs
from tests.worlds.remote import Remote, git_in

Child: TypeAlias = "subprocess.Popen[bytes]"

_ENGINES = 3
_BRANCHES = 8
_MOST_COMMANDS = 2
_PATIENCE = 30
_STEP = (0.02, 0.4)
"""Seconds between two deeds, at least and at most."""
_MILD = 3.0
"""So much longer is the time between two mild deeds."""


class Nemesis:
    """The same deeds for the same seed; how they meet the engines is up to the machine."""

    def __init__(self, directory: Path, *, seed: int, guardless: str | None = None) -> None:
        self.deeds = Counter[str]()
        self._directory = directory
        self._random = random.Random(seed)
        self._guardless = guardless
        self._mergetui = Mergetui(directory)
        self._remote = Remote(directory / "remote.git")
        self._engines: list[Child] = []
        self._stopped: list[Child] = []
        self._commands: list[tuple[Child, Path]] = []
        self._screen, self._console = -1, list[Child]()
        self._serial = 0
        self._branches = dict[str, str]()
        self._pushed = set[str]()
        self._acknowledged = dict[str, str]()
        self._configure()

    @property
    def place(self) -> Place:
        state = self._directory / "state" / "repos" / "shop"
        return Place(remote=self._remote.path, state=state, ledger=self._directory / "ledger")

    @property
    def told(self) -> Told:
        return Told(
            first=self._remote.first,
            pushed=frozenset(self._pushed),
            branches=self._branches,
            acknowledged=self._acknowledged,
        )

    def rage(self, seconds: float) -> None:
        """Do ill for so long; engines and commands are at work all the time."""
        self._go_about(self._choices, seconds, pace=1.0, enough=lambda: False)

    def nag(self, seconds: float, *, enough: Callable[[], bool]) -> None:
        """Only what people do to the remote, for so long or until it is enough."""
        deeds = [self._author_pushes, self._somebody_pushes_to_main, self._somebody_queues]
        self._go_about(deeds, seconds, pace=_MILD, enough=enough)

    def _go_about(
        self, deeds: Sequence[Callable[[], None]], seconds: float, *, pace: float, enough: Callable[[], bool]
    ) -> None:
        deadline = time.monotonic() + seconds
        for number in range(_BRANCHES):
            self._propose(f"b{number}")
        self._command("enqueue", "shop", *self._branches)
        while time.monotonic() < deadline and not enough():
            self._keep_busy()
            deed = self._random.choice(deeds)
            self.deeds[deed.__name__.strip("_")] += 1
            deed()
            time.sleep(pace * self._random.uniform(*_STEP))

    def relent(self) -> None:
        """Let everything that is stopped go on, end the engines (some in peace), hear the last answers."""
        for child in self._stopped:
            child.send_signal(signal.SIGCONT)
        for child in [*self._engines, *self._console]:
            child.send_signal(self._random.choice([signal.SIGKILL, signal.SIGTERM]))
        for child in [*self._engines, *self._console]:
            self._see_off(child)
        while self._commands:
            self._hear_answers()
            time.sleep(_STEP[0])
        self._remote.behave()
        self._mergetui("resume", "shop")

    def close(self) -> None:
        """Nothing that was started is left."""
        for child in [*self._engines, *self._console, *(child for child, _ in self._commands)]:
            child.kill()
            child.wait()
        if self._screen >= 0:
            os.close(self._screen)

    # What goes on.

    def _keep_busy(self) -> None:
        self._engines = [engine for engine in self._engines if engine.poll() is None]
        self._console = [console for console in self._console if console.poll() is None]
        self._stopped = [child for child in self._stopped if child.poll() is None]
        if len(self._engines) < _ENGINES:
            self._engines.append(self._start(self._engine_command, self._directory / "engines.log"))
        if not self._console:
            self._open_console()
        with suppress(BlockingIOError, OSError):
            os.read(self._screen, 1_000_000)
        self._hear_answers()

    @property
    def _engine_command(self) -> list[str]:
        if self._guardless is None:
            return command(*self._mergetui.places, "run")
        here = [str(self._mergetui.config), str(self._mergetui.state)]
        return [sys.executable, "-m", "tests.faults.nemesis", self._guardless, *here]

    def _start(self, words: Sequence[str], log: Path) -> Child:
        with log.open("ab") as file:
            return subprocess.Popen(
                words, env=self._environment, stdin=subprocess.DEVNULL, stdout=file, stderr=file
            )

    def _open_console(self) -> None:
        if self._screen >= 0:
            os.close(self._screen)
        self._screen, theirs = pty.openpty()
        os.set_blocking(self._screen, False)
        words, environment = command(*self._mergetui.places), {**self._environment, "TERM": "xterm-256color"}
        console = subprocess.Popen(
            words, env=environment, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True
        )
        os.close(theirs)
        self._console = [console]

    def _command(self, *words: str) -> None:
        self._serial += 1
        answer = self._directory / f"answer-{self._serial}"
        child = self._start(command(*self._mergetui.places, *words, "--json"), answer)
        self._commands.append((child, answer))

    def _hear_answers(self) -> None:
        """What `enqueue` has answered for is promised from now on."""
        for child, answer in self._commands:
            if child.poll() is not None and answer.read_bytes().startswith(b'{"schema":1,"queued"'):
                rows = msgspec.json.decode(answer.read_bytes().splitlines()[0])["queued"]
                self._acknowledged.update({row["id"]: row["branch"] for row in rows})
        self._commands = [(child, answer) for child, answer in self._commands if child.returncode is None]

    def _see_off(self, child: Child) -> None:
        try:
            child.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()

    # Deeds.

    @property
    def _choices(self) -> list[Callable[[], None]]:
        return [
            *[self._author_pushes] * 5,
            *[self._somebody_pushes_to_main] * 4,
            *[self._somebody_queues] * 6,
            *[self._kill] * 2,
            *[self._stop] * 3,
            *[self._go_on] * 5,
            *[self._press_keys] * 4,
            self._author_deletes,
            self._operator_speaks,
            self._operator_speaks,
            self._operator_pauses,
            self._operator_resumes,
            self._operator_resumes,
            self._operator_takes_the_lease,
            self._server_is_slow,
            self._server_breaks_off,
            self._server_behaves,
        ]

    def _author_pushes(self) -> None:
        self._propose(f"b{self._random.randrange(_BRANCHES)}")

    def _author_deletes(self) -> None:
        if self._branches:
            branch = self._random.choice(sorted(self._branches))
            with suppress(AssertionError):
                self._remote.delete(branch)
                del self._branches[branch]

    def _somebody_pushes_to_main(self) -> None:
        # Never forced: whoever loses the race against a landing gives up, as a plain push does.
        self._serial += 1
        before = self._remote.tip()
        after = self._remote.commit("refs/people/x", [before], files={f"m{self._serial}": str(self._serial)})
        with suppress(AssertionError):
            git_in(self._remote.path, "update-ref", "refs/heads/main", after, before)
            self._pushed.add(after)
        self._remote.delete("refs/people/x")

    def _somebody_queues(self) -> None:
        if len(self._commands) < _MOST_COMMANDS and self._branches:
            most = self._random.randint(1, 3)
            self._command("enqueue", "shop", *self._random.choices(sorted(self._branches), k=most))

    def _operator_speaks(self) -> None:
        branch = f"b{self._random.randrange(_BRANCHES)}"
        word = self._random.choice(["dequeue", "retry", "move"])
        more = ["--to", "1"] if word == "move" else []
        if len(self._commands) < _MOST_COMMANDS:
            self._command(word, "shop", branch, *more)

    def _operator_pauses(self) -> None:
        self._command("pause", "shop", "--reason", "x", *self._random.choice([["--now"], []]))

    def _operator_resumes(self) -> None:
        self._command("resume", "shop")

    def _operator_takes_the_lease(self) -> None:
        self._command("lease", "release", "shop", "--reason", "x", "--yes")

    def _kill(self) -> None:
        self._random.choice([*self._engines, *self._console]).kill()

    def _stop(self) -> None:
        child = self._random.choice([*self._engines, *self._console])
        child.send_signal(signal.SIGSTOP)
        self._stopped.append(child)

    def _go_on(self) -> None:
        if self._stopped:
            self._stopped.pop(0).send_signal(signal.SIGCONT)

    def _press_keys(self) -> None:
        with suppress(BlockingIOError, OSError):
            os.write(self._screen, self._random.choice(["a", "s", "\x1b", "\r", "j", "w", "r"]).encode())

    def _server_is_slow(self) -> None:
        self._hook("pre-receive", f"sleep 0.{self._random.randint(1, 5)}")

    def _server_breaks_off(self) -> None:
        self._hook("post-receive", "kill -9 $PPID")

    def _server_behaves(self) -> None:
        self._remote.behave()

    # The world.

    def _configure(self) -> None:
        keep_log_of_refs(self._remote)
        env = f"env = {{ {LEDGER} = '{self.place.ledger}' }}"
        settings = [env, 'fetch_interval = "1s"', "batch = 2", "parallel = 2"]
        retest = evidence("sleep 0.3; ! ls red-* 2>&-")
        self._mergetui.configure(self._remote.url, *settings, gate='lease_ttl = "3s"', retest=retest)
        self._environment = {**clean_environment(), "PYTHONDONTWRITEBYTECODE": "1"}

    def _propose(self, branch: str) -> None:
        """One commit that is unlike any other; now and then it is red, or meets another in one file."""
        self._serial += 1
        kind = self._random.choice(["file", "file", "file", "red", "shared"])
        path = "shared" if kind == "shared" else f"{kind}-{self._serial}"
        on = self._random.choice(["main", self._remote.first])
        # A ref that is locked by the gate's push at this moment refuses, and the author gives up.
        with suppress(AssertionError):
            self._branches[branch] = self._remote.propose(branch, {path: f"{self._serial}\n"}, on=on)

    def _hook(self, name: str, *script: str) -> None:
        hook = self._remote.path / "hooks" / name
        hook.with_suffix(".new").write_text("\n".join(["#!/bin/sh", *script, ""]))
        hook.with_suffix(".new").chmod(0o755)
        hook.with_suffix(".new").rename(hook)


class _Blind(Mirror):
    """Does not look where main has got to, and pushes there all the same."""

    _tip: str | None = None

    def fetch(self, branches: Sequence[str]) -> Seen | Unreachable:
        seen = super().fetch(branches)
        if isinstance(seen, Unreachable):
            return seen
        self._tip = self._tip or seen.tip
        return Seen(tip=self._tip, heads=seen.heads)

    def publish(self, candidate: Candidate) -> PublishResult:
        self._tip = candidate.commit
        self._git.ask("push", "--force", "origin", f"{candidate.commit}:{self._target}")
        return Published(candidate.commit, candidate.tree)


def _lenient(_: RetestEnding) -> tuple[Verdict, Coded | None]:
    """Finds everything green."""
    return Verdict.GREEN, None


class _Guardless(Wiring):
    """The real world, without the guard of that name."""

    guard: str

    def driver(self, name: str, emit: Emit) -> Driver:
        real = super().driver(name, emit)
        repository, gate, ports = real._repository, real._gate, real._ports
        lacking = {
            "looking": replace(ports, repo=_Blind(repository, self.places.cache / name)),
            "judging": replace(ports, judge=_lenient),
        }
        return Driver(repository, gate, lacking[self.guard])


def _run_without(guard: str, config: Path, state: Path) -> None:
    wiring = _Guardless(places(config=config, state_dir=state, environ={}))
    wiring.guard = guard
    engine = wiring.engine(lambda _: None)
    engine.start()
    engine.want("shop", "auto")
    threading.Event().wait()


if __name__ == "__main__":
    _run_without(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
