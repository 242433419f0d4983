"""Pure rules of the queue: who is admitted, in which order entries are served, and what is under way."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from mergetui.lifecycle import retry
from mergetui.model import Branch, Emergency, Entry, EntryId, Instant, Oid, Priority
from mergetui.state import RepositoryState

PATIENCE = {Priority.URGENT: 0, Priority.HIGH: 0, Priority.NORMAL: 50, Priority.LOW: 100}
"""How many later admissions of the highest priority are served first, at most."""


class Proposal(Struct, frozen=True, kw_only=True):
    """What somebody wants queued: branches, and the commits they are pinned to."""

    branches: tuple[Branch, ...]
    heads: tuple[Oid, ...]
    priority: Priority | None = None
    """None: normal, or what the entry had."""
    by: str = ""
    author: str = ""
    emergency: Emergency | None = None
    """None: it takes its turn, unless the entry goes ahead of everything already."""


class Admitted(Struct, frozen=True):
    entry: Entry
    pinned_anew: bool


class Rest(Struct, frozen=True, kw_only=True):
    """What is left to end before a paused repository stands still."""

    branches: tuple[Branch, ...]
    held_by: str | None
    """Who has the lease."""

    @property
    def is_reached(self) -> bool:
        return not self.branches and self.held_by is None


class Refusal(Struct, frozen=True):
    why: str


def admit(
    state: RepositoryState, proposal: Proposal, *, now: Instant
) -> tuple[RepositoryState, Admitted | Refusal]:
    """Queue a proposal; one that is queued already is pinned anew and keeps its place."""
    known = _same(state, proposal.branches)
    if known is not None:
        entry = _admitted_again(known, proposal, now=now)
        return put(state, entry), Admitted(entry, pinned_anew=True)
    taken = [b for b in proposal.branches if find(state, b)]
    if taken:
        return state, Refusal(f"{taken[0]} is queued already, in another stack; dequeue it first")
    serial = state.serial + 1
    admitted = 1 + max(state.admitted, *(known.rank for known in state.entries.values()), 0)
    entry = Entry(
        id=f"e{serial}",
        branches=proposal.branches,
        heads=proposal.heads,
        enqueued_at=now,
        enqueued_by=proposal.by,
        author=proposal.author,
        priority=proposal.priority or Priority.NORMAL,
        rank=admitted,
        state_since=now,
        emergency=proposal.emergency,
    )
    return put(replace(state, serial=serial, admitted=admitted), entry), Admitted(entry, pinned_anew=False)


def order(entries: Iterable[Entry]) -> tuple[Entry, ...]:
    """As they are served; those that only a person moves on come last."""
    return tuple(sorted(entries, key=_place))


def find(state: RepositoryState, branch: Branch) -> Entry | None:
    return next((entry for entry in state.entries.values() if branch in entry.branches), None)


def in_flight(state: RepositoryState) -> tuple[Entry, ...]:
    """Entries whose work is lost when the gate's is; what was handed over is with somebody else."""
    handed_over = state.handover.candidate.entries if state.handover is not None else ()
    return tuple(e for e in state.entries.values() if e.state.in_flight and e.id not in handed_over)


def is_held_up(state: RepositoryState, ids: Iterable[EntryId], *, now: Instant) -> bool:
    """Whether nothing may be begun with the entries: a pause holds, and none of them goes through it."""
    if state.pause is None or not state.pause.holds(now):
        return False
    said = (state.entries[key].emergency for key in ids if key in state.entries)
    return not any(one is not None and one.through_pause for one in said)


def rest_of(state: RepositoryState) -> Rest:
    """What is under way, also with whoever merges it; the lease is taken before anything is begun."""
    landing = state.landing.candidate.entries if state.landing is not None else ()
    left = order(e for e in state.entries.values() if e.state.in_flight or e.id in landing)
    held_by = str(state.lease.holder) if state.lease is not None else None
    return Rest(branches=tuple(entry.branch for entry in left), held_by=held_by)


def put(state: RepositoryState, *entries: Entry) -> RepositoryState:
    return replace(state, entries={**state.entries, **{entry.id: entry for entry in entries}})


def take_out(state: RepositoryState, ids: Iterable[EntryId]) -> RepositoryState:
    gone = set(ids)
    return replace(state, entries={key: entry for key, entry in state.entries.items() if key not in gone})


def dequeue(state: RepositoryState, branch: Branch) -> tuple[RepositoryState, Entry | Refusal]:
    """Without the branch's entry; not while its push is undecided, for a landing has to be written down."""
    entry = find(state, branch)
    if entry is None:
        return state, Refusal("it is not in the queue")
    if is_landing(state, entry):
        return state, Refusal("it is landing at this moment")
    return take_out(state, [entry.id]), entry


def is_landing(state: RepositoryState, entry: Entry) -> bool:
    """Whether a push of it is undecided."""
    return state.landing is not None and entry.id in state.landing.candidate.entries


def exchange(state: RepositoryState, id_: EntryId, step: Callable[[Entry], Entry]) -> RepositoryState:
    """What `step` makes of the entry as it is by now, if it is still there."""
    latest = state.entries.get(id_)
    return state if latest is None else put(state, step(latest))


def move(state: RepositoryState, branch: Branch, *, to: int) -> RepositoryState | None:
    """The entry at position `to` (from 1), with the priority of the one that was there; None: not queued."""
    entry = find(state, branch)
    if entry is None:
        return None
    before = order(state.entries.values())
    others = [other for other in before if other.id != entry.id]
    place = min(max(to - 1, 0), len(others))
    nearest = (before[place], *others[place:], *reversed(others[:place]))
    neighbour = next((other for other in nearest if _waits_like(other, entry)), entry)
    moved = replace(entry, priority=neighbour.priority)
    row = [*others[:place], moved, *others[place:]]
    return put(state, *_in_this_order([other for other in row if _band(other) == _band(moved)]))


def positions(state: RepositoryState) -> Mapping[EntryId, int]:
    """Places in the queue, from 1."""
    return {entry.id: place for place, entry in enumerate(order(state.entries.values()), start=1)}


def _place(entry: Entry) -> tuple[tuple[bool, int], int, int, str]:
    return _band(entry), _turn(entry), entry.rank, entry.id


def _band(entry: Entry) -> tuple[bool, int]:
    """What waits for a person last; emergencies first, then urgent; the rest overtakes nothing that runs."""
    if entry.emergency is not None:
        return entry.state.needs_a_person, -1
    urgent = entry.priority is Priority.URGENT
    haste = 0 if urgent else 1 if entry.state.in_flight else 2
    return entry.state.needs_a_person, haste


def _turn(entry: Entry) -> int:
    """Its admission, put off as its priority says: with every later one its turn comes nearer."""
    return entry.rank + PATIENCE[entry.priority]


def _in_this_order(row: Sequence[Entry]) -> Iterator[Entry]:
    """Entries of one band, ranked so that they are served as they stand in `row`."""
    last = min(map(_turn, row)) - 1
    for entry, turn in zip(row, sorted(map(_turn, row)), strict=True):
        last = max(turn, last + 1)
        yield replace(entry, rank=last - PATIENCE[entry.priority])


def _waits_like(other: Entry, entry: Entry) -> bool:
    """Whether the priority of `other` says anything about a place in the queue for `entry`."""
    same_end = other.state.needs_a_person == entry.state.needs_a_person
    if (other.emergency is None) != (entry.emergency is None):
        return False
    return same_end and (entry.state.in_flight or not other.state.in_flight)


def _same(state: RepositoryState, branches: tuple[Branch, ...]) -> Entry | None:
    return next((entry for entry in state.entries.values() if entry.branches == branches), None)


def _admitted_again(entry: Entry, proposal: Proposal, *, now: Instant) -> Entry:
    priority = proposal.priority or entry.priority
    kept = replace(entry, priority=priority, author=proposal.author or entry.author)
    pinned = retry(kept, proposal.heads, now=now)
    return replace(pinned, emergency=proposal.emergency or pinned.emergency)
