"""What a check is: settings, a view of one entry, an answer."""

from typing import ClassVar, Literal, Protocol, TypeAlias

from msgspec import Struct

from mergetui.forecasting import FileChange
from mergetui.model import Branch, Instant, Oid


class Pass(Struct, frozen=True):
    """It holds."""


class Waits(Struct, frozen=True):
    """Not yet, and nobody is at fault: the entry keeps its place, and those behind it go on."""

    reason: str
    until: Instant | None = None
    """It is asked again then; None: now and then."""


class Refuses(Struct, frozen=True):
    """No: the entry is sent back, and its author must act."""

    reason: str


Answer: TypeAlias = Pass | Waits | Refuses


class Changes(Struct, frozen=True):
    files: tuple[FileChange, ...]
    is_cut: bool = False
    """There are more than are listed."""

    @property
    def lines(self) -> int:
        """Added and removed; of what is not text none."""
        return sum((file.added or 0) + (file.removed or 0) for file in self.files)

    @property
    def paths(self) -> tuple[str, ...]:
        """Also those that were renamed."""
        both = ((file.before, file.path) for file in self.files)
        return tuple(dict.fromkeys(path for pair in both for path in pair if path))


class Reads(Protocol):
    """What can be read of commits, with a bound on time and size. Raises OSError when it cannot be read."""

    def changes(self, base: Oid, head: Oid) -> Changes: ...

    def behind(self, tip: Oid, head: Oid) -> int: ...


class CheckView(Struct, frozen=True, kw_only=True):
    """All that a check sees: one entry, or, where it concerns the repository, none."""

    repository: str
    target: Branch
    now: Instant
    branches: tuple[Branch, ...] = ()
    heads: tuple[Oid, ...] = ()
    """One commit per branch, as the entry is pinned."""
    tip: Oid | None = None
    """Of the target, as it was last seen."""
    base: Oid | None = None
    """What the entry was caught up with; None before that."""
    candidate: Oid | None = None
    """The entry on top of `base`, the commit that is to land; None before it is caught up."""
    approved_by: tuple[str, ...] = ()
    """Operators, as `name@host`, who gave their word for these very heads."""
    reads: Reads

    @property
    def branch(self) -> Branch:
        """The name people call the entry by."""
        return self.branches[-1]

    def changes(self) -> Changes:
        """What the entry changes: as it is to land, or before that as its authors pushed it."""
        if self.base is not None and self.candidate is not None:
            return self.reads.changes(self.base, self.candidate)
        if self.tip is None:
            return Changes(())
        # A branch of a stack may lack what the one before it has, and then it is not in the last one.
        told = [self.reads.changes(self.tip, head) for head in self.heads]
        files: dict[str, FileChange] = {}
        for file in (file for changes in told for file in changes.files):
            files[file.path] = max(files.get(file.path, file), file, key=_lines)
        return Changes(tuple(files.values()), any(changes.is_cut for changes in told))

    def behind(self) -> int:
        """Commits of the target that the entry's branches lack."""
        tip = self.tip
        return max((self.reads.behind(tip, head) for head in self.heads), default=0) if tip else 0


class Check(Struct, frozen=True, kw_only=True):
    """A rule; its fields are the settings of `[checks.NAME]`, which a ValueError of `__post_init__` refuses.

    It is asked in a thread of its own. One that raises, or that does not answer in time, waits.
    """

    concerns: ClassVar[Literal["entry", "repository"]] = "entry"
    """`repository`: while it waits nothing is started and nothing lands; there is nothing that it refuses."""

    def ask(self, view: CheckView) -> Answer:
        raise NotImplementedError


def _lines(file: FileChange) -> int:
    return (file.added or 0) + (file.removed or 0)
