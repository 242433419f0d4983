"""Which consoles are open on a state directory: a small file each, gone when they are."""

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import msgspec
from msgspec import Struct

from mergetui.adapters.durable import as_json, make_directory
from mergetui.model import Holder, Instant
from mergetui.ports import Processes


class OpenConsole(Struct, frozen=True, kw_only=True):
    holder: Holder
    since: Instant


class Presence:
    """Nothing hangs on it: a directory that cannot be written or read has no consoles in it."""

    def __init__(self, directory: Path, processes: Processes, *, since: Instant) -> None:
        self._directory = directory
        self._processes = processes
        me = processes.me()
        self._me = OpenConsole(holder=me, since=since)
        self._file = directory / f"{me.host}-{me.pid}-{me.started:.2f}.json".replace(os.sep, "_")

    def announce(self) -> None:
        """Be seen by the others, from now on."""
        with suppress(OSError):
            make_directory(self._directory)
            written = self._file.with_suffix(".new")
            descriptor = os.open(written, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(as_json(self._me))
            written.rename(self._file)

    def leave(self) -> None:
        with suppress(OSError):
            self._file.unlink()

    def others(self, *, sweep: bool) -> tuple[OpenConsole, ...]:
        """The other consoles that are not proven dead, the oldest first; `sweep`: files of dead ones go."""
        return tuple(sorted(self._others(sweep=sweep), key=lambda console: console.since))

    def _others(self, *, sweep: bool) -> Iterator[OpenConsole]:
        for path in self._directory.glob("*.json"):
            console = _read(path)
            if console is None or console.holder == self._me.holder:
                continue
            if not self._processes.is_dead(console.holder):
                yield console
            elif sweep:
                with suppress(OSError):
                    path.unlink()


def _read(path: Path) -> OpenConsole | None:
    with suppress(OSError, msgspec.DecodeError, UnicodeError):
        return msgspec.json.decode(path.read_bytes(), type=OpenConsole)
    return None
