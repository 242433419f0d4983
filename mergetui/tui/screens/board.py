"""What the main screen is made of: the panes, and the pictures they show."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.screen import Screen

from mergetui.model import Instant, Oid
from mergetui.tui.bound_keys import bound_keys
from mergetui.tui.bridge import Bridge, Picture
from mergetui.tui.keys import footer
from mergetui.tui.messages import PercentsTold, PictureMissed, PictureTaken
from mergetui.tui.operator import Operator
from mergetui.tui.retest_watch import RetestWatch
from mergetui.tui.screens.zoom import zoom
from mergetui.tui.widgets.banner import Banner
from mergetui.tui.widgets.detail_pane import DetailPane
from mergetui.tui.widgets.key_bar import KeyBar
from mergetui.tui.widgets.lease_pane import LeasePane
from mergetui.tui.widgets.log_pane import LogPane
from mergetui.tui.widgets.prompt import Prompt
from mergetui.tui.widgets.queue_pane import QueuePane
from mergetui.tui.widgets.repository_pane import RepositoryPane
from mergetui.tui.widgets.top_bar import FoldedLine, TopBar
from mergetui.tui.widgets.train_strip import TrainStrip
from mergetui.tui.widgets.welcome import Welcome
from mergetui.tui.wording import missing, notices, pauses

if TYPE_CHECKING:
    from mergetui.adapters.presence import OpenConsole

_FEW = 11
"""Repositories whose rows all have room above the lease in a terminal of 25 rows, and are given no more."""


class Board(Screen[None]):
    """Shows pictures; it asks the world nothing."""

    AUTO_FOCUS = "QueuePane"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (81, "-roomy"), (200, "-wide")]  # noqa: RUF012 - as in Screen
    VERTICAL_BREAKPOINTS = [(0, "-short"), (25, "-tall")]  # noqa: RUF012

    class Ready(Message, namespace="main_screen"):
        """Everything is there that shows a picture."""

    def __init__(self, bridge: Bridge, operator: Operator) -> None:
        super().__init__()
        self._bridge = bridge
        self._operator = operator
        self.taken: dict[str, PictureTaken] = {}
        self._top_bar = TopBar(read_only=bridge.read_only)
        self._banner = Banner()
        self._folded_line = FoldedLine()
        self._repositories = RepositoryPane(bridge.names, id="repositories", classes="pane")
        self._lease = LeasePane(id="lease", classes="pane")
        self._queue = QueuePane(id="queue", classes="pane")
        self._log = LogPane(read_only=bridge.read_only, id="retest", classes="pane")
        self._log.border_title = "4 Retest"
        self._retest = RetestWatch(self._log, bridge.mask)
        self._detail = DetailPane(bridge.reader, id="detail", classes="pane")
        self._strip = TrainStrip(id="train")
        self._missed: dict[str, str] = {}
        self._told: dict[str, Mapping[Oid, int]] = {}
        self._prompt = Prompt()
        self._key_bar = KeyBar()

    def compose(self) -> ComposeResult:
        yield from (self._top_bar, self._banner, self._folded_line)
        if not self._bridge.names:
            yield Welcome(read_only=self._bridge.read_only)
        with Horizontal(id="body"):
            with Vertical(id="side"):
                yield from (self._repositories, self._lease)
            with Vertical(id="work"):
                yield from (self._queue, self._strip, self._log)
            yield self._detail
        yield from (self._prompt, self._key_bar)

    def on_mount(self) -> None:
        self.set_class(not self._bridge.names, "-nothing")
        self.set_class(len(self._bridge.names) <= _FEW, "-few")
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

    def show(self, taken: PictureTaken) -> None:
        """A newer picture of one repository."""
        self.taken[taken.picture.name] = taken
        self._operator.autos.notice(taken.picture)
        self._show_notices()
        if taken.picture.name == self._repositories.current:
            self._show_selected()
        self.tick()

    def _show_notices(self) -> None:
        pictures, keys = self.pictures, bound_keys(self.app)
        missed = [missing(name, why) for name, why in self._missed.items()]
        told = [line for one in pictures for line in notices(one, keys)]
        hurried = [line for taken in self.taken.values() for line in taken.emergencies]
        paused = [line for one in pictures for line in pauses(one, keys)]
        self._banner.show_lines([*missed, *told, *hurried, *paused])

    def show_operator(self, operator: str) -> None:
        self._top_bar.show_operator(operator)

    def show_others(self, consoles: "Sequence[OpenConsole]") -> None:
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
        self._show_train(now)
        self._queue.tick(now)
        self._lease.show_picture(picture, now)
        if self._selected is not None:
            self._retest.tell_progress(self._selected, now)
        self._operator.configuring.take_over.notice(self.pictures)
        self.show_under_cursor()

    def show_under_cursor(self) -> None:
        """What depends on the cursor and the marks of the queue alone: cheap, for every key."""
        if self.has_class("-wide"):
            self._detail.show_entry(self._queue.entry, self._selected, self._bridge.now())
        self._show_keys()

    def on_screen_suspend(self) -> None:
        """What was said is said by the screen on top."""
        self._show_toasts(shown=False)

    def on_screen_resume(self) -> None:
        self._show_toasts(shown=True)

    def on_descendant_focus(self) -> None:
        self._show_keys()

    def on_log_pane_percent_changed(self) -> None:
        self._show_train(self._bridge.now())

    def on_picture_missed(self, message: PictureMissed) -> None:
        self._missed.pop(message.repository, None)
        if message.why is not None:
            self._missed[message.repository] = message.why
        self._show_notices()

    def on_percents_told(self, message: PercentsTold) -> None:
        self._told[message.repository] = message.percents
        self._show_train(self._bridge.now())

    def on_resize(self) -> None:
        self.call_after_refresh(self._resized)

    def _resized(self) -> None:
        if not self.has_class("-zoom"):
            zoom(self, None)  # the focus leaves a pane that was folded away
        self.tick()

    def _show_selected(self) -> None:
        self._queue.show_queue(self._selected, self._bridge.now())
        self._follow(by_hand=False)

    def _follow(self, *, by_hand: bool) -> None:
        if self._selected is not None:
            self._retest.follow(self._selected, self._queue.entry, by_hand=by_hand)

    def _show_train(self, now: Instant) -> None:
        """How far the retests are, whether or not their log is the one that is shown."""
        taken = self._selected
        told = self._told.get(taken.picture.name, {}) if taken else {}
        self._queue.show_percents(self._retest.percents(taken, told) if taken else {})
        self._strip.show_train(self.picture, told, self._retest.commit, now)

    def _show_keys(self) -> None:
        if self.is_current:
            pane = self.focused.id if self.focused is not None else None
            self._key_bar.show_keys(*footer(self, pane, self.picture, seeks=self._log.seeks))

    def _show_toasts(self, *, shown: bool) -> None:
        for rack in self.query("ToastRack"):
            rack.display = shown

    def _place(self) -> str:
        names, current = self._bridge.names, self._repositories.current
        return f"{names.index(current) + 1}/{len(names)}" if current in names and len(names) > 1 else ""

    def _filter(self, text: str) -> None:
        self._queue.filter = text
        self._queue.show_queue(self._selected, self._bridge.now())
