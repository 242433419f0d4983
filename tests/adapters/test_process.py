import os
import signal
import subprocess  # noqa: TID251 - the processes under test
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
from msgspec.structs import replace

from mergetui.adapters.clock import SystemClock
from mergetui.adapters.process import SystemProcesses, Tree, become_subreaper, descendants, identify
from mergetui.model import Holder
from tests.adapters.waiting import eventually

Start = Callable[..., subprocess.Popen[bytes]]


@pytest.fixture
def processes() -> SystemProcesses:
    return SystemProcesses(identify(operator="mona"), SystemClock(), grace=0.3)


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts a shell command in a session of its own; it is gone after the test."""
    started: list[subprocess.Popen[bytes]] = []

    def start(command: str) -> subprocess.Popen[bytes]:
        started.append(subprocess.Popen(["/bin/sh", "-c", command], start_new_session=True))
        return started[-1]

    yield start
    for process in started:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@pytest.fixture
def sleeper(start: Start) -> subprocess.Popen[bytes]:
    return start("exec sleep 60")


def gone(pid: int) -> Callable[[], bool]:
    return lambda: not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


def written_pid(path: Path) -> int:
    eventually(lambda: path.exists() and path.read_text().strip())
    return int(path.read_text())


def test_i_am_this_process_and_alive(processes: SystemProcesses) -> None:
    me = processes.me()
    assert (me.operator, me.pid) == ("mona", os.getpid())
    assert not processes.is_dead(me)


def test_the_operator_is_the_user_unless_told() -> None:
    assert identify().operator != ""


def test_a_process_that_is_not_there_has_no_identity() -> None:
    with pytest.raises(ProcessLookupError):
        identify(2**22 + 1)


def test_a_running_process_is_not_dead(processes: SystemProcesses, sleeper: subprocess.Popen[bytes]) -> None:
    assert not processes.is_dead(identify(sleeper.pid))


def test_a_process_that_ended_is_dead(processes: SystemProcesses, sleeper: subprocess.Popen[bytes]) -> None:
    holder = identify(sleeper.pid)
    sleeper.kill()
    sleeper.wait()
    assert processes.is_dead(holder)


def test_a_zombie_is_dead(processes: SystemProcesses, sleeper: subprocess.Popen[bytes]) -> None:
    holder = identify(sleeper.pid)
    sleeper.kill()
    eventually(lambda: processes.is_dead(holder))
    assert psutil.pid_exists(sleeper.pid)


def test_a_stopped_process_is_not_dead(processes: SystemProcesses, sleeper: subprocess.Popen[bytes]) -> None:
    sleeper.send_signal(signal.SIGSTOP)
    eventually(lambda: psutil.Process(sleeper.pid).status() == psutil.STATUS_STOPPED)
    assert not processes.is_dead(identify(sleeper.pid))


@pytest.mark.parametrize(
    ("changes", "dead"),
    [
        pytest.param({"started": 1.0}, True, id="the pid is another process by now"),
        pytest.param({"boot": "an earlier one"}, True, id="the machine was rebooted since"),
        pytest.param({"boot": "an earlier one", "pid_namespace": "pid:[1]"}, True, id="rebooted, elsewhere"),
        pytest.param({"host": "elsewhere", "started": 1.0}, False, id="another host"),
        pytest.param({"host": "elsewhere", "boot": "its own"}, False, id="another host has another boot id"),
        pytest.param({"pid_namespace": "pid:[1]", "started": 1.0}, False, id="another container"),
        pytest.param({"boot": "", "started": 1.0}, False, id="a row that does not say which boot"),
        pytest.param({"started": float("nan")}, False, id="a row with a start that is no number"),
        pytest.param({"pid": 2**22 + 1}, True, id="a pid that the kernel never gives"),
        pytest.param({"pid": 2**70}, True, id="a pid that is none"),
        pytest.param({"pid": -1}, True, id="a pid that would be everyone"),
        pytest.param({"pid": 0}, True, id="a pid that would be our group"),
    ],
)
def test_death_is_claimed_only_with_a_proof(
    processes: SystemProcesses, changes: dict[str, object], dead: bool
) -> None:
    assert processes.is_dead(replace(processes.me(), **changes)) is dead


def test_where_the_boot_is_unknown_nothing_is_proven() -> None:
    here = replace(identify(), boot="")
    assert not SystemProcesses(here, SystemClock()).is_dead(replace(here, boot="another"))


def test_the_start_of_a_process_does_not_move_with_the_clock() -> None:
    uptime = float(Path("/proc/uptime").read_text().split()[0])
    assert 0 < identify().started < uptime


def test_end_takes_the_whole_tree(processes: SystemProcesses, start: Start, tmp_path: Path) -> None:
    root = start(f"setsid sleep 60 & echo $! > {tmp_path}/pid; wait")
    child = written_pid(tmp_path / "pid")
    assert processes.end(identify(root.pid))
    assert gone(child)()
    assert root.wait() == -signal.SIGTERM


@pytest.mark.fault(14)
def test_end_kills_what_ignores_being_asked(processes: SystemProcesses, start: Start, tmp_path: Path) -> None:
    root = start(f"trap '' TERM; echo $$ > {tmp_path}/pid; while :; do sleep 1; done")
    written_pid(tmp_path / "pid")
    assert processes.end(identify(root.pid))
    assert root.wait() == -signal.SIGKILL


def test_end_reaches_a_stopped_process(processes: SystemProcesses, sleeper: subprocess.Popen[bytes]) -> None:
    sleeper.send_signal(signal.SIGSTOP)
    eventually(lambda: psutil.Process(sleeper.pid).status() == psutil.STATUS_STOPPED)
    assert processes.end(identify(sleeper.pid))
    assert sleeper.wait() == -signal.SIGKILL


@pytest.mark.parametrize(
    "changes",
    [{"started": 1.0}, {"boot": "another"}, {"host": "elsewhere"}, {"pid_namespace": "pid:[1]"}],
    ids=lambda changes: next(iter(changes)),
)
def test_end_refuses_an_identity_that_does_not_match(
    processes: SystemProcesses, sleeper: subprocess.Popen[bytes], changes: dict[str, object]
) -> None:
    assert not processes.end(replace(identify(sleeper.pid), **changes))
    assert sleeper.poll() is None


@pytest.mark.parametrize("pid", [-1, 0, 1, 2**22 + 1, 2**70])
def test_end_refuses_a_pid_that_is_not_one_process(processes: SystemProcesses, pid: int) -> None:
    assert not processes.end(replace(processes.me(), pid=pid))


def test_end_never_ends_itself(processes: SystemProcesses) -> None:
    me: Holder = processes.me()
    assert not processes.end(me)


def test_end_does_not_claim_a_process_that_was_dead_already(
    processes: SystemProcesses, sleeper: subprocess.Popen[bytes]
) -> None:
    holder = identify(sleeper.pid)
    sleeper.kill()
    sleeper.wait()
    assert not processes.end(holder)


@pytest.mark.fault(14)
def test_a_tree_that_is_looked_after_rarely_is_killed_all_the_same(start: Start, tmp_path: Path) -> None:
    root = start(f"trap '' TERM; echo $$ > {tmp_path}/pid; while :; do sleep 1; done")
    written_pid(tmp_path / "pid")
    tree = Tree([psutil.Process(root.pid)], among=descendants, grace=5)
    assert not tree.fell(0)
    assert not tree.fell(1_000)
    assert root.wait() == -signal.SIGKILL
    eventually(lambda: tree.fell(1_000))
    assert tree.left() == []


def test_orphans_come_to_a_subreaper(start: Start, tmp_path: Path) -> None:
    assert become_subreaper()
    start(f"(setsid sleep 60 & echo $! > {tmp_path}/pid)").wait()
    orphan = psutil.Process(written_pid(tmp_path / "pid"))
    assert orphan.ppid() == os.getpid()
    orphan.kill()
    os.waitpid(orphan.pid, 0)


def test_an_inherited_deafness_for_children_is_cured() -> None:
    code = (
        "import signal; from mergetui.adapters.process import become_subreaper; become_subreaper();"
        "assert signal.getsignal(signal.SIGCHLD) is signal.SIG_DFL"
    )
    deafen = (
        "import os, signal, sys; signal.signal(signal.SIGCHLD, signal.SIG_IGN);"
        "os.execv(sys.argv[1], sys.argv[1:])"
    )
    deaf = [sys.executable, "-c", deafen, sys.executable, "-c", code]
    assert subprocess.run(deaf, check=False).returncode == 0
