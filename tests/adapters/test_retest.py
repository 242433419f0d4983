import os
import signal
import subprocess  # noqa: TID251 - an engine to be killed
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import psutil
import pytest
from msgspec.structs import replace

from mergetui.adapters.clock import SystemClock
from mergetui.adapters.endings import ending_of, reason_of
from mergetui.adapters.process import become_subreaper
from mergetui.adapters.retest import MARK, ProcessRetest, ProcessRetester, environment
from mergetui.outcome import (
    Failed,
    Hung,
    Interrupted,
    Killed,
    OverOutputLimit,
    Passed,
    RetestEnding,
    TimedOut,
)
from mergetui.ports import RetestOrder
from mergetui.reason import Coded, Reason
from mergetui.repository import Repository
from tests.adapters.waiting import eventually

IGNORING_TERM = "trap '' TERM; "
GRACE = 0.4


class Bench:
    """One engine's retester, with a directory to run in."""

    def __init__(self, directory: Path, marker: str) -> None:
        self.directory = directory
        self.retester = ProcessRetester(marker, SystemClock(), grace=GRACE)
        self._started: list[ProcessRetest] = []

    def order(self, command: str) -> RetestOrder:
        name = str(len(self._started))
        return RetestOrder(
            id=name,
            command=command,
            directory=self.directory,
            log=self.directory / "logs" / f"{name}.log",
            env={"PATH": os.environ["PATH"]},
            timeout=timedelta(seconds=20),
            silence=timedelta(seconds=20),
            output_limit=100_000_000,
        )

    def start(self, command: str, **changes: object) -> ProcessRetest:
        self._started.append(self.retester.start(replace(self.order(command), **changes)))
        return self._started[-1]

    def run(self, command: str, **changes: object) -> RetestEnding:
        return ended(self.start(command, **changes))

    def output(self, command: str, **changes: object) -> str:
        """What a passing command printed."""
        running = self.start(command, **changes)
        assert ended(running) == Passed()
        return running.order.log.read_text()

    def pid(self, name: str = "pid") -> int:
        """The pid that a command has written into the file `name`."""
        path = self.directory / name
        eventually(lambda: path.exists() and path.read_text().strip())
        return int(path.read_text())

    def close(self) -> None:
        for running in self._started:
            running.stop("the test is over")


@pytest.fixture
def marker() -> str:
    return uuid4().hex


@pytest.fixture
def bench(tmp_path: Path, marker: str) -> Iterator[Bench]:
    become_subreaper()
    bench = Bench(tmp_path, marker)
    yield bench
    bench.close()


def ended(running: ProcessRetest) -> RetestEnding:
    eventually(running.poll)
    ending = running.poll()
    assert ending is not None
    return ending


def gone(pid: int) -> bool:
    return not psutil.pid_exists(pid)


def failed(ending: RetestEnding) -> Failed:
    assert isinstance(ending, Failed)
    return ending


def test_a_green_test_passes_and_its_output_is_in_the_log(bench: Bench) -> None:
    assert bench.output("echo out; echo err >&2") == "out\nerr\n"


def test_a_red_test_fails_with_its_exit_code_and_its_last_words(bench: Bench) -> None:
    ending = failed(bench.run("seq 1 100; echo 'E  assert 1 == 2' >&2; exit 3"))
    assert ending.exit_code == 3
    assert ending.tail.splitlines()[-2:] == ["100", "E  assert 1 == 2"]
    assert len(ending.tail.splitlines()) == 30


def test_output_is_in_the_log_while_the_test_runs(bench: Bench) -> None:
    running = bench.start("python3 -c 'import time; print(\"so far\"); time.sleep(60)'")
    assert eventually(running.order.log.read_text) == "so far\n"
    assert running.poll() is None


def test_the_log_is_for_its_owner_only_and_starts_empty(bench: Bench) -> None:
    log = bench.directory / "one.log"
    bench.run("seq 1 1000", log=log)
    assert bench.output("echo new", log=log) == "new\n"
    assert log.stat().st_mode & 0o777 == 0o600


def test_the_test_runs_where_it_is_told(bench: Bench) -> None:
    assert bench.output("pwd -P") == f"{bench.directory.resolve()}\n"


def test_a_directory_that_is_missing_is_an_error_of_the_system(bench: Bench, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        bench.start("true", directory=tmp_path / "missing")


@pytest.mark.fault(14)
def test_a_test_that_takes_too_long_is_timed_out(bench: Bench) -> None:
    noisy = "while :; do echo still here; sleep 0.05; done"
    assert bench.run(noisy, timeout=timedelta(seconds=0.3)) == TimedOut(0.3)


@pytest.mark.fault(14)
def test_a_silent_test_hangs(bench: Bench) -> None:
    assert bench.run("echo hello; sleep 60", silence=timedelta(seconds=0.3)) == Hung(0.3)


def test_a_talkative_test_does_not_hang(bench: Bench) -> None:
    talkative = "for i in 1 2 3 4 5 6 7 8 9 10; do echo $i; sleep 0.1; done"
    assert bench.run(talkative, silence=timedelta(seconds=0.6)) == Passed()


def test_a_test_that_writes_over_its_own_log_is_not_silent(bench: Bench) -> None:
    same_size = "for i in 1 2 3 4 5 6 7 8 9 10; do echo $i | head -c 1 > /dev/stdout; sleep 0.1; done"
    assert bench.run(same_size, silence=timedelta(seconds=0.6)) == Passed()


@pytest.mark.fault(14)
def test_a_tree_that_ignores_being_asked_is_killed(bench: Bench) -> None:
    stubborn = IGNORING_TERM + "sh -c 'echo $$ > pid; while :; do sleep 60; done' & wait"
    running = bench.start(stubborn, timeout=timedelta(seconds=1))
    child = bench.pid()
    assert ended(running) == TimedOut(1)
    assert gone(child)
    assert gone(running.pid)


def test_a_test_may_clean_up_before_it_goes(bench: Bench) -> None:
    running = bench.start("trap 'echo bye; exit 0' TERM; echo ready; sleep 60 & wait")
    eventually(running.order.log.read_text)
    running.stop("enough")
    assert running.order.log.read_text() == "ready\nbye\n"


@pytest.mark.fault(14)
@pytest.mark.parametrize(
    "hide",
    [
        pytest.param("sleep 60 &", id="in the background"),
        pytest.param("nohup sleep 60 >/dev/null 2>&1 &", id="deaf to hang-ups"),
        pytest.param("setsid sleep 60 &", id="in another session"),
        pytest.param("(setsid sh -c 'sleep 60 >/dev/null 2>&1 & echo $! > pid' &);", id="double-forked"),
        pytest.param("(env -i setsid sleep 60 &)", id="without its environment"),
        pytest.param(
            "(cd / && exec env -i nohup sleep 60 >/dev/null 2>&1) &", id="with nothing but its group"
        ),
    ],
)
@pytest.mark.parametrize("code", [0, 1])
def test_nothing_is_left_of_a_test_that_ended(bench: Bench, hide: str, code: int) -> None:
    before = set(psutil.Process().children(recursive=True))
    bench.run(f"{hide} echo done; exit {code}")
    assert set(psutil.Process().children(recursive=True)) <= before


@pytest.mark.fault(14)
def test_a_double_forked_daemon_is_gone(bench: Bench) -> None:
    bench.run("(setsid sh -c 'sleep 60 >/dev/null 2>&1 & echo $! > pid' &); while [ ! -s pid ]; do :; done")
    assert gone(bench.pid())


@pytest.mark.fault(14)
def test_a_daemon_that_left_everything_behind_is_known_from_when_it_was_a_child(bench: Bench) -> None:
    escape = "env -i setsid sh -c 'echo $$ > pid; sleep 60' >/dev/null 2>&1 & "
    running = bench.start(escape + "while [ ! -e go ]; do sleep 0.05; done")
    daemon = psutil.Process(bench.pid())
    eventually(lambda: running.poll() is None and daemon in running._tree.left())
    (bench.directory / "go").touch()
    assert ended(running) == Passed()
    assert gone(daemon.pid)


@pytest.mark.fault(14)
def test_a_chain_of_forks_cannot_slip_away(bench: Bench) -> None:
    chain = "import os\nfor _ in range(50_000):\n    os.fork() and os._exit(0)"
    (bench.directory / "chain.py").write_text(chain)
    running = bench.start("python3 chain.py & sleep 0.3")
    assert ended(running) == Passed()
    eventually(lambda: is_empty_group(running.pid))


def is_empty_group(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return True
    return False


def test_a_process_without_its_environment_is_known_by_the_log_it_holds(bench: Bench) -> None:
    escape = "(env -i setsid sh -c 'echo $$ > pid; exec sleep 60' &); while [ ! -s pid ]; do :; done"
    assert bench.run(escape) == Passed()
    assert gone(bench.pid())


@pytest.mark.fault(14)
def test_a_process_that_keeps_the_log_open_does_not_keep_the_test(bench: Bench) -> None:
    before = time.monotonic()
    bench.run(IGNORING_TERM + "(while :; do sleep 60; done) & exit 0")
    assert time.monotonic() - before < GRACE + 2


def test_a_test_that_leaves_nothing_ends_at_once(bench: Bench) -> None:
    running = bench.start("exec sleep 0.3")
    eventually(lambda: psutil.Process(running.pid).status() == psutil.STATUS_ZOMBIE)
    before = time.monotonic()
    assert running.poll() == Passed()
    assert time.monotonic() - before < 0.5


def test_two_tests_at_once_leave_each_other_alone(bench: Bench) -> None:
    other = bench.start("sleep 60", id="run1")
    assert bench.run("true", id="run") == Passed()
    assert bench.run("true", id="run12") == Passed()
    assert other.poll() is None


@pytest.mark.parametrize("name", ["SIGKILL", "SIGSEGV", "SIGTERM"])
def test_a_killed_test_says_by_what(bench: Bench, name: str) -> None:
    number = int(signal.Signals[name])
    assert bench.run(f"ulimit -c 0; kill -{number} $$") == Killed(name)


def test_a_signal_that_the_shell_passes_on_is_recognised(bench: Bench) -> None:
    assert bench.run("ulimit -c 0; sh -c 'kill -9 $$'; exit $?") == Killed("SIGKILL")


@pytest.mark.fault(15)
def test_too_much_output_ends_the_test_and_cuts_the_log(bench: Bench) -> None:
    running = bench.start("yes", output_limit=10_000)
    assert ended(running) == OverOutputLimit(10_000)
    content = running.order.log.read_bytes()
    assert content[:10_000] == b"y\n" * 5_000
    assert content[10_000:] == b"\n[mergetui] output limit of 10000 bytes: cut here\n"


@pytest.mark.fault(15)
def test_too_much_output_is_too_much_also_from_a_test_that_passed(bench: Bench) -> None:
    running = bench.start("head -c 20000 /dev/zero", output_limit=10_000)
    assert ended(running) == OverOutputLimit(10_000)
    assert running.order.log.stat().st_size < 10_100


@pytest.mark.fault(15)
def test_the_log_stays_bounded_while_a_stubborn_writer_is_ended(bench: Bench) -> None:
    running = bench.start(IGNORING_TERM + "while :; do echo spam; done", output_limit=1_000)
    assert ended(running) == OverOutputLimit(1_000)
    assert running.order.log.stat().st_size < 1_100


@pytest.mark.fault(15)
def test_of_a_line_of_20_megabytes_nothing_is_told(bench: Bench) -> None:
    ending = failed(bench.run("head -c 20000000 /dev/zero | tr '\\0' x; exit 1"))
    assert ending.tail == ""


@pytest.mark.fault(15)
def test_bytes_that_are_no_text_do_not_break_the_tail(bench: Bench) -> None:
    ending = failed(bench.run(r"printf '\377\376 a\000b \033[31m\n'; exit 1"))
    assert ending.tail == "\ufffd\ufffd a\0b \x1b[31m\n"


def test_the_tail_starts_with_a_whole_line(bench: Bench) -> None:
    ending = failed(bench.run("yes 0123456789 | head -c 11000; exit 1"))
    assert set(ending.tail.splitlines()) == {"0123456789"}


@pytest.mark.fault(17)
def test_a_test_sees_no_token_of_the_engine(bench: Bench) -> None:
    engine = {
        "PATH": os.environ["PATH"],
        "HOME": "/home/mona",
        "LC_TIME": "C",
        "GITHUB_TOKEN": "s3cret",
        "GIT_DIR": "/elsewhere",
        "SSH_AUTH_SOCK": "/agent",
        "MERGETUI_CONFIG": "/config",
        "LD_PRELOAD": "",
    }
    repository = Repository(name="shop", remote="r", env={"DEBUG": "1", "TERM": "xterm"})
    seen = bench.output("env", env=environment(engine, repository)).splitlines()
    names = {line.partition("=")[0] for line in seen}
    assert names - {"PWD", "OLDPWD", "SHLVL", "_"} == {
        "PATH", "HOME", "LC_TIME", "DEBUG", "TERM", "PYTHONUNBUFFERED", MARK,
    }  # fmt: skip
    assert "TERM=xterm" in seen


def test_a_test_is_given_what_the_config_names() -> None:
    repository = Repository(name="shop", remote="r", env_pass=("DATABASE_URL", "UNSET"), env={"A": "1"})
    engine = {"DATABASE_URL": "postgres:///x", "A": "0"}
    assert environment(engine, repository) == {"TERM": "dumb", "DATABASE_URL": "postgres:///x", "A": "1"}


def test_a_test_cannot_forge_its_mark(bench: Bench, marker: str) -> None:
    forged = {"PATH": os.environ["PATH"], MARK: "another"}
    running = bench.start(f"echo ${MARK}", env=forged)
    eventually(running.poll)
    assert running.order.log.read_text() == f"{marker}:{running.order.id}\n"


def test_stdin_is_at_its_end(bench: Bench) -> None:
    assert bench.output("cat; echo done") == "done\n"


def test_the_lock_is_not_inherited(bench: Bench, tmp_path: Path) -> None:
    lock = os.open(tmp_path, os.O_RDONLY)
    os.set_inheritable(lock, True)
    held = bench.output("readlink /proc/self/fd/*; true").splitlines()
    os.close(lock)
    assert str(tmp_path) not in held


def test_stop_interrupts_the_test_and_all_it_started(bench: Bench) -> None:
    running = bench.start(IGNORING_TERM + "sleep 60 & echo $! > pid; while :; do sleep 60; done")
    child = bench.pid()
    before = time.monotonic()
    assert running.stop("the lease was lost") == Interrupted("the lease was lost")
    assert time.monotonic() - before < GRACE + 2
    assert gone(child)
    assert gone(running.pid)


def test_stop_does_not_change_how_a_test_ended(bench: Bench) -> None:
    running = bench.start("exit 3")
    ending = ended(running)
    assert running.stop("too late") == ending == running.poll()


def test_a_test_whose_exit_status_was_taken_has_not_passed(bench: Bench) -> None:
    running = bench.start("true")
    os.waitpid(running.pid, 0)
    assert isinstance(ended(running), Interrupted)


def abandon(directory: Path, marker: str) -> int:
    """The pid of a process that the retest of an engine left behind when it was killed."""
    engine = f"""
import os, signal
from pathlib import Path
from tests.adapters.test_retest import Bench
bench = Bench(Path({str(directory)!r}), {marker!r})
bench.start("sleep 60 & echo $! > pid; wait")
bench.pid()
os.kill(os.getpid(), signal.SIGKILL)
"""
    subprocess.run([sys.executable, "-c", engine], check=False)
    return Bench(directory, marker).pid()


def test_leftovers_of_a_dead_engine_are_reaped_and_those_of_others_are_not(
    bench: Bench, tmp_path: Path, marker: str
) -> None:
    mine, foreign = tmp_path / "mine", tmp_path / "foreign"
    mine.mkdir()
    foreign.mkdir()
    ours, theirs = abandon(mine, marker), abandon(foreign, f"{marker}x")
    assert bench.retester.reap() == 2
    assert gone(ours)
    assert not gone(theirs)
    assert Bench(foreign, f"{marker}x").retester.reap() == 2
    assert gone(theirs)


def test_reaping_spares_what_this_engine_is_running(bench: Bench) -> None:
    running = bench.start("sleep 60")
    assert bench.retester.reap() == 0
    assert running.poll() is None


@pytest.mark.parametrize("marker", ["", "a:b"])
def test_a_marker_that_would_match_others_is_refused(marker: str) -> None:
    with pytest.raises(ValueError, match="marker"):
        ProcessRetester(marker, SystemClock())


@pytest.mark.parametrize(
    ("code", "ending"),
    [
        (0, Passed()),
        (1, Failed(1, "tail")),
        (127, Failed(127, "tail")),
        (128, Failed(128, "tail")),
        (137, Killed("SIGKILL")),
        (255, Failed(255, "tail")),
        (-15, Killed("SIGTERM")),
        (-40, Killed("signal 40")),
    ],
)
def test_what_a_return_code_means(code: int, ending: RetestEnding) -> None:
    assert ending_of(code, tail="tail") == ending


@pytest.mark.parametrize(
    ("ending", "reason"),
    [
        (Passed(), None),
        (Failed(1, "a\nb \n\n"), Coded(Reason.RETEST_FAILED, "exit code 1: b")),
        (Failed(2, "\n"), Coded(Reason.RETEST_FAILED, "exit code 2")),
        (TimedOut(1800), Coded(Reason.RETEST_TIMEOUT, "`make` was not done after 1800 s")),
        (Hung(0.5), Coded(Reason.RETEST_HUNG, "`make` printed nothing for 0.5 s")),
        (Killed("SIGKILL"), Coded(Reason.RETEST_KILLED, "`make` was killed by SIGKILL")),
        (OverOutputLimit(7), Coded(Reason.OUTPUT_LIMIT, "`make` printed more than 7 bytes")),
        (Interrupted("paused"), Coded(Reason.INTERRUPTED, "paused")),
    ],
)
def test_why_a_candidate_does_not_land(ending: RetestEnding, reason: Coded | None) -> None:
    assert reason_of(ending, "make") == reason
