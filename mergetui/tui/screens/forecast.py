"""Which queued branches conflict, before a retest is spent on them: with the target, and with each other."""

from collections.abc import Callable, Mapping
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from mergetui import cleaning
from mergetui.forecasting import Clashing, Forecast, Pair, Pairing
from mergetui.git_ports import BranchReader
from mergetui.tui.bound_keys import bound_keys
from mergetui.tui.key_table import bind
from mergetui.tui.messages import PictureTaken, SightFound
from mergetui.tui.scout import Scout
from mergetui.tui.screens.dialog import Keys, keys_line
from mergetui.tui.screens.text_view import TextView
from mergetui.tui.sight_words import badge, in_full
from mergetui.tui.widgets.matrix import Grid, Matrix, Spot
from mergetui.tui.wording import Badge, short

MOST = 50
"""Entries that are compared; each is with every other, so twice as many take four times as long."""
KEYS: Keys = (
    ("{matrix.down} {matrix.up} {matrix.left} {matrix.right}", "move"),
    ("{matrix.target} {matrix.last-column}", "ends"),
    ("{matrix.open}", "all paths"),
    ("{forecast.close}", "close"),
)
_LOOK = 0.25
"""Seconds between two looks at whether the queue or the target is another one."""
_LEGEND = "✓ clean   ✗ conflict   · not known yet"
_EMPTY = "no branch is queued, so none can conflict: {forecast.close}, then {enqueue} enqueues one"


class ForecastView(ModalScreen[None]):
    """`latest` is the repository as it is now; `reader` blocks, and is asked off the event loop."""

    AUTO_FOCUS = "Matrix"
    DEFAULT_CSS = """
    ForecastView {
        background: $background;
        #forecast-title { height: 1; padding: 0 1; text-style: bold; }
        #forecast-legend { height: 1; padding: 0 1; color: $text-muted; }
        #forecast-title, #forecast-legend { text-wrap: nowrap; text-overflow: ellipsis; }
        Matrix { height: 1fr; margin: 0 1; }
        #forecast-pair { height: 4; padding: 0 1; border-top: solid $border-blurred; }
        #forecast-keys { height: 1; padding: 0 1; text-wrap: nowrap; text-overflow: ellipsis; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [bind("forecast.close", "close", "close")]

    def __init__(
        self, repository: str, latest: Callable[[], PictureTaken | None], reader: BranchReader
    ) -> None:
        super().__init__()
        self._repository = repository
        self._latest = latest
        self._target = ""
        self._queued = 0
        self._pairing = Pairing(None, ())
        self._pair_at: Mapping[Spot, Pair] = {}
        self._pairs: tuple[Pair, ...] = ()
        """Each once."""
        self._scout: Scout[Pair, Forecast | None] = Scout(
            lambda pair: reader.forecast(*pair),
            lambda: self.post_message(SightFound()),
            is_whole=lambda forecast: forecast is not None,
        )

    def compose(self) -> ComposeResult:
        yield Static(id="forecast-title", markup=False)
        yield Static(id="forecast-legend", markup=False)
        yield Matrix(self._badge, empty=bound_keys(self.app).say(_EMPTY))
        yield Static(id="forecast-pair", markup=False)
        yield Static(keys_line(KEYS, bound_keys(self.app)), id="forecast-keys", markup=False)

    def on_mount(self) -> None:
        self.set_interval(_LOOK, self._look)
        self._look()

    def on_unmount(self) -> None:
        self._scout.end()

    def on_sight_found(self) -> None:
        self._matrix.refresh()
        self._show_words()

    def on_matrix_moved(self) -> None:
        self._show_words()

    def on_matrix_opened(self) -> None:
        forecast = self._forecast(self._matrix.spot)
        if isinstance(forecast, Clashing):
            self.app.push_screen(TextView(f"Conflict · {self._others()}", forecast.paths))

    def action_close(self) -> None:
        if self.is_current:
            self.dismiss(None)

    @property
    def _matrix(self) -> Matrix:
        return self.query_one(Matrix)

    def _look(self) -> None:
        """At the queue and the target as they are now."""
        taken = self._latest()
        if taken is None:
            return
        seen = taken.picture.state.seen
        pairing = Pairing(seen.tip if seen else None, taken.queue[:MOST])
        self._target, self._queued = taken.picture.repository.target, len(taken.queue)
        if pairing != self._pairing:
            self._pairing, self._pair_at = pairing, pairing.spots()
            self._pairs = tuple(dict.fromkeys(self._pair_at.values()))
            self._matrix.show(
                Grid(
                    cleaning.name(self._target),
                    tuple(entry.id for entry in pairing.entries),
                    tuple(cleaning.name(entry.branch) for entry in pairing.entries),
                )
            )
        self._scout.want(self._pairs)
        self._show_words()

    def _forecast(self, spot: Spot | None) -> Forecast | None:
        pair = self._pair_at.get(spot) if spot is not None else None
        return self._scout.found.get(pair) if pair is not None else None

    def _badge(self, spot: Spot) -> Badge | None:
        row, column = spot
        return None if row == column else badge(self._forecast(spot))

    def _show_words(self) -> None:
        tip = self._pairing.tip
        told = [f"Conflict forecast · {self._repository}", f"{self._target} {short(tip)}"]
        if self._queued > MOST:
            told.append(f"the first {MOST} of {self._queued:,} in the queue")
        self.query_one("#forecast-title", Static).update(Content(cleaning.name(" · ".join(told))))
        self.query_one("#forecast-legend", Static).update(Content(f"{_LEGEND}   {self._progress()}"))
        self.query_one("#forecast-pair", Static).update(Content(cleaning.name(self._pair_words())))

    def _progress(self) -> str:
        known = sum(self._scout.found.get(pair) is not None for pair in self._pairs)
        if known == len(self._pairs):
            return ""
        return f"{known:,} of {len(self._pairs):,} pairs known"

    def _pair_words(self) -> str:
        spot = self._matrix.spot
        if spot is None:
            return ""
        if spot[0] == spot[1]:
            return f"{self._called(spot[0])} and itself"
        said = in_full(self._forecast(spot), self._called(spot[1]))
        if self._pairing.tip is None and spot[1] is None:
            said = f"{said}: no engine has looked at the remote"
        return f"{self._called(spot[0])}: {said}"

    def _others(self) -> str:
        spot = self._matrix.spot
        return " with ".join(self._called(key) for key in spot) if spot else ""

    def _called(self, key: str | None) -> str:
        if key is None:
            return self._target
        return next((entry.branch for entry in self._pairing.entries if entry.id == key), key)
