"""From wiring to a running console."""

import logging
from pathlib import Path

from mergetui.adapters.durable import make_directory
from mergetui.tui.app import Console
from mergetui.tui.bridge import Bridge
from mergetui.wiring import Wiring


def run_console(wiring: Wiring) -> int:
    """Until the operator quits; the exit code of the command. What breaks is logged beside the state."""
    logging.basicConfig(filename=log_of(wiring.places.state), level=logging.WARNING, force=True)
    console = Console(Bridge(wiring))
    console.run()
    return console.return_code or 0


def log_of(state: Path) -> Path:
    """The console's log, there and for nobody but the user."""
    make_directory(state)
    log = state / "console.log"
    log.touch(mode=0o600)
    return log
