"""Every run that ended on a repository."""

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from mergetui.masking import Mask
from mergetui.statistics import Outcome
from mergetui.tui.run_rows import Columns, RunRow, fitting
from mergetui.tui.screens.dialog import Keys, keys_line
from mergetui.tui.screens.run import RunView, log_of
from mergetui.tui.widgets.cells import fit
from mergetui.tui.widgets.prompt import Prompt
from mergetui.tui.widgets.row_list import GUTTER, RowList
from mergetui.tui.widgets.run_list import RunList
from mergetui.tui.widgets.titled import title
from mergetui.tui.wording import OUTCOMES

KEYS: Keys = (("/", "filter"), ("enter", "in full"), ("l", "log"), ("g G", "ends"), ("esc", "back"))
FILTERS: tuple[Outcome | None, ...] = (None, *OUTCOMES)
"""By the digit that chooses them, from 0; None: all."""


class HistoryView(ModalScreen[None]):
    """`esc` takes back one thing at a time: the text, the outcome, the screen."""

    AUTO_FOCUS = "RunList"
    DEFAULT_CSS = """
    HistoryView {
        background: $background;
        #history-head { height: 1; color: $text-muted; padding: 0 1; text-wrap: nowrap; }
        RunList { height: 1fr; }
        #history-keys { height: auto; padding: 0 1; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "back", "back", show=False),
        Binding("/", "filter", "filter", show=False),
        Binding("l", "log", "log", show=False),
        *(
            Binding(str(digit), f"only({digit})", OUTCOMES[outcome].word if outcome else "all", show=False)
            for digit, outcome in enumerate(FILTERS)
        ),
    ]

    def __init__(self, repository: str, rows: Sequence[RunRow], mask: Mask) -> None:
        super().__init__()
        self._repository = repository
        self._rows = rows
        self._mask = mask
        self._outcome: Outcome | None = None
        self._text = ""
        self._list = RunList(rows)

    def compose(self) -> ComposeResult:
        yield Static(id="history-head", markup=False)
        yield self._list
        yield Prompt()
        yield Static(id="history-keys", markup=False)

    def on_mount(self) -> None:
        self._show_rows()

    def on_resize(self) -> None:
        self.call_after_refresh(self._caption)

    def on_prompt_typed(self, message: Prompt.Typed) -> None:
        message.stop()
        self._text = message.text
        self._show_rows()
        if message.over:
            self._list.focus()

    def on_row_list_opened(self, message: RowList.Opened) -> None:
        message.stop()
        if self._list.run_shown is not None:
            self.app.push_screen(RunView(self._list.run_shown, self._mask))

    def on_row_list_cursor_moved(self, message: RowList.CursorMoved) -> None:
        message.stop()
        self._caption()

    def action_filter(self) -> None:
        self.query_one(Prompt).open("filter the runs:", self._text)

    def action_only(self, digit: int) -> None:
        self._outcome = FILTERS[digit]
        self._show_rows()

    def action_log(self) -> None:
        run = self._list.run_shown
        if run is None or run.log is None:
            told = "nothing is selected" if run is None else "nothing was retested in this run"
            self.notify(told, severity="warning", markup=False)
            return
        self.app.push_screen(log_of(run, self._mask))

    def action_back(self) -> None:
        if self._text:
            self._text = ""
        elif self._outcome is not None:
            self._outcome = None
        elif self.is_current:
            self.dismiss(None)
            return
        self._show_rows()

    def _show_rows(self) -> None:
        self._list.empty = self._nothing()
        self._list.show_rows(fitting(self._rows, self._outcome, self._text))
        self._caption()

    def _nothing(self) -> str:
        if self._rows:
            return "no run is like that: esc shows all"
        return "nothing has ended yet: esc, then s does one step, a goes on by itself"

    def _caption(self) -> None:
        shown, total = len(self._list.keys), len(self._rows)
        count = f"{total:,} runs" if shown == total else f"{shown:,} of {total:,} runs"
        outcome = OUTCOMES[self._outcome].word if self._outcome else ""
        title(self._list, "History", self._repository, count, outcome, f"/{self._text}" if self._text else "")
        self.query_one("#history-head", Static).update(Content(_head(self._list.columns())))
        self.query_one("#history-keys", Static).update(self._keys())

    def _keys(self) -> Content:
        filters = Content("  ").join(
            Content.assemble(
                (str(digit), "bold $text-accent"),
                " ",
                (
                    OUTCOMES[outcome].word if outcome else "all",
                    "reverse" if outcome == self._outcome else "dim",
                ),
            )
            for digit, outcome in enumerate(FILTERS)
        )
        return Content("\n").join([filters, keys_line(KEYS)])


def _head(sizes: Columns) -> str:
    cells = zip(("when, UTC", "outcome", "branches", "", "  took", "commit"), sizes, strict=True)
    return " " * GUTTER + "".join(fit(word, width - 1) + " " for word, width in cells if width > 0)
