"""Writers of a store or a journal that are killed: at random, or between any two of their effects."""

import os
import random
import resource
import shutil
import signal
import subprocess  # noqa: TID251 - strace(1) is the world's
import sys
import time
from collections.abc import Callable, Sequence
from itertools import count
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, TypeAlias

from msgspec.structs import replace
from tinydb import TinyDB

from mergetui.adapters.journal import FileJournal
from mergetui.adapters.tinydb_store import TinyDBStore
from mergetui.events import Broken
from mergetui.state import RepositoryState
from tests.adapters.processes import finish, start
from tests.adapters.writers import NEW_YEAR, an_entry, enqueued
from tests.faults.effects import before_effects

Work: TypeAlias = Callable[[Path, Connection], None]
Kill: TypeAlias = Callable[[int, Path], list[Any] | None]
"""What was acknowledged before the kill at that number; None when it was not killed."""

CALLS = (
    "write",
    "fsync",
    "ftruncate",
    "link",
    "linkat",
    "rename",
    "renameat",
    "renameat2",
    "unlink",
    "unlinkat",
    "flock",
    "utimensat",
)
"""What changes files, as syscalls(2) names it; a kill before one of them comes after the one before it."""


def rotated(state: RepositoryState) -> tuple[RepositoryState, int]:
    """One entry more at the end and one less at the beginning; what is stored tells how often."""
    serial = state.serial + 1
    kept = list(state.entries.items())[1:]
    entry = an_entry(serial)
    return replace(state, serial=serial, entries={**dict(kept), entry.id: entry}), serial


def fill(directory: Path, *, rows: int) -> None:
    entries = {f"e{number}": an_entry(number) for number in range(1, rows + 1)}
    TinyDBStore(directory).change(lambda state: (replace(state, entries=entries, serial=rows), None))


def is_whole(state: RepositoryState, *, rows: int) -> bool:
    """Whether it is what so many rotations of `rows` entries come to, no more and no less."""
    return list(state.entries) == [f"e{state.serial - rows + number}" for number in range(1, rows + 1)]


def rotate_until_killed(directory: Path, acknowledged: Connection) -> None:
    store = TinyDBStore(directory)
    while True:
        acknowledged.send(store.change(rotated))


def enqueue_until_killed(directory: Path, acknowledged: Connection) -> None:
    store = TinyDBStore(directory)
    while True:
        acknowledged.send(store.change(enqueued))


def rotate_plain_tinydb_until_killed(path: Path, acknowledged: Connection) -> None:
    """The positive control: the storage that TinyDB ships, one row more and one less in turn."""
    with TinyDB(path) as database:
        while True:
            number = database.insert({"branch": "feature" * 20})
            database.remove(doc_ids=[number])
            acknowledged.send(number)


def killed(works: Sequence[Work], path: Path, *, dice: random.Random, within: float) -> list[Any]:
    """What writers that run at once acknowledged before kill -9, each sent `within` seconds of its first."""
    pipes = [Pipe(duplex=False) for _ in works]
    processes = [start(work, path, theirs) for work, (_, theirs) in zip(works, pipes, strict=True)]
    for _, theirs in pipes:
        theirs.close()
    told = [ours.recv() for ours, _ in pipes]
    for process in processes:
        time.sleep(dice.random() * within)
        process.kill()
    finish(*processes)
    return told + [word for ours, _ in pipes for word in _rest(ours)]


def swept(kill: Kill, template: Path, copies: Path) -> list[RepositoryState]:
    """What was stored after each kill in a copy of `template`, the last without one; all go on from there."""
    states = list[RepositoryState]()
    for number in count():
        directory = copies / str(number)
        shutil.copytree(template, directory)
        told = kill(number, directory)
        store = TinyDBStore(directory)
        states.append(store.read())
        assert store.change(rotated) > states[-1].serial
        assert not list(directory.glob("*.tmp"))
        if told is None:
            return states
    raise AssertionError


def killed_before(effect: int, change: Work, path: Path) -> list[Any] | None:
    """What `change` acknowledged before it was killed at that effect; None when it has not so many."""
    ours, theirs = Pipe(duplex=False)
    with ours:
        process = start(_change_and_die, effect, change, path, theirs)
        theirs.close()
        [code] = finish(process)
        told = _rest(ours)
    assert code in (0, -signal.SIGKILL)
    return None if code == 0 else told


def killed_at_call(call: str, number: int, change: Work, path: Path) -> list[Any] | None:
    """As `killed_before`, when it asks the kernel for `call` the nth time; strace(1) does it."""
    ours, theirs = Pipe(duplex=False)
    waiting, orders = Pipe(duplex=False)
    with ours, orders:
        process = start(_change_when_told, change, path, theirs, waiting)
        theirs.close()
        inject = ["-e", f"trace=?{call}", "-e", f"inject=?{call}:signal=KILL:when={number}"]
        with subprocess.Popen(
            ["strace", "-f", *inject, "-o", os.devnull, f"-p{process.pid}"], stderr=subprocess.PIPE
        ) as tracer:
            _await_attached(tracer)
            orders.send("go")
            [code] = finish(process)
        told = _rest(ours)
    assert code in (0, -signal.SIGKILL)
    return None if code == 0 else told


def why_no_calls_can_be_traced() -> str | None:
    """Why `killed_at_call` cannot be used here."""
    if shutil.which("strace") is None:
        return "strace is not installed"
    ran = subprocess.run(["strace", "-o", os.devnull, "true"], capture_output=True, check=False)
    return None if ran.returncode == 0 else f"strace may not trace: {ran.stderr.decode().strip()}"


def change_once(directory: Path, acknowledged: Connection) -> None:
    acknowledged.send(TinyDBStore(directory).change(rotated))


def fill_and_tell(directory: Path, told: Connection) -> None:
    fill(directory, rows=100)
    told.send(True)


def stored_or_refused(directory: Path, told: Connection) -> None:
    """Sends the serial, or the error's number and path."""
    try:
        told.send(TinyDBStore(directory).change(rotated))
    except OSError as error:
        told.send((error.errno, error.filename))


def appended_or_refused(path: Path, told: Connection) -> None:
    """Sends how many facts were taken before the first was refused, and the error's number and path."""
    journal = FileJournal(path)
    for number in range(1000):
        try:
            journal.append(Broken(repo="shop", at=NEW_YEAR, detail="x" * 500))
        except OSError as error:
            told.send((number, error.errno, error.filename))
            return
    told.send((1000, 0, ""))


def change_with_few_descriptors(directory: Path, told: Connection, *, spare: int) -> None:
    """As `stored_or_refused`, with so many descriptors left."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    taken = _descriptors()
    for descriptor in taken[:spare]:
        os.close(descriptor)
    stored_or_refused(directory, told)


def _change_and_die(effect: int, change: Work, path: Path, acknowledged: Connection) -> None:
    left = effect

    def count_down() -> None:
        nonlocal left
        left -= 1
        if left < 0:
            signal.raise_signal(signal.SIGKILL)

    before_effects(count_down)
    change(path, acknowledged)
    left = sys.maxsize


def _change_when_told(change: Work, path: Path, acknowledged: Connection, orders: Connection) -> None:
    orders.recv()
    change(path, acknowledged)


def _await_attached(tracer: "subprocess.Popen[bytes]") -> None:
    assert tracer.stderr is not None
    said = tracer.stderr.readline()
    assert b"attached" in said, said.decode()


def _rest(words: Connection) -> list[Any]:
    told = []
    try:
        while True:
            told.append(words.recv())
    except EOFError:
        return told


def _descriptors() -> list[int]:
    taken = list[int]()
    try:
        while True:
            taken.append(os.open(os.devnull, os.O_RDONLY))
    except OSError:
        return taken
