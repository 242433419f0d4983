"""What the engine needs of the world, as protocols; the adapters keep these promises."""

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Protocol, TypeAlias, TypeVar

from msgspec import Struct

from mergetui.checks.ruling import Cleared, Ruling, Unanswered
from mergetui.events import Event
from mergetui.forecasting import Commit, Distance, FileChange, Forecast
from mergetui.model import Branch, Candidate, Entry, Holder, Instant, Link, Oid
from mergetui.outcome import RetestEnding, Unreachable
from mergetui.reason import Coded, HeldBack
from mergetui.state import RepositoryState

T = TypeVar("T")

Emit: TypeAlias = Callable[[Event], None]


class Listener(Protocol):
    """Hears of what happens; what it raises is logged and goes no further. It returns at once."""

    def hear(self, fact: Event) -> None: ...

    def hear_of_stop(self, repository: str, why: str) -> None:
        """Auto-advance has stopped itself."""


class Clock(Protocol):
    """The only place that knows the time."""

    def now(self) -> Instant:
        """Wall time in UTC: for rows, people and other hosts."""

    def monotonic(self) -> float:
        """Seconds that only grow: for timeouts."""


class StoreError(Exception):
    """The stored state cannot be used and was left as it is; the text names the file and the mend."""


class Store(Protocol):
    """The state of one repository."""

    def read(self) -> RepositoryState:
        """The latest stored state; needs no lock. May raise StoreError."""

    def change(self, step: Callable[[RepositoryState], tuple[RepositoryState, T]]) -> T:
        """Store what `step` makes of the latest state, alone among all processes; its second value.

        Durable when this returns; nothing is stored when `step` raises. May raise StoreError, OSError.
        """

    def stamp(self) -> tuple[int, ...]:
        """Differs whenever the stored state does; costs a `stat`."""

    def notice(self) -> str | None:
        """What a person should know of how the state was read: the previous generation was served ..."""


class Journal(Protocol):
    """What happened, oldest first, append-only."""

    def append(self, event: Event) -> None:
        """Durable when this returns. May raise OSError."""

    def read(self) -> Sequence[Event]:
        """Every readable fact; a torn line is passed over."""


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


class RetestOrder(Struct, frozen=True, kw_only=True):
    id: str
    """Unique among all retests; marks every process of the run."""
    command: str
    """For `/bin/sh -c`."""
    directory: Path
    log: Path
    env: Mapping[str, str]
    """The whole environment of the command, but for what marks the run."""
    timeout: timedelta
    silence: timedelta
    """No output for so long: hung."""
    output_limit: int
    """Bytes."""


class RunningRetest(Protocol):
    order: RetestOrder

    def poll(self) -> RetestEnding | None:
        """None while it runs. Once it has ended, nothing of its process tree is left."""

    def stop(self, why: str) -> RetestEnding:
        """End it and its whole process tree; returns when nothing is left."""


class Retester(Protocol):
    def start(self, order: RetestOrder) -> RunningRetest:
        """Start the command with stdin closed and both outputs into `order.log`. May raise OSError."""

    def reap(self) -> int:
        """End what retests of dead engines left running on this repository; how many processes."""


class Slots(Protocol):
    """The slots for retests, which several repositories share fairly."""

    def free_for(self, repository: str) -> int | None:
        """How many more it may start now; None: as many as it likes."""

    def take(self, repository: str) -> bool:
        """One for a retest that starts; False: there is none for it now."""

    def give_back(self, repository: str) -> None: ...

    def line_up(self, repository: str) -> None:
        """It wants a slot and has none."""

    def withdraw(self, repository: str) -> None:
        """It does not want one any more."""


class Stand(Struct, frozen=True):
    """Where an entry stands that is caught up: its commit, and what that is on top of."""

    base: Oid
    commit: Oid


class Checks(Protocol):
    """What must hold before an entry is caught up and before it lands. Nobody waits for an answer here."""

    @property
    def names(self) -> tuple[str, ...]: ...

    def of_everything(self) -> HeldBack | Unanswered | Cleared:
        """What holds the whole repository up; asked first in a round."""

    def of_entry(self, entry: Entry, *, tip: Oid | None, stand: Stand | None = None) -> Ruling:
        """Whether the entry may be caught up with `tip`, or, where it stands already, may land."""

    def has_news(self) -> bool:
        """Something was answered since the last round began."""


class Occupancy(Protocol):
    """The kernel lock on a repository: who holds it, works on it; the kernel frees it with the process."""

    def take(self) -> bool:
        """Try to take it, without waiting; True when it is ours now (or was already)."""

    def leave(self) -> None: ...


class StatusSender(Protocol):
    """Tells forges what waits for them, beside the drivers and never in their way."""

    def start(self) -> None: ...

    def stop(self, patience: float) -> None:
        """What is due is still told, but for no longer than `patience` seconds."""


class NoRoomError(Exception):
    """There is no room for what comes next; the text says where."""


class Room(Protocol):
    """What an engine writes to: disks, and the process's own file descriptors."""

    def lack(self, error: Exception | None = None) -> str | None:
        """Why nothing can be written now, and where; None when there is room.

        `error` is what a write has just failed with, if one has. Logs of ended retests are given up first.
        """


class Processes(Protocol):
    """Who is alive, proven by host, boot, pid namespace, pid and start time."""

    def me(self) -> Holder: ...

    def is_dead(self, holder: Holder) -> bool:
        """True only when it can be proven from here."""

    def end(self, holder: Holder) -> bool:
        """Kill the holder's whole tree; False when it could not be proven to be that process."""
