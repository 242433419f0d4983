"""A small app in front of one modal screen, and the hands that answer it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Any

from textual import events
from textual.app import App, ComposeResult
from textual.content import Content
from textual.keys import key_to_character
from textual.pilot import Pilot
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from mergetui.actions import Wait, Why
from mergetui.model import Entry, Holder, Lease
from mergetui.repository import Repository
from mergetui.state import RepositoryState
from mergetui.tui.bridge import Picture
from mergetui.tui.screens.dialog import HAND, Deliberate, Dialog
from mergetui.tui.screens.help import BURST
from mergetui.verdict import Knowledge, Verdict
from mergetui.view import Policy
from mergetui.worker import Standing
from tests.tui.until import shown

NOW = datetime(2026, 3, 4, 14, 2, 11, tzinfo=UTC)
OID = "9f3c2a1b7d40e6f58c2a9b1d3e5f70718293a4b5"
HOSTILE = "[/bold]\x1b[31m[@click=app.exit]x\u202egnp"
SEEN = "[/bold]␛[31m[@click=app.exit]x‹U+202E›gnp"


class Host(App[None]):
    """Something to lie beneath, and a note of the answers."""

    def __init__(self, modal: ModalScreen[Any], theme: str = "textual-dark") -> None:
        super().__init__()
        self.animation_level = "none"
        self.theme = theme
        self.modal = modal
        self.answers: list[object] = []

    def compose(self) -> ComposeResult:
        yield Static(Content("\n".join(f" {n} ▶ feat/cart-{n}  queued" for n in range(60))), markup=False)

    def on_mount(self) -> None:
        self.push_screen(self.modal, self.answers.append)


class Hands:
    def __init__(self, app: Host, pilot: Pilot[None]) -> None:
        self.app, self.pilot, self.modal = app, pilot, app.modal

    @property
    def answers(self) -> list[object]:
        return self.app.answers

    @property
    def screen(self) -> str:
        return "\n".join(strip.text for strip in self.app.screen._compositor.render_strips())

    @property
    def focus(self) -> str | None:
        focused = self.app.screen.focused
        return focused.id if focused else None

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)
        await self.pilot.pause()

    async def type(self, text: str) -> None:
        await self.press(*("space" if letter == " " else letter for letter in text))

    async def paste(self, *keys: str) -> None:
        """Keys as a terminal without bracketed paste sends them: all in one go."""
        for key in [events.Key(key, key_to_character(key)) for key in keys]:
            self.app.post_message(key)
        await self.pilot.pause()
        await self.pilot.pause()

    async def until(self, fact: Callable[[], bool]) -> None:
        await shown(self.pilot, fact)

    async def look(self) -> None:
        """Take the time that a hand takes before its first key."""
        modal = self.modal
        assert isinstance(modal, Dialog)
        await self.until(lambda: monotonic() - modal.shown_at > HAND)

    async def rest(self) -> None:
        """The time between two keys of a hand."""
        since = monotonic()
        await self.until(lambda: monotonic() - since > BURST)

    async def decide(self, control: str) -> None:
        """Go to a control by keyboard as a hand does it, and press it."""
        for _ in range(10):
            if self.focus == control:
                break
            await self.press("tab")
        focused = self.app.screen.focused
        assert isinstance(focused, Deliberate), f"{control} cannot be reached"
        await self.until(lambda: monotonic() - focused.focused_at > HAND)
        await self.press("space")


@asynccontextmanager
async def asking(modal: ModalScreen[Any], size: tuple[int, int] = (80, 24)) -> AsyncIterator[Hands]:
    app = Host(modal)
    async with app.run_test(size=size) as pilot:
        await still(pilot)
        yield Hands(app, pilot)


async def still(pilot: Pilot[Any]) -> None:
    """Wait for the modal, and stop the cursors from blinking."""
    await shown(pilot, lambda: isinstance(pilot.app.screen, ModalScreen))
    for field in pilot.app.screen.query(Input):
        field.cursor_blink = False
    await pilot.pause()


def play(scene: Coroutine[object, object, None]) -> None:
    asyncio.run(scene)


def after(*keys: str, fact: Callable[[str], bool] = bool) -> Callable[[Pilot[Any]], Awaitable[None]]:
    """For a snapshot: the keys, then whatever has to be on the screen."""

    async def act(pilot: Pilot[Any]) -> None:
        await still(pilot)
        hands = Hands(pilot.app, pilot)  # type: ignore[arg-type]
        await hands.press(*keys)
        await hands.until(lambda: fact(hands.screen))

    return act


def ago(**span: float) -> datetime:
    return NOW - timedelta(**span)


def holder(operator: str = "ana") -> Holder:
    return Holder(operator=operator, host="buildbox", boot="b", pid_namespace="n", pid=4121, started=0.0)


def lease(operator: str = "ana", *, renewed: datetime, **fields: Any) -> Lease:
    known: dict[str, Any] = {"token": 17, "branches": ("feat/cart",), "phase": "testing"}
    return Lease(
        **known | fields,
        holder=holder(operator),
        acquired_at=ago(minutes=12),
        renewed_at=renewed,
        expires_at=renewed + timedelta(seconds=90),
    )


def knowledge(*entries: Entry, **state: Any) -> Knowledge:
    return Knowledge(
        repository=Repository(name="shop", remote="git@example.org:shop.git", retest="make test"),
        state=RepositoryState(entries={entry.id: entry for entry in entries}, **state),
        policy=Policy(),
        now=NOW,
    )


def picture(*entries: Entry, says: str = "nobody advances shop: auto-advance is off") -> Picture:
    return Picture(
        known=knowledge(*entries),
        standing=Standing(wait=Wait(why=Why.IDLE)),
        verdict=Verdict(why=Why.NOT_ADVANCING, says=says, mend="mergetui run shop", key="a"),
        lease_is_stale=False,
        worked_on_elsewhere=None,
        notice=None,
    )
