"""Titles on the border of a pane, from untrusted words."""

from rich.cells import cell_len
from textual.content import Content
from textual.widget import Widget

from mergetui import cleaning
from mergetui.tui.widgets.cells import cut

_CORNERS = 6
"""Cells of a border that hold no title."""


def title(pane: Widget, *parts: str) -> None:
    """`1 Repositories · shop` on the upper border; parts are left out from the end when they do not fit."""
    room = pane.outer_size.width - _CORNERS
    shown = [part for part in map(cleaning.name, parts) if part]
    while len(shown) > 1 and cell_len(" · ".join(shown)) > room:
        shown.pop()
    pane.border_title = Content(cut(" · ".join(shown), max(room, 0)))


def subtitle(pane: Widget, text: str, end: str = "") -> None:
    """`text · end` on the lower border; where they do not fit, `text` is cut."""
    room = max(pane.outer_size.width - _CORNERS, 0)
    ending = f" · {end}" if end else ""
    shown = cut(cleaning.name(text), max(room - cell_len(ending), 0)) + ending
    pane.border_subtitle = Content(cut(shown, room))
