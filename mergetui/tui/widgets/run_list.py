"""Ended runs, the newest first."""

from collections.abc import Sequence

from mergetui.outcome import Run
from mergetui.tui.run_rows import Columns, RunRow, columns_for
from mergetui.tui.widgets.row_list import GUTTER, Cell, RowList
from mergetui.tui.wording import OUTCOMES, short, span


class RunList(RowList):
    MARKABLE = False

    def __init__(self) -> None:
        super().__init__(classes="pane")
        self._known: Sequence[RunRow] = ()
        self._rows: dict[str, RunRow] = {}
        self._longest = len("branches")

    @property
    def run_shown(self) -> Run | None:
        """The one under the cursor."""
        row = self._rows.get(self.current or "")
        return row.run if row else None

    def show_rows(self, known: Sequence[RunRow], fitting: Sequence[RunRow]) -> None:
        """Those that fit, of all that are known."""
        if known is not self._known:
            self._known = known
            self._rows = {row.run.id: row for row in known}
            self._longest = max((len(row.branches) for row in known), default=len("branches"))
        self.show([row.run.id for row in fitting])

    def columns(self) -> Columns:
        """As the rows have them, behind the gutter."""
        return columns_for(max(self.scrollable_content_region.width - GUTTER, 0), self._longest)

    def cells(self, key: str, width: int) -> Sequence[Cell]:
        row, sizes = self._rows[key], columns_for(width, self._longest)
        run, badge = row.run, OUTCOMES[row.run.outcome]
        when = f"{run.finished_at:%m-%d %H:%M}" if sizes.when < 17 else f"{run.finished_at:%Y-%m-%d %H:%M}"
        return (
            Cell(when, sizes.when, "faint"),
            Cell(f"{badge.glyph} {badge.word}", sizes.outcome, badge.tone),
            Cell(row.branches, sizes.branches),
            Cell(row.told, sizes.told, "faint"),
            Cell(f"{span(run.finished_at - run.started_at):>{max(sizes.took - 1, 0)}}", sizes.took, "faint"),
            Cell(short(run.landed_commit) if run.landed_commit else "", sizes.commit, "faint"),
        )
