"""What a retest prints: shown bounded and as text, whatever it is."""

import subprocess  # noqa: TID251 - the reader of a log is measured from outside
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import psutil
import pytest

from mergetui import cleaning
from mergetui.tui.log_file import LINE_CAP, WHOLE_CAP, LogFile
from tests.adapters.waiting import eventually
from tests.cli.running import DONE, Mergetui, Stop, command
from tests.conftest import Length
from tests.gate.gate import TestGate
from tests.worlds.hostile import CLIPBOARD, MARKER, OUTPUTS, PAYLOAD
from tests.worlds.remote import File, Remote
from tests.worlds.terminal_bytes import Terminal, kinds, pieces, text_of
from tests.worlds.terminal_bytes import sent_by as sent_by_all

pytestmark = [pytest.mark.fault(15), pytest.mark.fault(16)]

PLAIN = {"text", "C0 0a", "C0 0d"}
MEGABYTE = 1_000_000


@pytest.fixture
def told(make_gate: Callable[..., TestGate], remote: Remote) -> Mergetui:
    """A retest that has printed everything hostile, and was red."""
    gate = make_gate(retest="cat payload; exit 1")
    remote.propose("feature", {"payload": File(PAYLOAD)})
    gate.enqueue("feature")
    gate.drain()
    shop = Mergetui(gate.directory)
    shop.configure(remote.url)
    return shop


def sent_by(shop: Mergetui, *words: str, **environ: str) -> bytes:
    """What a person's terminal is sent."""
    environment = {**shop.environment, **environ}
    with closing(Terminal(command(*shop.places, *words), cwd=shop.directory, env=environment)) as terminal:
        return terminal.end()


def log_of(shop: Mergetui) -> Path:
    return Path(shop("log", "shop", "--json").json["log"])


def peak_of(shop: Mergetui, *words: str) -> int:
    """The most memory that the command had at once, in bytes; what it says is not kept."""
    # Not by getrusage(2): what it tells began with the memory of the process that started this one.
    script = "import sys; from mergetui.cli.main import run; run(sys.argv[1:]);"
    asked = "print(*(row for row in open('/proc/self/status') if 'VmHWM' in row), file=sys.stderr)"
    ran = subprocess.run(
        [sys.executable, "-c", script + asked, *shop.places, *words],
        cwd=shop.directory,
        env=shop.environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        check=True,
    )
    return int(ran.stderr.split()[-2]) * 1024


def test_a_log_sends_a_terminal_colours_and_text_alone(told: Mergetui) -> None:
    sent = sent_by(told, "log", "shop")
    assert kinds(sent) <= {*PLAIN, "CSI m"}
    colours = {piece.raw for piece in pieces(sent) if piece.kind == "CSI m"}
    assert colours == {b"\x1b[31m", b"\x1b[1m"} & colours
    assert b"\x1b[31m" in colours
    drawn = text_of(sent)
    assert f"␛]52;c;{CLIPBOARD}␇" in drawn
    assert "[@click=app.quit]quit[/]" in drawn
    assert MARKER in drawn


def test_without_colours_a_log_sends_text_alone(told: Mergetui) -> None:
    assert kinds(sent_by(told, "log", "shop", "--follow", NO_COLOR="1")) <= PLAIN
    assert kinds(told("log", "shop", "feature").out.encode()) <= PLAIN


def test_every_answer_about_a_hostile_retest_is_text_alone(told: Mergetui) -> None:
    words = [["status"], ["why"], ["history"], ["history", "--json"], ["log", "shop", "--journal"]]
    commands = [[*told.places, *line] for line in words]
    sent = sent_by_all(commands, cwd=told.directory, env=told.environment)
    assert kinds(sent) <= PLAIN
    assert text_of(sent).count("E   red at last") >= 4


def test_a_log_is_printed_line_for_line(told: Mergetui) -> None:
    rows = PAYLOAD.decode("utf-8", "replace").split("\n")
    expected = [cleaning.plain(row) for row in rows]
    assert told("log", "shop").out.split("\n")[:-1] == expected


def test_half_a_line_is_printed_once_it_is_whole(bare: Mergetui, remote: Remote, stop: Stop) -> None:
    bare.configure(
        remote.url, retest=rf"printf 'whole\n\033]0;{MARKER}'; {stop.until_let_go}; printf '\007end\n'"
    )
    remote.propose("feature", a="1")
    bare("enqueue", "shop", "feature")
    with bare.running("run", "--drain") as run:
        stop.reached()
        with bare.running("log", "shop", "--follow") as log:
            assert eventually(lambda: log.said() == "whole\n", within=30)
            stop.let_go()
            assert log.end().code == DONE
        assert log.said() == f"whole\n␛]0;{MARKER}␇end\n"
        assert run.end().code == DONE


@pytest.mark.sampled("100000")
@pytest.mark.parametrize("length", [MEGABYTE // 10, 2 * MEGABYTE], ids=str)
def test_a_long_line_is_printed_in_bounded_pieces(told: Mergetui, length: int) -> None:
    log_of(told).write_bytes(b"x" * length)
    lines = told("log", "shop").out.splitlines()
    assert max(map(len, lines)) == 20_000
    assert "".join(lines) == "x" * length


def test_a_huge_line_is_one_line_of_bounded_length_in_the_console(tmp_path: Path) -> None:
    path = tmp_path / "run.log"
    path.write_bytes(b"\x1b]0;x" * (2 * MEGABYTE // 5))
    with closing(LogFile(path, poll=0.002)) as log:
        eventually(lambda: log.size == path.stat().st_size)
        assert log.count == 1
        assert len(log.line(0)) <= LINE_CAP + 1
        assert len(log.whole(0)) <= WHOLE_CAP + 1


@pytest.mark.sampled("clipboard*", "title", "link", "without an end", "clear")
@pytest.mark.parametrize("kind", OUTPUTS)
def test_half_of_a_sequence_at_the_cap_is_no_sequence(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "run.log"
    hostile = OUTPUTS[kind]
    path.write_bytes(b"".join(b"x" * (LINE_CAP - cut) + hostile + b"\n" for cut in range(1, len(hostile), 7)))
    with closing(LogFile(path, poll=0.002)) as log:
        eventually(lambda: log.size == path.stat().st_size)
        shown = [cleaning.line(log.line(number)) for number in range(log.count)]
    assert {piece.kind for line in shown for piece in pieces(line.encode())} <= {"text", "CSI m"}


@pytest.mark.soak
def test_two_gigabytes_of_output_end_at_the_limit(
    bare: Mergetui, remote: Remote, length: Length, record_property: Callable[[str, str], None]
) -> None:
    megabytes = length(short=200, full=2000)
    bare.configure(
        remote.url,
        f'retest_output_limit = "{megabytes // 10}MB"',
        retest=f"head -c {megabytes}000000 /dev/zero",
    )
    remote.propose("feature", a="1")
    bare("enqueue", "shop", "feature")
    peak = peak_of(bare, "run", "--drain")
    assert bare.runs()[-1]["code"] == "output-limit"
    size = log_of(bare).stat().st_size
    assert size <= megabytes // 10 * MEGABYTE + 1_000
    assert peak < 150 * MEGABYTE
    record_property(
        "figure", f"{megabytes} MB printed: log {size:,} bytes, engine at most {peak // MEGABYTE} MB"
    )


@pytest.mark.soak
@pytest.mark.timeout(900)
def test_one_line_of_half_a_gigabyte_is_read_in_bounded_memory(
    told: Mergetui, length: Length, record_property: Callable[[str, str], None]
) -> None:
    path, size = log_of(told), length(short=20, full=500) * MEGABYTE
    with path.open("wb") as file:
        file.writelines(b"red " * (MEGABYTE // 4) for _ in range(size // MEGABYTE))
    printed = peak_of(told, "log", "shop")
    before = psutil.Process().memory_info().rss
    with closing(LogFile(path, poll=0.002)) as log:
        eventually(lambda: log.size == size, within=60)
        shown = cleaning.plain(log.line(0)), cleaning.plain(log.whole(0))
        grown = psutil.Process().memory_info().rss - before
    assert [len(text) <= cap + 1 for text, cap in zip(shown, (LINE_CAP, WHOLE_CAP), strict=True)] == [
        True,
        True,
    ]
    assert printed < 150 * MEGABYTE
    assert grown < 40 * MEGABYTE
    record_property(
        "figure",
        f"a line of {size // MEGABYTE} MB: `mergetui log` at most {printed // MEGABYTE} MB,"
        f" the console's reader {max(grown, 0) // MEGABYTE} MB more",
    )
