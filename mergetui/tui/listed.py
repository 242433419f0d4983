"""A queue as the panes list it: what they would else work out of every entry at every key."""

from collections import Counter
from collections.abc import Mapping, Sequence

from msgspec import Struct

from mergetui.model import Entry, EntryId, EntryState, Priority
from mergetui.queueing import order


class Listed(Struct, frozen=True, kw_only=True):
    queue: tuple[Entry, ...]
    """In the order in which they are served."""
    keys: tuple[EntryId, ...]
    """Of the same."""
    places: Mapping[EntryId, int]
    """From 1."""
    tally: Counter[EntryState]
    flying: tuple[Entry, ...]
    """Those that the gate is at work on."""
    held: tuple[Entry, ...]
    """Those that wait for an operator."""
    longest: tuple[int, int]
    """Branch and author, in characters."""
    is_special: bool
    """Some priority is not the normal one."""
    has_reasons: bool
    folded: Mapping[EntryId, str]
    """What a filter looks at, in the order of the queue: branches, author and state, one a line."""

    @property
    def moving(self) -> int:
        """How many go on without a person."""
        return sum(number for state, number in self.tally.items() if not state.needs_a_person)

    def holding(self, wanted: str, among: Sequence[EntryId] | None = None) -> Sequence[EntryId]:
        """The entries that a filter lets through, in their order; upper and lower case are the same.

        `among` are those that a part of `wanted` let through: no other has to be looked at.
        """
        needle = wanted.casefold()
        if among is None:
            return [key for key, told in self.folded.items() if needle in told]
        return [key for key in among if needle in self.folded[key]]


def listed(entries: Mapping[EntryId, Entry]) -> Listed:
    """Takes a while for a long queue: not for the event loop."""
    queue = order(entries.values())
    return Listed(
        queue=queue,
        keys=tuple(entry.id for entry in queue),
        places={entry.id: place for place, entry in enumerate(queue, start=1)},
        tally=Counter(entry.state for entry in queue),
        flying=tuple(entry for entry in queue if entry.state.in_flight),
        held=tuple(entry for entry in queue if entry.state is EntryState.HELD),
        longest=(
            max((len(entry.branch) for entry in queue), default=0),
            max((len(entry.author) for entry in queue), default=0),
        ),
        is_special=any(entry.priority is not Priority.NORMAL for entry in queue),
        has_reasons=any(entry.reason is not None for entry in queue),
        folded={
            entry.id: "\n".join((*entry.branches, entry.author, entry.state)).casefold() for entry in queue
        },
    )
