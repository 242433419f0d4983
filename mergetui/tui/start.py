"""From wiring to a running console, and to the one that opens in its place."""

import logging
from collections.abc import Callable
from pathlib import Path

from mergetui.adapters.durable import make_directory
from mergetui.tui.app import Console
from mergetui.tui.bridge import Bridge
from mergetui.tui.reopening import Opening, Reopen, Visit
from mergetui.tui.staying import give_the_screen_back
from mergetui.wiring import Wiring

_IN_THE_SANDBOX = Opening(says="a sandbox: s does one step, a goes on by itself, q comes back", follows=True)


def run_console(
    wiring: Wiring,
    *,
    read_only: bool = False,
    run: Callable[[Console], object] = Console.run,
    follow: Callable[[Wiring], object] = lambda _: None,
) -> int:
    """Until the operator quits; the exit code of the command. What breaks is logged beside the state.

    `follow` is told of every further wiring on the same state that takes this one's place.
    """
    return _open(wiring, Opening(), read_only=read_only, run=run, follow=follow)


def _open(
    wiring: Wiring,
    opening: Opening,
    *,
    read_only: bool,
    run: Callable[[Console], object],
    follow: Callable[[Wiring], object] = lambda _: None,
) -> int:
    while True:
        _log_to(None if read_only else wiring.places.state)
        console = _console(wiring, opening, read_only=read_only)
        run(console)
        if console.return_code:
            # It broke: nobody has stopped the engine, whose retests would go on without it.
            console.stop_engine()
            return console.return_code
        if console.failure is not None:
            raise console.failure
        match console.then:
            case Reopen(config=config, opening=opening):
                wiring = Wiring(wiring.places, config, commands=wiring.commands)
                follow(wiring)
            case Visit(wiring=sandbox, directory=directory):
                _open(sandbox, _IN_THE_SANDBOX, read_only=False, run=run)
                opening = Opening(says=f"the sandbox stays in {directory}")
            case None:
                return 0


def _console(wiring: Wiring, opening: Opening, *, read_only: bool) -> Console:
    try:
        return Console(Bridge(wiring, read_only=read_only), opening=opening)
    except BaseException:
        if opening.follows:
            give_the_screen_back()
        raise


def _log_to(state: Path | None) -> None:
    handler = logging.FileHandler(log_of(state)) if state is not None else logging.NullHandler()
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)


def log_of(state: Path) -> Path:
    """The console's log, there and for nobody but the user."""
    make_directory(state)
    log = state / "console.log"
    log.touch(mode=0o600)
    return log
