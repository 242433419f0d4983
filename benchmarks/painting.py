"""What a terminal would be sent is worked out, also where there is none."""

from pathlib import Path

from textual._compositor import CompositorUpdate
from textual.app import App
from textual.screen import Screen

from mergetui.tui import app as console


class Painted(App[None]):
    """An app under test that does all the work of a frame but to write it."""

    def _display(self, screen: Screen[object], renderable: object) -> None:
        if isinstance(renderable, CompositorUpdate) and screen is self.screen:
            renderable.render_segments(self.console)  # without a terminal Textual leaves this out
            self.painted()

    def painted(self) -> None:
        """A frame is done."""


class PaintedConsole(Painted, console.Console):
    CSS_PATH = Path(console.__file__).with_name("console.tcss")
