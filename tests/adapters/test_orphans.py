import os
from collections.abc import Iterator

import psutil
import pytest

from mergetui.adapters.orphans import reap_orphans
from tests.adapters.waiting import eventually


@pytest.fixture
def started() -> Iterator[list[int]]:
    started: list[int] = []
    yield started
    for pid in started:
        if psutil.pid_exists(pid):
            os.kill(pid, 9)
            os.waitpid(pid, 0)


def start(started: list[int], command: str, **how: int | bool) -> int:
    started.append(os.posix_spawn("/bin/sh", ["sh", "-c", command], os.environ, **how))  # type: ignore[arg-type]
    return started[-1]


def test_a_job_that_a_shell_left_is_let_go_when_it_has_ended(started: list[int]) -> None:
    job = start(started, "read line </dev/null", setpgroup=0)
    assert eventually(lambda: reap_orphans() == 0)
    assert eventually(lambda: not psutil.pid_exists(job))


def test_a_job_that_still_runs_is_counted(started: list[int]) -> None:
    start(started, "exec sleep 60", setpgroup=0)
    assert reap_orphans() == 1


@pytest.mark.parametrize("how", [{}, {"setsid": True}], ids=["of our own group", "of a session of its own"])
def test_what_others_wait_for_is_left_to_them(started: list[int], how: dict[str, bool]) -> None:
    child = start(started, "exit 7", **how)
    process = psutil.Process(child)
    assert eventually(lambda: process.status() == psutil.STATUS_ZOMBIE)
    assert reap_orphans() == 0
    started.clear()
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
