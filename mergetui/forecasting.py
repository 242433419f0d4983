"""What git tells of branches that have not landed, and which pairs of them are worth asking about."""

from collections.abc import Sequence
from typing import TypeAlias

from msgspec import Struct

from mergetui.model import Entry, EntryId, Instant, Oid


class Clean(Struct, frozen=True):
    """Merging both leaves nothing to decide; what they mean together only a retest tells."""


class Clashing(Struct, frozen=True):
    paths: tuple[str, ...]


class Unrelated(Struct, frozen=True):
    """They have no commit in common."""


Forecast: TypeAlias = Clean | Clashing | Unrelated
Pair: TypeAlias = tuple[Oid, Oid]
"""Two commits; the one that is ahead first, the target's tip before all."""


class Distance(Struct, frozen=True):
    """In commits, from the target's tip."""

    ahead: int
    behind: int


class Commit(Struct, frozen=True, kw_only=True):
    oid: Oid
    at: Instant | None
    """When its author says that it was written."""
    author: str
    subject: str


class FileChange(Struct, frozen=True, kw_only=True):
    path: str
    before: str | None = None
    """Its path before it was renamed."""
    added: int | None
    """Lines; None for what is not text."""
    removed: int | None


class Pairing(Struct, frozen=True):
    """Queued entries, first to last, and the tip that they are to land on."""

    tip: Oid | None
    entries: tuple[Entry, ...]

    def spots(self) -> dict[tuple[EntryId, EntryId | None], Pair]:
        """Of an entry and another, or the target (None), what to ask; the likeliest to matter come first.

        That is every entry with the target, and then with those ahead of it. Both ways round it is one pair.
        """
        heads = [(entry.id, entry.heads[-1]) for entry in self.entries]
        found: dict[tuple[EntryId, EntryId | None], Pair] = {}
        if self.tip is not None:
            found.update({(key, None): (self.tip, head) for key, head in heads})
        for place, (key, head) in enumerate(heads):
            for other, ahead in heads[:place]:
                found[key, other] = found[other, key] = (ahead, head)
        return found


def ahead_of(entry: EntryId, queue: Sequence[Entry]) -> tuple[Entry, ...]:
    """Those that may land before the entry; `queue` is in the order in which it is served."""
    ahead = list[Entry]()
    for other in queue:
        if other.id == entry:
            break
        if not other.state.needs_a_person:
            ahead.append(other)
    return tuple(ahead)
