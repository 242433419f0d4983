"""The hand-over report, to read and to copy."""

from typing import ClassVar

from textual.binding import Binding, BindingType

from mergetui.tui.screens.dialog import Keys
from mergetui.tui.screens.text_view import TextView

KEYS: Keys = (("j k", "move"), ("g G", "ends"), ("y", "copy"), ("esc", "close"))


class ReportView(TextView):
    """`markdown` is clean and without secrets."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("y", "copy", "copy", show=False)]

    def __init__(self, repository: str, markdown: str) -> None:
        super().__init__(f"Hand-over · {repository}", markdown.splitlines(), KEYS)
        self._markdown = markdown

    def action_copy(self) -> None:
        self.app.copy_to_clipboard(self._markdown)
        self.notify("copied: the report, as Markdown", markup=False)
