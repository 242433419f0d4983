"""What has happened on a repository, on screens that are there at once and read it off the event loop."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from textual.app import App

from mergetui.outcome import Run
from mergetui.report import SHIFT, markdown, report
from mergetui.results import Flake, flakes
from mergetui.statistics import Statistics, statistics
from mergetui.tui.bridge import Bridge, Picture
from mergetui.tui.reading import Source
from mergetui.tui.run_rows import RunRow, run_rows


class Past:
    """`shell` opens one in the tree of a run; None where that is not offered."""

    def __init__(
        self, app: App[Any], bridge: Bridge, *, shell: Callable[[Run], object] | None = None
    ) -> None:
        self._app = app
        self._bridge = bridge
        self._shell = shell

    # Each screen is loaded when it is asked for: the console opens without.

    def history(self, name: str) -> None:
        from mergetui.tui.screens.history import HistoryView

        desk = self._bridge.desk(name)

        def read() -> tuple[RunRow, ...]:
            return run_rows(desk.history())

        mask = self._bridge.mask(name)
        self._app.push_screen(HistoryView(name, Source(read, desk.stamp), mask, shell=self._shell))

    def statistics(self, name: str) -> None:
        from mergetui.tui.screens.statistics import SPANS, StatisticsView

        desk = self._bridge.desk(name)

        def read() -> list[Statistics]:
            facts, now = desk.facts(), self._bridge.now()
            return [statistics(facts, since=now - length, now=now) for _, length in SPANS]

        def stamp() -> object:
            """They are of the time up to now, in minutes."""
            return desk.stamp(), self._bridge.now().replace(second=0, microsecond=0)

        self._app.push_screen(StatisticsView(name, Source(read, stamp)))

    def train(self, picture: Picture) -> None:
        """`picture` tells what a retest takes; the rest is read as it becomes so."""
        from mergetui.tui.screens.train import TrainView

        name, bridge = picture.name, self._bridge
        self._app.push_screen(
            TrainView(
                name,
                Source(partial(bridge.aboard, name), object),
                bridge.mask(name),
                now=bridge.now,
                usual=picture.usual,
                read_only=bridge.read_only,
            )
        )

    def report(self, name: str) -> None:
        """As it is when it is asked for: nobody copies what changes under their eyes."""
        from mergetui.tui.screens.report import ReportView

        desk = self._bridge.desk(name)

        def read() -> str:
            now, target = self._bridge.now(), desk.repository.target
            told = report(name, desk.state(), desk.facts(), target=target, since=now - SHIFT, now=now)
            return markdown(told)

        self._app.push_screen(ReportView(name, Source(read)))

    def flakes(self, name: str) -> None:
        from mergetui.tui.screens.flakes import FlakesView

        desk = self._bridge.desk(name)

        def read() -> Sequence[Flake]:
            return flakes(desk.facts())

        mask, read_only = self._bridge.mask(name), self._bridge.read_only
        self._app.push_screen(FlakesView(name, Source(read, desk.stamp), mask, read_only=read_only))
