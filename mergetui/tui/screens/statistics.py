"""How a repository has fared, in numbers."""

from collections.abc import Sequence
from datetime import timedelta
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content
from textual.widgets import Sparkline, Static

from mergetui import cleaning
from mergetui.statistics import DAY, Statistics
from mergetui.tui.bound_keys import bound_keys
from mergetui.tui.figures import figures, pace
from mergetui.tui.key_table import bind
from mergetui.tui.reading import READING, Reading, Source
from mergetui.tui.screens.dialog import Dialog, Keys, facts

SPANS: tuple[tuple[str, timedelta], ...] = (("24 h", DAY), ("7 d", 7 * DAY), ("30 d", 30 * DAY))
"""By the digit that chooses them, from 1."""
KEYS: Keys = (
    ("{statistics.day} {statistics.week} {statistics.month}", "span"),
    ("{statistics.next}", "next span"),
    ("{dialog.down} {dialog.up}", "move"),
    ("{dialog.close}", "close"),
)
_IDS = ("day", "week", "month")
"""Of the keys that choose a span, in the order of `SPANS`."""


class StatisticsView(Dialog[None]):
    """`numbers` are of `SPANS`, in their order."""

    DEFAULT_CSS = """
    StatisticsView {
        & > #dialog-box { width: 100; max-width: 96%; }
        Sparkline { height: 2; margin-top: 1; }
        #statistics-pace { color: $text-muted; padding-bottom: 1; }
        &.-short Sparkline { height: 1; margin-top: 0; }
        &.-short #statistics-pace { padding-bottom: 0; }
        &.-empty Sparkline, &.-empty #statistics-pace { display: none; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        *(
            bind(f"statistics.{key}", f"only({place})", name)
            for place, (key, (name, _)) in enumerate(zip(_IDS, SPANS, strict=True))
        ),
        bind("statistics.next", "next", "the next span"),
    ]

    def __init__(self, repository: str, numbers: Source[Sequence[Statistics]]) -> None:
        super().__init__(f"Statistics · {repository}", keys=KEYS)
        self._numbers: Sequence[Statistics] = ()
        self._reading = Reading(numbers, self.call_later, self._show, self._failed)
        self._place = 0

    def compose_body(self) -> ComposeResult:
        yield Static(id="statistics-head", markup=False)
        yield Sparkline([])
        yield Static(id="statistics-pace", markup=False)
        yield Static(id="statistics-figures", markup=False)

    def on_mount(self) -> None:
        self._say(READING)
        self._reading.start()

    def on_unmount(self) -> None:
        self._reading.end()

    def action_next(self) -> None:
        self.action_only((self._place + 1) % len(SPANS))

    def action_only(self, place: int) -> None:
        self._place = place
        if self._numbers:
            self._show_numbers(self._numbers[place])

    def _show(self, numbers: Sequence[Statistics]) -> None:
        self._numbers = numbers
        self.action_only(self._place)

    def _failed(self, told: str) -> None:
        if self._numbers:
            self.notify(cleaning.name(cleaning.redact(told)), severity="error", markup=False)
        else:
            self._say(f"they cannot be read: {cleaning.name(cleaning.redact(told))}")

    def _say(self, words: str) -> None:
        """In place of the numbers."""
        self.add_class("-empty")
        self.query_one("#statistics-figures", Static).update(Content(words))

    def _show_numbers(self, numbers: Statistics) -> None:
        self.set_class(numbers.is_empty, "-empty")
        counts, told = pace(numbers)
        self.query_one("#statistics-head", Static).update(self._head(numbers))
        self.query_one(Sparkline).data = counts
        self.query_one("#statistics-pace", Static).update(Content(told))
        shown = Content(self._nothing()) if numbers.is_empty else facts(figures(numbers))
        self.query_one("#statistics-figures", Static).update(shown)

    def _head(self, numbers: Statistics) -> Content:
        spans = (
            Content.assemble((f"▸ {name} ", "reverse") if place == self._place else (f"  {name} ", "dim"))
            for place, (name, _) in enumerate(SPANS)
        )
        told = "" if numbers.is_empty else f"    {numbers.landed} landed"
        return Content.assemble(Content(" ").join(spans), (told, "bold"))

    def _nothing(self) -> str:
        name, _ = SPANS[self._place]
        longer = ": {statistics.month} shows 30 d" if self._place < len(SPANS) - 1 else ""
        return bound_keys(self.app).say(
            f"\nnothing has happened here in {name}{longer}\n"
            "{dialog.close}, then {step} does one step, {auto} goes on by itself\n"
        )
