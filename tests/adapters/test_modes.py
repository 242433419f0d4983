"""What mergetui writes is for nobody but the user, whatever the umask; inside git's stores the top counts."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from mergetui.adapters.durable import make_directory
from mergetui.adapters.occupancy import DirectoryLock
from mergetui.config_file import add_repository
from mergetui.tui.start import log_of
from tests.adapters.test_retest import Bench
from tests.gate.gate import TestGate
from tests.worlds.remote import Remote


@pytest.fixture(autouse=True)
def _open_umask() -> Iterator[None]:
    """Nothing is taken away from the modes that are asked for."""
    before = os.umask(0)
    yield
    os.umask(before)


def test_nobody_else_can_read_what_a_landing_leaves(remote: Remote, tmp_path: Path) -> None:
    gate = TestGate(remote, tmp_path / "not" / "yet", retest="echo secret", parallel=2)
    remote.propose("one", a="1")
    remote.propose("two", b="1")
    gate.enqueue("one", "two")
    gate.drain()
    left = dict(_below(tmp_path / "not"))
    assert {name: mode for name, mode in left.items() if mode not in ("d700", "f600")} == {}
    assert gate.landed() == ["one", "two"]
    assert gate.run_of("two").log in {str(tmp_path / "not" / name) for name in left}
    assert left.keys() >= {
        "yet/state/repos/shop/queue.json",
        "yet/state/repos/shop/queue.json.prev",
        "yet/state/repos/shop/queue.json.lock",
        "yet/state/repos/shop/journal.jsonl",
        "yet/cache/shop/mirror.git",
        "yet/cache/shop/catch-up",
        "yet/cache/shop/slots/0",
        "yet/cache/shop/slots/0.index",
        "yet/cache/shop/slots/0.seal",
    }


def test_nobody_else_can_read_a_configuration_that_is_made(tmp_path: Path) -> None:
    path = tmp_path / "config" / "mergetui.toml"
    add_repository(path, "shop", {"remote": "https://ada:secret@example.org/shop.git"})
    assert dict(_below(tmp_path)) == {
        "config": "d700",
        "config/mergetui.toml": "f600",
        "config/.mergetui.toml.lock": "f600",
    }


def test_nobody_else_can_read_the_log_of_the_console(tmp_path: Path) -> None:
    log_of(tmp_path / "state").write_text("a traceback\n")
    assert dict(_below(tmp_path)) == {"state": "d700", "state/console.log": "f600"}


def test_nobody_else_can_enter_a_state_that_begins_with_the_lock(tmp_path: Path) -> None:
    lock = DirectoryLock(tmp_path / "state" / "repos" / "shop")
    assert lock.take()
    lock.leave()
    assert dict(_below(tmp_path)) == {"state": "d700", "state/repos": "d700", "state/repos/shop": "d700"}


def test_nobody_else_can_read_the_output_of_a_retest_in_a_state_that_was_removed(tmp_path: Path) -> None:
    bench = Bench(tmp_path / "state", marker="test")
    running = bench.start("true", directory=tmp_path)
    running.stop("the test is over")
    assert dict(_below(tmp_path)) == {"state": "d700", "state/logs": "d700", "state/logs/0.log": "f600"}


def test_a_directory_that_is_there_keeps_its_mode(tmp_path: Path) -> None:
    (tmp_path / "given").mkdir(mode=0o750)
    make_directory(tmp_path / "given" / "new" / "newer")
    assert dict(_below(tmp_path)) == {"given": "d750", "given/new": "d700", "given/new/newer": "d700"}


def _below(top: Path) -> Iterator[tuple[str, str]]:
    """Kind and mode of what is below `top`; git's stores and checkouts are not looked into."""
    for path in _own(top):
        status = path.lstat()
        kind = "d" if stat.S_ISDIR(status.st_mode) else "f"
        yield str(path.relative_to(top)), f"{kind}{stat.S_IMODE(status.st_mode):o}"


def _own(directory: Path) -> Iterator[Path]:
    for path in directory.iterdir():
        yield path
        if path.is_dir() and not (path / "HEAD").exists() and not (path / ".git").exists():
            yield from _own(path)
