"""A changed configuration taken over: this console ends, and another one opens in its place.

The engine is made from the configuration, so that a new one needs a new engine. What runs is waited for.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct
from textual.message import Message

from mergetui.config import Config, load
from mergetui.tui.autos import Autos, in_flight_here
from mergetui.tui.bridge import Bridge, Picture
from mergetui.tui.errands import Errands
from mergetui.wiring import proven

if TYPE_CHECKING:
    from mergetui.wiring import Wiring

WAITS = "the saved settings are taken over first, when the retest has ended"


class Opening(Struct, frozen=True, kw_only=True):
    """How a console begins."""

    auto: tuple[str, ...] = ()
    """The repositories that advance by themselves from the start."""
    selected: str | None = None
    says: str | None = None
    follows: bool = False
    """A console was in its place a moment ago, whose last picture is still there."""


class Reopen(Struct, frozen=True):
    """Another console on the same state."""

    config: Config
    opening: Opening


class Visit(Struct, frozen=True):
    """A console on a sandbox, and then this one again."""

    wiring: "Wiring"
    directory: Path


class ConsoleEnds(Message):
    def __init__(self, then: Reopen | Visit) -> None:
        super().__init__()
        self.then = then


class TakeOver:
    """From the saving of a change to the end of this console; `end` is told what comes after it.

    `is_free` is false while something is typed that would be lost.
    """

    def __init__(
        self,
        bridge: Bridge,
        autos: Autos,
        errands: Errands,
        *,
        is_free: Callable[[], bool],
        say: Callable[[str], object],
        warn: Callable[[str], object],
        end: Callable[[Reopen], object],
    ) -> None:
        self._bridge = bridge
        self._autos = autos
        self._errands = errands
        self._is_free = is_free
        self._say = say
        self._warn = warn
        self._end = end
        self._opening: Opening | None = None
        self._is_loading = False
        self._pictures: tuple[Picture, ...] = ()

    @property
    def is_awaited(self) -> bool:
        return self._opening is not None

    def begin(self, *, selected: str, says: str) -> None:
        """At once, or when what runs here has ended; until then nothing new is started."""
        auto = self._opening.auto if self._opening is not None else self._on_auto()
        self._opening = Opening(auto=auto, selected=selected, says=says, follows=True)
        if not any(map(in_flight_here, self._pictures)):
            self._load()
            return
        for picture in self._pictures:
            if picture.standing.mode is not None and picture.name not in self._autos.ending:
                self._autos.wind_down(picture)
        self._say(f"{says}; taken over when the retest has ended")

    def notice(self, pictures: Sequence[Picture]) -> None:
        """Now and then: what ran here may have ended, and what was being typed may be done."""
        self._pictures = tuple(pictures)
        if self.is_awaited and self._is_free() and not any(map(in_flight_here, pictures)):
            self._load()

    def forget(self) -> None:
        """The operator leaves."""
        self._opening = None

    def _on_auto(self) -> tuple[str, ...]:
        modes = {name: self._bridge.engine.standing(name).mode for name in self._bridge.names}
        return tuple(
            name for name, mode in modes.items() if mode == "auto" and name not in self._autos.ending
        )

    def _load(self) -> None:
        if not self._is_loading:
            self._is_loading = True
            path = self._bridge.wiring.places.config
            self._errands.run("configuration", lambda: proven(load(path)), self._loaded, self._failed)

    def _loaded(self, config: Config) -> None:
        # Loaded once: what this console hears from now on changes nothing any more.
        self._is_loading = self._opening is not None
        if self._opening is not None:
            self._end(Reopen(config, self._opening))

    def _failed(self, told: str) -> None:
        """The old console stays as it was."""
        self._is_loading = False
        opening, self._opening = self._opening, None
        for name in opening.auto if opening is not None else ():
            if self._bridge.engine.standing(name).mode is None:
                self._bridge.engine.want(name, "auto")
        self._warn(f"the configuration was not taken over: {told}")
