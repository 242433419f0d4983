"""From wiring to a running console."""

import logging
from pathlib import Path

from mergetui.adapters.durable import make_directory
from mergetui.tui.app import Console
from mergetui.tui.bridge import Bridge
from mergetui.wiring import Wiring


def run_console(wiring: Wiring, *, read_only: bool = False) -> int:
    """Until the operator quits; the exit code of the command. What breaks is logged beside the state."""
    if read_only:
        logging.basicConfig(handlers=[logging.NullHandler()], force=True)
    else:
        logging.basicConfig(filename=log_of(wiring.places.state), level=logging.WARNING, force=True)
    console = Console(Bridge(wiring, read_only=read_only))
    console.run()
    return console.return_code or 0


def log_of(state: Path) -> Path:
    """The console's log, there and for nobody but the user."""
    make_directory(state)
    log = state / "console.log"
    log.touch(mode=0o600)
    return log
