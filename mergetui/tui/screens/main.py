"""The main screen: what lands, what waits and why, who holds the lease, is the retest alive."""

import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.screen import Screen

from mergetui.adapters.presence import OpenConsole
from mergetui.tui.availability import Ground, why_not
from mergetui.tui.bridge import Bridge, Picture
from mergetui.tui.following import Followed, captions, ended_red, follow, progress_of
from mergetui.tui.haste import Haste
from mergetui.tui.keys import BINDINGS, footer, help_rows
from mergetui.tui.messages import PictureTaken
from mergetui.tui.operator import Operator
from mergetui.tui.screens.forecast import ForecastView
from mergetui.tui.screens.help import HelpView
from mergetui.tui.screens.text_view import TextView
from mergetui.tui.screens.why import WhyView
from mergetui.tui.screens.zoom import is_folded, zoom
from mergetui.tui.widgets.banner import Banner
from mergetui.tui.widgets.detail_pane import DetailPane
from mergetui.tui.widgets.key_bar import KeyBar
from mergetui.tui.widgets.lease_pane import LeasePane
from mergetui.tui.widgets.log_pane import LogPane
from mergetui.tui.widgets.prompt import Prompt
from mergetui.tui.widgets.queue_pane import QueuePane
from mergetui.tui.widgets.repository_pane import RepositoryPane
from mergetui.tui.widgets.row_list import RowList
from mergetui.tui.widgets.top_bar import FoldedLine, TopBar
from mergetui.tui.widgets.welcome import Welcome
from mergetui.tui.wording import notices


class MainScreen(Screen[None]):
    """Shows pictures, and hands the operator's keys on; it asks the world nothing."""

    AUTO_FOCUS = "QueuePane"
    BINDINGS: ClassVar[list[BindingType]] = [*BINDINGS]
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (81, "-roomy"), (200, "-wide")]  # noqa: RUF012 - as in Screen
    VERTICAL_BREAKPOINTS = [(0, "-short"), (25, "-tall")]  # noqa: RUF012

    class Ready(Message):
        """Everything is there that shows a picture."""

    def __init__(self, bridge: Bridge, operator: Operator, leave: Callable[[], None]) -> None:
        super().__init__()
        self._bridge = bridge
        self._operator = operator
        self._leave = leave
        self.taken: dict[str, PictureTaken] = {}
        self._followed: Followed | None = None
        self._haste = Haste(self._refuse, later=self.set_timer, monotonic=time.monotonic)
        self._searching = False
        self._top_bar = TopBar(bridge.operator, read_only=bridge.read_only)
        self._banner = Banner()
        self._folded_line = FoldedLine()
        self._repositories = RepositoryPane(bridge.names, id="repositories", classes="pane")
        self._lease = LeasePane(id="lease", classes="pane")
        self._queue = QueuePane(id="queue", classes="pane")
        self._log = LogPane(read_only=bridge.read_only, id="retest", classes="pane")
        self._detail = DetailPane(bridge.reader, id="detail", classes="pane")
        self._prompt = Prompt()
        self._key_bar = KeyBar()

    def compose(self) -> ComposeResult:
        yield from (self._top_bar, self._banner, self._folded_line)
        if not self._bridge.names:
            yield Welcome()
        with Horizontal(id="body"):
            with Vertical(id="side"):
                yield from (self._repositories, self._lease)
            with Vertical(id="work"):
                yield from (self._queue, self._log)
            yield self._detail
        yield from (self._prompt, self._key_bar)

    def on_mount(self) -> None:
        self.set_class(not self._bridge.names, "-nothing")
        self.set_interval(1, self.tick)
        self.tick()
        self._show_selected()
        self.post_message(self.Ready())

    @property
    def picture(self) -> Picture | None:
        """Of the selected repository."""
        return self._selected.picture if self._selected else None

    @property
    def _selected(self) -> PictureTaken | None:
        return self.taken.get(self._repositories.current or "")

    @property
    def pictures(self) -> list[Picture]:
        return [taken.picture for taken in self.taken.values()]

    @property
    def ground(self) -> Ground:
        return Ground(
            picture=self.picture,
            entries=self._queue.entries(),
            undoable=self._operator.undoing.is_open,
            read_only=self._bridge.read_only,
        )

    def show(self, taken: PictureTaken) -> None:
        """A newer picture of one repository."""
        self.taken[taken.picture.name] = taken
        self._operator.autos.notice(taken.picture)
        self._banner.show_lines([line for picture in self.pictures for line in notices(picture)])
        if taken.picture.name == self._repositories.current:
            self._show_selected()
        self.tick()

    def show_others(self, consoles: Sequence[OpenConsole]) -> None:
        """The consoles of others on the same state."""
        self._top_bar.show_others(consoles)
        self._lease.show_others(consoles)

    def tick(self) -> None:
        """Once a second, and whenever something has changed: ages, and what the keys can do."""
        now, picture = self._bridge.now(), self.picture
        ending = self._operator.autos.ending
        self._top_bar.show_pictures(self.taken, ending, repositories=len(self._bridge.names), now=now)
        self._folded_line.show_repository(self._selected, self._place(), now)
        self._repositories.show_pictures(self.taken, now)
        self._queue.tick(now)
        self._lease.show_picture(picture, now)
        if self._selected is not None:
            self._log.tell_progress(partial(progress_of, self._followed, self._selected, now=now))
        if self.has_class("-wide"):
            self._detail.show_entry(self._queue.entry, self._selected, now)
        self._show_keys()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
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

    def action_act(self, act: str) -> None:
        """On what was under the cursor when the key was pressed, wherever that is when it acts."""
        press = self._haste.press_at_once if act == "filter" else self._haste.press
        press(act, partial(self.run_act, act, self.ground))

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

    def on_key(self, event: events.Key) -> None:
        """A dimmed key says why it is dimmed."""
        active = self.active_bindings.get(event.key)
        if active is not None and not active.enabled and active.node is self:
            self._operator.warn(self._why_not(active.binding.id or "") or "not now")

    def on_descendant_focus(self) -> None:
        self._show_keys()

    def on_resize(self) -> None:
        self.call_after_refresh(self._resized)

    def on_row_list_cursor_moved(self, message: RowList.CursorMoved) -> None:
        if message.rows is self._repositories:
            self._queue.filter = ""
            self._show_selected()
        elif message.by_hand:
            self._follow(by_hand=True)
        self.tick()

    def on_row_list_marks_changed(self) -> None:
        self.tick()

    def on_row_list_opened(self, message: RowList.Opened) -> None:
        if message.rows is self._repositories:
            zoom(self, None)
            self._queue.focus()
        elif self.picture is not None:
            self._operator.show_entry(self.picture, message.key)

    def on_lease_pane_opened(self) -> None:
        lines = [text for text, _ in self._lease.lines()]
        self.app.push_screen(TextView("Lease", lines))

    def on_log_pane_line_chosen(self, message: LogPane.LineChosen) -> None:
        self.app.push_screen(TextView("Line", [message.text]))

    def on_prompt_typed(self, message: Prompt.Typed) -> None:
        if self._searching and message.over:
            self._log.search(message.text)
        elif not self._searching:
            self._filter(message.text)
        if message.over:
            (self._log if self._searching else self._queue).focus()

    def _resized(self) -> None:
        if not self.has_class("-zoom"):
            zoom(self, None)  # the focus leaves a pane that was folded away
        self.tick()

    def _show_selected(self) -> None:
        self._queue.show_queue(self._selected, self._bridge.now())
        self._follow(by_hand=False)

    def _follow(self, *, by_hand: bool) -> None:
        taken, before = self._selected, self._followed
        if taken is None:
            return
        now = self._followed = follow(before, taken, self._queue.entry, by_hand=by_hand)
        if before is None or (before.path, before.entry) != (now.path, now.entry):
            title, empty = captions(now)
            mask = self._bridge.mask(taken.picture.name)
            self._log.show_log(now.path, mask, title=title, empty=empty)
        if ended_red(before, now, taken):
            self._log.stand_at_first_error()

    def _show_keys(self) -> None:
        if self.is_current:
            pane = self.focused.id if self.focused is not None else None
            self._key_bar.show_keys(*footer(self, pane, self.picture))

    def _place(self) -> str:
        names, current = self._bridge.names, self._repositories.current
        return f"{names.index(current) + 1}/{len(names)}" if current in names and len(names) > 1 else ""

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

    def _filter(self, text: str) -> None:
        self._queue.filter = text
        self._queue.show_queue(self._selected, self._bridge.now())

    def _help(self) -> None:
        pane = self.focused.id if self.focused is not None else None
        self.app.push_screen(HelpView(f"Keys · {pane or 'console'}", help_rows(self)), self._press)

    def _why(self) -> None:
        if self.picture is not None:
            self.app.push_screen(WhyView(self.picture.known, self.picture.verdict), self._press)

    def _forecast(self) -> None:
        """Of the repository that is selected now, and as it changes."""
        name = self._repositories.current or ""
        self.app.push_screen(ForecastView(name, lambda: self.taken.get(name), self._bridge.reader(name)))

    def _press(self, key: str | None) -> None:
        """Do what the key does here, for somebody who chose it on another screen."""
        for active in self.active_bindings.values():
            binding = active.binding
            if key not in (binding.key, self.app.get_key_display(binding)):
                continue
            if active.enabled:
                self.call_later(self.app.run_action, binding.action, active.node)
            else:
                self._operator.warn(self._why_not(binding.id or "") or "not now")
            return

    def on_banner_opened(self) -> None:
        self.app.push_screen(TextView("Notices", self._banner.lines))
