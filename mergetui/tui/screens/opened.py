"""The screens that look closer at what the main screen shows, and the keys that are chosen on them."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from textual.screen import Screen

from mergetui.tui.bound_keys import bound_keys
from mergetui.tui.bridge import Picture
from mergetui.tui.key_table import printed
from mergetui.tui.keys import help_rows
from mergetui.tui.messages import PictureTaken

if TYPE_CHECKING:
    from mergetui.git_ports import BranchReader


class Opened:
    """Over `main`; `dimmed` is told of the id of a key that was chosen and cannot act."""

    def __init__(self, main: Screen[None], dimmed: Callable[[str], object]) -> None:
        self._main = main
        self._dimmed = dimmed

    def lines(self, title: str, lines: Sequence[str]) -> None:
        from mergetui.tui.screens.text_view import TextView

        self._main.app.push_screen(TextView(title, lines))

    def help(self, pane: str | None) -> None:
        from mergetui.tui.screens.help import HelpView

        rows = help_rows(self._main)
        self._main.app.push_screen(HelpView(f"Keys · {pane or 'console'}", rows), self._press)

    def why(self, picture: Picture, *, asked: str = "Why is nothing landing?") -> None:
        from mergetui.tui.screens.why import WhyView

        keys = bound_keys(self._main.app)

        def answered(key: str | None) -> None:
            self._press(keys.act_of(key) if key else None)

        self._main.app.push_screen(WhyView(picture.known, picture.verdict, asked=asked), answered)

    def forecast(self, name: str, latest: Callable[[], PictureTaken | None], reader: "BranchReader") -> None:
        """Of the repository as it is by then, and as it changes."""
        from mergetui.tui.screens.forecast import ForecastView

        self._main.app.push_screen(ForecastView(name, latest, reader))

    def _press(self, key: str | None) -> None:
        """Do what the key does on the main screen, for somebody who chose it on another one."""
        app = self._main.app
        for active in self._main.active_bindings.values():
            binding = active.binding
            if key not in (binding.key, printed(binding.key)):
                continue
            if active.enabled:
                self._main.call_later(app.run_action, binding.action, active.node)
            else:
                self._dimmed(binding.id or "")
            return
