"""What the palette of the main screen lists; the acts only where they have something to act on."""

from collections.abc import Iterable, Iterator

from textual.app import SystemCommand

from mergetui.tui.key_table import Bound
from mergetui.tui.keys import ACTS
from mergetui.tui.screens.main import MainScreen


def palette(main: MainScreen, repositories: Iterable[str], bound: Bound) -> Iterator[SystemCommand]:
    for act in ACTS:
        says = f"{act.says} ({bound.shown(act.name)})"
        yield SystemCommand(act.label, says, lambda act=act: main.run_act(act.name))
    for name in repositories:
        says = f"show {name} in the panes"
        yield SystemCommand(f"repository {name}", says, lambda name=name: main.select_repository(name))
