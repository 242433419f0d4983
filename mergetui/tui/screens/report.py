"""The hand-over report, to read and to copy."""

from typing import ClassVar

from textual.binding import BindingType

from mergetui import cleaning
from mergetui.tui.key_table import bind
from mergetui.tui.reading import READING, Reading, Source
from mergetui.tui.screens.dialog import Keys
from mergetui.tui.screens.text_view import KEYS as TEXT_KEYS
from mergetui.tui.screens.text_view import FoldedLines, TextView

KEYS: Keys = (*TEXT_KEYS[:-1], ("{report.copy}", "copy"), TEXT_KEYS[-1])


class ReportView(TextView):
    """`markdown` is clean and without secrets."""

    BINDINGS: ClassVar[list[BindingType]] = [bind("report.copy", "copy", "copy")]

    def __init__(self, repository: str, markdown: Source[str]) -> None:
        super().__init__(f"Hand-over · {repository}", [READING], KEYS)
        self._markdown = ""
        self._reading = Reading(markdown, self.call_later, self._show, self._failed)

    def on_mount(self) -> None:
        self._reading.start()

    def on_unmount(self) -> None:
        self._reading.end()

    def action_copy(self) -> None:
        if self._markdown:
            self.app.copy_to_clipboard(self._markdown)
            self.notify("copied: the report, as Markdown", markup=False)
        else:
            self.notify("there is nothing to copy yet", severity="warning", markup=False)

    def _show(self, markdown: str) -> None:
        self._markdown = markdown
        self.query_one(FoldedLines).show(markdown.splitlines())

    def _failed(self, told: str) -> None:
        self.query_one(FoldedLines).show([f"it cannot be read: {cleaning.redact(told)}"])
