"""What has happened on a repository, read off the event loop and then shown."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from textual.app import App
from textual.screen import Screen

from mergetui.report import SHIFT, markdown, report
from mergetui.results import Flake, flakes
from mergetui.statistics import Statistics, statistics
from mergetui.tui.bridge import Bridge
from mergetui.tui.errands import Errands
from mergetui.tui.run_rows import RunRow, run_rows
from mergetui.tui.screens.flakes import FlakesView
from mergetui.tui.screens.history import HistoryView
from mergetui.tui.screens.report import ReportView
from mergetui.tui.screens.statistics import SPANS, StatisticsView

T = TypeVar("T")


class Past:
    """`failed` is told of the repository and why its journal cannot be read."""

    def __init__(
        self, app: App[Any], bridge: Bridge, errands: Errands, failed: Callable[[str, str], object]
    ) -> None:
        self._app = app
        self._bridge = bridge
        self._errands = errands
        self._failed = failed

    def history(self, name: str) -> None:
        def read() -> tuple[RunRow, ...]:
            return run_rows(self._bridge.desk(name).history())

        self._show(name, read, lambda rows: HistoryView(name, rows, self._bridge.mask(name)))

    def statistics(self, name: str) -> None:
        def read() -> list[Statistics]:
            facts, now = self._bridge.desk(name).facts(), self._bridge.now()
            return [statistics(facts, since=now - length, now=now) for _, length in SPANS]

        self._show(name, read, lambda numbers: StatisticsView(name, numbers))

    def report(self, name: str) -> None:
        def read() -> str:
            desk, now = self._bridge.desk(name), self._bridge.now()
            target = desk.repository.target
            told = report(name, desk.state(), desk.facts(), target=target, since=now - SHIFT, now=now)
            return markdown(told)

        self._show(name, read, lambda told: ReportView(name, told))

    def flakes(self, name: str) -> None:
        def screen(found: Sequence[Flake]) -> FlakesView:
            return FlakesView(name, found, self._bridge.mask(name), read_only=self._bridge.read_only)

        self._show(name, lambda: flakes(self._bridge.desk(name).facts()), screen)

    def _show(self, name: str, read: Callable[[], T], screen: Callable[[T], Screen[None]]) -> None:
        """Over the screen from which it was asked for; not over one that was opened meanwhile."""
        beneath = self._app.screen

        def show(answer: T) -> None:
            if self._app.screen is beneath:
                self._app.push_screen(screen(answer))

        self._errands.run(f"{name} past", read, show, lambda told: self._failed(name, told))
