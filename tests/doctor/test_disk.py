"""What the filesystem keeps, and how much room it has."""

from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from mergetui.doctor.disk import Room, examine_filesystem, examine_locks, examine_room, judge_room
from mergetui.doctor.finding import Level
from tests.worlds.small_disk import small_disk

_MOUNTS = r"""
22 27 0:21 / /proc rw,relatime - proc proc rw
27 1 254:0 / / rw,relatime - ext4 /dev/vda rw
28 27 0:31 / /home rw - nfs4 server:/home rw
29 28 254:1 / /home/ada/local rw shared:1 master:2 - xfs /dev/vdb rw
30 27 0:33 / /mnt/a\040b\134c rw - fuse.sshfs ada@host: rw
31 27 0:34 / /srv rw - ext4 /dev/vdc rw
32 27 0:35 / /srv rw - cifs //server/srv rw
torn
"""


@pytest.mark.parametrize(
    ("path", "level", "kind"),
    [
        ("/var/lib/x", Level.OK, "ext4"),
        ("/home/ada/.local/state", Level.WARN, "nfs4"),
        ("/home/ada/local/state", Level.OK, "xfs"),
        ("/homes", Level.OK, "ext4"),
        ("/mnt/a b\\c/state", Level.WARN, "fuse.sshfs"),
        ("/srv/state", Level.WARN, "cifs"),
    ],
)
def test_a_filesystem_behind_a_network_is_named(path: str, level: Level, kind: str) -> None:
    finding = examine_filesystem(Path(path), _MOUNTS)
    assert finding is not None
    assert (finding.level, finding.says.removeprefix("is on ").partition(":")[0]) == (level, kind)


def test_an_unknown_filesystem_is_not_judged() -> None:
    assert examine_filesystem(Path("/x"), "") is None


@pytest.mark.parametrize(
    ("free", "files", "level"),
    [
        (10**9, None, Level.OK),
        (10**9, 10_000, Level.OK),
        (10**9 - 1, 10**6, Level.WARN),
        (10**8, 10**6, Level.WARN),
        (10**8 - 1, 10**6, Level.MEND),
        (0, None, Level.MEND),
        (10**12, 9_999, Level.WARN),
        (10**12, 999, Level.MEND),
    ],
)
def test_room_is_judged_by_bytes_and_files(free: int, files: int | None, level: Level) -> None:
    assert judge_room(Path("/x"), Room(free=free, files=files)).level is level


def test_a_local_filesystem_does_what_the_store_needs_and_nothing_is_left_of_the_try(tmp_path: Path) -> None:
    assert examine_locks(tmp_path).level is Level.OK
    assert list(tmp_path.iterdir()) == []


@pytest.mark.fault(13)
def test_a_full_disk_has_a_mend(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk") as disk:
        disk.fill()
        room, locks = _levels(disk.told_by(_tell, disk.mounted))
    assert (room[0], room[1].startswith("0 Bytes free")) == (Level.MEND, True)
    assert locks == (Level.MEND, "cannot be written: No space left on device")


@pytest.mark.fault(13)
def test_a_disk_that_is_read_only_has_a_mend(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk") as disk:
        disk.be_read_only()
        _, locks = _levels(disk.told_by(_tell, disk.mounted))
    assert locks == (Level.MEND, "cannot be written: Read-only file system")


def _tell(path: Path, pipe: Connection) -> None:
    pipe.send([(found.level, found.says) for found in (examine_room(path), examine_locks(path))])


def _levels(told: object) -> list[tuple[Level, str]]:
    assert isinstance(told, list)
    return told
