"""From the wish to leave to the end of the console: what runs is asked about, stopped, or handed over."""

import threading
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from textual.app import App

from mergetui.tui.autos import in_flight_here
from mergetui.tui.bridge import Bridge, Picture
from mergetui.tui.operator import Operator, running
from mergetui.tui.reopening import Reopen, Visit
from mergetui.tui.wording import names

if TYPE_CHECKING:
    from mergetui.tui.screens.quit import Farewell

_PROMPT_EXIT = 0.4
"""Seconds that an engine without a retest gets to stop; it has nothing to lose."""


class Leaving:
    """`pictures` are the latest; `unwatch` ends the taking of new ones. `then`: what comes after the end."""

    def __init__(
        self,
        app: App[Any],
        bridge: Bridge,
        operator: Operator,
        *,
        pictures: Callable[[], Iterable[Picture]],
        unwatch: Callable[[], object],
    ) -> None:
        self._app = app
        self._bridge = bridge
        self._operator = operator
        self._pictures = pictures
        self._unwatch = unwatch
        self._waits = False
        self.then: Reopen | Visit | None = None

    def ask(self) -> None:
        """A question while a retest runs here; else the end."""
        at_work = running(self._pictures())
        if at_work:
            from mergetui.tui.screens.quit import QuitQuestion

            self._app.push_screen(QuitQuestion([_told(picture) for picture in at_work]), self._answered)
        else:
            self.leave()

    def notice(self) -> None:
        """A newer picture: what was waited for may have ended."""
        if self._waits and not running(self._pictures()):
            self.leave()

    def make_way(self, then: Reopen | Visit) -> None:
        """For another console, unless the operator leaves."""
        if self.then is None and not self._waits:
            self.leave(then=then)

    def leave(self, left: Iterable[str] = (), *, then: Reopen | Visit | None = None) -> None:
        """Stop off the event loop, and go; what runs is requeued first, and handed over if wanted."""
        names_left, self.then = tuple(left), then
        self._waits = False
        self._unwatch()
        # Whoever comes after this console works on the same state: its engine has to be gone.
        if then is None and not running(self._pictures()):
            self._app.set_timer(_PROMPT_EXIT, self._app.exit)
        self._app.notify("leaving" if then is None else "opening anew", markup=False)
        threading.Thread(target=self._stop, args=(names_left,), name="stop", daemon=True).start()

    def _answered(self, farewell: "Farewell | None") -> None:
        at_work = running(self._pictures())
        if farewell == "wait":
            self._waits = True
            for picture in at_work:
                self._operator.autos.wind_down(picture)
            self._operator.configuring.take_over.forget()
        elif farewell == "leave":
            self.leave([picture.name for picture in at_work])
        elif farewell == "stop":
            self.leave()

    def _stop(self, left: tuple[str, ...]) -> None:
        try:
            self._bridge.stop()
            if left:
                from mergetui.tui.hand_over import hand_over

                hand_over(self._bridge.wiring.places, left)
        finally:
            self._app.call_later(self._app.exit)


def _told(picture: Picture) -> str:
    flying = in_flight_here(picture)
    entries = picture.state.entries
    return f"{picture.name}: {names(entries[key].branch for key in sorted(flying))}"
