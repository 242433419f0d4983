"""The tables of a state file, and the repository's state: one converted into the other."""

import re
from collections.abc import Collection, Mapping
from typing import Any, TypeAlias, TypeVar

import msgspec
from msgspec import Struct
from tinydb import TinyDB
from tinydb.table import Table

from mergetui.model import Entry, EntryId, FencingToken, Instant, Lease
from mergetui.reason import HeldBack
from mergetui.state import Advance, Handover, LandingIntent, Pause, RepositoryState, Sighting, Window

ENTRIES, SINGLES = "entries", "singles"

K = TypeVar("K", bound=Struct)

Known: TypeAlias = Mapping[str, tuple[msgspec.Raw, Entry]]
"""Rows of entries as they stood in a file, and what they came to."""
_NONE_KNOWN: Known = {}

_LARGEST_COUNT = 2**53
_LARGEST_LEASE = 2**16


class Attention(Struct, frozen=True, kw_only=True):
    """What whoever works on the repository is asked for."""

    look_wanted: Instant | None = None


_INSTANTS: Mapping[type[Struct], tuple[str, ...]] = {
    Entry: ("enqueued_at", "available_at", "state_since"),
    Lease: ("acquired_at", "renewed_at", "expires_at"),
    Pause: ("at", "until"),
    Sighting: ("at", "failing_since"),
    LandingIntent: ("started_at",),
    Handover: ("since", "until"),
    Attention: ("look_wanted",),
    Advance: ("since",),
    HeldBack: ("until",),
}


class Counters(Struct, frozen=True, kw_only=True):
    """What must only grow."""

    last_token: FencingToken = 0
    serial: int = 0
    admitted: int = 0


class BadRow(Struct, frozen=True, kw_only=True):
    """A row that cannot be what its table says; it counts for nothing."""

    table: str
    key: str
    row: Any
    why: str


class Reading(Struct, frozen=True, kw_only=True):
    """What the tables come to."""

    state: RepositoryState
    counters: Counters
    """As they are stored."""
    counters_lost: bool
    """There are rows but no sound counters: those of the state are the highest that other rows show."""
    bad: tuple[BadRow, ...]
    known: Known = _NONE_KNOWN
    """For the next reading, when rows were left as they stood in the file."""


class KeyedTable(Table):
    """A table whose rows have keys of ours."""

    document_id_class = str  # type: ignore[assignment]

    def rewrite(self, rows: Mapping[str, Any], *, gone: Collection[str] = ()) -> None:
        """Add or replace `rows` and remove `gone`, in one pass; the other rows keep their places."""

        def rewritten(table: dict[Any, Any]) -> None:
            for key in gone:
                table.pop(key, None)
            table.update(rows)

        if rows or gone:
            self._update_table(rewritten)


class Database(TinyDB):
    table_class = KeyedTable

    def rows(self, table: str) -> Mapping[str, Any]:
        """The rows as they are stored: TinyDB's own reading takes every row for a mapping."""
        return (self.storage.read() or {}).get(table, {})

    def rewrite(self, table: str, rows: Mapping[str, Any], *, gone: Collection[str] = ()) -> None:
        keyed = self.table(table)
        assert isinstance(keyed, KeyedTable)
        keyed.rewrite(rows, gone=gone)


def read_rows(database: Database) -> Reading:
    """The state that the sound rows make up, and the rows that are not sound."""
    return read_tables({ENTRIES: database.rows(ENTRIES), SINGLES: database.rows(SINGLES)})


def read_tables(tables: Mapping[str, Mapping[str, Any]], known: Known = _NONE_KNOWN) -> Reading:
    """As `read_rows`; a `msgspec.Raw` row that is the same as in `known` is not read again."""
    sieve = _Sieve(tables, known)
    lease, landing = sieve.single("lease", Lease), sieve.single("landing", LandingIntent)
    counters = sieve.single("counters", Counters)
    stored = counters or Counters()
    entries = sieve.entries()
    state = RepositoryState(
        entries=entries,
        lease=lease,
        pause=sieve.single("pause", Pause),
        seen=sieve.single("seen", Sighting),
        landing=landing,
        advance=sieve.single("advance", Advance),
        window=sieve.single("window", Window),
        frozen=sieve.single("frozen", HeldBack),
        handover=sieve.single("handover", Handover),
        look_wanted=(sieve.single("attention", Attention) or Attention()).look_wanted,
        last_token=max(stored.last_token, *sieve.tokens()),
        serial=stored.serial if counters else _highest_number(entries),
        admitted=stored.admitted,
    )
    lost = counters is None and bool(sieve.rows)
    return Reading(state=state, counters=stored, counters_lost=lost, bad=tuple(sieve.bad), known=sieve.known)


def write_rows(database: Database, reading: Reading, after: RepositoryState) -> None:
    """Make `after` of the tables that gave `reading`; bad rows go, rows that are the same are not touched."""
    for table in (ENTRIES, SINGLES):
        database.rewrite(table, {}, gone=[row.key for row in reading.bad if row.table == table])
    before = reading.state.entries
    database.rewrite(
        ENTRIES,
        {key: msgspec.to_builtins(entry) for key, entry in after.entries.items() if before.get(key) != entry},
        gone=[key for key in before if key not in after.entries],
    )
    stored, wanted = _singles(reading.state, reading.counters), _singles(after, _counters(after))
    changed = {key: row for key, row in wanted.items() if row != stored[key]}
    database.rewrite(
        SINGLES,
        {key: msgspec.to_builtins(row) for key, row in changed.items() if row is not None},
        gone=[key for key, row in changed.items() if row is None],
    )


class _Sieve:
    """Lets sound rows through and collects the others."""

    def __init__(self, tables: Mapping[str, Mapping[str, Any]], known: Known) -> None:
        self.bad: list[BadRow] = []
        self.known: dict[str, tuple[msgspec.Raw, Entry]] = {}
        self._before = known
        self._entries = tables.get(ENTRIES, {})
        self._singles = {key: _plain(row) for key, row in tables.get(SINGLES, {}).items()}
        self.rows = [*self._entries, *self._singles]

    def entries(self) -> dict[EntryId, Entry]:
        taken = ((key, self._entry(key, row)) for key, row in self._entries.items())
        return {key: entry for key, entry in taken if entry is not None}

    def _entry(self, key: str, row: Any) -> Entry | None:
        before = self._before.get(key)
        entry = before[1] if before is not None and before[0] == row else None
        if entry is None:
            entry = self._take(ENTRIES, key, row, Entry)
        if entry is not None and isinstance(row, msgspec.Raw):
            self.known[key] = (row, entry)
        return entry

    def single(self, key: str, kind: type[K]) -> K | None:
        return self._take(SINGLES, key, self._singles[key], kind) if key in self._singles else None

    def tokens(self) -> list[FencingToken]:
        """Every token that a row shows, sound or not; 0 among them."""
        rows = (self._singles.get(key) for key in ("lease", "landing", "handover"))
        tokens = (row.get("token") for row in rows if isinstance(row, Mapping))
        return [0, *(token for token in tokens if type(token) is int and _is_count(token))]

    def _take(self, table: str, key: str, row: Any, kind: type[K]) -> K | None:
        try:
            taken = _read(row, kind)
            fault = _fault(taken, key)
        except msgspec.ValidationError as error:
            fault = str(error)
        if fault is None:
            return taken
        self.bad.append(BadRow(table=table, key=key, row=_plain(row), why=fault))
        return None


def _read(row: Any, kind: type[K]) -> K:
    return msgspec.json.decode(row, type=kind) if isinstance(row, msgspec.Raw) else msgspec.convert(row, kind)


def _plain(row: Any) -> Any:
    return msgspec.json.decode(row) if isinstance(row, msgspec.Raw) else row


def _fault(row: Struct, key: str) -> str | None:
    """What the types do not tell."""
    for name in _INSTANTS.get(type(row), ()):
        instant = getattr(row, name)
        if instant is not None and instant.tzinfo is None:
            return f"{name} without a time zone"
    match row:
        case Entry():
            return _fault_of_entry(row, key)
        case Lease() if len(msgspec.json.encode(row)) > _LARGEST_LEASE:
            return f"more than {_LARGEST_LEASE} bytes"
        case Lease(token=token) | LandingIntent(token=token) | Handover(token=token) if not _is_count(token):
            return f"the token {token}"
        case Window(size=size) if not 1 <= size <= _LARGEST_COUNT:
            return f"the size {size}"
        case LandingIntent(candidate=candidate) | Handover(candidate=candidate) if not candidate.links:
            return "a candidate of nothing"
        case Counters() if not all(map(_is_count, counts := msgspec.structs.astuple(row))):
            return f"the counters {', '.join(map(str, counts))}"
        case _:
            return None


def _fault_of_entry(entry: Entry, key: str) -> str | None:
    if entry.id != key:
        return f"the id {entry.id!r} under another key"
    if not entry.branches or len(entry.branches) != len(entry.heads):
        return f"{len(entry.branches)} branches and {len(entry.heads)} heads"
    if entry.held_back is not None:
        return _fault(entry.held_back, "")
    return None


def _is_count(number: int) -> bool:
    return 0 <= number <= _LARGEST_COUNT


def _highest_number(ids: Collection[EntryId]) -> int:
    return max((int(digits) for id_ in ids for digits in re.findall(r"\d{1,9}", id_)), default=0)


def _counters(state: RepositoryState) -> Counters:
    return Counters(last_token=state.last_token, serial=state.serial, admitted=state.admitted)


def _singles(state: RepositoryState, counters: Counters) -> dict[str, Struct | None]:
    return {
        "lease": state.lease,
        "pause": state.pause,
        "seen": state.seen,
        "landing": state.landing,
        "advance": state.advance,
        "window": state.window,
        "frozen": state.frozen,
        "handover": state.handover,
        "attention": Attention(look_wanted=state.look_wanted) if state.look_wanted else None,
        "counters": counters,
    }
