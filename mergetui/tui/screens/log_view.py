"""A retest's log on the whole screen."""

from pathlib import Path
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from mergetui.cleaning import redact
from mergetui.masking import Mask
from mergetui.tui.bound_keys import bound_keys
from mergetui.tui.key_table import bind
from mergetui.tui.screens.dialog import Keys, keys_line
from mergetui.tui.screens.text_view import TextView
from mergetui.tui.widgets.log_pane import LogPane
from mergetui.tui.widgets.text_input import TextInput

KEYS: Keys = (
    ("{log-view.search}", "search"),
    ("{log.next-hit} {log.previous-hit}", "hits"),
    ("{log.next-error}", "error"),
    ("{log.follow}", "follow"),
    ("{log.copy}", "copy"),
    ("{log.choose}", "line"),
    ("{log.pager}", "pager"),
    ("{log.mark} {log.next-mark}", "mark, next"),
    ("{log.editor}", "editor"),
)
CLOSE: Keys = (("{log-view.close}", "close"),)


class LogView(ModalScreen[None]):
    """`esc` takes back one thing at a time: the search field, the search, the screen."""

    AUTO_FOCUS = "LogPane"
    DEFAULT_CSS = """
    LogView {
        background: $background;
        #log-search { display: none; border: none; height: 1; padding: 0 1; background: $panel; }
        &.-searching #log-search { display: block; }
        #log-keys { height: 1; padding: 0 1; text-wrap: nowrap; text-overflow: ellipsis; }
        &.-searching #log-keys { display: none; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        bind("log-view.close", "back", "close"),
        bind("log-view.search", "search", "search"),
    ]

    def __init__(
        self,
        path: Path | None,
        title: str,
        mask: Mask = redact,
        *,
        read_only: bool = False,
        over: bool = False,
    ) -> None:
        """Of a run that is `over` nothing more comes."""
        super().__init__()
        self._path = path
        self._mask = mask
        self._title = title
        self._read_only = read_only
        self._is_over = over
        self._sought = ""

    def compose(self) -> ComposeResult:
        yield LogPane(empty="no log yet: nothing was retested", read_only=self._read_only)
        yield TextInput(placeholder="search; upper case letters are exact", id="log-search")
        yield Static(id="log-keys", markup=False)

    def on_mount(self) -> None:
        self._pane.show_log(self._path, self._mask, title=self._title, over=self._is_over)

    def on_resize(self) -> None:
        """Keys from the end are left out when there is no room; how to close it is always told."""
        bound, foot = bound_keys(self.app), self.query_one("#log-keys", Static)
        lines = [keys_line((*KEYS[:many], *CLOSE), bound) for many in range(len(KEYS), -1, -1)]
        foot.update(next((line for line in lines if line.cell_length <= self.size.width - 2), lines[-1]))

    def on_input_submitted(self, message: Input.Submitted) -> None:
        self._sought = message.value
        self._pane.search(message.value)
        self._leave_field()

    def on_log_pane_line_chosen(self, message: LogPane.LineChosen) -> None:
        self.app.push_screen(TextView(f"Line {self._pane.current + 1:,}", [message.text]))

    def action_search(self) -> None:
        self.add_class("-searching")
        self.query_one("#log-search", Input).focus()

    def action_back(self) -> None:
        if self.has_class("-searching"):
            self._leave_field()
        elif self._sought:
            self._sought = ""
            self._pane.search("")
        elif self.is_current:
            self.dismiss(None)

    @property
    def _pane(self) -> LogPane:
        return self.query_one(LogPane)

    def _leave_field(self) -> None:
        self.remove_class("-searching")
        self._pane.focus()
