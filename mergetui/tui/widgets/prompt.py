"""A line to type a filter or a search in; it is there only while it is wanted."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.geometry import Size
from textual.message import Message
from textual.reactive import Reactive
from textual.widgets import Input, Label

from mergetui.tui.widgets.text_input import TextInput


class Line(TextInput):
    """It has its width whatever is in it: Textual's lays the whole screen out anew at every letter."""

    virtual_size = Reactive(Size(0, 0))


class Prompt(Horizontal):
    """Says what is typed while it is typed, and how it ended."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "abandon", "clear", show=False)]

    class Typed(Message):
        def __init__(self, text: str, *, over: bool) -> None:
            super().__init__()
            self.text = text
            self.over = over
            """The operator has finished; the prompt is gone."""

    def compose(self) -> ComposeResult:
        yield Label("", markup=False)
        yield Line(id="prompt", compact=True, max_length=200, select_on_focus=False)

    def open(self, label: str, text: str) -> None:
        self.query_one(Label).update(f" {label} ")
        field = self.query_one(Input)
        field.cursor_blink = False
        with field.prevent(Input.Changed):
            field.value = text
        field.cursor_position = len(text)
        self.display = True
        field.focus()

    def action_abandon(self) -> None:
        self._end("")

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self.post_message(self.Typed(event.value, over=False))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self._end(event.value)

    def _end(self, text: str) -> None:
        self.display = False
        self.post_message(self.Typed(text, over=True))
