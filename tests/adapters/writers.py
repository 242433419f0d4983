"""What other processes do to a store or a journal while a test looks on."""

import resource
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path

from msgspec.structs import replace
from tinydb import TinyDB

from mergetui.adapters.journal import FileJournal
from mergetui.adapters.tinydb_store import TinyDBStore
from mergetui.events import Broken
from mergetui.model import Entry, Instant
from mergetui.state import RepositoryState

NEW_YEAR = Instant.fromisoformat("2026-01-01T00:00:00+00:00")


def an_entry(number: int, branch: str = "feature") -> Entry:
    return Entry(id=f"e{number}", branches=(branch,), heads=("a" * 40,), enqueued_at=NEW_YEAR)


def counted(state: RepositoryState) -> tuple[RepositoryState, int]:
    return replace(state, serial=state.serial + 1), state.serial + 1


def enqueued(state: RepositoryState) -> tuple[RepositoryState, str]:
    entry = an_entry(state.serial + 1)
    return replace(state, serial=state.serial + 1, entries={**state.entries, entry.id: entry}), entry.id


def count_to(times: int, directory: Path) -> None:
    store = TinyDBStore(directory)
    for _ in range(times):
        store.change(counted)


def enqueue(times: int, directory: Path, ids: Connection) -> None:
    store = TinyDBStore(directory)
    ids.send([store.change(enqueued) for _ in range(times)])


def count_until_killed(directory: Path, acknowledged: Connection) -> None:
    store = TinyDBStore(directory)
    while True:
        acknowledged.send(store.change(counted))


def enqueue_on_a_full_disk(directory: Path, seen: Connection, *, room: int) -> None:
    """No file of this process may grow beyond `room` bytes; sends the error's file name."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, resource.RLIM_INFINITY))
    crowd = {f"e{number}": an_entry(number) for number in range(1000)}
    try:
        TinyDBStore(directory).change(lambda state: (replace(state, entries=crowd), None))
    except OSError as error:
        seen.send(error.filename)


def count_with_plain_tinydb(times: int, path: Path) -> None:
    """The positive control: no lock, no generations. Ends early when it meets a torn file."""
    with TinyDB(path) as database, suppress(ValueError):
        for _ in range(times):
            rows = database.all()
            database.truncate()
            database.insert({"serial": rows[0]["serial"] + 1 if rows else 1})


def tell_plain_count(path: Path, count: Connection) -> None:
    """Sends nothing when the file cannot be read."""
    with TinyDB(path) as database, suppress(ValueError, IndexError):
        count.send(database.all()[0]["serial"])


def append(times: int, path: Path, text: str) -> None:
    journal = FileJournal(path)
    for number in range(times):
        journal.append(Broken(repo="shop", at=NEW_YEAR, detail=f"{text} {number}"))


def append_until_killed(path: Path, acknowledged: Connection) -> None:
    journal = FileJournal(path)
    number = len(journal.read())
    while True:
        number += 1
        journal.append(Broken(repo="shop", at=NEW_YEAR, detail="x" * 9000))
        acknowledged.send(number)
