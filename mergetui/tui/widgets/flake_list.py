"""Flakes, the newest first."""

from collections.abc import Sequence

from mergetui import cleaning
from mergetui.results import Flake
from mergetui.tui.widgets.row_list import Cell, RowList
from mergetui.tui.wording import names, words

_WHEN, _REDS = 12, 9


class FlakeList(RowList):
    MARKABLE = False

    def __init__(self) -> None:
        super().__init__(classes="pane")
        self._flakes: dict[str, Flake] = {}
        self._longest = 0

    @property
    def flake(self) -> Flake | None:
        """The one under the cursor."""
        return self._flakes.get(self.current or "")

    def show_flakes(self, flakes: Sequence[Flake]) -> None:
        """`flakes` are in the order of time."""
        self._flakes = {f"{flake.tree} {flake.command}": flake for flake in reversed(flakes)}
        self._longest = max((len(names(flake.branches)) for flake in flakes), default=0)
        self.show(list(self._flakes))

    def cells(self, key: str, width: int) -> Sequence[Cell]:
        flake = self._flakes[key]
        reason = cleaning.redact(words(flake.failed.reason)) if flake.failed.reason else ""
        branches = min(self._longest + 1, max(width - _WHEN - _REDS, 0))
        return (
            Cell(f"{flake.at:%m-%d %H:%M}", _WHEN, "faint"),
            Cell(names(flake.branches), branches),
            Cell(f"{flake.reds}× red", _REDS, "warn"),
            Cell(reason, max(width - _WHEN - branches - _REDS, 0), "faint"),
        )
