"""The operator's own pager, editor or shell in the console's terminal, while the console waits."""

import os
import shlex
import shutil
import signal
import subprocess  # noqa: TID251 - the operator's own program, in the operator's terminal
import sys
import termios
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Thread
from typing import Any, NamedTuple

from textual.app import App, SuspendNotSupported

from mergetui import cleaning


class Program(NamedTuple):
    variable: str
    default: str


class Visit(NamedTuple):
    """A program in the console's terminal, with no other environment than the one that is told."""

    words: Sequence[str]
    surroundings: Mapping[str, str]
    directory: Path | None = None
    greeting: Sequence[str] = ()
    """Clean lines, printed before it starts."""


PAGER = Program("PAGER", "less -R")
EDITOR = Program("EDITOR", "vi")
_ORPHANS_EVERY = 2.0
"""Seconds."""


def command(program: Program, path: Path, environ: Mapping[str, str]) -> list[str] | str:
    """The words to run, the file last, never through a shell; or why there are none."""
    said = environ.get(program.variable, "").strip() or program.default
    try:
        words = shlex.split(said)
    except ValueError as error:
        return f"${program.variable} cannot be read: {error}: {said}"
    found = shutil.which(words[0], path=environ.get("PATH")) if words else None
    if found is None:
        return f"there is no program {words[0] if words else said}: set ${program.variable}"
    return [found, *words[1:], str(path.absolute())]


def open_outside(
    app: App[Any], program: Program, path: Path, environ: Mapping[str, str], *, secure: bool = False
) -> str | None:
    """Show the file until the program ends; None, or why it was not shown.

    `secure`: less runs no commands and opens no other file.
    """
    words = command(program, path, environ)
    if isinstance(words, str):
        return cleaning.name(words)
    if not path.is_file():
        return cleaning.name(f"{path} is not there any more")
    surroundings = {**environ, **({"LESSSECURE": "1"} if secure else {})}
    return hand_over(app, Visit(words, surroundings))


def shell(environ: Mapping[str, str]) -> list[str] | str:
    """The words that start `$SHELL`; or why there are none."""
    said = environ.get("SHELL") or "/bin/sh"
    found = shutil.which(said, path=environ.get("PATH"))
    return [found] if found is not None else f"there is no program {said}: set $SHELL"


def hand_over(app: App[Any], visit: Visit) -> str | None:
    """Until the program ends; None, or why it was not started."""
    try:
        with app.suspend(), _deaf_to_interrupts(), _terminal_taken_back():
            return _run(visit)
    except SuspendNotSupported:
        return "this terminal cannot be handed to another program"
    finally:
        app.refresh()
        Thread(target=_note_the_ends, name="orphans", daemon=True).start()


def _note_the_ends() -> None:
    """Of what the program left running in the background, as long as there is any of it."""
    from mergetui.adapters.orphans import reap_orphans

    while reap_orphans():
        time.sleep(_ORPHANS_EVERY)


def _run(visit: Visit) -> str | None:
    # Nothing is raised from here: an exception that leaves `App.suspend` leaves the app suspended.
    try:
        sys.stdout.write("".join(f"{line}\n" for line in visit.greeting))
        sys.stdout.flush()
        subprocess.run(visit.words, env=visit.surroundings, cwd=visit.directory, check=False)  # noqa: S603
    except (OSError, ValueError) as error:
        return cleaning.name(f"{visit.words[0]}: {getattr(error, 'strerror', None) or error}")
    return None


@contextmanager
def _deaf_to_interrupts() -> Iterator[None]:
    """ctrl+c goes to the program; a handler, unlike SIG_IGN, is not passed on to it."""
    before = signal.signal(signal.SIGINT, lambda *_: None)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def _terminal_taken_back() -> Iterator[None]:
    """A program that is killed leaves its modes behind, and a shell its process group in the foreground:
    the console would be stopped by its first word."""
    terminal = sys.__stdin__.fileno() if sys.__stdin__ is not None else -1
    modes = group = None
    with suppress(OSError, termios.error):
        modes = termios.tcgetattr(terminal)
        group = os.tcgetpgrp(terminal)
    before = signal.getsignal(signal.SIGTTOU)
    try:
        yield
    finally:
        signal.signal(signal.SIGTTOU, signal.SIG_IGN)
        with suppress(OSError, termios.error):
            if group is not None:
                os.tcsetpgrp(terminal, group)
            if modes is not None:
                termios.tcsetattr(terminal, termios.TCSADRAIN, modes)
        signal.signal(signal.SIGTTOU, before)
