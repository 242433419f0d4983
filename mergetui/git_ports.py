"""What the engine needs of git, as protocols: its own copy, the refs of the remote, commits to look at."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol, TypeAlias

from msgspec import Struct

from mergetui.forecasting import Commit, Distance, FileChange, Forecast
from mergetui.model import Branch, Candidate, Entry, Link, Oid
from mergetui.outcome import Unreachable
from mergetui.reason import Coded


class Seen(Struct, frozen=True):
    """The remote's refs, right after a fetch that succeeded."""

    tip: Oid | None
    heads: Mapping[Branch, Oid]
    """Of the branches asked for; one that the remote does not have is left out."""


class Clash(Struct, frozen=True):
    """Why an entry cannot be put on top of what is ahead of it."""

    reason: Coded


class Published(Struct, frozen=True):
    """The candidate is in the target; the ref was read back."""

    tip: Oid
    tree: Oid


class TargetHasMoved(Struct, frozen=True):
    tip: Oid | None


class BranchHasMoved(Struct, frozen=True):
    """The remote refused a task branch, for its author was faster; the target was not touched."""

    branches: tuple[Branch, ...]


class BranchMove(Struct, frozen=True):
    """A task branch that goes from its author's head to where it is caught up."""

    branch: Branch
    before: Oid
    after: Oid


class BranchesMoved(Struct, frozen=True):
    """These stand where they are caught up; a branch that the server keeps is not among them."""

    moves: tuple[BranchMove, ...]


class PushRefused(Struct, frozen=True):
    reason: Coded


class Undecided(Struct, frozen=True):
    """The remote may still take the push; ask again."""

    detail: str


PublishResult: TypeAlias = Published | TargetHasMoved | PushRefused | Undecided | Unreachable


class Repo(Protocol):
    """The engine's own copy of one repository. Raises GitError only when git or the disk is broken."""

    copies: int
    """How often it was made; with a new one all that was built and checked out of the one before is gone."""

    def fetch(self, branches: Sequence[Branch]) -> Seen | Unreachable:
        """Look at the remote, and bring what it has."""

    def is_ancestor(self, commit: Oid, of: Oid) -> bool: ...

    def authors(self, commits: Sequence[Oid]) -> Mapping[Oid, str]:
        """Who wrote these commits; one that is not there is left out."""

    def behind(self, commit: Oid, tip: Oid) -> int:
        """How many commits `tip` has that `commit` lacks."""

    def catch_up(self, entry: Entry, *, onto: Oid) -> Link | Clash:
        """`entry` on top of `onto`: the target's tip, or what a candidate ahead of it stands at."""

    def branch_moves(self, candidate: Candidate) -> tuple[BranchMove, ...]:
        """What is to be pushed before the candidate lands, so that a forge sees its branches as merged."""

    def push_branches(self, moves: Sequence[BranchMove]) -> BranchesMoved | BranchHasMoved | Unreachable:
        """Make the moves, all but those of branches that their authors have pushed to."""

    def publish(self, candidate: Candidate) -> PublishResult:
        """Fast-forward the target to the candidate, and read it back."""

    def what_became_of(self, candidate: Candidate) -> PublishResult:
        """Ask the remote about a push that got no answer; `Undecided` while the target has not moved."""

    def find_merge(self, candidate: Candidate, tip: Oid) -> "Published | None":
        """The commit with which the target got all of the candidate, and its tree; None if it has not."""

    def check_out(self, commit: Oid, *, slot: int) -> Path:
        """A clean checkout of `commit` that shares nothing with the copy that lands."""

    def dispose(self) -> None:
        """Throw worktrees and slots away; they are made anew when needed."""


class RemoteRefs(Protocol):
    """The remote's branches, asked without a copy of the repository and without holding it."""

    def heads(self, branches: Sequence[Branch]) -> Mapping[Branch, Oid] | Unreachable:
        """Where these branches stand; one that the remote does not have is left out."""

    def all_heads(self) -> Mapping[Branch, Oid] | Unreachable:
        """Every branch below refs/heads/."""


class BranchReader(Protocol):
    """What git's copy tells of commits, for people to look at. It may not have them yet: then the answer
    is None, or leaves them out. Never raises, and holds nobody up."""

    def latest(self, commits: Sequence[Oid]) -> Mapping[Oid, Commit]:
        """Those of `commits` that are there."""

    def distance(self, tip: Oid, head: Oid) -> Distance | None: ...

    def commits(self, tip: Oid, head: Oid) -> tuple[Commit, ...] | None:
        """What `head` has and `tip` has not, newest first; a great many are cut off."""

    def files(self, tip: Oid, head: Oid) -> tuple[FileChange, ...] | None:
        """What `head` has changed since it left the history of `tip`."""

    def forecast(self, ours: Oid, theirs: Oid) -> Forecast | None:
        """What merging both would give."""
