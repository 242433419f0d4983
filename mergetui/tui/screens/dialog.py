"""The frame that all modal screens share: a box with a title, a body that scrolls, and its keys."""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import ClassVar, TypeAlias, TypeVar

from rich.table import Table
from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Button, Static

from mergetui import cleaning
from mergetui.tui.bound_keys import bound_keys
from mergetui.tui.key_table import DEFAULT_KEYS, Bound, bind

T = TypeVar("T")
Keys: TypeAlias = Sequence[tuple[str, str]]
"""A key, `{its.id}` where it has one, and what it does here."""

LIST_HEIGHTS = [(0, "-short"), (30, "-high")]
"""For dialogs with a list: its rows come before the frame around what is typed."""
HAND = 0.1
"""Seconds that a hand needs at least to see a control and press a key on it; a paste needs none."""


class Dialog(ModalScreen[T]):
    """`esc` answers with `refusal`. The box shrinks to its body and scrolls when the terminal is small."""

    AUTO_FOCUS = ""
    VERTICAL_BREAKPOINTS = [(0, "-short"), (24, "-high")]  # noqa: RUF012  (so it is typed in Screen)
    DEFAULT_CSS = """
    Dialog {
        align: center middle;
        overflow: hidden;
        & > #dialog-box {
            width: 76;
            max-width: 100%;
            height: auto;
            max-height: 100%;
            padding: 1 2 0 2;
            background: $surface;
            border: round $primary;
            border-title-color: $text;
            border-title-style: bold;
        }
        #dialog-body { height: auto; max-height: 100%; scrollbar-size-vertical: 1; }
        #dialog-keys { dock: bottom; height: auto; padding-top: 1; }
        Static { height: auto; }
        Input { background: $panel; }
        &.-short > #dialog-box { padding: 0 2; }
        &.-short Input { border: none; height: 1; padding: 0 1; }
        .dialog-label { width: 12; color: $text-muted; }
        .dialog-row { height: auto; }
        .dialog-trouble { color: $text-error; }
        .dialog-hint { color: $text-muted; }
        &:ansi > #dialog-box { background: ansi_default; }
        &:ansi Input { background: ansi_default; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        bind("dialog.close", "refuse", "close"),
        bind("dialog.down", "scroll_body(1)", "down"),
        bind("dialog.up", "scroll_body(-1)", "up"),
        bind("dialog.half-down", "leaf_body(0.5)", "half a page down"),
        bind("dialog.half-up", "leaf_body(-0.5)", "half a page up"),
        bind("dialog.page-down", "leaf_body(1.0)", "page down"),
        bind("dialog.page-up", "leaf_body(-1.0)", "page up"),
        bind("dialog.first", "body_home", "top"),
        bind("dialog.last", "body_end", "end"),
    ]

    def __init__(self, title: str, *, keys: Keys, refusal: T | None = None) -> None:
        super().__init__()
        self._heading = cleaning.name(title)
        self._keys = keys
        self._refusal = refusal
        self._answered = False
        self.shown_at = float("inf")

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog-box") as box:
            box.border_title = Content(self._heading)
            with VerticalScroll(id="dialog-body", can_focus=False):
                yield from self.compose_body()
            yield Static(keys_line(self._keys, bound_keys(self.app)), id="dialog-keys", markup=False)

    def compose_body(self) -> ComposeResult:
        """What stands between the title and the keys."""
        return ()

    def on_screen_resume(self, event: events.ScreenResume) -> None:
        self.shown_at = event.time

    def answer(self, result: T | None) -> None:
        """Close with `result`. Only the first answer counts: in a burst of keys there may be several."""
        if not self._answered:
            self._answered = True
            self.dismiss(result)

    def show_keys(self, keys: Keys) -> None:
        self.query_one("#dialog-keys", Static).update(keys_line(keys, bound_keys(self.app)))

    def action_refuse(self) -> None:
        self.answer(self._refusal)

    def action_onward(self) -> None:
        """To the next field: what Enter does where it must not decide."""
        self.focus_next()

    def action_scroll_body(self, lines: int) -> None:
        self._body.scroll_relative(y=lines, animate=False)

    def action_leaf_body(self, pages: float) -> None:
        self._body.scroll_relative(y=int(self._body.size.height * pages), animate=False)

    def action_body_home(self) -> None:
        self._body.scroll_home(animate=False)

    def action_body_end(self) -> None:
        self._body.scroll_end(animate=False)

    @property
    def _body(self) -> VerticalScroll:
        return self.query_one("#dialog-body", VerticalScroll)


DELIBERATE_KEYS: list[BindingType] = [
    Binding("enter", "screen.onward", "next field", show=False),
]
"""Enter only moves on: neither the key that opened a question nor Enter ever answers it."""


class Deliberate:
    """A control that a paste cannot work: it takes no key until a hand has had the time to reach it."""

    focused_at = float("inf")
    _touched_at = 0.0

    def decide(self) -> None:
        """What space does."""

    def on_focus(self, event: events.Focus) -> None:
        self.focused_at = event.time

    def on_key(self, event: events.Key) -> None:
        # A key carries the time it came in, focus the time it was given: however slow the
        # screen is, keys that came in one go are never mistaken for deliberate ones.
        since = event.time - max(self.focused_at, self._touched_at)
        self._touched_at = event.time
        if event.key == "space":
            event.stop()
            if since >= HAND:
                self.decide()


class Choice(Deliberate, Button, inherit_bindings=False):
    """A button that is pressed with space or the mouse."""

    BINDINGS: ClassVar[list[BindingType]] = DELIBERATE_KEYS

    def __init__(self, label: str, *, id: str, error: bool = False, compact: bool = False) -> None:  # noqa: A002
        super().__init__(Content(label), "error" if error else "default", id=id, compact=compact)

    def decide(self) -> None:
        self.press()


def keys_line(keys: Keys, bound: Bound = DEFAULT_KEYS) -> Content:
    """`s do it · esc not`, with the keys as they are bound."""
    pieces: list[str | tuple[str, str]] = []
    for key, does in keys:
        pieces += [" · "] * bool(pieces)
        pieces += [(bound.say(key), "bold $text-accent"), (f" {does}", "dim")]
    return Content.assemble(*pieces)


def facts(rows: Iterable[tuple[str, str]]) -> Table:
    """Two columns, what and its value, long values wrapped; the values are untrusted."""
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True, width=10)
    table.add_column(overflow="fold", ratio=1)
    for what, value in rows:
        table.add_row(Text(what, style="dim"), Text(cleaning.name(value)))
    return table


def spoken(span: timedelta) -> str:
    """`6s`, `4m12s`, `1h05m`, `3d04h`; never below zero."""
    seconds = max(int(span.total_seconds()), 0)
    if seconds < 60:
        return f"{seconds}s"
    if seconds < 3600:
        return f"{seconds // 60}m{seconds % 60:02}s"
    if seconds < 86_400:
        return f"{seconds // 3600}h{seconds % 3600 // 60:02}m"
    return f"{seconds // 86_400}d{seconds % 86_400 // 3600:02}h"
