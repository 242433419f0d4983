"""How far a retest is by pytest's report log, whatever the tested tree has put in its place."""

import asyncio
import json
import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread

import pytest
from msgspec.structs import replace

from mergetui.config import parse
from mergetui.config_tables import ConfigError
from mergetui.events import RetestStarted
from mergetui.model import EntryState
from mergetui.naming import is_inner_path
from mergetui.tui import report_file
from mergetui.tui.log_file import LogFile
from mergetui.tui.report_file import ReportFile
from mergetui.tui.report_log import Tally, collected_in
from mergetui.tui.widgets.log_pane import LogPane
from tests.gate.gate import TestGate
from tests.tui.fakes import NOON, World, entry, queue_of
from tests.tui.seat import Seat, play, seated
from tests.tui.test_log_pane import sitting
from tests.tui.until import until
from tests.worlds.remote import Remote

INNER = "build/report.jsonl"
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
Report = Mapping[str, object]


def listing(*nodes: str) -> Report:
    return {"$report_type": "CollectReport", "nodeid": "t.py", "result": [{"nodeid": node} for node in nodes]}


def ended(*nodes: str) -> list[Report]:
    phases = ("setup", "call", "teardown")
    return [
        {"$report_type": "TestReport", "nodeid": node, "when": when, "outcome": "passed", "sections": []}
        for node in nodes
        for when in phases
    ]


def lines(reports: Iterable[Report]) -> str:
    return "".join(f"{json.dumps(report)}\n" for report in reports)


def tally(*reports: Report) -> Tally:
    tally = Tally()
    for report in reports:
        tally.add(json.dumps(report).encode())
    return tally


HALF: list[Report] = [{"$report_type": "SessionStart"}, listing("t.py::a", "t.py::b"), *ended("t.py::a")]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    (tmp_path / "slot" / "build").mkdir(parents=True)
    (tmp_path / "run.log").touch()
    return tmp_path / "slot"


@pytest.fixture
def report(checkout: Path) -> ReportFile:
    return report_on(checkout)


def report_on(checkout: Path, since: datetime = LONG_AGO) -> ReportFile:
    return ReportFile(checkout, INNER, since=since, log=checkout.parent / "run.log")


def looked(report: ReportFile, times: int = 1) -> int | None:
    for _ in range(times):
        report._due = 0.0
        report.look()
    return report.percent


# The rule


def test_a_node_is_finished_with_its_teardown_and_counts_once() -> None:
    reports = ended("t.py::a", "t.py::a")
    assert tally(*reports).finished == 1
    assert tally(*reports[:2]).finished == 0


def test_a_collector_that_another_one_lists_is_no_test() -> None:
    inner: Report = {
        "$report_type": "CollectReport",
        "nodeid": "t.py::Cart",
        "result": [{"nodeid": "t.py::Cart::a"}],
    }
    assert tally(listing("t.py::Cart", "t.py::b"), inner).collected == 2


def test_no_percentage_without_something_to_compare_with() -> None:
    only_ended = tally(*ended("t.py::a"))
    assert (only_ended.percent(None), only_ended.percent(0), only_ended.percent(4)) == (None, None, 25)


def test_more_that_ended_than_was_collected_is_all() -> None:
    assert tally(*ended("a", "b", "c")).percent(2) == 100


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"Report",
        b'{"$report_type": "TestReport", "when": "teardown", "nodeid": 7}',
        b'{"$report_type": "TestReport", "when": "teardown", "nodeid": "a"',
        b'{"$report_type": "CollectReport", "nodeid": "a", "result": "many"}',
        b'{"$report_type": "TestReport", "nodeid": "\xff\xfe", "when": "teardown"}',
        b'{"$report_type": "TestReport", "x": ' + b"[" * 100_000,
        b'{"$report_type": null}',
        b"[1, 2, Report]",
    ],
)
def test_what_is_no_report_counts_for_nothing(line: bytes) -> None:
    counted = Tally()
    counted.add(line)
    assert (counted.finished, counted.collected) == (0, 0)


@pytest.mark.parametrize(
    ("output", "tests"),
    [
        ("===\ncollected 33 items\n\ntests/a.py ..", 33),
        ("collected 1 item", 1),
        ("collected 33 items / 3 deselected / 30 selected", 30),
        ("collected 33 items / 1 error", 33),
        ("created: 2/2 workers\n2 workers [33 items]", 33),
        ("we collected 33 items of mail", None),
        ("", None),
    ],
)
def test_what_pytest_says_that_it_collected(output: str, tests: int | None) -> None:
    assert collected_in(output) == tests


# The file


def test_it_grows_with_the_file(report: ReportFile, checkout: Path) -> None:
    path = checkout / INNER
    assert looked(report) is None
    text = lines([*HALF, *ended("t.py::b")])
    path.write_text(text[:-40])
    assert looked(report) == 50
    path.write_text(text)
    assert looked(report) == 100


def test_pytests_own_reports_list_nothing_and_its_output_tells_the_number(
    report: ReportFile, checkout: Path
) -> None:
    (checkout.parent / "run.log").write_text("collected 4 items\n")
    unlisted: Report = {"$report_type": "CollectReport", "nodeid": "t.py", "result": None}
    (checkout / INNER).write_text(lines([unlisted, *ended("t.py::a")]))
    assert looked(report) == 25


def test_a_file_that_starts_anew_is_counted_anew(report: ReportFile, checkout: Path) -> None:
    path = checkout / INNER
    path.write_text(lines([*HALF, *ended("t.py::b")]))
    assert looked(report) == 100
    path.write_text(lines(HALF))
    assert looked(report) == 50


def test_the_file_of_an_earlier_retest_tells_nothing(checkout: Path) -> None:
    path = checkout / INNER
    path.write_text(lines(HALF))
    written = path.stat().st_mtime
    later = report_on(checkout, datetime.fromtimestamp(written, UTC) + timedelta(seconds=1))
    assert looked(later) is None
    os.utime(path, (written + 2, written + 2))
    assert looked(later) == 50


@pytest.mark.parametrize("swapped", [INNER, "build", "."])
def test_a_link_is_not_followed(report: ReportFile, checkout: Path, tmp_path: Path, swapped: str) -> None:
    (checkout / INNER).write_text(lines(HALF))
    inside = Path(os.path.normpath(checkout / swapped))
    elsewhere = tmp_path / "elsewhere"
    inside.rename(elsewhere)
    inside.symlink_to(elsewhere)
    assert looked(report) is None


def test_a_pipe_is_not_waited_for(report: ReportFile, checkout: Path) -> None:
    os.mkfifo(checkout / INNER)
    looking = Thread(target=looked, args=(report,), daemon=True)
    looking.start()
    looking.join(5)
    assert not looking.is_alive()
    assert report.percent is None


@pytest.mark.parametrize("there", ["directory", "nothing", "file in the way"])
def test_what_is_no_file_tells_nothing(report: ReportFile, checkout: Path, there: str) -> None:
    if there == "directory":
        (checkout / INNER).mkdir()
    if there == "file in the way":
        (checkout / "build").rmdir()
        (checkout / "build").touch()
    assert looked(report) is None


def test_a_line_without_an_end_is_not_kept(
    report: ReportFile, checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report_file, "LINE_MOST", 1_000)
    monkeypatch.setattr(report_file, "CHUNK", 400)
    huge = lines([{"$report_type": "TestReport", "nodeid": "x" * 5_000, "when": "teardown"}])
    (checkout / INNER).write_text(huge + lines(HALF))
    assert looked(report, times=20) == 50
    assert len(report._read._rest) <= 1_400


def test_the_end_of_a_line_that_is_too_long_is_no_report(
    report: ReportFile, checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report_file, "LINE_MOST", 1_000)
    monkeypatch.setattr(report_file, "CHUNK", 400)
    forgotten = "x" * 1_200
    (checkout / INNER).write_text(forgotten + lines([*ended("t.py::b")[2:], *HALF]))
    assert looked(report, times=20) == 50


def test_a_device_is_not_read() -> None:
    report = ReportFile(Path("/dev"), "zero", since=LONG_AGO, log=Path("/dev/null"))
    assert looked(report) is None
    assert report._read.offset == 0


def test_a_file_beyond_the_cap_tells_nothing_and_is_read_no_further(
    report: ReportFile, checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = checkout / INNER
    path.write_text(lines(HALF))
    monkeypatch.setattr(report_file, "MOST", path.stat().st_size + 10)
    assert looked(report) == 50
    with path.open("a") as file:
        file.write(lines(ended("t.py::b")) * 9)
    assert looked(report, times=3) is None
    assert report._read.offset == report_file.MOST


def test_the_thread_that_follows_the_log_looks_at_the_report(report: ReportFile, checkout: Path) -> None:
    (checkout / INNER).write_text(lines(HALF))
    log = LogFile(checkout.parent / "run.log", beside=report.look)
    until(lambda: report.percent == 50)
    log.close()


# A real run


RETEST_CONFTEST = """
import json, pathlib

def pytest_configure(config):
    config.reports = pathlib.Path("build/report.jsonl").open("w", buffering=1)
    config.pluginmanager.register(Reports(config))

class Reports:
    def __init__(self, config):
        self.config = config

    def write(self, report):
        told = self.config.hook.pytest_report_to_serializable(config=self.config, report=report)
        self.config.reports.write(json.dumps(told) + "\\n")

    pytest_runtest_logreport = pytest_collectreport = write
"""
TESTS = """
import os, pathlib, time, pytest

@pytest.mark.parametrize("number", range(4))
def test_one(number):
    while number == 2 and not pathlib.Path("go").exists():
        time.sleep(0.01)
"""


@pytest.fixture
def running(checkout: Path) -> Iterator[Path]:
    """A pytest of its own, half of whose tests have ended until `go` is there."""
    (checkout / "conftest.py").write_text(RETEST_CONFTEST)
    (checkout / "test_it.py").write_text(TESTS)
    log = os.open(checkout.parent / "run.log", os.O_WRONLY)
    words = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-p", "no:xdist", "--rootdir=."]
    environ = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    # `posix_spawn` cannot change the directory; the shell can.
    command = ["/bin/sh", "-c", f'cd "{checkout}" && exec "$@"', "sh", *words]
    pid = os.posix_spawn("/bin/sh", command, environ, file_actions=[(os.POSIX_SPAWN_DUP2, log, 1)])
    os.close(log)
    yield checkout
    (checkout / "go").touch()
    os.waitpid(pid, 0)


def test_a_real_pytest_is_followed_from_half_to_its_end(running: Path) -> None:
    report = report_on(running)
    until(lambda: looked(report) == 50)
    (running / "go").touch()
    until(lambda: looked(report) == 100)


# The console


def told(pane: LogPane) -> int | None:
    """As the console's tick asks for it."""
    pane.tell_progress(str)
    return pane.percent


def test_the_report_log_goes_before_the_percentage_of_the_output(checkout: Path) -> None:
    async def scene() -> None:
        log = checkout.parent / "run.log"
        (checkout / INNER).write_text(lines(HALF))
        async with sitting(log, "tests/a.py ..... [ 12%]", report=report_on(checkout)) as desk:
            await desk.until(lambda: told(desk.pane) == 50)

    asyncio.run(scene())


def test_without_a_report_log_the_percentage_of_the_output_is_told(checkout: Path) -> None:
    async def scene() -> None:
        log = checkout.parent / "run.log"
        async with sitting(log, "tests/a.py ..... [ 12%]", report=report_on(checkout)) as desk:
            await desk.until(lambda: told(desk.pane) == 12)

    asyncio.run(scene())


def ticked(seat: Seat) -> int | None:
    seat.main.tick()
    return seat.main._log.percent


def test_the_queue_and_the_pane_tell_how_far_the_report_log_is(checkout: Path, tmp_path: Path) -> None:
    async def scene() -> None:
        async with seated(World(tmp_path, {"shop": queue_of(tested)}, report_log=INNER)) as seat:
            await seat.until(lambda: ticked(seat) == 50)
            await seat.until_seen("50% · 4m12s / ~8m")
            await seat.until_seen("4 Retest · feat/a · 50% · 4m12s of about 8m")

    (checkout / INNER).write_text(lines(HALF))
    os.utime(checkout / INNER, (NOON.timestamp(), NOON.timestamp()))
    began = NOON - timedelta(minutes=4, seconds=12)
    tested = entry(1, "feat/a", state=EntryState.TESTING, state_since=began)
    tested = replace(tested, log=str(tmp_path / "run.log"), checkout=str(checkout))
    play(scene())


# The engine


@pytest.mark.parametrize(("inner", "is_told"), [(INNER, True), (None, False)])
def test_the_engine_tells_where_it_tests_where_there_is_a_report_log(
    remote: Remote, tmp_path: Path, inner: str | None, is_told: bool
) -> None:
    gate = TestGate(remote, tmp_path / "gate", report_log=inner)
    remote.propose("feat/a", {"a": "1"})
    gate.enqueue("feat/a")
    told: list[str | None] = []
    gate.when(RetestStarted, lambda: told.append(gate.entry("feat/a").checkout))
    gate.drain()
    (checkout,) = told
    assert (checkout is not None) is is_told
    assert checkout is None or (Path(checkout) / "a").is_file()


# The configuration


@pytest.mark.parametrize("inner", ["report.jsonl", "build/report.jsonl", "build/..report", ".git-report"])
def test_a_path_below_the_checkout_is_taken(inner: str) -> None:
    assert is_inner_path(inner)


@pytest.mark.parametrize(
    "inner",
    ["", ".", "/tmp/r", "../r", "build/../../r", "build//r", "build/", "./r", ".git/r", "a\nb", "a\0b"],
)
def test_a_path_that_may_lead_elsewhere_is_refused(inner: str, tmp_path: Path) -> None:
    text = f'[repos.shop]\nremote = "/r"\nreport_log = {json.dumps(inner)}\n'
    with pytest.raises(ConfigError, match="allowed: a path below the checkout"):
        parse(text, path=tmp_path / "c.toml", environ={})
