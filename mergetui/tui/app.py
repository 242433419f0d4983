"""The console as a Textual app: it starts what hears and watches, and it ends it."""

import asyncio
import logging
import os
import signal
import sys
import threading
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, ClassVar

from msgspec.structs import replace
from rich.segment import Segments
from textual import events
from textual.app import App, SystemCommand
from textual.binding import Binding, BindingType
from textual.dom import DOMNode
from textual.screen import Screen

from mergetui import cleaning
from mergetui.tui.bridge import Bridge
from mergetui.tui.calling import Caller, keeping_title
from mergetui.tui.collecting import Collecting
from mergetui.tui.company import Company
from mergetui.tui.key_table import Bound, faults
from mergetui.tui.leaving import Leaving
from mergetui.tui.messages import CompanyChanged, EngineStarted, FactHeard, PictureTaken, watcher
from mergetui.tui.operator import Operator
from mergetui.tui.palette import palette
from mergetui.tui.reopening import ConsoleEnds, Opening, Reopen, Visit
from mergetui.tui.screens.main import MainScreen
from mergetui.tui.staying import driver
from mergetui.tui.themes import DARK, THEMES, wanted
from mergetui.tui.wording import news

if TYPE_CHECKING:
    from mergetui.events import Event

_log = logging.getLogger(__name__)
_OPENING = Opening()
_TURN = 0.001
"""Seconds after which a thread that reads or reckons lets the event loop have its turn."""


class Console(App[None]):
    """It shows itself first; the engine is made and started beside it, and what that breaks on is `failure`.

    `start_auto`: every repository advances by itself from the start.
    """

    TITLE = "mergetui"
    CSS_PATH = "console.tcss"
    ENABLE_COMMAND_PALETTE = True
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("colon", "command_palette", "palette", show=False, id="palette")
    ]

    def __init__(self, bridge: Bridge, *, start_auto: bool = False, opening: Opening = _OPENING) -> None:
        channels = bridge.wiring.config.console.notify
        kind = driver() or self.get_driver_class()
        super().__init__(driver_class=keeping_title(kind) if "title" in channels else kind)
        self._bridge = bridge
        self.bound = Bound(dict(bridge.wiring.config.keys))
        self._opening = replace(opening, auto=bridge.names) if start_auto else opening
        self.follows = opening.follows
        self.failure: Exception | None = None
        self._watcher = watcher(
            bridge,
            self.post_message,
            lambda message: self.main.post_message(message),  # noqa: PLW0108 - it is made below
        )
        self._company = Company(
            bridge.presence,
            lambda consoles: self.post_message(CompanyChanged(consoles)),
            sweep=not bridge.read_only,
        )
        self._operator = Operator(self, bridge, self._watcher.look_now)
        self._leaving = Leaving(
            self, bridge, self._operator, pictures=lambda: self.main.pictures, unwatch=self._watcher.stop
        )
        self._collecting = Collecting()
        self.main = MainScreen(bridge, self._operator, self._leaving.ask)
        self._caller = Caller(self._tell_terminal, channels, os.environ)
        for theme in THEMES:
            self.register_theme(theme)
        # Textual took the environment's word before it knew our themes: without a change it would not look
        # again, and paint its own.
        self.theme = DARK.name
        self.theme = wanted(os.environ, self.available_themes)

    @property
    def then(self) -> Reopen | Visit | None:
        """What comes after its end."""
        return self._leaving.then

    @property
    def is_followed(self) -> bool:
        """Another console comes in this one's place."""
        return self.then is not None and not self.return_code

    def get_default_screen(self) -> Screen[None]:
        return self.main

    def on_mount(self) -> None:
        self.set_keymap(self.bound.keymap())
        self.app_resume_signal.subscribe(self, lambda _: self._caller.show_title_again())

        # Textual leaves these to the system, which would end it in the middle of the alternate screen.
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGTERM, signal.SIGHUP):
                asyncio.get_running_loop().add_signal_handler(number, self._leaving.leave)

    def on_main_screen_ready(self) -> None:
        threading.Thread(target=self._start_engine, name="start", daemon=True).start()
        for fault in faults(self.bound.remapped):
            self.notify(cleaning.name(fault), severity="warning", markup=False, timeout=12)

    def _start_engine(self) -> None:
        try:
            self._bridge.start(self._hear)
        except Exception as error:  # the console cannot go on; it is told where it was opened
            self.failure = error
            self.call_later(self.exit)
        else:
            self.post_message(EngineStarted())

    def on_engine_started(self) -> None:
        self._collecting.begin(self.set_interval)
        sys.setswitchinterval(_TURN)
        self._operator.tidy_up()
        self.main.show_operator(self._bridge.operator)
        self._operator.configuring.begin(self._opening, self.main.select_repository)
        self._watcher.start()
        self._company.start()

    def _hear(self, event: "Event") -> None:
        self.post_message(FactHeard(event))

    def on_unmount(self) -> None:
        self._watcher.stop()
        self._company.stop()

    def on_picture_taken(self, message: PictureTaken) -> None:
        if not self.main.is_running:
            return
        self.main.show(message)
        self._caller.notice(message, self.main.taken)
        self._leaving.notice()

    async def on_event(self, event: events.Event) -> None:
        if isinstance(event, events.Key | events.MouseDown | events.Paste):
            self.main.note_input(event.time)
            self._collecting.put_off()
        await super().on_event(event)

    def _tell_terminal(self, sequence: str) -> None:
        # On the event loop, which stands still while another program has the terminal.
        if self._driver is not None and self.is_running:
            self._driver.write(sequence)

    def on_console_ends(self, message: ConsoleEnds) -> None:
        self._leaving.make_way(message.then)

    def on_company_changed(self, message: CompanyChanged) -> None:
        if self.main.is_running:
            self.main.show_others(message.consoles)

    def on_fact_heard(self, message: FactHeard) -> None:
        told = news(message.event)
        if told is not None:
            text, good = told
            self.notify(text, severity="information" if good else "warning", markup=False)

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """What the palette lists."""
        if screen is self.main:
            yield from palette(self.main, self._bridge.names, self.bound)
        yield SystemCommand("theme", "other colours", self.action_change_theme)

    def handle_bindings_clash(self, clashed_bindings: set[Binding], node: DOMNode) -> None:
        """Told at the start, of every screen: Textual says it again at every key."""

    async def action_quit(self) -> None:
        self._leaving.ask()

    def stop_engine(self) -> None:
        """For whoever opened a console that broke: nobody else has."""
        self._bridge.stop()

    def _fatal_error(self) -> None:
        """As Textual's, but without the locals: they may hold what a log or a remote said."""
        _log.exception("the console broke")
        # Loaded only now: it brings a highlighter for every language along.
        from rich.traceback import Traceback

        self.bell()
        traceback = Traceback(show_locals=False, width=None)
        self._exit_renderables.append(Segments(self.console.render(traceback, self.console.options)))
        self._close_messages_no_wait()
