"""The whole train: what is under test, what it assumes, what was thrown away and why."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.screen import ModalScreen
from textual.widgets import Static

from mergetui import cleaning
from mergetui.masking import Mask
from mergetui.model import Instant
from mergetui.train import Course, OnTrial, Train
from mergetui.tui.bound_keys import bound_keys
from mergetui.tui.key_table import bind
from mergetui.tui.reading import READING, Reading, Source
from mergetui.tui.screens.dialog import Keys, facts, keys_line
from mergetui.tui.screens.log_view import LogView
from mergetui.tui.train_sight import Aboard
from mergetui.tui.train_words import COURSES, came_to, joined, line_of, since
from mergetui.tui.widgets.row_list import RowList
from mergetui.tui.widgets.titled import title
from mergetui.tui.widgets.train_list import TrainList
from mergetui.tui.wording import short, span

KEYS: Keys = (
    ("{list.down} {list.up}", "candidate"),
    ("{list.open}", "its log"),
    ("{list.first} {list.last}", "ends"),
    ("{train.close}", "back"),
)


class TrainView(ModalScreen[None]):
    """The candidates above; below it the one under the cursor in words."""

    AUTO_FOCUS = "TrainList"
    DEFAULT_CSS = """
    TrainView {
        background: $background;
        TrainList { height: 1fr; min-height: 4; }
        #train-one { height: auto; max-height: 12; padding: 0 2; }
        #train-keys { height: 1; padding: 0 1; text-wrap: nowrap; text-overflow: ellipsis; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [bind("train.close", "back", "back")]

    def __init__(
        self,
        repository: str,
        aboard: Source[Aboard],
        mask: Mask,
        *,
        now: Callable[[], Instant],
        usual: timedelta | None = None,
        read_only: bool = False,
    ) -> None:
        """`usual` is what a retest takes, from earlier ones."""
        super().__init__()
        self._repository = repository
        self._reading = Reading(aboard, self.call_later, self._show, self._failed)
        self._mask = mask
        self._now = now
        self._read_only = read_only
        self._train = Train()
        self._list = TrainList(usual)

    def compose(self) -> ComposeResult:
        yield self._list
        yield Static(id="train-one", markup=False)
        yield Static(keys_line(KEYS, bound_keys(self.app)), id="train-keys", markup=False)

    def on_mount(self) -> None:
        self._list.empty = READING
        self._caption()
        self.set_interval(1, self._tick)
        self._reading.start()

    def on_unmount(self) -> None:
        self._reading.end()

    def on_resize(self) -> None:
        self.call_after_refresh(self._caption)

    def on_row_list_cursor_moved(self, message: RowList.CursorMoved) -> None:
        message.stop()
        self._tick()

    def on_row_list_opened(self, message: RowList.Opened) -> None:
        message.stop()
        one = self._list.candidate
        if one is not None:
            self.app.push_screen(
                LogView(
                    _log(one),
                    _titled(one),
                    self._mask,
                    read_only=self._read_only,
                    over=one.course is not Course.TESTING,
                )
            )

    def action_back(self) -> None:
        if self.is_current:
            self.dismiss(None)

    def _show(self, aboard: Aboard) -> None:
        nothing = "nothing was under test yet: {train.close}, then {auto} goes on by itself"
        self._list.empty = bound_keys(self.app).say(nothing)
        self._train = aboard.train
        self._list.show_train(aboard, self._now())
        self._caption()
        self._tick()

    def _failed(self, told: str) -> None:
        self._list.empty = f"it cannot be read: {cleaning.name(cleaning.redact(told))}"
        self._list.refresh()

    def _tick(self) -> None:
        """Ages are those of this moment."""
        self._list.tick(self._now())
        one = self._list.candidate
        rows = () if one is None else _rows(one, self._train, self._list.so_far(one), self._now())
        self.query_one("#train-one", Static).update(facts((what, self._mask(told)) for what, told in rows))

    def _caption(self) -> None:
        running, thrown = len(self._train.running), len(self._train.thrown_away)
        title(
            self._list,
            "Train",
            self._repository,
            f"{running} under test" if running else "nothing under test",
            f"{thrown} thrown away lately" if thrown else "",
        )


def _rows(one: OnTrial, train: Train, so_far: str, now: Instant) -> Iterator[tuple[str, str]]:
    """All there is to tell of a candidate."""
    badge, runs = COURSES[one.course], one.course is Course.TESTING
    yield "candidate", f"{' + '.join(' '.join(member) for member in one.line or one.entries)}"
    yield "commit", one.commit + _below(one)
    if runs:
        yield "state", f"{badge.glyph} {badge.word}, {so_far}"
        yield "assumes", _assumes(train, one)
        for red in train.standing:
            if red.course is Course.RED and red.line[-1] in train.left_out_of(one):
                yield "without", f"{joined(red.line[-1:])}, for {line_of(red)} is {came_to(red)}"
        for member in train.hedged_against(one):
            yield (
                "without",
                f"{joined([member])}, in case it is red: what is behind it need not begin anew then",
            )
    else:
        took = f" after {span(one.ended - one.began)}" if one.ended and one.ended > one.began else ""
        yield "state", f"{badge.glyph} {came_to(one)}"
        yield "ended", f"{since(one, now)}{took}"
    yield "log", one.log


def _below(one: OnTrial) -> str:
    if one.onto == one.commit:
        return ", landed with a longer candidate"
    return f" on {one.onto}" if one.onto else ""


def _assumes(train: Train, one: OnTrial) -> str:
    ahead = train.ahead_in(one)
    onto = f"the target at {short(one.onto)}" if one.onto else "a base that the journal does not tell"
    if not ahead:
        return onto
    return f"{joined(ahead)} ahead of it, which {'is' if len(ahead) == 1 else 'are'} tested beside it; {onto}"


def _titled(one: OnTrial) -> str:
    came = came_to(one)
    return f"{line_of(one)} · {came}" if came else line_of(one)


def _log(one: OnTrial) -> Path | None:
    path = Path(one.log)
    return path if path.is_file() else None
