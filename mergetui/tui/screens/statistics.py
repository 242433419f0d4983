"""How a repository has fared, in numbers."""

from collections.abc import Sequence
from datetime import timedelta
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import Sparkline, Static

from mergetui.statistics import DAY, Statistics
from mergetui.tui.figures import figures, pace
from mergetui.tui.screens.dialog import Dialog, Keys, facts

SPANS: tuple[tuple[str, timedelta], ...] = (("24 h", DAY), ("7 d", 7 * DAY), ("30 d", 30 * DAY))
"""By the digit that chooses them, from 1."""
KEYS: Keys = (("1 2 3", "24 h, 7 d, 30 d"), ("t", "the next of them"), ("j k", "move"), ("esc", "close"))


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
            Binding(str(digit), f"only({digit - 1})", name, show=False)
            for digit, (name, _) in enumerate(SPANS, 1)
        ),
        Binding("t", "next", "the next span", show=False),
    ]

    def __init__(self, repository: str, numbers: Sequence[Statistics]) -> None:
        super().__init__(f"Statistics · {repository}", keys=KEYS)
        self._numbers = numbers
        self._place = 0

    def compose_body(self) -> ComposeResult:
        yield Static(id="statistics-head", markup=False)
        yield Sparkline([])
        yield Static(id="statistics-pace", markup=False)
        yield Static(id="statistics-figures", markup=False)

    def on_mount(self) -> None:
        self.action_only(0)

    def action_next(self) -> None:
        self.action_only((self._place + 1) % len(SPANS))

    def action_only(self, place: int) -> None:
        self._place = place
        numbers = self._numbers[place]
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
        longer = ": 3 shows 30 d" if self._place < len(SPANS) - 1 else ""
        return (
            f"\nnothing has happened here in {name}{longer}\nesc, then s does one step, a goes on by itself\n"
        )
