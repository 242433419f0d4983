"""The question before an entry goes ahead of everything."""

from msgspec import Struct
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Button, Input, Static

from mergetui import cleaning
from mergetui.tui.screens.dialog import Choice, Dialog, Keys, facts
from mergetui.tui.screens.force_release import Acknowledge
from mergetui.tui.widgets.text_input import TextInput

KEYS: Keys = (("tab", "next field"), ("space", "press"), ("{dialog.close}", "cancel"))


class Hurry(Struct, frozen=True, kw_only=True):
    """What somebody who asks for it has to know."""

    branch: str
    command: str
    """Without secrets."""
    interrupts: tuple[str, ...] = ()
    """Branches that are under way."""
    pause: str = ""
    """Why the repository is paused; empty while it is not."""


class Sent(Struct, frozen=True, kw_only=True):
    """The answer."""

    reason: str
    through_pause: bool


class EmergencyQuestion(Dialog[Sent | None]):
    """Armed by the branch's name, typed, and a reason."""

    AUTO_FOCUS = "#cancel"
    DEFAULT_CSS = """
    EmergencyQuestion {
        & > #dialog-box { border: round $error; }
        Acknowledge { width: auto; height: auto; margin-top: 1; }
        Acknowledge:focus { background: $block-cursor-background; color: $block-cursor-foreground; }
        .dialog-row Input { width: 1fr; }
        #emergency-fields { height: auto; padding-top: 1; }
        #emergency-buttons { height: auto; align-horizontal: right; }
        #emergency-buttons Choice { margin-left: 2; }
        &.-high #emergency-buttons { padding-top: 1; }
        &.-short Choice { border: none !important; height: 1; }
    }
    """

    def __init__(self, hurry: Hurry) -> None:
        super().__init__(f"Emergency · {hurry.branch}", keys=KEYS)
        self._hurry = hurry
        self._name = cleaning.name(hurry.branch)

    def compose_body(self) -> ComposeResult:
        yield Static(facts(_rows(self._hurry)), markup=False)
        if self._hurry.pause:
            yield Acknowledge("land it through the pause; else it waits", id="emergency-through")
        with Vertical(id="emergency-fields"):
            with Horizontal(classes="dialog-row"):
                yield Static(Content("branch"), classes="dialog-label", markup=False)
                yield TextInput(placeholder=f"type its name: {self._name}", id="emergency-name", compact=True)
            with Horizontal(classes="dialog-row"):
                yield Static(Content("reason"), classes="dialog-label", markup=False)
                yield TextInput(placeholder="kept in the journal", id="emergency-reason", compact=True)
            yield Static(id="emergency-missing", classes="dialog-hint", markup=False)
        with Horizontal(id="emergency-buttons"):
            yield Choice("Cancel", id="cancel")
            yield Choice("Land it first", id="send", error=True)

    def on_mount(self) -> None:
        self._arm()

    def on_input_changed(self) -> None:
        self._arm()

    def on_input_submitted(self) -> None:
        self.action_onward()

    def on_button_pressed(self, message: Button.Pressed) -> None:
        if message.button.id != "send":
            self.answer(None)
        elif not self._missing():
            through = any(box.ticked for box in self.query(Acknowledge))
            self.answer(Sent(reason=self._said("reason"), through_pause=through))

    def _arm(self) -> None:
        missing = self._missing()
        self.query_one("#send", Choice).disabled = bool(missing)
        hint = f"it is off: {missing}" if missing else "it is on: Tab to it, then space"
        self.query_one("#emergency-missing", Static).update(Content(hint))

    def _missing(self) -> str:
        """What keeps it from being armed; empty when nothing does."""
        if self._said("name") != self._name:
            return f"type the branch's name, {self._name}"
        return "" if self._said("reason") else "give a reason"

    def _said(self, field: str) -> str:
        return self.query_one(f"#emergency-{field}", Input).value.strip()


def _rows(hurry: Hurry) -> list[tuple[str, str]]:
    stops = ", ".join(hurry.interrupts)
    rows = [
        ("goes", "ahead of everything, and alone"),
        ("judged by", f"{hurry.command}, and nothing else"),
        ("stops", f"{stops}; queued again, nothing of it is lost" if stops else "nothing: nothing runs"),
    ]
    return [*rows, ("paused", hurry.pause)] if hurry.pause else rows
