"""Pausing a repository: why, for how long, and what becomes of the run under way."""

from datetime import timedelta
from typing import ClassVar

from msgspec import Struct
from textual.app import ComposeResult, RenderResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget
from textual.widgets import Input, Static

from mergetui.config_values import parse_duration
from mergetui.tui.screens.dialog import Dialog, Keys
from mergetui.tui.widgets.text_input import TextInput

KEYS: Keys = (("tab", "next field"), ("enter", "pause"), ("{dialog.close}", "cancel"))
_WAYS = ("finish this one first", "stop it now and requeue it")


class PauseChoice(Struct, frozen=True):
    reason: str
    until: timedelta | None
    """From now; None: until somebody resumes it."""
    now: bool
    """Stop the running retest too."""


class RunningRetest(Widget, can_focus=True):
    """One of two ways, changed with the arrows, space or the mouse."""

    DEFAULT_CSS = """
    RunningRetest { height: 2; width: 1fr; }
    RunningRetest:focus { color: $block-cursor-foreground; background: $block-cursor-background; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space,up,down,left,right", "turn", "the other way", show=False),
        Binding("enter", "screen.submit", "pause", show=False),
    ]
    now: reactive[bool] = reactive[bool](default=False)

    def render(self) -> RenderResult:
        marks = ("○", "●") if self.now else ("●", "○")
        return Content("\n".join(f"{mark} {way}" for mark, way in zip(marks, _WAYS, strict=True)))

    def action_turn(self) -> None:
        self.now = not self.now

    def on_click(self) -> None:
        self.action_turn()


class PauseForm(Dialog[PauseChoice | None]):
    """A reason is required. Enter pauses from every field: it can be taken back."""

    AUTO_FOCUS = "#pause-reason"
    DEFAULT_CSS = """
    PauseForm {
        .dialog-row { padding-bottom: 1; }
        .dialog-row Input { width: 1fr; }
    }
    """

    def __init__(self, repository: str, running: bool) -> None:
        super().__init__(f"Pause · {repository}", keys=KEYS)
        self._is_running = running

    def compose_body(self) -> ComposeResult:
        with Horizontal(classes="dialog-row"):
            yield Static(Content("reason"), classes="dialog-label", markup=False)
            yield TextInput(placeholder="everybody sees it", id="pause-reason", compact=True)
        with Horizontal(classes="dialog-row"):
            yield Static(Content("how long"), classes="dialog-label", markup=False)
            yield TextInput(placeholder="30m, 2h; empty: until it is resumed", id="pause-until", compact=True)
        if self._is_running:
            with Horizontal(classes="dialog-row"):
                yield Static(Content("running"), classes="dialog-label", markup=False)
                yield RunningRetest()
        yield Static(id="pause-trouble", classes="dialog-trouble", markup=False)

    def on_input_submitted(self) -> None:
        self.action_submit()

    def on_input_changed(self) -> None:
        self.query_one("#pause-trouble", Static).update(Content(""))

    def action_submit(self) -> None:
        reason = self._said("pause-reason")
        if not reason:
            self._complain("a reason is required: everybody sees it", "pause-reason")
            return
        try:
            until = parse_duration(self._said("pause-until")) if self._said("pause-until") else None
        except ValueError as error:
            self._complain(f"{self._said('pause-until')} is not {error}", "pause-until")
            return
        self.answer(PauseChoice(reason, until, self._stops_now()))

    def _said(self, field: str) -> str:
        return self.query_one(f"#{field}", Input).value.strip()

    def _stops_now(self) -> bool:
        return any(choice.now for choice in self.query(RunningRetest))

    def _complain(self, trouble: str, field: str) -> None:
        self.query_one("#pause-trouble", Static).update(Content(trouble))
        self.query_one(f"#{field}", Input).focus()
