"""One step, from its preview to the engine: of what was shown, not of what took its place meanwhile."""

from collections.abc import Callable
from typing import Any

from textual.app import App

from mergetui.tui.bridge import Bridge, Picture
from mergetui.tui.errands import Errands
from mergetui.tui.messages import NothingToStep


class Stepping:
    """`begun` is called after a step was wanted of the engine; `warn` tells the operator."""

    def __init__(
        self,
        app: App[Any],
        bridge: Bridge,
        errands: Errands,
        *,
        warn: Callable[[str], object],
        begun: Callable[[], object],
    ) -> None:
        self._app = app
        self._bridge = bridge
        self._errands = errands
        self._warn = warn
        self._begun = begun

    def show(self, picture: Picture) -> None:
        """The commands of the next step; the same key does it. The main screen says why there is none."""
        from mergetui.tui.preview import preview
        from mergetui.tui.screens.step import StepPreview

        def answered(agreed: bool | None) -> None:
            if agreed:
                self._look_again(picture)

        lines = preview(picture, self._bridge.mask(picture.name))
        if lines is None:
            self._app.screen_stack[0].post_message(NothingToStep(picture))
            return
        self._app.push_screen(StepPreview(picture.name, lines), answered)

    def _look_again(self, shown: Picture) -> None:
        def begin(latest: Picture) -> None:
            from mergetui.tui.preview import aim

            if aim(latest) != aim(shown):
                self.show(latest)
                self._warn("the queue has changed: this is how it is by now")
                return
            self._bridge.engine.want(shown.name, "step")
            self._begun()

        self._errands.run(shown.name, lambda: self._bridge.picture(shown.name), begin, self._warn)
