"""The keys of a pane: read, search, run."""

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.widgets import Input

from mergetui import cleaning
from mergetui.tui.key_table import bind
from mergetui.tui.screens.dialog import LIST_HEIGHTS, Dialog, Keys
from mergetui.tui.screens.matching import rank
from mergetui.tui.screens.pick_list import PickList, Pieces, found_in
from mergetui.tui.widgets.text_input import TextInput

KEYS: Keys = (
    ("type", "search"),
    ("{picker.up}{picker.down}", "move"),
    ("enter", "run it"),
    ("{dialog.close}", "close"),
)
BURST = 0.03
"""Seconds between two keys below which no hand typed them."""
_KEY_CELLS = 12
_FRAME = 9
"""Rows of the box that are no rows of the list."""


class KeyFilter(TextInput):
    BINDINGS: ClassVar[list[BindingType]] = [
        bind("picker.down", "screen.move(1)", "down"),
        bind("picker.up", "screen.move(-1)", "up"),
        bind("picker.page-down", "screen.leaf(1)", "page down"),
        bind("picker.page-up", "screen.leaf(-1)", "page up"),
    ]


class HelpView(Dialog[str | None]):
    """Rows of a key and what it does; answers with the key of the row that was chosen."""

    AUTO_FOCUS = "KeyFilter"
    VERTICAL_BREAKPOINTS = LIST_HEIGHTS
    DEFAULT_CSS = """
    HelpView {
        & > #dialog-box { height: 90%; }
        #dialog-body { height: 1fr; }
        KeyFilter { margin-bottom: 1; }
    }
    """

    def __init__(self, title: str, rows: Sequence[tuple[str, str]]) -> None:
        super().__init__(title, keys=KEYS)
        self._rows = rows
        self._names = [cleaning.name(does) for _, does in rows]
        self._hits: list[int] = []
        self._typed_at = 0.0

    def compose_body(self) -> ComposeResult:
        yield KeyFilter(placeholder="what are you looking for?", max_length=200)
        yield PickList(self._paint)

    def on_mount(self) -> None:
        rows = max(len(self._rows), 3) + _FRAME
        self.query_one("#dialog-box").styles.max_height = min(rows, 36)
        self._filter("")

    def on_input_changed(self, message: Input.Changed) -> None:
        self._typed_at = message.time
        self._filter(message.value)

    def on_input_submitted(self, message: Input.Submitted) -> None:
        if message.time - max(self._typed_at, self.shown_at) >= BURST:
            self._run()

    def on_pick_list_clicked(self) -> None:
        self._run()

    def action_move(self, rows: int) -> None:
        self.query_one(PickList).move(rows)

    def action_leaf(self, pages: int) -> None:
        self.query_one(PickList).leaf(pages)

    def _run(self) -> None:
        row = self.query_one(PickList).current
        if row is not None:
            self.answer(self._rows[self._hits[row]][0])

    def _filter(self, query: str) -> None:
        """A row whose key is exactly what was typed comes first."""
        exact = [index for index, (key, _) in enumerate(self._rows) if query and key == query]
        self._hits = exact + [index for index in rank(query, self._names) if index not in exact]
        self.query_one(PickList).show(len(self._hits), empty="no key does that")

    def _paint(self, row: int, width: int) -> Pieces:
        key, _ = self._rows[self._hits[row]]
        query = self.query_one(KeyFilter).value
        name = found_in(query, self._names[self._hits[row]], width - _KEY_CELLS)
        return [(f"{cleaning.name(key):<{_KEY_CELLS}}", "mark"), *name]
