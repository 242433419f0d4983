from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mergetui.adapters.presence import Presence
from tests.tui.fakes import FakeProcesses, holder

NOON = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)


def present(directory: Path, operator: str, pid: int, minutes: int = 0) -> Presence:
    presence = Presence(
        directory, FakeProcesses(holder(operator, pid)), since=NOON + timedelta(minutes=minutes)
    )
    presence.announce()
    return presence


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "state" / "consoles"


def names(presence: Presence) -> list[str]:
    return [console.holder.operator for console in presence.others(sweep=False)]


def test_consoles_see_each_other_until_they_leave(directory: Path) -> None:
    joe, ana = present(directory, "joe", 2, minutes=1), present(directory, "ana", 1)
    lou = present(directory, "lou", 3, minutes=2)
    assert names(lou) == ["ana", "joe"]
    ana.leave()
    assert (names(lou), names(joe)) == (["joe"], ["lou"])


def test_a_presence_is_for_nobody_but_the_user(directory: Path) -> None:
    present(directory, "ana", 1)
    assert [path.stat().st_mode & 0o777 for path in (directory, *directory.iterdir())] == [0o700, 0o600]


def test_the_dead_are_ignored_and_swept_by_whoever_may(directory: Path) -> None:
    present(directory, "joe", 2)
    processes = FakeProcesses(holder("ana", 1))
    processes.dead.add(holder("joe", 2))
    ana = Presence(directory, processes, since=NOON)
    assert (ana.others(sweep=False), len(list(directory.iterdir()))) == ((), 1)
    assert (ana.others(sweep=True), len(list(directory.iterdir()))) == ((), 0)


@pytest.mark.parametrize("content", [b"", b"{}", b"\xff\x00", b'{"holder": 3}'])
def test_what_is_no_presence_is_nobody(directory: Path, content: bytes) -> None:
    ana = present(directory, "ana", 1)
    (directory / "x.json").write_bytes(content)
    assert names(ana) == []


def test_a_directory_that_cannot_be_made_has_nobody_in_it(tmp_path: Path) -> None:
    (tmp_path / "consoles").write_text("a file")
    ana = present(tmp_path / "consoles", "ana", 1)
    ana.leave()
    assert names(ana) == []
