"""No room on the disk, in the middle of a landing: it waits, loses nothing, goes on when there is room."""

import json
import os
import shutil
import subprocess  # noqa: TID251 - the command line is met from outside
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.adapters.waiting import eventually
from tests.cli.running import AGAIN, BROKEN, DONE, Answer, Mergetui, Stop, command
from tests.worlds.remote import Remote
from tests.worlds.small_disk import SmallDisk, small_disk

pytestmark = pytest.mark.fault(13)


class OnSmallDisk:
    """`mergetui` whose state and caches are on a disk with little room; the remote is not."""

    def __init__(self, disk: SmallDisk, bare: Mergetui) -> None:
        self.disk = disk
        self.state = disk.mounted / "state"
        self._bare = bare

    def start(self, *words: str) -> "subprocess.Popen[str]":
        places = ("--config", str(self._bare.config), "--state-dir", str(self.state))
        return subprocess.Popen(
            self.disk.inside(*command(*places, *words)),
            env=self._bare.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def __call__(self, *words: str) -> Answer:
        with self.start(*words) as process:
            out, err = process.communicate(timeout=60)
        return Answer(process.returncode, out, err)

    def logs(self) -> list[str]:
        return sorted(log.name for log in (self.disk.path / "state/repos/shop/logs").iterdir())


@pytest.fixture
def small(bare: Mergetui, remote: Remote, tmp_path: Path) -> Iterator[OnSmallDisk]:
    """Two branches are queued."""
    bare.configure(remote.url)
    remote.propose("one", a="1")
    remote.propose("two", b="1")
    with small_disk(tmp_path / "disk", size="6m") as disk:
        small = OnSmallDisk(disk, bare)
        assert small("enqueue", "shop", "one", "two").code == DONE
        yield small


def test_a_command_that_cannot_store_names_the_path_and_changes_nothing(small: OnSmallDisk) -> None:
    small.disk.fill()
    answer = small("dequeue", "shop", "one", "--json")
    assert answer.code == BROKEN
    assert f"No space left on device: '{small.state}/repos/shop/" in answer.error["message"]
    assert [e["branch"] for e in small("status", "--json").json["repos"][0]["queue"]] == ["one", "two"]


def test_an_engine_without_room_lands_nothing_and_says_where(small: OnSmallDisk, remote: Remote) -> None:
    small.disk.fill()
    answer = small("run", "--drain")
    assert answer.code == AGAIN
    assert f"nothing can be written: No space left on device: {small.state}/repos/shop" in answer.err
    assert remote.tip() == remote.first


@pytest.mark.soak
def test_a_read_only_disk_is_told_like_a_full_one(small: OnSmallDisk, remote: Remote) -> None:
    small.disk.be_read_only()
    answer = small("run", "--drain")
    assert answer.code == AGAIN
    assert "nothing can be written: Read-only file system" in answer.err
    assert remote.tip() == remote.first


@pytest.mark.soak
def test_it_goes_on_by_itself_when_there_is_room_again(small: OnSmallDisk, remote: Remote) -> None:
    small.disk.fill()
    with small.start("run", "--drain", "--drain-wait", "60s", "--json") as run:
        assert run.stdout is not None
        first = json.loads(run.stdout.readline())
        small.disk.make_room()
        told = [json.loads(line) for line in run.stdout]
    assert first["event"] == "out-of-room"
    assert run.returncode == DONE
    assert told[-1]["landed"] == ["one", "two"]
    assert remote.text("a") + remote.text("b") == "11"


@pytest.mark.soak
def test_a_disk_that_fills_up_during_a_retest_is_nobodys_fault(
    small: OnSmallDisk, bare: Mergetui, remote: Remote, tmp_path: Path
) -> None:
    reached, full = tmp_path / "reached", tmp_path / "full"
    os.mkfifo(full)
    bare.configure(remote.url, retest=f"[ -e {reached} ] || {{ touch {reached}; read go < {full}; false; }}")
    with small.start("run", "--drain", "--drain-wait", "60s", "--json") as run:
        assert run.stdout is not None
        assert eventually(reached.exists, within=30)
        small.disk.fill()
        full.write_text("go\n")
        assert any('"event":"out-of-room"' in line for line in run.stdout)
        small.disk.make_room()
        told = [json.loads(line) for line in run.stdout]
    assert run.returncode == DONE
    assert told[-1]["sent_back"] == []
    assert sorted(told[-1]["landed"]) == ["one", "two"]


def test_a_test_that_fills_the_disk_of_its_checkout_is_nobodys_fault(
    bare: Mergetui, remote: Remote, tmp_path: Path
) -> None:
    bare.configure(remote.url, retest="head -c 9000000 /dev/zero > big")
    remote.propose("feature", a="1")
    with small_disk(tmp_path / "disk", size="6m") as disk:
        bare.environment |= {"XDG_STATE_HOME": str(tmp_path), "XDG_CACHE_HOME": str(disk.mounted)}
        words = ["--config", str(bare.config)]
        assert bare.bare(*words, "enqueue", "shop", "feature").code == DONE
        ran = subprocess.run(
            disk.inside(*command(*words, "run", "--drain", "--json")),
            env=bare.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=60,
            check=False,
        )
        used = shutil.disk_usage(disk.path).used
    summary = json.loads(ran.stdout.splitlines()[-1])
    assert [entry["code"] for entry in summary["deferred"]] == ["disk-full"]
    assert summary["sent_back"] == []
    assert used < 6_000_000


@pytest.mark.soak
def test_old_logs_give_way_before_the_engine_stops(small: OnSmallDisk) -> None:
    logs = small.disk.path / "state/repos/shop/logs"
    logs.mkdir()
    for number in range(100, 160):
        (logs / f"r{number}.log").write_bytes(bytes(40_000))
        os.utime(logs / f"r{number}.log", (number, number))
    small.disk.fill()
    answer = small("run", "--drain", "--json")
    assert answer.code == DONE
    assert answer.events[-1]["landed"] == ["one", "two"]
    assert "r100.log" not in small.logs()


def test_without_file_descriptors_it_waits_until_there_are_some(
    bare: Mergetui, remote: Remote, stop: Stop
) -> None:
    bare.configure(remote.url, retest=stop.until_let_go)
    remote.propose("feature", a="1")
    bare("enqueue", "shop", "feature")
    with bare.running("run", "--drain", "--drain-wait", "60s") as run:
        stop.reached()
        engine = psutil.Process(run.pid)
        before = engine.rlimit(psutil.RLIMIT_NOFILE)
        engine.rlimit(psutil.RLIMIT_NOFILE, (4, before[1]))
        assert eventually(lambda: "Too many open files" in run.complaints(), within=30)
        engine.rlimit(psutil.RLIMIT_NOFILE, before)
        stop.reached()
        stop.let_go()
        assert run.end().code == DONE
    assert remote.text("a") == "1"
