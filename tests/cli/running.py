"""`mergetui` as scripts meet it: a process with its own configuration and state, and nothing inherited."""

import json
import os
import pty
import re
import signal
import subprocess  # noqa: TID251 - the command line is met from outside
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil
from filelock import FileLock
from msgspec import Struct

import mergetui
from tests.adapters.waiting import eventually
from tests.cli.forking import Forked, Forking

DONE, NO, USAGE, BROKEN, AGAIN, INTERRUPTED = 0, 1, 2, 70, 75, 130

_PATIENCE = 60
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
_OID = re.compile(r"[0-9a-f]{40}")


class Answer(Struct, frozen=True):
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one object on stdout."""
        return json.loads(self.out)

    @property
    def events(self) -> list[Any]:
        """The objects on stdout, one per line."""
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def error(self) -> Any:
        return self.json["error"]

    def told(self, event: str) -> list[Any]:
        return [row for row in self.events if row["event"] == event]


class Running:
    """A command that goes on."""

    def __init__(self, process: "subprocess.Popen[bytes] | Forked", told: Path) -> None:
        self._process = process
        self._told = told

    @property
    def pid(self) -> int:
        return self._process.pid

    def signal(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    def halt(self, store: Path) -> None:
        """Stopped until SIGCONT, between two changes of the store: in one it would hold the lock."""
        with FileLock(f"{store}.lock"):
            self.signal(signal.SIGSTOP)
            eventually(lambda: psutil.Process(self.pid).status() == psutil.STATUS_STOPPED)

    def said(self) -> str:
        """What is on its stdout by now."""
        return self._told.with_suffix(".out").read_text()

    def complaints(self) -> str:
        """What is on its stderr by now."""
        return self._told.with_suffix(".err").read_text()

    def end(self) -> Answer:
        code = self._process.wait(_PATIENCE)
        return Answer(code, self.said(), self.complaints())


class Mergetui:
    """The command line with a configuration file and a state directory of its own.

    With `forking`, commands are started by it, but for those that start `afresh` or on a terminal.
    """

    def __init__(self, directory: Path, forking: Forking | None = None) -> None:
        self.directory = directory
        self._forking = forking
        self.config = directory / "mergetui.toml"
        self.state = directory / "state"
        self.environment: dict[str, str] = clean_environment()
        self._started = 0

    def configure(self, remote: str, *settings: str, gate: str = "", retest: str = "true") -> None:
        """One repository, `shop`; each setting is a line of its table."""
        lines = [f"remote = {json.dumps(remote)}", f"retest = {json.dumps(retest)}", *settings]
        self.config.write_text("\n".join(["[gate]", gate, "[repos.shop]", *lines, ""]))

    def __call__(self, *words: str, **environ: str) -> Answer:
        return self.bare(*self.places, *words, **environ)

    def bare(self, *words: str, **environ: str) -> Answer:
        """Without --config and --state-dir."""
        if self._forking is None:
            return self._afresh(words, environ)
        ended = self._forking.run(
            words,
            cwd=self.directory,
            environment={**self.environment, **environ},
            patience=_PATIENCE,
        )
        return _answer(*ended)

    def afresh(self, *words: str, **environ: str) -> Answer:
        """By an interpreter of its own."""
        return self._afresh([*self.places, *words], environ)

    def _afresh(self, words: Sequence[str], environ: Mapping[str, str]) -> Answer:
        ran = subprocess.run(
            command(*words),
            cwd=self.directory,
            env={**self.environment, **environ},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_PATIENCE,
            check=False,
        )
        return _answer(ran.returncode, ran.stdout, ran.stderr)

    @contextmanager
    def running(self, *words: str, **environ: str) -> Iterator[Running]:
        """The command under way; gone, with all that it started, when the block is left."""
        with self._under_way(words, environ, self._forking) as running:
            yield running

    @contextmanager
    def running_afresh(self, *words: str, **environ: str) -> Iterator[Running]:
        """The same in an interpreter of its own: for what is said about how that ends."""
        with self._under_way(words, environ, None) as running:
            yield running

    @contextmanager
    def _under_way(
        self, words: Sequence[str], environ: Mapping[str, str], forking: Forking | None
    ) -> Iterator[Running]:
        self._started += 1
        told = self.directory / f"told-{self._started}"
        with (
            Path(os.devnull).open("rb") as nothing,
            told.with_suffix(".out").open("wb") as out,
            told.with_suffix(".err").open("wb") as err,
        ):
            streams = (nothing.fileno(), out.fileno(), err.fileno())
            process = self._start([*self.places, *words], environ, streams, forking)
        try:
            yield Running(process, told)
        finally:
            process.kill()
            process.wait(_PATIENCE)

    def on_a_terminal(self, *words: str, typed: str = "") -> tuple[int, str]:
        """The exit code and what is on the screen of a person who has typed that."""
        ours, theirs = pty.openpty()
        os.write(ours, typed.encode())
        process = self._start([*self.places, *words], {}, (theirs, theirs, theirs), None)
        code = process.wait(_PATIENCE)
        shown = os.read(ours, 65_536).decode()
        os.close(theirs)
        os.close(ours)
        return code, shown

    def _start(
        self,
        words: Sequence[str],
        environ: Mapping[str, str],
        streams: tuple[int, int, int],
        forking: Forking | None,
    ) -> "subprocess.Popen[bytes] | Forked":
        environment = {**self.environment, **environ}
        if forking is not None:
            return forking.start(words, cwd=self.directory, environment=environment, streams=streams)
        stdin, out, err = streams
        return subprocess.Popen(
            command(*words), cwd=self.directory, env=environment, stdin=stdin, stdout=out, stderr=err
        )

    def queue(self) -> list[Any]:
        queue: list[Any] = self("status", "shop", "--json").json["repos"][0]["queue"]
        return queue

    def names(self) -> list[str]:
        return [entry["branch"] for entry in self.queue()]

    def entry(self, branch: str) -> Any:
        return next(entry for entry in self.queue() if entry["branch"] == branch)

    def lease(self) -> Any:
        return self("lease", "list", "--json").json["leases"][0]["lease"]

    def runs(self, *words: str) -> list[Any]:
        runs: list[Any] = self("history", "--json", *words).json["runs"]
        return runs

    @property
    def places(self) -> list[str]:
        return ["--config", str(self.config), "--state-dir", str(self.state)]


def _answer(code: int, out: bytes, err: bytes) -> Answer:
    return Answer(code, out.decode(), err.decode())


def command(*words: str) -> list[str]:
    return [sys.executable, "-m", "mergetui", *words]


def clean_environment() -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "HOME": "/nonexistent",
        "LANG": "C.UTF-8",
        "PYTHONPATH": str(Path(mergetui.__file__).parent.parent),
        "MERGETUI_OPERATOR": "ada",
    }


def has(fields: Mapping[str, object], row: Mapping[str, object]) -> bool:
    """Whether `row` has every one of these fields, each of its kind; more may be there."""
    kinds = {name: kind(row[name]) if name in row else "missing" for name in fields}
    assert kinds == dict(fields)
    return True


def kind(value: object) -> object:
    """What a JSON value is, in a word; a list is what its items are."""
    match value:
        case str() if _TIME.fullmatch(value):
            return "time"
        case str() if _OID.fullmatch(value):
            return "commit"
        case list():
            return [kind(item) for item in value]
        case dict():
            return {name: kind(item) for name, item in value.items()}
        case None:
            return "null"
        case _:
            return type(value).__name__


def gone(pid: int) -> bool:
    """Whether the process has ended."""
    return not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


class Stop:
    """A retest that stops in the middle, so that the world can be looked at or changed meanwhile."""

    def __init__(self, directory: Path) -> None:
        self._at = directory / "retest.pid"
        self._go = directory / "go"
        os.mkfifo(self._go)

    @property
    def once(self) -> str:
        """The first time it does not end by itself; green ever after."""
        return f"[ -e {self._at} ] || {{ {self._arrive}; exec sleep 600; }}"

    @property
    def until_let_go(self) -> str:
        return f"{self._arrive}; read line < {self._go}; rm {self._at}"

    def reached(self) -> int:
        """The pid of the retest, once it is in the middle."""
        return eventually(lambda: self._at.exists() and int(self._at.read_text()), within=30)

    def let_go(self) -> None:
        self._go.write_text("go\n")

    def end(self) -> None:
        """Nothing of it is left; another process that has got its number is spared."""
        with suppress(FileNotFoundError, psutil.Error):
            retest = psutil.Process(int(self._at.read_text()))
            if Path(retest.cwd()).is_relative_to(self._at.parent):
                retest.kill()

    @property
    def _arrive(self) -> str:
        return f"echo $$ > {self._at}.new; mv {self._at}.new {self._at}"
