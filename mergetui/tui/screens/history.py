"""Every run that ended on a repository."""

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from mergetui import cleaning
from mergetui.masking import Mask
from mergetui.outcome import Run
from mergetui.statistics import Outcome
from mergetui.tui.bound_keys import bound_keys
from mergetui.tui.key_table import bind
from mergetui.tui.reading import READING, Reading, Source
from mergetui.tui.run_rows import Columns, RunRow, fitting
from mergetui.tui.screens.dialog import Keys, keys_line
from mergetui.tui.screens.run import NO_LOG, RunView, log_of
from mergetui.tui.widgets.cells import fit
from mergetui.tui.widgets.prompt import Prompt
from mergetui.tui.widgets.row_list import GUTTER, RowList
from mergetui.tui.widgets.run_list import RunList
from mergetui.tui.widgets.titled import title
from mergetui.tui.wording import OUTCOMES

KEYS: Keys = (
    ("{history.filter}", "filter"),
    ("{list.open}", "in full"),
    ("{history.log}", "log"),
    ("{list.first} {list.last}", "ends"),
    ("{history.close}", "back"),
)
FILTERS: tuple[Outcome | None, ...] = (None, *OUTCOMES)
"""By the digit that chooses them, from 0; None: all."""


def _id(outcome: Outcome | None) -> str:
    return f"history.{outcome or 'all'}"


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
        bind("history.close", "back", "back"),
        bind("history.filter", "filter", "filter"),
        bind("history.log", "log", "log"),
        *(
            bind(_id(outcome), f"only({digit})", OUTCOMES[outcome].word if outcome else "all")
            for digit, outcome in enumerate(FILTERS)
        ),
    ]

    def __init__(
        self,
        repository: str,
        rows: Source[Sequence[RunRow]],
        mask: Mask,
        *,
        shell: Callable[[Run], object] | None = None,
    ) -> None:
        """`shell` opens one in the tree of a run; None where that is not offered."""
        super().__init__()
        self._shell = shell
        self._repository = repository
        self._rows: Sequence[RunRow] | None = None
        self._trouble = ""
        self._reading = Reading(rows, self.call_later, self._show, self._failed)
        self._mask = mask
        self._outcome: Outcome | None = None
        self._text = ""
        self._list = RunList()

    def compose(self) -> ComposeResult:
        yield Static(id="history-head", markup=False)
        yield self._list
        yield Prompt()
        yield Static(id="history-keys", markup=False)

    def on_mount(self) -> None:
        self._show_rows()
        self._reading.start()

    def on_unmount(self) -> None:
        self._reading.end()

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
            self.app.push_screen(RunView(self._list.run_shown, self._mask, shell=self._shell))

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
            told = "nothing is selected" if run is None else NO_LOG
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

    def _show(self, rows: Sequence[RunRow]) -> None:
        self._rows, self._trouble = rows, ""
        self._show_rows()

    def _failed(self, told: str) -> None:
        self._trouble = f"it cannot be read: {cleaning.name(cleaning.redact(told))}"
        self._show_rows()

    def _show_rows(self) -> None:
        rows = self._rows or ()
        self._list.empty = self._nothing()
        self._list.show_rows(rows, fitting(rows, self._outcome, self._text))
        self._caption()

    def _nothing(self) -> str:
        if self._rows is None:
            return self._trouble or READING
        if self._rows:
            return bound_keys(self.app).say("no run is like that: {history.close} shows all")
        return bound_keys(self.app).say(
            "nothing has ended yet: {history.close}, then {step} does one step, {auto} goes on by itself"
        )

    def _caption(self) -> None:
        shown, total = len(self._list.keys), len(self._rows or ())
        count = f"{total:,} runs" if shown == total else f"{shown:,} of {total:,} runs"
        count = "" if self._rows is None else count
        outcome = OUTCOMES[self._outcome].word if self._outcome else ""
        title(
            self._list,
            "History",
            self._repository,
            count,
            self._trouble if self._rows else "",
            outcome,
            f"/{self._text}" if self._text else "",
        )
        self.query_one("#history-head", Static).update(Content(_head(self._list.columns())))
        self.query_one("#history-keys", Static).update(self._keys())

    def _keys(self) -> Content:
        bound = bound_keys(self.app)
        filters = Content("  ").join(
            Content.assemble(
                (bound.shown(_id(outcome)), "bold $text-accent"),
                " ",
                (
                    OUTCOMES[outcome].word if outcome else "all",
                    "reverse" if outcome == self._outcome else "dim",
                ),
            )
            for outcome in FILTERS
        )
        return Content("\n").join([filters, keys_line(KEYS, bound)])


def _head(sizes: Columns) -> str:
    cells = zip(("when, UTC", "outcome", "branches", "", "  took", "commit"), sizes, strict=True)
    return " " * GUTTER + "".join(fit(word, width - 1) + " " for word, width in cells if width > 0)
