"""The keys of the main screen: what they act on, and when."""

import time
from collections.abc import Callable
from functools import partial
from typing import ClassVar

from textual import events
from textual.binding import BindingType

from mergetui.tui.availability import Ground, why_not
from mergetui.tui.bound_keys import bound_keys
from mergetui.tui.bridge import Bridge
from mergetui.tui.haste import Haste
from mergetui.tui.keys import BINDINGS
from mergetui.tui.messages import NothingToStep
from mergetui.tui.operator import Operator
from mergetui.tui.screens.board import Board
from mergetui.tui.screens.opened import Opened
from mergetui.tui.screens.zoom import is_folded, zoom
from mergetui.tui.widgets.log_pane import LogPane
from mergetui.tui.widgets.prompt import Prompt
from mergetui.tui.widgets.row_list import RowList
from mergetui.tui.widgets.welcome import Welcome


class MainScreen(Board):
    """Hands the operator's keys on."""

    BINDINGS: ClassVar[list[BindingType]] = [*BINDINGS]

    def __init__(self, bridge: Bridge, operator: Operator, leave: Callable[[], None]) -> None:
        super().__init__(bridge, operator)
        self._leave = leave
        self._opened = Opened(self, self._say_why_not)
        self._haste = Haste(
            self._refuse, later=self.set_timer, monotonic=time.monotonic, is_behind=self._is_behind
        )
        self._came_at = 0.0
        """When the key came in that is being handled."""
        self._searching = False

    @property
    def ground(self) -> Ground:
        return Ground(
            picture=self.picture,
            entries=self._queue.entries(),
            undoable=self._operator.undoing.is_open,
            keys=bound_keys(self.app),
            read_only=self._bridge.read_only,
            unconfigured=not self._bridge.names,
            watches=self._retest.commit,
            reopening=self._operator.configuring.take_over.is_awaited,
        )

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "candidate":
            return True if self._why_not("next_candidate") is None else None
        if action != "act":
            return True
        return True if self._why_not(str(parameters[0])) is None else None

    def select_repository(self, name: str) -> None:
        self._repositories.move_to(name)

    def run_act(self, act: str, ground: Ground | None = None) -> None:
        """Do what the key of `act` does to `ground`, or what is selected; or say why it cannot be done."""
        refusal = self._why_not(act)
        if refusal is not None:
            self._operator.warn(refusal)
            return
        own = {
            "filter": self._ask,
            "help": self._help,
            "why": self._why,
            "forecast": self._forecast,
            "notices": self.on_banner_opened,
            "quit": self._leave,
        }
        if act in own:
            own[act]()
        else:
            self._operator.perform(act, ground or self.ground, self.pictures)

    def note_input(self, at: float) -> None:
        """The operator is there; a key comes by twice, before and after what has the focus has seen it."""
        self._bridge.note_key()
        self._came_at = at

    def action_act(self, act: str) -> None:
        """On what was under the cursor when the key was pressed, wherever that is when it acts."""
        press = self._haste.press_at_once if act == "filter" else self._haste.press
        press(act, partial(self.run_act, act, self.ground), at=self._came_at)

    def action_pane(self, pane: str) -> None:
        if self.has_class("-zoom") or is_folded(self, pane):
            zoom(self, pane)
        self.query_one(f"#{pane}").focus()

    def action_zoom(self) -> None:
        focused = self.focused.id if self.focused is not None else None
        zoom(self, None if self.has_class("-zoom") else focused or "queue")

    def action_back(self) -> None:
        """The latest of: zoom, marks, filter, another pane."""
        if self.has_class("-zoom"):
            zoom(self, None)
        elif self._queue.marked:
            self._queue.clear_marks()
        elif self._queue.filter:
            self._filter("")
        else:
            self._queue.focus()

    def action_neighbour(self, steps: int) -> None:
        self._repositories.action_move(steps)

    def action_candidate(self, steps: int) -> None:
        if self._selected is not None:
            self._retest.switch(self._selected, steps)
            self.tick()

    def on_key(self, event: events.Key) -> None:
        """A dimmed key says why it is dimmed."""
        active = self.active_bindings.get(event.key)
        if active is not None and not active.enabled and active.node is self:
            self._say_why_not(active.binding.id or "")

    def on_welcome_chosen(self, message: Welcome.Chosen) -> None:
        self.run_act(message.act)

    def on_row_list_cursor_moved(self, message: RowList.CursorMoved) -> None:
        if message.rows is self._repositories:
            self._queue.filter = ""
            self._show_selected()
            self.tick()
            return
        if message.by_hand:
            self._follow(by_hand=True)
        self.show_under_cursor()

    def on_row_list_marks_changed(self) -> None:
        self._queue.caption()
        self.show_under_cursor()

    def on_row_list_opened(self, message: RowList.Opened) -> None:
        if message.rows is self._repositories:
            zoom(self, None)
            self._queue.focus()
        elif self.picture is not None:
            self._operator.show_entry(self.picture, message.key)

    def on_nothing_to_step(self, message: NothingToStep) -> None:
        self._opened.why(message.picture, asked="Nothing to step")

    def on_lease_pane_opened(self) -> None:
        lines = [text for text, _ in self._lease.lines()]
        self._opened.lines("Lease", lines)

    def on_log_pane_line_chosen(self, message: LogPane.LineChosen) -> None:
        self._opened.lines("Line", [message.text])

    def on_prompt_typed(self, message: Prompt.Typed) -> None:
        if self._searching and message.over:
            self._log.search(message.text)
        elif not self._searching:
            self._filter(message.text)
        if message.over:
            (self._log if self._searching else self._queue).focus()

    def _is_behind(self) -> bool:
        """A key goes by the app and what has the focus before it gets here."""
        pumps = (self.app, self, self.focused)
        return any(pump.message_queue_size > 0 for pump in pumps if pump is not None)

    def _why_not(self, act: str) -> str | None:
        if act == "notices":
            return None if self._banner.lines else "there is nothing to notice"
        return why_not(act, self.ground)

    def _refuse(self) -> None:
        self._operator.warn("those keys came faster than a hand: none of them did anything")

    def _ask(self) -> None:
        """One line to type in: a search when the log is focused, else a filter of the queue."""
        self._searching = self.focused is self._log
        label = "search the log:" if self._searching else "filter the queue:"
        self._prompt.open(label, "" if self._searching else self._queue.filter)

    def _help(self) -> None:
        self._opened.help(self.focused.id if self.focused is not None else None)

    def _why(self) -> None:
        if self.picture is not None:
            self._opened.why(self.picture)

    def _forecast(self) -> None:
        name = self._repositories.current or ""
        self._opened.forecast(name, lambda: self.taken.get(name), self._bridge.reader(name))

    def _say_why_not(self, act: str) -> None:
        self._operator.warn(self._why_not(act) or "not now")

    def on_banner_opened(self) -> None:
        self._opened.lines("Notices", self._banner.lines)
