"""What proofs ask git: a copy of the target, and a checkout, that share nothing with the engine's.

Both are used beside a working engine, so its mirror and its slots are not touched.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Set
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar

from filelock import FileLock, Timeout
from msgspec import Struct

from mergetui.adapters.durable import make_directory
from mergetui.adapters.files import remove
from mergetui.adapters.git import (
    FIRST_FETCH_TIMEOUT,
    PATIENCE,
    REMOTE_TIMEOUT,
    Git,
    GitError,
    Ran,
    RecentCommands,
    allowed_protocols,
)
from mergetui.adapters.remote import AskedRemote
from mergetui.adapters.room import prove as prove_room
from mergetui.adapters.slots import Slot
from mergetui.model import Instant, Oid
from mergetui.naming import full_ref
from mergetui.outcome import Unreachable
from mergetui.proving import Arrival, Commit, History, Question
from mergetui.repository import Repository

T = TypeVar("T")

_REMOTE = "origin"
_OID = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")


class Busy(Struct, frozen=True):
    """Another process verifies the same repository."""


class Archive:
    """The target of one repository in `directory`, which any number of processes may share."""

    def __init__(
        self,
        repository: Repository,
        directory: Path,
        commands: RecentCommands | None = None,
        *,
        patience: float = 300.0,
    ) -> None:
        """`patience`: seconds that another process may take to read the same archive."""
        self._repository = repository
        self._directory = directory
        self._patience = patience
        self._bare = directory / "archive.git"
        self._git = Git(self._bare, commands=commands, protocols=allowed_protocols(repository.remote))
        self._target = full_ref(repository.target)

    def answer(self, question: Question) -> History | Unreachable | Busy:
        """What git says, after a look at the remote."""
        with self._alone("archive", patience=self._patience) as alone:
            return self._anew_after_damage(lambda: self._answer(question)) if alone else Busy()

    @contextmanager
    def alone_at_retests(self) -> Iterator[bool]:
        """While the block runs, `check_out` is this process's alone; False when it is another's."""
        with self._alone("proofs", patience=0) as alone:
            yield alone

    def check_out(self, commit: Oid) -> Path:
        """A clean checkout of a commit that the archive knows."""
        return Slot(self._directory / "proofs", 0, self._bare, self._git).check_out(
            commit, clean="everything"
        )

    @contextmanager
    def _alone(self, name: str, *, patience: float) -> Iterator[bool]:
        make_directory(self._directory)
        lock = FileLock(self._directory / f"{name}.lock", mode=0o600, fallback_to_soft=False)
        try:
            lock.acquire(timeout=patience)
        except Timeout:
            yield False
            return
        try:
            yield True
        finally:
            lock.release()

    def _anew_after_damage(self, work: Callable[[], T]) -> T:
        try:
            return work()
        except GitError:
            remove(self._bare)
            return work()

    def _answer(self, question: Question) -> History | Unreachable:
        if not question.commits:
            tip = self._ask_for_the_tip()
            return tip if isinstance(tip, Unreachable) else self._history(tip)
        self._make()
        fetched = self._fetch()
        if fetched.ok:
            return self._read(question)
        tip = Unreachable(fetched.said) if fetched.timed_out else self._ask_for_the_tip()
        match tip:
            case Unreachable():
                return Unreachable(fetched.said)
            case None:
                return self._history(None)
            case _:
                prove_room(self._directory)
                raise GitError(f"git fetch in {self._bare}: {fetched.said}")

    def _ask_for_the_tip(self) -> Oid | Unreachable | None:
        heads = AskedRemote(self._repository.remote).heads([self._repository.target])
        return heads if isinstance(heads, Unreachable) else heads.get(self._repository.target)

    def _make(self) -> None:
        address = ("config", f"remote.{_REMOTE}.url", self._repository.remote)
        # Git says so when the directory is too damaged to be a repository.
        if self._bare.is_dir() and self._git.ask(*address).ok:
            return
        remove(self._bare)
        make_directory(self._bare)
        self._git.at(self._directory).tell("init", "--quiet", "--bare", str(self._bare))
        self._git.tell(*address)

    def _fetch(self) -> Ran:
        is_first = not (self._bare / self._target).exists()
        return self._git.ask(
            "fetch",
            "--quiet",
            "--no-tags",
            "--no-write-fetch-head",
            _REMOTE,
            f"+{self._target}:{self._target}",
            timeout=FIRST_FETCH_TIMEOUT if is_first else REMOTE_TIMEOUT,
            patience=PATIENCE,
        )

    def _read(self, question: Question) -> History:
        tip = self._git.tell("rev-parse", "--verify", f"{self._target}^{{commit}}")
        # What the journal says is not always an object name, and git would read other words as options.
        since = [base for base in question.since if _OID.fullmatch(base)]
        wanted = set(question.commits)
        commits = self._commits(wanted, tip, *(f"^{base}" for base in since[:1]))
        if len(commits) < len(wanted):
            self._make_sure_that_it_is_whole()
            commits = self._commits(wanted, tip)
        stood_on = {parent for commit in commits.values() for parent in commit.parents[:1]}
        first = next((base for base in since if base in stood_on), None)
        return self._history(tip, commits, self._line(tip, first) if first else ())

    def _history(
        self,
        tip: Oid | None,
        commits: Mapping[Oid, Commit] = MappingProxyType({}),
        line: tuple[Arrival, ...] = (),
    ) -> History:
        return History(target=self._repository.target, tip=tip, commits=commits, line=line)

    def _commits(self, wanted: Set[Oid], *revisions: str) -> dict[Oid, Commit]:
        """Those of `wanted` that are listed for `revisions`: the tip, and where to stop.

        What is listed is in the history of the tip for certain. The other way round, asking for what the tip
        lacks (`COMMIT ^TIP`), git-rev-list(1) is wrong where the dates of commits do not rise.
        """
        listing = self._git.tell("log", "--ignore-missing", "--format=%H %T %P", *revisions)
        rows = (row.split(" ", 2) for row in _rows(listing))
        return {
            commit: Commit(tree, tuple(parents.split())) for commit, tree, parents in rows if commit in wanted
        }

    def _line(self, tip: Oid, since: Oid) -> tuple[Arrival, ...]:
        form = "--format=%H%x00%at%x00%an%x00%s"
        rows = _rows(self._git.tell("log", "--first-parent", form, tip, f"^{since}"))
        fields = (row.split("\0", 3) for row in rows)
        return tuple(
            Arrival(commit=commit, at=_instant(seconds), author=author, subject=subject)
            for commit, seconds, author, subject in fields
        )

    def _make_sure_that_it_is_whole(self) -> None:
        """An alarm must not come from a copy that lost something; what else is lost, the next walk finds."""
        if (self._bare / "shallow").exists():
            raise GitError(f"{self._bare} is shallow")


def _rows(listing: str) -> list[str]:
    # Not `splitlines`: a subject may hold what other programs take for the end of a line.
    return listing.split("\n") if listing else []


def _instant(seconds: str) -> Instant | None:
    try:
        return datetime.fromtimestamp(int(seconds), UTC)
    except (ValueError, OverflowError, OSError):
        return None
