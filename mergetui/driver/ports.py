"""The world as one driver meets it."""

from collections.abc import Callable
from pathlib import Path

from msgspec import Struct

from mergetui.git_ports import Repo
from mergetui.outcome import RetestEnding
from mergetui.ports import Checks, Clock, Emit, Journal, Occupancy, Processes, Retester, Room, Slots, Store
from mergetui.reason import Coded
from mergetui.view import Verdict


class Ports(Struct, frozen=True, kw_only=True):
    """What a driver works with; `emit` hears every fact once it is stored."""

    store: Store
    journal: Journal
    repo: Repo
    retester: Retester
    occupancy: Occupancy
    processes: Processes
    room: Room
    slots: Slots
    checks: Checks
    clock: Clock
    emit: Emit
    logs: Path
    environment: Callable[[], dict[str, str]]
    """What the retest command finds in its environment."""
    mask: Callable[[str], str]
    """What is written down of the operator's settings has no secret in it."""
    judge: Callable[[RetestEnding], tuple[Verdict, Coded | None]]
