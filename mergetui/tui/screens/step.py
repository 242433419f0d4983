"""What the next step would do, before it is done."""

from collections.abc import Sequence

from textual import events
from textual.app import ComposeResult

from mergetui.tui.bound_keys import bound_keys
from mergetui.tui.screens.dialog import HAND, Dialog, Keys
from mergetui.tui.screens.text_view import FoldedLines

KEYS: Keys = (("{step}", "do it"), ("{dialog.close}", "not now"))


class StepPreview(Dialog[bool]):
    """The key that opened it does it when it is pressed again."""

    AUTO_FOCUS = "FoldedLines"
    DEFAULT_CSS = "StepPreview > #dialog-box { width: 100; max-width: 96%; }"

    def __init__(self, repository: str, lines: Sequence[str]) -> None:
        super().__init__(f"Next step · {repository}", keys=KEYS, refusal=False)
        self._lines = lines

    def compose_body(self) -> ComposeResult:
        yield FoldedLines(self._lines)

    def on_key(self, event: events.Key) -> None:
        if event.key in bound_keys(self.app).keys("step") and event.time - self.shown_at >= HAND:
            event.stop()
            self.answer(True)  # noqa: FBT003
