"""A retest that prints what it must not: its log keeps it, and nothing that is shown or stored besides."""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from mergetui import cleaning
from mergetui.adapters.endings import reason_of
from mergetui.events import RetestStarted
from mergetui.masking import LONGEST, Mask, mask_of
from mergetui.outcome import Failed, Interrupted, TimedOut
from mergetui.tui.log_file import LINE_CAP, LogFile
from tests.adapters.waiting import eventually
from tests.cli.running import AGAIN, NO, Mergetui, command
from tests.gate.gate import TestGate
from tests.worlds.fake_ssh import FakeSsh, SshRemote
from tests.worlds.remote import Remote
from tests.worlds.terminal_bytes import Terminal, sent_by, text_of

pytestmark = pytest.mark.fault(17)

OF_THE_CONFIG = "tok-4711-of-the-config"
OF_THE_ENGINE = "sesame/of=the+engine"
OF_THE_ADDRESS = "pass-of-the-address"
SHAPED = "ghp_" + "a1B2" * 9
SECRETS = (OF_THE_CONFIG, OF_THE_ENGINE, OF_THE_ADDRESS, SHAPED)
TALK = f"""\
echo "env: $DEPLOY_TOKEN $CI_SECRET"
printf 'pass\\033[31m-of\\033[01;31m\\033[K-the-addr\\033[m\\033[Kess in colours\\n'
printf 'half of it: tok-4711'; printf -- '-of-the-config\\n'
echo "{SHAPED}"
printf '%19990s{SHAPED}\\n' x
echo "E   red: ssh://ana:{OF_THE_ADDRESS}@shop.invalid/ $DEPLOY_TOKEN $CI_SECRET {SHAPED}"
exit 1
"""
MASK = Mask((OF_THE_CONFIG,))


class Secretive(SshRemote):
    @property
    def url(self) -> str:
        return f"ssh://ana:{OF_THE_ADDRESS}@shop.invalid{self.path}"


@pytest.fixture
def told(bare: Mergetui, tmp_path: Path) -> Mergetui:
    """Its retest has told everything, and was red."""
    remote = Secretive(tmp_path / "remote.git")
    bare.environment |= {"PATH": FakeSsh(tmp_path / "bin").path, "CI_SECRET": OF_THE_ENGINE}
    settings = (f'env = {{ DEPLOY_TOKEN = "{OF_THE_CONFIG}" }}', 'env_pass = ["CI_SECRET"]')
    bare.configure(remote.url, *settings, retest="sh talk")
    remote.propose("feature", talk=TALK)
    assert bare("enqueue", "shop", "feature").code == 0
    answer = bare("run", "--drain", "--json")
    assert answer.code == NO
    assert found_in(answer.out + answer.err) == []
    return bare


def found_in(text: str) -> list[str]:
    """The secrets that a person could read there, whatever colour they have."""
    plain = "".join(cleaning.plain(line).replace("␛[K", "") for line in text.splitlines())
    return [secret for secret in SECRETS if secret in plain or secret in text]


def log_of(shop: Mergetui) -> Path:
    return Path(shop("log", "shop", "--json").json["log"])


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "run.log"


@contextmanager
def opened(path: Path, content: str, mask: Mask = MASK) -> Iterator[LogFile]:
    path.write_text(content)
    with closing(LogFile(path, mask=mask, poll=0.002)) as log:
        eventually(lambda: log.size == len(content.encode()))
        yield log


def test_a_secret_that_a_retest_prints_is_in_its_log_alone(told: Mergetui) -> None:
    log = log_of(told)
    assert [secret in log.read_text() for secret in SECRETS] == [True] * len(SECRETS)
    assert log.stat().st_mode & 0o777 == 0o600
    stored = [
        path for path in told.state.rglob("*") if path.is_file() and path != log and "cache" not in path.parts
    ]
    assert {"queue.json", "journal.jsonl"} <= {path.name for path in stored}
    assert [path.name for path in stored if found_in(path.read_text(errors="replace"))] == []


def test_a_secret_that_a_retest_prints_is_in_no_answer(told: Mergetui) -> None:
    words = [
        ["status"],
        ["why"],
        ["history"],
        ["log", "shop", "--journal"],
        ["log", "shop"],
        ["repo", "list"],
    ]
    commands = [[*told.places, *line, *form] for line in words for form in ([], ["--json"])]
    sent = sent_by(commands, cwd=told.directory, env=told.environment)
    assert found_in(sent.decode()) == []
    assert sent.count(b"exit code 1: E   red: ssh://***@shop.invalid/ *** *** ***") >= 6
    assert told.runs()[-1]["detail"] == "exit code 1: E   red: ssh://***@shop.invalid/ *** *** ***"


def test_a_log_on_a_terminal_keeps_its_colours_and_tells_no_secret(told: Mergetui) -> None:
    words = command(*told.places, "log", "shop")
    with closing(Terminal(words, cwd=told.directory, env=told.environment)) as terminal:
        sent = terminal.end()
    assert found_in(sent.decode()) == []
    assert b"***\x1b[31m\x1b[01;31m" in sent
    assert "env: *** ***" in text_of(sent)


@pytest.mark.soak
def test_the_console_draws_no_secret(told: Mergetui) -> None:
    environment = {**told.environment, "TERM": "xterm-256color", "TEXTUAL_ANIMATIONS": "none"}
    with closing(Terminal(command(*told.places), cwd=told.directory, env=environment)) as console:
        console.until("in colours")
        console.press_slowly(
            "\r", "\x1b", "w", "\x1b", "@", "\x1b", "l", "g", "\r", "\x1b", "G", "\r", "\x1b", "\x1b"
        )
        console.press_until("q", console.has_ended)
        sent = console.end()
    assert "env: *** ***" in text_of(sent)
    assert found_in(text_of(sent)) == []
    assert found_in(sent.decode("utf-8", "replace")) == []


def test_a_remote_that_cannot_be_reached_is_told_without_its_password(bare: Mergetui) -> None:
    bare.configure(f"https://ana:{OF_THE_ADDRESS}@127.0.0.1:1/shop.git")
    answer = bare("enqueue", "shop", "feature", "--json")
    assert answer.code == AGAIN
    assert "127.0.0.1:1/shop.git" in answer.error["message"]
    assert found_in(answer.out + answer.err) == []


@pytest.mark.parametrize("forward", [True, False])
def test_a_search_finds_no_secret(path: Path, forward: bool) -> None:
    with opened(path, f"one\na {OF_THE_CONFIG} b\n{SHAPED}\ntok-47 alone\n") as log:
        start = 0 if forward else 3
        assert log.find(OF_THE_CONFIG, start, forward=forward) is None
        assert log.find("of-the-con", start, forward=forward) is None
        assert log.find(f"a {OF_THE_CONFIG[:8]}", start, forward=forward) is None
        assert log.find("ghp_", start, forward=forward) is None
        assert log.find("tok-47", start, forward=forward) == 3
        assert log.find(" b", start, forward=forward) == 1


def test_what_is_beside_a_secret_is_found_wherever_a_read_ends(path: Path) -> None:
    filling = f"{OF_THE_CONFIG} é\n" * 20_000
    with opened(path, f"{filling}{OF_THE_CONFIG} needle\n") as log:
        assert log.find("needle", 0, forward=True) == 20_000
        assert log.find("-of-the-", 0, forward=True) is None


@pytest.mark.parametrize("before", range(LINE_CAP - len(OF_THE_CONFIG) - 1, LINE_CAP + 2, 3))
def test_no_piece_of_a_secret_is_shown_where_a_line_is_cut(path: Path, before: int) -> None:
    with opened(path, "x" * before + OF_THE_CONFIG + "y" * LONGEST + "\n") as log:
        assert "t" not in log.line(0)
        assert log.line(0).endswith("…")


def test_a_secret_at_the_end_of_a_reason_is_masked_before_it_is_cut() -> None:
    tail = "x" * 190 + " " + OF_THE_CONFIG + " and more\n"
    said = reason_of(Failed(exit_code=1, tail=tail), "make", MASK)
    assert said is not None
    assert said.detail == f"exit code 1: {'x' * 190} *** and m"


def test_a_secret_of_the_command_is_not_in_a_reason() -> None:
    for ending in (TimedOut(1.0), Interrupted(f"killed with {OF_THE_CONFIG}")):
        said = reason_of(ending, f"KEY={OF_THE_CONFIG} make", MASK)
        assert said is not None
        assert OF_THE_CONFIG not in said.detail


def test_a_variable_without_a_telling_name_that_holds_an_address_tells_its_password() -> None:
    mask = mask_of("/srv/shop.git", {"DATABASE_URL": f"postgres://shop:{OF_THE_ADDRESS}@db/shop"})
    assert mask(f"login failed: {OF_THE_ADDRESS}") == "login failed: ***"


def test_a_secret_in_the_command_itself_is_not_written_down(
    remote: Remote, make_gate: Callable[..., TestGate]
) -> None:
    token = f"ghp_{'a1B2' * 9}"
    gate = make_gate(retest=f"TOKEN={token} true")
    remote.propose("feature", a="1")
    gate.enqueue("feature")
    gate.drain()
    [started] = gate.facts(RetestStarted)
    assert started.command == "TOKEN=*** true"
