"""The directories that mergetui writes to: whose they are, and that nobody else can look into them."""

import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path
from shlex import quote

from mergetui.doctor.finding import Finding, Topic

_TOLD = 3


def examine_directory(topic: Topic, path: Path) -> Finding:
    """Mode and owner of the directory itself: nobody passes it, so what is below it is out of reach."""
    try:
        status = path.stat()
    except FileNotFoundError:
        return _missing(topic, path)
    except OSError as error:
        return topic.mend(f"cannot be looked at: {error.strerror}", f"ls -ld {quote(str(path))}")
    mode = stat.S_IMODE(status.st_mode) & 0o777
    if not stat.S_ISDIR(status.st_mode):
        return topic.mend("is not a directory", f"mv {quote(str(path))} {quote(f'{path}.away')}")
    if status.st_uid != os.geteuid():
        return topic.mend(f"belongs to uid {status.st_uid}, and this is uid {os.geteuid()}", _own(path))
    if mode != 0o700:
        return topic.mend(f"has mode {mode:04o}, not 0700", f"chmod 700 {quote(str(path))}")
    return topic.ok("yours alone")


def nearest(path: Path) -> Path:
    """The path itself, or the first above it that is there."""
    return next((place for place in (path, *path.parents) if _mode(place) is not None), Path("/"))


def is_directory(path: Path) -> bool:
    """Whether it can be seen to be one; where nobody may look, there is none."""
    return stat.S_ISDIR(_mode(path) or 0)


def examine_contents(roots: Sequence[Path]) -> list[Finding]:
    """Files and directories of mergetui's own below each root that others may read, or that are not ours."""
    return [finding for root in roots for finding in _contents(root)]


def _contents(root: Path) -> Iterator[Finding]:
    topic = Topic("files", str(root))
    found = [(path, status) for path in _below(root) if (status := _lstat(path)) is not None]
    foreign = [path for path, status in found if status.st_uid != os.geteuid()]
    opened = [path for path, status in found if status.st_mode & 0o077]
    closed = [path for path, status in found if _is_closed(status)]
    if foreign:
        yield topic.mend(f"not yours: {_named(foreign, root)}", _own(root))
    if closed:
        yield topic.mend(f"closed to yourself: {_named(closed, root)}", f"chmod -R u+rwX {quote(str(root))}")
    if opened:
        # A warning only: it is the directory above that keeps others out.
        yield topic.warn(f"open to others: {_named(opened, root)}", f"chmod -R go= {quote(str(root))}")
    if found and not foreign and not closed and not opened:
        yield topic.ok("yours alone")


def _below(root: Path) -> Iterator[Path]:
    """What mergetui makes there itself: of git's stores and checkouts only the top."""
    for parent, names, files in os.walk(root):
        yield from (Path(parent, name) for name in (*names, *files))
        names[:] = [name for name in names if not _is_gits(Path(parent, name))]


def _is_closed(status: os.stat_result) -> bool:
    needed = 0o700 if stat.S_ISDIR(status.st_mode) else 0o600
    return status.st_mode & needed != needed


def _is_gits(directory: Path) -> bool:
    return _mode(directory / "HEAD") is not None or _mode(directory / ".git") is not None


def _lstat(path: Path) -> os.stat_result | None:
    """None for what is gone again, and for a link, whose mode means nothing."""
    try:
        status = path.lstat()
    except OSError:
        return None
    return None if stat.S_ISLNK(status.st_mode) else status


def _named(paths: Sequence[Path], root: Path) -> str:
    names = [str(path.relative_to(root)) for path in sorted(paths)[:_TOLD]]
    more = len(paths) - len(names)
    return ", ".join(names) + (f" and {more} more" if more else "")


def _mode(path: Path) -> int | None:
    """Of what is there; None also where nobody may look."""
    try:
        return path.stat().st_mode
    except OSError:
        return None


def _missing(topic: Topic, path: Path) -> Finding:
    above = nearest(path)
    if is_directory(above) and os.access(above, os.W_OK | os.X_OK):
        return topic.note("is not there yet, and is made when it is needed")
    return topic.mend(f"is not there, and cannot be made in {above}", f"ls -ld {quote(str(above))}")


def _own(path: Path) -> str:
    return f"sudo chown -R {os.geteuid()} {quote(str(path))}"
