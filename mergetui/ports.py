"""What the engine needs of the world besides git, as protocols; the adapters keep these promises."""

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Protocol, TypeAlias, TypeVar

from msgspec import Struct

from mergetui.checks.ruling import Cleared, Ruling, Unanswered
from mergetui.events import Event
from mergetui.model import Entry, Holder, Instant, Oid
from mergetui.outcome import RetestEnding
from mergetui.reason import HeldBack
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
        """How many more it may start now; below zero: so many others wait; None: as many as it likes."""

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


class Halted(Exception):  # noqa: N818 - nothing went wrong
    """The engine stops: what was asked of the remote was ended before there was an answer."""


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
