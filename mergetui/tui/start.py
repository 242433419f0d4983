"""From wiring to a running console."""

import logging

from mergetui.tui.app import Console
from mergetui.tui.bridge import Bridge
from mergetui.wiring import Wiring


def run_console(wiring: Wiring) -> int:
    """Until the operator quits; the exit code of the command. What breaks is logged beside the state."""
    state = wiring.places.state
    state.mkdir(mode=0o700, parents=True, exist_ok=True)
    logging.basicConfig(filename=state / "console.log", level=logging.WARNING, force=True)
    console = Console(Bridge(wiring))
    console.run()
    return console.return_code or 0
