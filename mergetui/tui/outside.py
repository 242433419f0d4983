"""A file in the operator's own pager or editor, while the console waits."""

import shlex
import shutil
import signal
import subprocess  # noqa: TID251 - the operator's own program, in the operator's terminal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from textual.app import App, SuspendNotSupported

from mergetui import cleaning


class Program(NamedTuple):
    variable: str
    default: str


PAGER = Program("PAGER", "less -R")
EDITOR = Program("EDITOR", "vi")


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
    try:
        with app.suspend(), _deaf_to_interrupts():
            subprocess.run(words, env=surroundings, check=False)  # noqa: S603
    except SuspendNotSupported:
        return "this terminal cannot be handed to another program"
    except OSError as error:
        return cleaning.name(f"{words[0]}: {error.strerror}")
    finally:
        app.refresh()
    return None


@contextmanager
def _deaf_to_interrupts() -> Iterator[None]:
    """ctrl+c goes to the program; a handler, unlike SIG_IGN, is not passed on to it."""
    before = signal.signal(signal.SIGINT, lambda *_: None)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
