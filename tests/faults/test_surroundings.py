"""Started from anywhere, ended by anything: as in a clean environment, and the terminal as it was."""

import fcntl
import signal
import struct
import subprocess  # noqa: TID251 - a person's git, whose hook starts the gate
import termios
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.adapters.waiting import eventually
from tests.cli.running import DONE, INTERRUPTED, Mergetui, command, gone
from tests.tui.test_terminal import ALTERNATE_SCREEN_LEFT, Terminal
from tests.worlds.remote import Remote

pytestmark = [pytest.mark.soak, pytest.mark.fault(23)]

HOSTILE = {
    "GIT_DIR": "/nonexistent",
    "GIT_WORK_TREE": "/",
    "GIT_INDEX_FILE": "/nonexistent/index",
    "GIT_OBJECT_DIRECTORY": "/nonexistent",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES": "/nonexistent",
    "GIT_NAMESPACE": "elsewhere",
    "GIT_SHALLOW_FILE": "/dev/null",
    "GIT_GRAFT_FILE": "/dev/null",
    "GIT_CEILING_DIRECTORIES": "/",
    "GIT_CONFIG_PARAMETERS": "'core.bare'='nonsense'",
    "GIT_CONFIG_COUNT": "1",
    "GIT_CONFIG_KEY_0": "core.repositoryFormatVersion",
    "GIT_CONFIG_VALUE_0": "99",
    "GIT_CONFIG": "/nonexistent",
    "GIT_SSH_COMMAND": "false",
    "GIT_EXTERNAL_DIFF": "false",
    "GIT_LITERAL_PATHSPECS": "1",
    "GIT_DEFAULT_HASH": "sha256",
    "GIT_TRACE": "1",
    "GIT_EXEC_PATH": "/nonexistent",
    "GIT_PROTOCOL_FROM_USER": "0",
    "GIT_REFLOG_ACTION": "evil",
    "GIT_QUARANTINE_PATH": "/nonexistent",
    "GIT_PUSH_OPTION_COUNT": "1",
    "GIT_PUSH_OPTION_0": "x",
}
ODD = [
    HOSTILE,
    {"LANG": "tr_TR.UTF-8", "LC_ALL": "tr_TR.UTF-8", "LANGUAGE": "tr:de"},
    {"LC_ALL": "C", "LANG": "C"},
    {"TERM": "dumb", "COLUMNS": "1", "LINES": "1", "NO_COLOR": "1"},
    {"TERM": "", "COLUMNS": "0", "LINES": "-1"},
    {"TMPDIR": "/nonexistent", "HOME": "/dev/null"},
    {"EDITOR": "false", "VISUAL": "false", "PAGER": "false", "SHELL": "/bin/false"},
]


@pytest.mark.parametrize("odd", ODD, ids=lambda odd: next(iter(odd)))
def test_a_branch_lands_as_in_a_clean_environment(
    odd: dict[str, str], shop: Mergetui, remote: Remote
) -> None:
    remote.propose("füße", a="1")
    remote.push(b="1")
    assert shop("enqueue", "shop", "füße", **odd).code == DONE
    answer = shop("run", "--drain", "--json", **odd)
    assert (answer.code, answer.events[-1]["landed"]) == (DONE, ["füße"])
    assert remote.log("main", "%cn") == ["Ada", "Bob", "mergetui"]


def test_from_a_hook_of_the_users_own_repository_that_one_stays_as_it_is(
    shop: Mergetui, remote: Remote, tmp_path: Path
) -> None:
    remote.propose("feature", a="1")
    checkout = remote.clone(tmp_path / "checkout")
    steps = [
        " ".join(command(*shop.places, *w)) for w in (["enqueue", "shop", "feature"], ["run", "--drain"])
    ]
    hook = checkout / ".git" / "hooks" / "post-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(
        "\n".join(["#!/bin/sh", "set -e", "git status -uno > before", *steps, "git status -uno > after"])
    )
    hook.chmod(0o755)
    person = {
        f"GIT_{who}_{what}": "x@example.org" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")
    }
    subprocess.run(
        ["git", "commit", "--quiet", "--allow-empty", "-m", "mine"],
        cwd=checkout,
        env={**shop.environment, **person},
        check=True,
        capture_output=True,
    )
    assert (checkout / "before").read_text() == (checkout / "after").read_text()
    assert remote.log("main", "%s") == remote.log("feature", "%s")
    assert subprocess.run(["git", "fsck"], cwd=checkout, check=False, capture_output=True).returncode == 0


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGTERM, signal.SIGINT])
@pytest.mark.soak
def test_a_signal_before_the_first_look_is_over_is_obeyed_too(
    number: signal.Signals, shop: Mergetui, remote: Remote
) -> None:
    remote.propose("feature", a="1")
    shop("enqueue", "shop", "feature")
    with shop.running("run", "--json") as run:
        eventually(run.said, within=30)
        run.signal(number)
        assert run.end().code == INTERRUPTED
    assert shop.lease() is None
    assert shop("run", "--drain").code == DONE


@pytest.mark.soak
def test_two_interrupts_leave_nothing_that_the_next_run_could_not_clean_up(
    bare: Mergetui, remote: Remote, tmp_path: Path
) -> None:
    deaf = tmp_path / "deaf"
    bare.configure(
        remote.url,
        retest=f"[ -e {deaf} ] || {{ trap '' TERM; echo $$ > {deaf}; while :; do sleep 0.1; done; }}",
    )
    remote.propose("feature", a="1")
    bare("enqueue", "shop", "feature")
    with bare.running("run", "--json") as run:
        eventually(lambda: deaf.exists() and deaf.read_text().strip(), within=30)
        run.signal(signal.SIGINT)
        run.signal(signal.SIGINT)
        assert run.end().code in (INTERRUPTED, -signal.SIGINT)
    answer = bare("run", "--drain", "--json")
    assert (answer.code, answer.events[-1]["landed"]) == (DONE, ["feature"])
    assert gone(int(deaf.read_text()))


class Resizable(Terminal):
    def resize(self, rows: int, columns: int) -> None:
        fcntl.ioctl(self._slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.process.send_signal(signal.SIGWINCH)


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Resizable]:
    terminal = Resizable(tmp_path / "demo")
    eventually(lambda: terminal.shows("13 queued"), within=60)
    yield terminal
    terminal.close()


def quit_by_key(terminal: Terminal) -> None:
    terminal.press("\x1b")
    terminal.press_until("q", terminal.has_ended)
    assert terminal.process.returncode == 0
    assert ALTERNATE_SCREEN_LEFT in terminal.output
    assert terminal.is_as_it_was()


@pytest.mark.soak
def test_a_terminal_of_one_cell_is_survived_and_left_as_it_was(terminal: Resizable) -> None:
    terminal.resize(1, 1)
    terminal.press("jjk")
    terminal.resize(40, 120)
    terminal.output = b""
    eventually(lambda: terminal.shows("13 queued"), within=30)
    quit_by_key(terminal)


@pytest.mark.soak
def test_a_storm_of_sizes_is_survived_and_the_terminal_left_as_it_was(terminal: Resizable) -> None:
    for number in range(200):
        terminal.resize(1 + number * 7 % 60, 1 + number * 13 % 200)
        terminal.read()
    terminal.resize(40, 120)
    quit_by_key(terminal)


@pytest.mark.soak
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_the_console_and_the_terminal_is_left_as_it_was(
    number: signal.Signals, terminal: Resizable
) -> None:
    terminal.process.send_signal(number)
    eventually(terminal.has_ended, within=30)
    assert ALTERNATE_SCREEN_LEFT in terminal.output
    assert terminal.is_as_it_was()
