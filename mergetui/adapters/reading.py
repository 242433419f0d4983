"""Reading the engine's mirror beside a working engine: nothing is written there, fetched or locked.

The engine may dispose of the mirror at any moment, so every failure is the same answer: not known yet.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Generic, TypeVar

from mergetui.adapters.git import Git, GitError, Ran, RecentCommands
from mergetui.forecasting import Clashing, Clean, Commit, Distance, FileChange, Forecast, Unrelated
from mergetui.model import Instant, Oid

T = TypeVar("T")

MOST_COMMITS = 500
"""Commits of a branch that are listed."""

_TIMEOUT = 5.0
"""Seconds; nobody waits for the answer, but others for their turn."""
_REMEMBERED = 20_000
_ONE_COMMAND = 500
"""Commits that are asked for at once."""
_FORM = "--format=%H%x00%at%x00%an%x00%s"
_OID = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")


class MirrorReader:
    """The `BranchReader` port on `mirror`. What is said of commits is true for ever, and is remembered."""

    def __init__(self, mirror: Path) -> None:
        self._mirror = mirror
        # Hundreds of looks would push what the engine ran out of its list of commands.
        self._git = Git(mirror, commands=RecentCommands(most=0))
        self._latest = dict[Oid, Commit]()
        self._distances = _Remembered[Distance]()
        self._commits = _Remembered[tuple[Commit, ...]]()
        self._files = _Remembered[tuple[FileChange, ...]]()
        self._forecasts = _Remembered[Forecast]()

    def latest(self, commits: Sequence[Oid]) -> Mapping[Oid, Commit]:
        news = [commit for commit in commits if commit not in self._latest and _OID.fullmatch(commit)]
        if len(self._latest) > _REMEMBERED:
            self._latest.clear()
        for start in range(0, len(news), _ONE_COMMAND):
            for commit in self._read_latest(news[start : start + _ONE_COMMAND]):
                self._latest[commit.oid] = commit
        return {commit: known for commit in commits if (known := self._latest.get(commit)) is not None}

    def distance(self, tip: Oid, head: Oid) -> Distance | None:
        return self._distances.recall(tip, head, self._read_distance)

    def commits(self, tip: Oid, head: Oid) -> tuple[Commit, ...] | None:
        return self._commits.recall(tip, head, self._read_commits)

    def files(self, tip: Oid, head: Oid) -> tuple[FileChange, ...] | None:
        return self._files.recall(tip, head, self._read_files)

    def forecast(self, ours: Oid, theirs: Oid) -> Forecast | None:
        return self._forecasts.recall(ours, theirs, self._read_forecast)

    def _read_latest(self, commits: Sequence[Oid]) -> Iterator[Commit]:
        ran = self._ask("log", "-z", "--no-walk=unsorted", "--ignore-missing", _FORM, *commits)
        return _commits(ran.out) if ran is not None else iter(())

    def _read_distance(self, tip: Oid, head: Oid) -> Distance | None:
        ran = self._ask("rev-list", "--left-right", "--count", f"{tip}...{head}")
        if ran is None:
            return None
        behind, ahead = ran.out.split()
        return Distance(ahead=int(ahead), behind=int(behind))

    def _read_commits(self, tip: Oid, head: Oid) -> tuple[Commit, ...] | None:
        ran = self._ask("log", "-z", f"--max-count={MOST_COMMITS}", _FORM, head, f"^{tip}")
        return tuple(_commits(ran.out)) if ran is not None else None

    def _read_files(self, tip: Oid, head: Oid) -> tuple[FileChange, ...] | None:
        plain = ("--no-ext-diff", "--no-textconv", "--find-renames")
        ran = self._ask("diff", "--numstat", "-z", *plain, f"{tip}...{head}")
        return tuple(_changes(ran.out)) if ran is not None else None

    def _read_forecast(self, ours: Oid, theirs: Oid) -> Forecast | None:
        ran = self._merge(ours, theirs)
        if ran is None:
            return None
        tree, *paths = ran.out.split("\0")
        # The code alone says nothing: it is 1 for a conflict, and for a commit that is not there.
        if ran.code in (0, 1) and _OID.fullmatch(tree.strip()):
            return Clashing(tuple(sorted({path for path in paths if path}))) if ran.code else Clean()
        return self._unrelated(ours, theirs)

    def _merge(self, ours: Oid, theirs: Oid) -> Ran | None:
        """The merged tree is an object, and has to be written somewhere: not to the mirror."""
        try:
            with TemporaryDirectory(prefix="mergetui-", ignore_cleanup_errors=True) as scratch:
                objects = str((self._mirror / "objects").absolute())
                aside = {"GIT_OBJECT_DIRECTORY": scratch, "GIT_ALTERNATE_OBJECT_DIRECTORIES": objects}
                command = ("merge-tree", "--write-tree", "-z", "--name-only", "--no-messages")
                return self._run(*command, ours, theirs, env=aside)
        except OSError:
            return None

    def _unrelated(self, ours: Oid, theirs: Oid) -> Unrelated | None:
        ran = self._run("merge-base", ours, theirs)
        return Unrelated() if ran is not None and ran.code == 1 and not ran.err else None

    def _ask(self, *argv: str) -> Ran | None:
        ran = self._run(*argv)
        return ran if ran is not None and ran.ok else None

    def _run(self, *argv: str, env: Mapping[str, str] | None = None) -> Ran | None:
        # In a mirror whose histories are cut off, nothing that git counts is true.
        if (self._mirror / "shallow").exists():
            return None
        try:
            return self._git.ask(*argv, timeout=_TIMEOUT, env=env)
        except GitError:
            return None


class _Remembered(Generic[T]):
    """Answers by the two commits they are about; what is not known is asked again."""

    def __init__(self) -> None:
        self._known = dict[tuple[Oid, Oid], T]()

    def recall(self, first: Oid, second: Oid, read: Callable[[Oid, Oid], T | None]) -> T | None:
        known = self._known.get((first, second))
        # What a damaged store says is not always an object name, and git would read other words as options.
        if known is not None or not (_OID.fullmatch(first) and _OID.fullmatch(second)):
            return known
        answer = read(first, second)
        if answer is not None:
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            self._known[first, second] = answer
        return answer


def _commits(listing: str) -> Iterator[Commit]:
    fields = listing.split("\0")
    for oid, seconds, author, subject in zip(*(fields[n::4] for n in range(4)), strict=False):
        yield Commit(oid=oid.strip("\n"), at=_instant(seconds), author=author, subject=subject)


def _changes(listing: str) -> Iterator[FileChange]:
    """`ADDED TAB REMOVED TAB PATH NUL`; of a rename PATH is empty, and both paths follow."""
    fields = iter(listing.split("\0"))
    for field in fields:
        if field.count("\t") < 2:
            continue
        added, removed, path = field.split("\t", 2)
        before = None if path else next(fields, "")
        yield FileChange(
            path=path or next(fields, ""), before=before, added=_lines(added), removed=_lines(removed)
        )


def _lines(count: str) -> int | None:
    return int(count) if count.isdecimal() else None


def _instant(seconds: str) -> Instant | None:
    try:
        return datetime.fromtimestamp(int(seconds), UTC)
    except (ValueError, OverflowError, OSError):
        return None
