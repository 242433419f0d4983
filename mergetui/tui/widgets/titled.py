"""Titles on the border of a pane, from untrusted words."""

from typing import Self

from rich.cells import cell_len
from textual.content import Content
from textual.geometry import Region
from textual.widget import Widget

from mergetui import cleaning
from mergetui.tui.widgets.cells import cut

_CORNERS = 6
"""Cells of a border that hold no title."""


class Entitled(Widget):
    """Its titles change without what is between them: for one of them Textual draws the whole pane anew."""

    _is_entitling = False

    def entitle(self, title: str, subtitle: str) -> None:
        """Clean words on the upper and on the lower border; empty: none."""
        self._is_entitling = True
        self.border_title, self.border_subtitle = (
            Content(text) if text else None for text in (title, subtitle)
        )
        self._is_entitling = False

    def refresh(
        self, *regions: Region, repaint: bool = True, layout: bool = False, recompose: bool = False
    ) -> Self:
        borders = self._borders() if self._is_entitling else ()
        return super().refresh(*regions, *borders, repaint=repaint, layout=layout, recompose=recompose)

    def _borders(self) -> tuple[Region, Region]:
        (left, top), (width, height) = self.content_offset, self.outer_size
        return Region(-left, -top, width, 1), Region(-left, height - top - 1, width, 1)


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
