"""From the words on the command line to an exit code."""

import gc
import logging
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from mergetui.cli.session import BROKEN, DONE, INTERRUPTED, USAGE, Failure, Options, Session

_PATHS = {"--config": "config", "--state-dir": "state_dir"}
_OF_AN_ENGINE = {"--metrics-port": "metrics_port", "--metrics-host": "metrics_host"}
_VALUED = {**_PATHS, **_OF_AN_ENGINE}


def run(argv: Sequence[str]) -> int:
    """Carry a command out and say what came of it; never raises."""
    try:
        options, words = split(argv)
    except Failure as failure:
        return Session(Options(as_json="--json" in argv)).fail(failure)
    session = Session(options)
    try:
        return _run(session, words)
    except Failure as failure:
        return session.fail(failure)
    except KeyboardInterrupt:
        session.tell("interrupted")
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read the answer has seen enough; the interpreter must not complain about it at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
    except Exception as error:
        return session.fail(_failure_of(error))


def split(argv: Sequence[str]) -> tuple[Options, list[str]]:
    """The global options, wherever they stand before a `--`, and the words that are left."""
    found: dict[str, str] = {}
    as_json, read_only, words, rest = False, False, [], list(argv)
    while rest:
        word = rest.pop(0)
        name, equals, value = word.partition("=")
        if word == "--":
            words += [word, *rest]
            break
        if word == "--json":
            as_json = True
        elif word == "--read-only":
            read_only = True
        elif name in _VALUED and (equals or rest):
            found[_VALUED[name]] = value if equals else rest.pop(0)
        elif name in _VALUED:
            raise Failure(f"{name} needs {'a path' if name in _PATHS else 'a value'}")
        else:
            words.append(word)
    options = Options(
        as_json=as_json,
        config=_path(found, "config"),
        state_dir=_path(found, "state_dir"),
        read_only=read_only,
        metrics_port=found.get("metrics_port"),
        metrics_host=found.get("metrics_host"),
    )
    return options, words


def _path(found: Mapping[str, str], key: str) -> Path | None:
    return Path(found[key]) if key in found else None


def _run(session: Session, words: list[str]) -> int:
    logging.basicConfig(level=logging.CRITICAL if session.as_json else logging.ERROR, stream=sys.stderr)
    if not words:
        return _console(session)
    if session.options.read_only:
        raise Failure("--read-only opens the console and goes with no command")
    if words[0] != "run" and (session.options.metrics_port or session.options.metrics_host):
        raise Failure("--metrics-port and --metrics-host go with the console and with `mergetui run`")
    import typer

    from mergetui.cli.commands import app

    try:
        code = app(words, standalone_mode=False, obj=session, prog_name="mergetui")
    except typer.TyperException as error:
        raise Failure(error.format_message(), hint="mergetui --help tells what is allowed") from error
    except typer.Abort:
        return INTERRUPTED
    except SystemExit as end:
        # The parser ends the process with 1 when a reader went away; that is not an answer of ours.
        if isinstance(end.__context__, BrokenPipeError):
            raise end.__context__ from None
        raise
    return code if isinstance(code, int) else DONE


def _console(session: Session) -> int:
    if not session.has_terminal:
        raise Failure(
            "the console needs a terminal", hint="without one: mergetui status, mergetui run --drain"
        )
    # Collections while it loads find nothing and take a tenth of it; the console collects when it is there.
    gc.disable()
    wiring = session.wiring
    from mergetui.integrations import Metrics
    from mergetui.outside import outside
    from mergetui.tui.start import run_console
    from mergetui.wiring import proven

    proven(wiring.config)

    # What is configured is for `mergetui run`: beside it a console could have neither port nor file.
    notify = None if session.read_only else wiring.config.notify
    with outside(wiring, session.metrics(Metrics()), notify=notify) as follow:
        return run_console(wiring, read_only=session.read_only, follow=follow)


def _failure_of(error: Exception) -> Failure:
    from mergetui.config_tables import ConfigError
    from mergetui.ports import StoreError

    match error:
        case ConfigError():
            return Failure(str(error), code="config", exit_code=USAGE)
        case StoreError():
            return Failure(str(error), code="state", exit_code=BROKEN)
        case OSError():
            return Failure(str(error), code="system", exit_code=BROKEN)
        case _:
            logging.getLogger("mergetui").critical("this is a defect of mergetui", exc_info=error)
            return Failure(f"{type(error).__name__}: {error}", code="internal", exit_code=BROKEN)
