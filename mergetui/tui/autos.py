"""Auto-advance as the operator turns it on and off: off means that what runs is finished first."""

from collections.abc import Callable, Iterable

from mergetui.model import EntryId
from mergetui.tui.bridge import Bridge, Picture


class Autos:
    """`say` tells the operator; `bridge` leads to this console's own engine."""

    def __init__(self, bridge: Bridge, say: Callable[[str], None]) -> None:
        self._bridge = bridge
        self._say = say
        self._ending: dict[str, frozenset[EntryId]] = {}

    @property
    def ending(self) -> frozenset[str]:
        """The repositories that stop when what runs there has ended."""
        return frozenset(self._ending)

    def toggle(self, picture: Picture) -> None:
        if picture.name in self._ending:
            del self._ending[picture.name]
            self._bridge.engine.want(picture.name, picture.standing.mode)
            self._say(f"{picture.name}: goes on by itself")
        elif picture.standing.mode is None or picture.standing.ending is not None:
            self.start(picture)
        else:
            self.wind_down(picture)

    def toggle_all(self, pictures: Iterable[Picture]) -> None:
        """All that stopped themselves go on; else all off when one is on, else all on.

        Those that another process works on are left to it.
        """
        known = list(pictures)
        stopped = [p for p in known if has_stopped(p) and p.worked_on_elsewhere is None]
        if stopped:
            for picture in stopped:
                self.start(picture)
            return
        running = [picture for picture in known if picture.standing.mode == "auto"]
        for picture in running:
            self.wind_down(picture)
        if not running:
            for picture in known:
                if picture.worked_on_elsewhere is None and picture.standing.mode is None:
                    self.start(picture)

    def start(self, picture: Picture) -> None:
        self._bridge.engine.want(picture.name, "auto")
        self._say(f"{picture.name}: advances by itself{' again' if has_stopped(picture) else ''}")

    def wind_down(self, picture: Picture) -> None:
        """No more after what runs: switching the engine off at once would stop the retest."""
        flying = in_flight_here(picture)
        if not flying:
            self._bridge.engine.want(picture.name, None)
            self._say(f"{picture.name}: auto is off")
            return
        self._ending[picture.name] = flying
        self._bridge.engine.finish(picture.name)
        self._say(f"{picture.name}: stops when the retest has ended")

    def notice(self, picture: Picture) -> None:
        """A newer picture: what was to end may have ended."""
        awaited = self._ending.get(picture.name)
        if awaited is not None and not awaited & in_flight_here(picture):
            del self._ending[picture.name]
            self._bridge.engine.want(picture.name, None)


def has_stopped(picture: Picture) -> bool:
    """Whether the engine stopped the repository by itself, or is about to."""
    return picture.standing.stopped_itself is not None or picture.standing.ending is not None


def in_flight_here(picture: Picture) -> frozenset[EntryId]:
    """The entries that this console's own engine is at work on."""
    if picture.standing.mode is None or picture.worked_on_elsewhere is not None:
        return frozenset()
    return frozenset(entry.id for entry in picture.state.entries.values() if entry.state.in_flight)
