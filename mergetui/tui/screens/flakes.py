"""What failed and passed as the very same tree: the ledger of flakes, with both logs of each."""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container
from textual.screen import ModalScreen
from textual.widgets import Static

from mergetui import cleaning
from mergetui.masking import Mask
from mergetui.results import Flake, Tried
from mergetui.tui.bound_keys import bound_keys
from mergetui.tui.key_table import bind
from mergetui.tui.reading import READING, Reading, Source
from mergetui.tui.screens.dialog import Keys, keys_line
from mergetui.tui.screens.text_view import TextView
from mergetui.tui.widgets.flake_list import FlakeList
from mergetui.tui.widgets.log_pane import LogPane
from mergetui.tui.widgets.row_list import RowList
from mergetui.tui.widgets.titled import title
from mergetui.tui.wording import span

KEYS: Keys = (
    ("{list.down} {list.up}", "flake"),
    ("tab", "list, logs"),
    ("{log.next-error}", "error"),
    ("{log.pager}", "pager"),
    ("{flakes.close}", "back"),
)


class FlakesView(ModalScreen[None]):
    """The list above; below it the red log and the green one, side by side if there is room."""

    AUTO_FOCUS = "FlakeList"
    HORIZONTAL_BREAKPOINTS = [(0, "-stacked"), (100, "-beside")]  # noqa: RUF012 - as in Screen
    DEFAULT_CSS = """
    FlakesView {
        background: $background;
        FlakeList { height: 30%; min-height: 4; }
        #flake-logs { height: 1fr; layout: horizontal; }
        &.-stacked #flake-logs { layout: vertical; }
        &.-none FlakeList { height: 1fr; }
        &.-none #flake-logs { display: none; }
        #flake-keys { height: 1; padding: 0 1; text-wrap: nowrap; text-overflow: ellipsis; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [bind("flakes.close", "back", "back")]

    def __init__(
        self, repository: str, flakes: Source[Sequence[Flake]], mask: Mask, *, read_only: bool
    ) -> None:
        super().__init__()
        self._repository = repository
        self._reading = Reading(flakes, self.call_later, self._show, self._failed)
        self._mask = mask
        self._list = FlakeList()
        self._shown: Flake | None = None
        self._red, self._green = (
            LogPane(read_only=read_only, id=f"flake-{end}", classes="pane") for end in ("failed", "passed")
        )

    def compose(self) -> ComposeResult:
        yield self._list
        with Container(id="flake-logs"):
            yield from (self._red, self._green)
        yield Static(keys_line(KEYS, bound_keys(self.app)), id="flake-keys", markup=False)

    def on_mount(self) -> None:
        self._list.empty = READING
        self.add_class("-none")
        self._reading.start()

    def on_unmount(self) -> None:
        self._reading.end()

    def on_resize(self) -> None:
        self.call_after_refresh(self._caption)

    def on_row_list_cursor_moved(self, message: RowList.CursorMoved) -> None:
        message.stop()
        self._show_logs()

    def on_row_list_opened(self, message: RowList.Opened) -> None:
        message.stop()
        self._red.focus()

    def on_log_pane_line_chosen(self, message: LogPane.LineChosen) -> None:
        self.app.push_screen(TextView("Line", [message.text]))

    def action_back(self) -> None:
        """From a log to the list, from the list to where it was opened."""
        if self.focused is not self._list:
            self._list.focus()
        elif self.is_current:
            self.dismiss(None)

    def _show(self, flakes: Sequence[Flake]) -> None:
        nothing = "no tree has both failed and passed yet: {flakes.close} goes back"
        self._list.empty = bound_keys(self.app).say(nothing)
        self._list.show_flakes(flakes)
        self.set_class(not flakes, "-none")
        self._caption()
        self._show_logs()

    def _failed(self, told: str) -> None:
        self._list.empty = f"they cannot be read: {cleaning.name(cleaning.redact(told))}"
        self._list.refresh()

    def _caption(self) -> None:
        title(self._list, "Flakes", self._repository, f"{len(self._list.keys):,}")

    def _show_logs(self) -> None:
        flake = self._list.flake
        if flake is None or flake == self._shown:
            return
        self._shown = flake
        self._show_log(self._red, "✗ failed", flake.failed)
        self._show_log(self._green, "✓ passed", flake.passed)
        self._red.stand_at_first_error()

    def _show_log(self, pane: LogPane, word: str, tried: Tried) -> None:
        took = span(timedelta(seconds=tried.seconds))
        named = f"{word} {tried.at:%m-%d %H:%M} after {took}"
        path = Path(tried.log)
        shown = path if path.is_file() else None
        pane.show_log(shown, self._mask, title=named, empty="no such log any more", over=True)
