"""A dialog of labelled fields, each checked as it is typed, with a line of help for the one in focus."""

from collections.abc import Callable, Mapping, Sequence
from textwrap import wrap
from threading import Thread
from typing import ClassVar, TypeAlias, TypeVar

from msgspec import Struct
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input, Static

from mergetui import cleaning
from mergetui.masking import Mask
from mergetui.tui.screens.dialog import Choice, Dialog, Keys, keys_line
from mergetui.tui.widgets.cells import cut
from mergetui.tui.widgets.text_input import TextInput

T = TypeVar("T")
Errand: TypeAlias = Callable[[], object]
"""Blocks; answers with a value, also when it fails."""
_BETWEEN: list[BindingType] = [
    Binding("enter,down", "screen.onward", "next field", show=False),
    Binding("up", "app.focus_previous", "field before", show=False),
]


class Row(Struct, frozen=True, kw_only=True):
    key: str
    help: str
    text: str = ""
    hint: str = ""
    """Shown dimmed while the field is empty."""
    origin: str = ""
    """Where the value comes from."""
    locked: str | None = None
    choices: tuple[str, ...] = ()


class Field(TextInput):
    """A text in one line; where there are few choices, space goes to the next one."""

    BINDINGS: ClassVar[list[BindingType]] = _BETWEEN

    def __init__(self, row: Row, text: str, *, hidden: bool) -> None:
        super().__init__(
            text, placeholder=row.hint, id=f"field-{row.key}", compact=True, password=hidden, max_length=4000
        )
        self._choices = row.choices

    def on_key(self, event: events.Key) -> None:
        if event.key == "space" and self._choices:
            event.prevent_default().stop()
            said = self.value or self.placeholder
            after = self._choices.index(said) + 1 if said in self._choices else 0
            self.value = self._choices[after % len(self._choices)]


class LockedField(Static, can_focus=True):
    """A value that is only shown."""

    DEFAULT_CSS = """
    LockedField { color: $text-muted; padding: 0 1; width: 1fr; height: 1; text-overflow: ellipsis; }
    LockedField:focus { color: $block-cursor-foreground; background: $block-cursor-background; }
    """
    BINDINGS: ClassVar[list[BindingType]] = _BETWEEN

    def __init__(self, row: Row, text: str) -> None:
        super().__init__(Content(cleaning.name(text)), id=f"field-{row.key}", markup=False)


class Form(Dialog[T]):
    """`typed` stands above the rows' own texts; values that `mask` knows as secrets are shown as dots."""

    AUTO_FOCUS = "Field"
    HORIZONTAL_BREAKPOINTS = [(0, "-slim"), (56, "-wide")]  # noqa: RUF012 - as in Screen
    DEFAULT_CSS = """
    Form {
        & > #dialog-box { width: 96; }
        #dialog-keys { height: 4; }
        .dialog-row { height: 1; }
        .dialog-row .dialog-label { width: 21; height: 1; }
        .dialog-row Field { width: 1fr; height: 1; padding: 0 1; }
        .dialog-row Field > .input--placeholder { color: $text-disabled; }
        .dialog-row.-wrong .dialog-label { color: $text-error; text-style: bold; }
        &.-slim #dialog-keys { height: 5; }
        &.-slim .form-origin { display: none; }
        .form-origin { width: 9; height: 1; color: $text-muted; padding-left: 1; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "submit", "save", show=False),
        Binding("ctrl+o", "uncover", "show what is hidden", show=False),
    ]

    class Worked(Message, bubble=False):
        """What was done off the event loop has come to this."""

        def __init__(self, answer: object) -> None:
            super().__init__()
            self.answer = answer

    def __init__(
        self, title: str, rows: Sequence[Row], *, keys: Keys, mask: Mask, typed: Mapping[str, str]
    ) -> None:
        super().__init__(title, keys=keys)
        self._rows = {row.key: row for row in rows}
        self._typed = typed
        self._mask = mask
        self._note: tuple[str, str] | None = None
        self._noted = ""
        self._is_busy = False

    def compose_body(self) -> ComposeResult:
        for row in self._rows.values():
            with Horizontal(classes="dialog-row", id=f"row-{row.key}"):
                yield Static(Content(row.key), classes="dialog-label", markup=False)
                yield self._field(row)
                if row.origin:
                    yield Static(Content(row.origin), classes="form-origin", markup=False)

    def trouble_of(self, key: str, text: str) -> str | None:  # noqa: ARG002 - for those who override it
        """Why `text` cannot be the value of a field; None when it can."""
        return None

    def leave(self, result: T | None) -> None:
        """`esc`: asked first when something was typed."""
        if not self.changed:
            self.answer(result)
            return

        def answered(discards: bool | None) -> None:
            if discards:
                self.answer(result)

        self.app.push_screen(DiscardQuestion(self.changed), answered)

    @property
    def texts(self) -> dict[str, str]:
        """What stands in the fields that can be changed."""
        return {field.id.removeprefix("field-"): field.value.strip() for field in self._fields if field.id}

    @property
    def changed(self) -> list[str]:
        return [key for key, text in self.texts.items() if text != self._rows[key].text]

    def show_note(self, text: str, *, is_trouble: bool = True) -> None:
        """In the place of the help, until something is typed or another field is entered."""
        self._noted = ""
        shown = cleaning.name(self._mask(cleaning.redact(text)))
        self._note = (shown, "$text-error" if is_trouble else "$text-success")
        self._show_foot()

    def point_at(self, key: str, told: str) -> None:
        """Into that field, with a note on it."""
        self.query_one(f"#field-{key}").focus()
        self.show_note(told if told.startswith(key) else f"{key}: {told}")
        self._noted = key

    def first_trouble(self) -> bool:
        """Whether a field is wrong; then it has the focus, and says why."""
        for key, text in self.texts.items():
            told = self.trouble_of(key, text)
            if told is not None:
                self.point_at(key, told)
                return True
        return False

    def work(self, errand: Errand) -> None:
        """Do it on a thread that holds nobody up; the answer comes back as `Worked`."""
        self._is_busy = True
        Thread(target=lambda: self.post_message(self.Worked(errand())), name="form", daemon=True).start()

    def show_keys(self, keys: Keys) -> None:
        self._keys = keys
        self._show_foot()

    def action_refuse(self) -> None:
        self.leave(self._refusal)

    def action_uncover(self) -> None:
        for field in self._fields:
            field.password = False

    def on_mount(self) -> None:
        for key, text in self.texts.items():
            self._mark(key, text)
        self._show_foot()

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        event.widget.scroll_visible(animate=False)
        if event.widget.id != f"field-{self._noted}":
            self._note = None
        self._show_foot()

    def on_input_changed(self, message: Input.Changed) -> None:
        self._note = None
        self._mark((message.input.id or "").removeprefix("field-"), message.value.strip())
        self._show_foot()

    @property
    def _fields(self) -> list[Field]:
        return list(self.query(Field))

    def _field(self, row: Row) -> Widget:
        if row.locked is not None:
            return LockedField(row, self._mask(cleaning.redact(row.text)) or row.hint)
        text = self._typed.get(row.key, row.text)
        return Field(row, text, hidden=self._mask(cleaning.redact(text)) != text)

    def _mark(self, key: str, text: str) -> None:
        self.query_one(f"#row-{key}").set_class(self.trouble_of(key, text) is not None, "-wrong")

    def _show_foot(self) -> None:
        text, style = self._note or self._help()
        foot = Content.assemble((_two_lines(text, self._width), style), "\n", keys_line(self._keys))
        self.query_one("#dialog-keys", Static).update(foot)

    def _help(self) -> tuple[str, str]:
        key = (self.focused.id or "").removeprefix("field-") if self.focused is not None else ""
        row = self._rows.get(key)
        if row is None:
            return "", ""
        if row.locked is not None:
            return cleaning.name(row.locked), "$text-warning"
        told = self.trouble_of(key, self.texts[key])
        if told is not None:
            return cleaning.name(self._mask(cleaning.redact(told))), "$text-error"
        return row.help + (" · space: the next one" if row.choices else ""), "$text-muted"

    @property
    def _width(self) -> int:
        return max(self.query_one("#dialog-keys").content_size.width, 20)


def _two_lines(text: str, width: int) -> str:
    """Exactly two lines: the keys below stay where they are."""
    rows = wrap(text, width) or [""]
    kept = [*rows[:2], ""][:2]
    return "\n".join([kept[0], cut(" ".join(rows[1:]), width) if len(rows) > 2 else kept[1]])


class DiscardQuestion(Dialog[bool]):
    """The focus starts on staying."""

    AUTO_FOCUS = "#stay"
    DEFAULT_CSS = """
    DiscardQuestion {
        #discard-what { padding-bottom: 1; }
        Choice { margin-right: 2; }
        Choice:focus {
            background: $block-cursor-background;
            color: $block-cursor-foreground;
            text-style: bold;
        }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,right,j", "app.focus_next", "next", show=False),
        Binding("up,left,k", "app.focus_previous", "previous", show=False),
    ]

    def __init__(self, changed: Sequence[str]) -> None:
        keys = (("←→", "move"), ("space", "choose"), ("esc", "stay"))
        super().__init__("Leave without saving?", keys=keys, refusal=False)
        self._changed = changed

    def compose_body(self) -> ComposeResult:
        told = f"typed and not saved: {', '.join(self._changed)}"
        yield Static(Content(told), id="discard-what", markup=False)
        with Horizontal(classes="dialog-row"):
            yield Choice("Stay", id="stay", compact=True)
            yield Choice("Discard", id="discard", compact=True)

    def on_button_pressed(self, message: Choice.Pressed) -> None:
        self.answer(message.button.id == "discard")
