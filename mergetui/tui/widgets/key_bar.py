"""The line below: the keys that matter here, dimmed when they cannot act now."""

from collections.abc import Sequence
from typing import NamedTuple

from rich.cells import cell_len
from textual.content import Content
from textual.events import Click
from textual.widget import Widget


class Key(NamedTuple):
    key: str
    """As Textual names it."""
    shown: str
    label: str
    can_act: bool

    @property
    def width(self) -> int:
        return cell_len(f"{self.shown} {self.label}  ")


class KeyBar(Widget):
    ALLOW_SELECT = False

    def __init__(self) -> None:
        super().__init__()
        self._keys: tuple[Sequence[Key], Sequence[Key]] = ((), ())

    def show_keys(self, yielding: Sequence[Key], staying: Sequence[Key]) -> None:
        """`yielding` are left out from the end when there is no room."""
        if (yielding, staying) != self._keys:
            self._keys = (yielding, staying)
            self.refresh()

    def render(self) -> Content:
        parts: list[str | Content | tuple[str, str]] = [" "]
        for key in self._shown():
            style = ("bold $footer-key-foreground", "$foreground") if key.can_act else ("$text-disabled",) * 2
            parts += [(key.shown, style[0]), (f" {key.label}  ", style[1])]
        return Content.assemble(*parts)

    def on_click(self, event: Click) -> None:
        edge = 1
        for key in self._shown():
            edge += key.width
            if event.x < edge:
                self.app.simulate_key(key.key)
                return

    def _shown(self) -> list[Key]:
        yielding, staying = self._keys
        room = self.size.width - 1 - sum(key.width for key in staying)
        shown: list[Key] = []
        for key in yielding:
            if key.width > room:
                break
            room -= key.width
            shown.append(key)
        return [*shown, *staying]
