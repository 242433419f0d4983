"""The console in a real terminal, from start to quit: bytes in, bytes out."""

import fcntl
import os
import pty
import re
import struct
import subprocess  # noqa: TID251 - the console as a person starts it
import sys
import termios
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

import mergetui
from mergetui.adapters.journal import FileJournal
from mergetui.events import Ended, Event, LeaseGranted
from mergetui.tui.calling import POP_TITLE, PUSH_TITLE
from tests.adapters.waiting import eventually
from tests.worlds.remote import Remote

ESCAPES = re.compile(rb"\x1b\[[0-9;?<>=]*[a-zA-Z]|\x1b\][^\x07]*\x07|\x1b[()][A-Z0-9]")
ALTERNATE_SCREEN_LEFT = b"\x1b[?1049l"
_A_HANDS_PATIENCE = 1.0
_BETWEEN_FIELDS = 0.2


class Terminal:
    """`mergetui` in a pseudo-terminal of 120 columns and 40 rows; without `words`, its demo."""

    def __init__(self, directory: Path, *words: str) -> None:
        self.directory = directory
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
        self.before = termios.tcgetattr(slave)
        environment = {**os.environ, "TERM": "xterm-256color", "SHOP_PACE": "0", "TEXTUAL_ANIMATIONS": "none"}
        environment["PYTHONPATH"] = str(Path(mergetui.__file__).parents[1])
        command = [sys.executable, "-m", "mergetui", *(words or ("demo", str(directory)))]
        self.process = subprocess.Popen(
            command,
            cwd=directory.parent,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env=environment,
            start_new_session=True,
        )
        self._slave = slave
        self.output = b""
        os.set_blocking(self._master, False)

    def shows(self, text: str) -> bool:
        """Whether it has been drawn by now."""
        self.read()
        return text.encode() in ESCAPES.sub(b"", self.output)

    def press(self, keys: str) -> None:
        os.write(self._master, keys.encode())

    def press_until(self, keys: str, is_so: Callable[[], bool]) -> None:
        """As a person does who sees nothing happen: a dialog that has just opened takes no key."""

        def again() -> bool:
            self.press(keys)
            deadline = time.monotonic() + _A_HANDS_PATIENCE
            while not (seen := is_so()) and time.monotonic() < deadline:
                time.sleep(0.01)
            return seen

        eventually(again, within=30)

    def rest(self) -> None:
        """What a hand takes between two fields."""
        time.sleep(_BETWEEN_FIELDS)

    def read(self) -> None:
        try:
            while chunk := os.read(self._master, 65_536):
                self.output += chunk
        except BlockingIOError:
            return

    def has_ended(self) -> bool:
        self.read()
        return self.process.poll() is not None

    def is_as_it_was(self) -> bool:
        return termios.tcgetattr(self._slave) == self.before

    def is_at_work(self) -> bool:
        return any(isinstance(fact, LeaseGranted) for fact in self._facts())

    def endings(self) -> list[str]:
        return [fact.run.outcome for fact in self._facts() if isinstance(fact, Ended)]

    def _facts(self) -> Sequence[Event]:
        return FileJournal(self.directory / "state" / "repos" / "shop" / "journal.jsonl").read()

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self._master)
        os.close(self._slave)


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    terminal = Terminal(tmp_path / "demo")
    yield terminal
    terminal.close()


@pytest.fixture
def first_run(tmp_path: Path) -> Iterator[Terminal]:
    words = ("--config", str(tmp_path / "c.toml"), "--state-dir", str(tmp_path / "state"))
    terminal = Terminal(tmp_path / "here", *words)
    yield terminal
    terminal.close()


@pytest.mark.soak
def test_the_first_repository_is_added_and_its_console_opens_in_the_place_of_the_guide(
    first_run: Terminal, tmp_path: Path
) -> None:
    remote = Remote(tmp_path / "goods.git")
    eventually(lambda: first_run.shows("No repository is configured yet."), within=30)
    first_run.press("R")
    eventually(lambda: first_run.shows("Add a repository"), within=30)
    written = tmp_path / "c.toml"
    for keys in ("goods", "\x1b[B", remote.url):
        first_run.press(keys)
        first_run.rest()
    first_run.press_until("\x13", written.exists)
    eventually(lambda: first_run.shows("goods is added"), within=30)
    assert written.read_text() == f'[repos.goods]\nremote = "{remote.url}"\n'
    assert ALTERNATE_SCREEN_LEFT not in first_run.output
    first_run.press_until("q", first_run.has_ended)
    assert first_run.process.returncode == 0
    assert first_run.output.count(ALTERNATE_SCREEN_LEFT) == 1
    assert first_run.is_as_it_was()


def test_a_step_lands_and_quitting_leaves_the_terminal_as_it_was(terminal: Terminal) -> None:
    eventually(lambda: terminal.shows("13 queued"), within=30)
    terminal.press("s")
    eventually(lambda: terminal.shows("Next step"), within=30)
    terminal.press_until("s", terminal.is_at_work)
    eventually(lambda: terminal.endings() == ["landed"], within=30)
    eventually(lambda: terminal.shows("fix/vat-a landed"), within=30)
    terminal.press("\x1b")
    terminal.press_until("q", terminal.has_ended)
    assert terminal.process.returncode == 0
    assert ALTERNATE_SCREEN_LEFT in terminal.output
    assert terminal.is_as_it_was()
    assert terminal.output.index(PUSH_TITLE.encode()) < terminal.output.index(b"\x1b]2;mergetui")
    assert terminal.output.rindex(b"\x1b]2;mergetui") < terminal.output.rindex(POP_TITLE.encode())
