"""The state of one repository in a TinyDB file, safe for many processes, threads and crashes."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

import msgspec
from filelock import FileLock, Timeout
from msgspec import Struct
from msgspec.structs import replace

from mergetui.adapters.durable import make_directory
from mergetui.adapters.generations import (
    NOWHERE,
    GenerationStorage,
    Stamp,
    SupersededError,
    damaged_of,
    load,
    previous_of,
    stamp_of,
)
from mergetui.adapters.rows import Database, Known, read_rows, read_tables, write_rows
from mergetui.adapters.set_aside import SetAside, rows_told, set_aside, told_of
from mergetui.model import FencingToken
from mergetui.ports import StoreError
from mergetui.state import RepositoryState

T = TypeVar("T")

SERIAL_LEAP = 1000
"""How far ids jump when the latest ones may have been lost; far more than one generation hands out."""

_TRIES = 20
_POLL = 0.005


class TinyDBStore:
    """Keeps the promises of `Store`; `lock_timeout` is in seconds.

    `token_floor` is asked when stored counters were lost: the highest token known from elsewhere.
    """

    def __init__(
        self,
        directory: Path,
        name: str = "queue.json",
        *,
        token_floor: Callable[[], FencingToken] = lambda: 0,
        lock_timeout: float = 20.0,
    ) -> None:
        self._path = directory / name
        self._token_floor = token_floor
        self._lock_timeout = lock_timeout
        self._lock = FileLock(
            directory / f"{name}.lock", mode=0o600, poll_interval=_POLL, fallback_to_soft=False
        )
        self._threads = threading.Lock()
        self._latest: _Look | None = None

    def read(self) -> RepositoryState:
        return self._look().state

    def change(self, step: Callable[[RepositoryState], tuple[RepositoryState, T]]) -> T:
        """As `Store` says; `step` may be called again when somebody got past the lock."""
        make_directory(self._path.parent)
        for _ in range(_TRIES - 1):
            with suppress(SupersededError):
                return self._try_change(step)
        return self._try_change(step)

    def stamp(self) -> Stamp:
        return stamp_of(self._path)

    def notice(self) -> str | None:
        try:
            look = self._look()
            gone = [self._told_of_loss()] if self._is_gone(look.stamp) else []
            told = [*look.notices, *gone, *self._told_of_damaged(), *told_of(self._path)]
        except StoreError as error:
            told = [str(error)]
        return "\n".join(told) or None

    def _look(self) -> "_Look":
        latest = self._latest
        if latest is None or latest.stamp != self.stamp():
            latest = self._latest = _look(self._path, latest.known if latest is not None else {})
        return latest

    def _try_change(self, step: Callable[[RepositoryState], tuple[RepositoryState, T]]) -> T:
        with self._alone(), _opened(self._path) as (database, storage):
            reading = read_rows(database)
            is_gone = self._is_gone(storage.loaded.stamp)
            is_doubtful = is_gone or storage.loaded.damage is not None or reading.counters_lost
            after, value = step(self._leaped(reading.state) if is_doubtful else reading.state)
            write_rows(database, reading, after)
            if is_gone:
                set_aside(self._path, SetAside(why=self._told_of_loss()))
            if reading.bad:
                set_aside(self._path, SetAside(why=rows_told(reading.bad), rows=reading.bad))
            storage.commit()
            return value

    @contextmanager
    def _alone(self) -> Iterator[None]:
        if not self._threads.acquire(timeout=self._lock_timeout):
            raise self._locked_out()
        try:
            self._lock_file()
            try:
                yield
            finally:
                self._lock.release()
        finally:
            self._threads.release()

    def _lock_file(self) -> None:
        try:
            self._lock.acquire(timeout=self._lock_timeout)
        except Timeout as error:
            raise self._locked_out() from error

    def _locked_out(self) -> StoreError:
        return StoreError(
            f"{self._lock.lock_file} was held by somebody else for {self._lock_timeout:g} s; "
            f"nothing was stored: see which mergetui hangs, and end it"
        )

    def _is_gone(self, stamp: Stamp) -> bool:
        """Whether files are missing that were there once: tokens are known from elsewhere."""
        return stamp == NOWHERE and self._token_floor() > 0

    def _told_of_loss(self) -> str:
        return f"{self._path} and the generation before it were gone, and the queue with them"

    def _leaped(self, state: RepositoryState) -> RepositoryState:
        last_token = max(state.last_token, self._token_floor())
        return replace(state, last_token=last_token, serial=state.serial + SERIAL_LEAP)

    def _told_of_damaged(self) -> list[str]:
        return [
            f"{path} was damaged and is set aside; the generation before it was taken. "
            f"Check the queue, then remove that file"
            for path in damaged_of(self._path)
        ]


class _Look(Struct, frozen=True, kw_only=True):
    stamp: Stamp
    state: RepositoryState
    notices: tuple[str, ...]
    known: Known


@contextmanager
def _opened(path: Path) -> Iterator[tuple[Database, GenerationStorage]]:
    storage = GenerationStorage(path)
    with Database(storage=lambda: storage) as database:
        yield database, storage


def _look(path: Path, known: Known) -> _Look:
    """Without TinyDB, which would make a mapping of every row: of a long queue few rows are new."""
    loaded = load(path, row=msgspec.Raw)
    reading = read_tables(loaded.tables, known)
    bad = [f"{path}: {rows_told(reading.bad)}"] if reading.bad else []
    told = [*_told_of_generation(path, loaded.damage), *bad]
    return _Look(stamp=loaded.stamp, state=reading.state, notices=tuple(told), known=reading.known)


def _told_of_generation(path: Path, damage: str | None) -> list[str]:
    return [f"{path} {damage}; {previous_of(path).name} is served"] if damage else []
