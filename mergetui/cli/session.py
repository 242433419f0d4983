"""One command's surroundings: where state lives, how answers are given; the owner of stdout and stderr."""

import os
import sys
from collections.abc import Mapping
from functools import cached_property
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from msgspec import Struct

from mergetui.cleaning import name as clean

if TYPE_CHECKING:
    from mergetui.integrations import Metrics
    from mergetui.operations import Desk
    from mergetui.places import Places
    from mergetui.wiring import Wiring

DONE = 0
NO = 1
USAGE = 2
BROKEN = 70
AGAIN = 75
INTERRUPTED = 130

SCHEMA = 1


class Failure(Exception):  # noqa: N818 - it is an answer, not a breakage
    """The command ends here: a stable code, what is wrong, and what helps."""

    def __init__(self, message: str, *, code: str = "usage", hint: str = "", exit_code: int = USAGE) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.hint = hint
        self.exit_code = exit_code


class Options(Struct, frozen=True, kw_only=True):
    """What may stand before or after every command."""

    config: Path | None = None
    state_dir: Path | None = None
    as_json: bool = False
    read_only: bool = False
    """A console that looks on and changes nothing."""
    metrics_port: str | None = None
    metrics_host: str | None = None


class Session:
    """Answers go to stdout, everything else to stderr."""

    def __init__(
        self,
        options: Options,
        *,
        environ: Mapping[str, str] = os.environ,
        out: TextIO | None = None,
        err: TextIO | None = None,
    ) -> None:
        self.options = options
        self.environ = environ
        self._out = out or sys.stdout
        self._err = err or sys.stderr
        for stream in (self._out, self._err):
            # A terminal that cannot show a character is no reason to fail.
            if isinstance(stream, TextIOWrapper):
                stream.reconfigure(errors="backslashreplace")

    @property
    def as_json(self) -> bool:
        return self.options.as_json

    @property
    def read_only(self) -> bool:
        return self.options.read_only or self.environ.get("MERGETUI_READ_ONLY", "") not in ("", "0")

    @property
    def in_colour(self) -> bool:
        return self._out.isatty() and not self.environ.get("NO_COLOR")

    @property
    def has_terminal(self) -> bool:
        return sys.stdin is not None and sys.stdin.isatty() and self._out.isatty()

    @cached_property
    def places(self) -> "Places":
        from mergetui.places import places

        return places(config=self.options.config, state_dir=self.options.state_dir, environ=self.environ)

    @cached_property
    def wiring(self) -> "Wiring":
        """The configured world; a ConfigError if the configuration cannot be used."""
        from mergetui.wiring import Wiring

        return Wiring(self.places)

    def metrics(self, configured: "Metrics") -> "Metrics":
        """Where metrics are told: the options stand above what is configured."""
        from msgspec.structs import replace

        port, host = self.options.metrics_port, self.options.metrics_host
        return replace(
            configured,
            port=configured.port if port is None else _port(port),
            host=host or configured.host,
        )

    def desk(self, repository: str) -> "Desk":
        return self.wiring.desk(repository)

    def names(self, repository: str | None) -> tuple[str, ...]:
        """The repository that was named, or all that are configured."""
        if repository is not None:
            return (self.wiring.config.repository(repository).name,)
        return tuple(self.wiring.config.repos)

    def answer(self, fields: Mapping[str, Any], *lines: str) -> None:
        """`fields` with `--json`, else `lines`."""
        if self.as_json:
            self.emit({"schema": SCHEMA, **fields})
        else:
            self.print(*lines)

    def emit(self, value: object) -> None:
        """One JSON object on a line of its own, at once; ASCII, whatever the locale and the names in it."""
        import json

        from msgspec import to_builtins

        print(json.dumps(to_builtins(value), separators=(",", ":")), file=self._out, flush=True)

    def print(self, *lines: str) -> None:
        for line in lines:
            print(line, file=self._out)
        self._out.flush()

    def tell(self, *lines: str) -> None:
        """For the person who looks on."""
        for line in lines:
            print(line, file=self._err, flush=True)

    def fail(self, failure: Failure) -> int:
        """Say why the command ended, in the form that was asked for; its exit code."""
        if self.as_json:
            error = {"code": failure.code, "message": failure.message, "hint": failure.hint}
            self.emit({"schema": SCHEMA, "error": error})
        else:
            lines = [f"mergetui: {failure.message}", *([f"  {failure.hint}"] if failure.hint else [])]
            self.tell(*(clean(part) for line in lines for part in line.splitlines()))
        return failure.exit_code

    def confirm(self, question: str) -> bool:
        """Asked on the terminal; False for anything but yes."""
        return self.ask(f"{question} [y/N] ").lower() in ("y", "yes")

    def ask(self, question: str) -> str:
        """What is answered on the terminal; empty for nothing."""
        self._err.write(question)
        self._err.flush()
        return sys.stdin.readline().strip()


def _port(text: str) -> int:
    from mergetui.config_values import parse_port

    try:
        return parse_port(text)
    except ValueError as error:
        raise Failure(f"--metrics-port {text!r}; allowed: {error}") from error
