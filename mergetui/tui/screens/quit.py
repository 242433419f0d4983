"""Leaving the console while retests run."""

from collections.abc import Sequence
from typing import ClassVar, Literal, TypeAlias

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Button, Static

from mergetui import cleaning
from mergetui.tui.screens.dialog import Choice, Dialog, Keys

Farewell: TypeAlias = Literal["wait", "leave", "stop"]

KEYS: Keys = (("↑↓", "move"), ("space", "choose"), ("{dialog.close}", "stay"))
_FAREWELLS: tuple[tuple[Farewell, str, str], ...] = (
    ("wait", "Wait", "quit when they have ended; nothing new is started"),
    ("leave", "Leave", "quit now; they go on in a background run"),
    ("stop", "Stop", "quit now; they are stopped and requeued"),
)


class QuitQuestion(Dialog[Farewell | None]):
    """`running` names what runs. The focus starts on Cancel."""

    AUTO_FOCUS = "#cancel"
    DEFAULT_CSS = """
    QuitQuestion {
        #quit-running { padding-bottom: 1; }
        .dialog-row Choice { width: 12; min-width: 12; margin-right: 2; }
        .dialog-row Choice { content-align: left middle; text-align: left; }
        .dialog-row Choice:focus {
            background: $block-cursor-background;
            color: $block-cursor-foreground;
            text-style: bold;
        }
        .dialog-row Static { width: 1fr; color: $text-muted; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,right,j", "app.focus_next", "next", show=False),
        Binding("up,left,k", "app.focus_previous", "previous", show=False),
    ]

    def __init__(self, running: Sequence[str]) -> None:
        super().__init__("Quit?", keys=KEYS)
        self._retests = running

    def compose_body(self) -> ComposeResult:
        told = "\n".join(f"▶ {cleaning.name(name)}" for name in self._retests)
        yield Static(Content(f"still running:\n{told}"), id="quit-running", markup=False)
        for answer, label, means in (("cancel", "Cancel", "stay here"), *_FAREWELLS):
            with Horizontal(classes="dialog-row"):
                yield Choice(label, id=answer, compact=True)
                yield Static(Content(means), markup=False)

    def on_button_pressed(self, message: Button.Pressed) -> None:
        chosen = (answer for answer, _, _ in _FAREWELLS if answer == message.button.id)
        self.answer(next(chosen, None))
