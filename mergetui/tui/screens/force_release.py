"""The question before somebody's lease is taken away."""

from collections.abc import Callable
from typing import ClassVar

from msgspec import Struct
from textual.app import ComposeResult, RenderResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget
from textual.widgets import Button, Input, Static

from mergetui import cleaning
from mergetui.model import Instant, Lease
from mergetui.tui.reading import READING, Reading, Source
from mergetui.tui.screens.dialog import DELIBERATE_KEYS, Choice, Deliberate, Dialog, Keys, facts, spoken
from mergetui.tui.widgets.strips import fitted
from mergetui.tui.widgets.text_input import TextInput

KEYS: Keys = (("tab", "next field"), ("space", "press"), ("{dialog.close}", "cancel"))


_LINE_CELLS = 200
_EVERY = 1.0
"""Seconds between two looks at the lease."""


class LeaseSight(Struct, frozen=True, kw_only=True):
    """What is known of a lease by now."""

    lease: Lease | None
    stale: bool = False
    last_line: str = ""


class Acknowledge(Deliberate, Widget, can_focus=True):
    """A box that is ticked with space or the mouse."""

    BINDINGS: ClassVar[list[BindingType]] = DELIBERATE_KEYS
    ticked: reactive[bool] = reactive[bool](default=False)

    class Changed(Message):
        """It was ticked, or the tick was taken back."""

    def __init__(self, says: str, *, id: str) -> None:  # noqa: A002
        super().__init__(id=id)
        self._says = says

    def render(self) -> RenderResult:
        return Content(f"[{'✓' if self.ticked else ' '}] {self._says}")

    def watch_ticked(self) -> None:
        self.post_message(self.Changed())

    def on_click(self) -> None:
        self.ticked = not self.ticked

    def decide(self) -> None:
        self.ticked = not self.ticked


class Agreed(Struct, frozen=True, kw_only=True):
    """The answer: what was shown when it was given, and why."""

    lease: Lease
    stale: bool
    reason: str


class ForceRelease(Dialog[Agreed | None]):
    """Answers when it is agreed to. Armed when the holder is stale, or was acknowledged to be alive.

    The caller commits by the token of the lease that was shown, so that a renewal in between is seen.
    """

    AUTO_FOCUS = "#cancel"
    DEFAULT_CSS = """
    ForceRelease {
        & > #dialog-box { border: round $error; }
        &.-short #dialog-keys { padding: 0; }
        #force-alive { color: $text-warning; padding-top: 1; display: none; }
        Acknowledge { width: auto; height: auto; display: none; }
        Acknowledge:focus { background: $block-cursor-background; color: $block-cursor-foreground; }
        &.-alive #force-alive, &.-alive Acknowledge { display: block; }
        .dialog-row Input { width: 1fr; }
        #force-fields { height: auto; padding-top: 1; }
        #force-buttons { height: auto; align-horizontal: right; }
        #force-buttons Choice { margin-left: 2; }
        &.-high #force-buttons { padding-top: 1; }
        &.-short Choice { border: none !important; height: 1; }
    }
    """

    def __init__(
        self,
        lease: Lease,
        *,
        stale: bool,
        last_line: str = READING,
        now: Callable[[], Instant],
        latest: Source[LeaseSight] | None = None,
    ) -> None:
        """`latest` blocks; it is read off the event loop as long as the question is open."""
        super().__init__(f"Force-release lease #{lease.token}", keys=KEYS)
        self._lease = lease
        self._stale = stale
        self._last_line = last_line
        self._now = now
        self._gone = ""
        self._reading = Reading(latest, self.call_later, self._show, poll=_EVERY) if latest else None
        self._holder_name = cleaning.name(lease.holder.operator) or str(lease.holder.pid)

    def compose_body(self) -> ComposeResult:
        yield Static(id="force-facts", markup=False)
        yield Static(Content(self._warning()), id="force-alive", markup=False)
        yield Acknowledge("I know, and take the lease all the same", id="force-ack")
        with Vertical(id="force-fields"):
            with Horizontal(classes="dialog-row"):
                yield Static(Content("name"), classes="dialog-label", markup=False)
                yield TextInput(
                    placeholder=f"type the holder's name: {self._holder_name}", id="force-name", compact=True
                )
            with Horizontal(classes="dialog-row"):
                yield Static(Content("reason"), classes="dialog-label", markup=False)
                yield TextInput(placeholder="kept in the journal", id="force-reason", compact=True)
            yield Static(id="force-missing", classes="dialog-hint", markup=False)
        with Horizontal(id="force-buttons"):
            yield Choice("Cancel", id="cancel")
            yield Choice("Release", id="release", error=True)

    def on_mount(self) -> None:
        self.set_interval(1, self._show_facts)
        self._show_facts()
        self._arm()
        if self._reading is not None:
            self._reading.start()

    def on_unmount(self) -> None:
        if self._reading is not None:
            self._reading.end()

    def show_lease(self, lease: Lease | None, *, stale: bool, last_line: str) -> None:
        """The lease as it is by now; another one is not what was asked about, and ends the question."""
        if lease is None:
            self._gone = f"lease #{self._lease.token} has been given back: nothing to release"
        elif lease.token != self._lease.token:
            self._gone = f"lease #{self._lease.token} is over, #{lease.token} holds now: esc, and look again"
        elif not self._gone:
            self._lease, self._stale, self._last_line = lease, stale, last_line
        self._show_facts()
        self._arm()

    def _show(self, sight: LeaseSight) -> None:
        self.show_lease(sight.lease, stale=sight.stale, last_line=sight.last_line)

    def on_input_changed(self) -> None:
        self._arm()

    def on_acknowledge_changed(self) -> None:
        self._arm()

    def on_input_submitted(self) -> None:
        self.action_onward()

    def on_button_pressed(self, message: Button.Pressed) -> None:
        if message.button.id != "release":
            self.answer(None)
        elif not self._missing():
            self.answer(Agreed(lease=self._lease, stale=self._stale, reason=self._reason()))

    def _arm(self) -> None:
        self.set_class(not self._stale and not self._gone, "-alive")
        self.set_class(bool(self._gone), "-gone")
        missing = self._missing()
        self.query_one("#release", Choice).disabled = bool(missing)
        hint = f"Release is off: {missing}" if missing else "Release is on: Tab to it, then space"
        self.query_one("#force-missing", Static).update(Content(hint))

    def _missing(self) -> str:
        """What keeps the release from being armed; empty when nothing does."""
        if self._gone:
            return self._gone
        if not self._stale and not self.query_one(Acknowledge).ticked:
            return "the holder is alive; tick the box"
        if self.query_one("#force-name", Input).value != self._holder_name:
            return f"type the holder's name, {self._holder_name}"
        return "" if self._reason() else "give a reason"

    def _reason(self) -> str:
        return self.query_one("#force-reason", Input).value.strip()

    def _warning(self) -> str:
        return f"{self._holder_name} is alive: its retest is stopped, its work is lost. Ask first."

    def _show_facts(self) -> None:
        lease, now = self._lease, self._now()
        rows = (
            ("holder", str(lease.holder)),
            ("lease", f"#{lease.token}, held for {spoken(now - lease.acquired_at)}"),
            ("renewed", f"{spoken(now - lease.renewed_at)} ago, {self._time_left(now)}"),
            ("for", ", ".join(lease.branches) or "no branch"),
            ("phase", lease.phase or "unknown"),
            ("last line", fitted(cleaning.name(self._last_line), "", _LINE_CELLS) or "no output yet"),
        )
        self.query_one("#force-facts", Static).update(facts(rows))

    def _time_left(self, now: Instant) -> str:
        over = now - self._lease.expires_at
        if not self._stale:
            return f"{spoken(-over)} left" if not self._gone else "then it was over"
        due = self._lease.expires_at
        return f"stale for {spoken(over)}" if now >= due else "stale: its process is gone"
