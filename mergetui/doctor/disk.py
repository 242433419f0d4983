"""The filesystem below a directory: whether it keeps what the store relies on, and has room."""

import errno
import fcntl
import os
import re
from collections.abc import Iterator
from pathlib import Path
from shlex import quote
from tempfile import TemporaryDirectory

import humanize
from msgspec import Struct

from mergetui.adapters.durable import sync_directory
from mergetui.doctor.finding import Finding, Topic

SPARSE_BYTES, FEW_BYTES = 1_000_000_000, 100_000_000
SPARSE_FILES, FEW_FILES = 10_000, 1_000

_ELSEWHERE = "--state-dir on a disk of this machine (the caches then lie in it)"
_REMOTE = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ceph", "glusterfs", "lustre", "fuse"}
)
_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS})
_ESCAPED = re.compile(r"\\([0-7]{3})")


class Room(Struct, frozen=True, kw_only=True):
    """What is left for users without privileges."""

    free: int
    """Bytes."""
    files: int | None
    """None where the filesystem does not count them."""


def examine_locks(path: Path) -> Finding:
    """Tries in a directory of its own, which is gone afterwards, what the lock and the store stand on."""
    topic = Topic("locks", str(path))
    try:
        with TemporaryDirectory(prefix=".doctor-", dir=path) as scratch:
            lacking = list(_lacking(Path(scratch)))
    except OSError as error:
        return topic.mend(f"cannot be written: {error.strerror}", f"df {quote(str(path))}")
    if lacking:
        return topic.mend(f"this filesystem does not do {', '.join(lacking)}", _ELSEWHERE)
    return topic.ok("locks, hard links, renames and fsync work")


def examine_room(path: Path) -> Finding:
    status = os.statvfs(path)
    files = status.f_favail if status.f_files else None
    return judge_room(path, Room(free=status.f_bavail * status.f_frsize, files=files))


def judge_room(path: Path, room: Room) -> Finding:
    topic = Topic("space", str(path))
    says = f"{humanize.naturalsize(room.free)} free"
    if room.files is not None and room.files < SPARSE_FILES:
        says += f", and room for {room.files} files"
    if room.free < FEW_BYTES or _fewer(room.files, FEW_FILES):
        return topic.mend(says, f"make room: df -h {quote(str(path))}; df -i {quote(str(path))}")
    if room.free < SPARSE_BYTES or _fewer(room.files, SPARSE_FILES):
        return topic.warn(says, f"df -h {quote(str(path))}; df -i {quote(str(path))}")
    return topic.ok(says)


def examine_filesystem(path: Path, mounts: str) -> Finding | None:
    """`mounts` is what proc_pid_mountinfo(5) says; None when it does not know the path."""
    topic = Topic("filesystem", str(path))
    kind = _kind(path, mounts)
    if kind is None:
        return None
    if kind.partition(".")[0] in _REMOTE:
        says = f"is on {kind}: its locks may not hold, and a write may be lost with the connection"
        return topic.warn(says, _ELSEWHERE)
    return topic.ok(kind)


def _lacking(scratch: Path) -> Iterator[str]:
    for promise, is_kept in (
        ("locks on a directory", _locks_exclude),
        ("hard links", _links),
        ("renames over a file, with fsync", _replaces),
    ):
        try:
            kept = is_kept(scratch)
        except OSError as error:
            if error.errno in _NO_ROOM:
                raise
            kept = False
        if not kept:
            yield promise


def _locks_exclude(scratch: Path) -> bool:
    first, second = (os.open(scratch, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC) for _ in range(2))
    try:
        fcntl.flock(first, fcntl.LOCK_EX | fcntl.LOCK_NB)
        try:
            fcntl.flock(second, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        return False
    finally:
        os.close(first)
        os.close(second)


def _links(scratch: Path) -> bool:
    _write(scratch / "one", b"1")
    (scratch / "two").hardlink_to(scratch / "one")
    return (scratch / "two").samefile(scratch / "one")


def _replaces(scratch: Path) -> bool:
    _write(scratch / "old", b"old")
    _write(scratch / "new", b"new")
    (scratch / "new").rename(scratch / "old")
    sync_directory(scratch)
    return (scratch / "old").read_bytes() == b"new"


def _write(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _fewer(files: int | None, than: int) -> bool:
    return files is not None and files < than


def _kind(path: Path, mounts: str) -> str | None:
    """The type of the filesystem that is mounted deepest above the path; of two at one place, the later."""
    found: tuple[int, str] | None = None
    for line in mounts.splitlines():
        before, dash, after = line.partition(" - ")
        if not dash:
            continue
        point = Path(_ESCAPED.sub(lambda match: chr(int(match[1], 8)), before.split()[4]))
        depth = len(point.parts)
        if path.is_relative_to(point) and (found is None or depth >= found[0]):
            found = depth, after.split()[0]
    return found[1] if found else None
