"""The console in a real terminal, from start to quit: bytes in, bytes out."""

import os
import signal
import sys
import tomllib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from mergetui.adapters.journal import FileJournal
from mergetui.events import Ended, Event, LeaseGranted
from mergetui.settings import help_of
from mergetui.tui.calling import POP_TITLE, PUSH_TITLE
from tests.adapters.waiting import eventually
from tests.tui.house import OPERATOR, House
from tests.tui.terminals import Pty
from tests.worlds.remote import Remote

ALTERNATE_SCREEN_LEFT = b"\x1b[?1049l"
CURSOR_SHOWN = b"\x1b[?25h"
MOUSE_OFF = b"\x1b[?1003l"

Open = Callable[..., Pty]


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    house = House(tmp_path)
    yield house
    house.go_on()


@pytest.fixture
def open_console(house: House) -> Iterator[Open]:
    """The console on the house in a pseudo-terminal, with what is added to its environment."""
    opened = []

    def start(command: Sequence[str] = (), **environ: str) -> Pty:
        told = {"MERGETUI_OPERATOR": OPERATOR, "SHELL": "/bin/sh", **environ}
        opened.append(Pty(command or house.command, told))
        return opened[-1]

    yield start
    for terminal in opened:
        terminal.close()


class Terminal(Pty):
    """`mergetui demo` in a terminal."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        super().__init__([sys.executable, "-m", "mergetui", "demo", str(directory)], {"SHOP_PACE": "0"})

    def is_at_work(self) -> bool:
        return any(isinstance(fact, LeaseGranted) for fact in self._facts())

    def endings(self) -> list[str]:
        return [fact.run.outcome for fact in self._facts() if isinstance(fact, Ended)]

    def _facts(self) -> Sequence[Event]:
        return FileJournal(self.directory / "state" / "repos" / "shop" / "journal.jsonl").read()


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    terminal = Terminal(tmp_path / "demo")
    yield terminal
    terminal.close()


@pytest.fixture
def first_run(tmp_path: Path) -> Iterator[Pty]:
    where = ["--config", str(tmp_path / "c.toml"), "--state-dir", str(tmp_path / "state")]
    # Not in a checkout with a remote: that one would be suggested.
    terminal = Pty([sys.executable, "-m", "mergetui", *where], {}, directory=tmp_path)
    yield terminal
    terminal.close()


@pytest.mark.soak
def test_the_first_repository_is_added_and_its_console_opens_in_the_place_of_the_guide(
    first_run: Pty, tmp_path: Path
) -> None:
    remote = Remote(tmp_path / "goods.git")
    written = tmp_path / "c.toml"
    eventually(lambda: first_run.shows("No repository is configured yet."), within=30)
    first_run.press("R")
    eventually(lambda: first_run.shows("Add a repository"), within=30)
    # Pressed once more only by somebody very patient: a second one goes to the field after it.
    first_run.press_until("\x1b[B", lambda: first_run.shows(help_of("remote")[:20]), patience=8)
    first_run.forget()
    first_run.press(remote.url)
    eventually(lambda: first_run.shows(remote.url[-9:]), within=30)
    first_run.press_until("\x13", written.exists)
    eventually(lambda: first_run.shows("goods is added"), within=30)
    assert tomllib.loads(written.read_text())["repos"]["goods"]["remote"] == remote.url
    assert ALTERNATE_SCREEN_LEFT not in first_run.output
    first_run.press_until("q", first_run.has_ended)
    assert first_run.process.returncode == 0
    assert first_run.output.count(ALTERNATE_SCREEN_LEFT) == 1
    assert first_run.is_as_it_was()


def test_a_step_lands_and_quitting_leaves_the_terminal_as_it_was(terminal: Terminal) -> None:
    eventually(lambda: terminal.shows("13 queued"), within=15)
    terminal.press("s")
    eventually(lambda: terminal.shows("Next step"), within=15)
    terminal.press_until("s", terminal.is_at_work)
    eventually(lambda: terminal.endings() == ["landed"], within=15)
    eventually(lambda: terminal.shows("fix/vat-a landed"), within=15)
    terminal.press("\x1b")
    terminal.press_until("q", terminal.has_ended)
    is_clean(terminal)


def is_clean(terminal: Pty) -> None:
    assert terminal.process.returncode == 0
    for told in (ALTERNATE_SCREEN_LEFT, CURSOR_SHOWN, MOUSE_OFF):
        assert told in terminal.output
    assert terminal.is_as_it_was()
    assert terminal.output.index(PUSH_TITLE.encode()) < terminal.output.index(b"\x1b]2;mergetui")
    assert terminal.output.rindex(b"\x1b]2;mergetui") < terminal.output.rindex(POP_TITLE.encode())


def at_work(terminal: Pty, house: House) -> str:
    """Until the retest runs; the commit under test."""
    eventually(lambda: terminal.shows("press a"), within=15)
    terminal.press("a")
    commit = eventually(house.under_test, within=15)
    eventually(lambda: terminal.shows("line one"), within=15)
    return commit


def in_a_shell(terminal: Pty, house: House) -> str:
    commit = at_work(terminal, house)
    terminal.forget()
    terminal.press("x")
    eventually(lambda: terminal.shows("goes back"), within=15)
    return commit


@pytest.mark.soak
def test_a_shell_stands_in_the_tree_under_test_and_a_landing_happens_meanwhile(
    open_console: Open, house: House
) -> None:
    terminal = open_console()
    commit = in_a_shell(terminal, house)
    assert terminal.shows(f"mergetui: the tree of {commit}")
    assert terminal.shows(f"  base      {house.remote.first}, of main")
    terminal.press("git rev-parse HEAD | tr a-f A-F; pwd; echo in $MERGETUI_COMMIT\n")
    eventually(lambda: terminal.shows(commit.upper()) and terminal.shows(f"in {commit}"))
    [tree] = house.trees_of_shells()
    assert terminal.shows(f"{tree}\r\n")
    renewed = house.lease()
    assert renewed is not None
    eventually(lambda: (held := house.lease()) is not None and held.renewed_at > renewed.renewed_at)
    house.go_on()
    eventually(lambda: house.endings() == ["landed"], within=15)
    assert house.remote.tip() == commit
    assert house.trees_of_shells() == [tree]
    terminal.forget()
    terminal.press("exit\n")
    eventually(lambda: terminal.shows("queue is empty"), within=15)
    eventually(lambda: house.trees_of_shells() == [])
    terminal.press_until("q", terminal.has_ended)
    is_clean(terminal)


@pytest.mark.soak
def test_a_shell_that_is_killed_gives_the_terminal_back(open_console: Open, house: House) -> None:
    terminal = open_console(SHELL="/bin/bash")
    at_work(terminal, house)
    terminal.forget()
    terminal.press("x")
    eventually(lambda: terminal.shows("goes back"), within=15)
    terminal.press("stty -echo -icanon; echo $((40 + 2)); kill -9 $$\n")
    eventually(lambda: terminal.shows("back from the shell"), within=15)
    house.go_on()
    eventually(lambda: terminal.shows("queue is empty"), within=15)
    terminal.press_until("q", terminal.has_ended)
    is_clean(terminal)


@pytest.mark.soak
def test_interrupts_go_to_the_shell_and_the_console_stays(open_console: Open, house: House) -> None:
    terminal = open_console()
    in_a_shell(terminal, house)
    terminal.press("trap 'echo caught $((40 + 2))' INT; echo re$((1 + 1))dy; sleep 60\n")
    # The terminal throws away what was typed ahead of an interrupt.
    eventually(lambda: terminal.shows("re2dy"))
    terminal.press_until("\x03", lambda: terminal.shows("caught 42"))
    terminal.press("exit\n")
    eventually(lambda: terminal.shows("back from the shell"), within=15)
    house.go_on()
    eventually(lambda: house.endings() == ["landed"], within=15)


@pytest.mark.soak
def test_the_next_console_removes_the_tree_of_one_that_was_killed(open_console: Open, house: House) -> None:
    terminal = open_console()
    in_a_shell(terminal, house)
    terminal.process.kill()
    eventually(terminal.has_ended)
    assert house.trees_of_shells() != []
    again = open_console()
    eventually(lambda: house.trees_of_shells() == [], within=15)
    eventually(lambda: again.shows("1 Repositories"), within=15)


@pytest.mark.soak
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_it_cleanly_and_the_entry_waits_again(
    open_console: Open, house: House, number: signal.Signals
) -> None:
    terminal = open_console()
    at_work(terminal, house)
    os.kill(terminal.process.pid, number)
    eventually(terminal.has_ended, within=15)
    is_clean(terminal)
    [entry] = house.desk.state().entries.values()
    assert (entry.state, house.lease()) == ("queued", None)


@pytest.mark.soak
def test_a_window_that_is_closed_on_a_shell_ends_the_console_too(open_console: Open, house: House) -> None:
    terminal = open_console(SHELL="/bin/bash")
    in_a_shell(terminal, house)
    terminal.hang_up()
    terminal.process.wait(timeout=15)
    [entry] = house.desk.state().entries.values()
    assert (entry.state, house.lease()) == ("queued", None)


@pytest.mark.soak
def test_a_window_that_is_closed_ends_it_and_the_entry_waits_again(open_console: Open, house: House) -> None:
    terminal = open_console()
    at_work(terminal, house)
    terminal.hang_up()
    terminal.process.wait(timeout=15)
    [entry] = house.desk.state().entries.values()
    assert (entry.state, house.lease()) == ("queued", None)


BREAKING = """
from mergetui.tui.app import Console

def break_down(self):
    password = "hunter2"
    raise RuntimeError("planted")

Console.key_f12 = break_down
from mergetui.__main__ import main
main()
"""
F12 = "\x1b[24~"


@pytest.mark.soak
def test_a_console_that_breaks_leaves_the_terminal_as_it_was_and_stops_its_retest(
    open_console: Open, house: House
) -> None:
    python, _, _, *where = house.command
    terminal = open_console([python, "-c", BREAKING, *where])
    at_work(terminal, house)
    terminal.press(F12)
    eventually(terminal.has_ended, within=15)
    assert terminal.process.returncode == 1
    assert terminal.is_as_it_was()
    assert ALTERNATE_SCREEN_LEFT in terminal.output
    assert terminal.shows("RuntimeError: planted")
    log = (house.places.state / "console.log").read_text()
    assert "RuntimeError: planted" in log
    assert not terminal.shows("hunter2")
    assert "hunter2" not in log
    [entry] = house.desk.state().entries.values()
    assert (entry.state, house.lease()) == ("queued", None)
