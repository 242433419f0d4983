"""What an operator is told of a command."""

from msgspec import Struct

from mergetui.model import Branch, Entry, Lease


class Queued(Struct, frozen=True):
    entry: Entry
    position: int
    pinned_anew: bool


class NotQueued(Struct, frozen=True):
    branches: tuple[Branch, ...]
    why: str


class Released(Struct, frozen=True):
    lease: Lease


class NotReleased(Struct, frozen=True):
    why: str
    held: Lease | None
