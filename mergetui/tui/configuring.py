"""Settings, new repositories and the sandbox: the questions, and what is written off the event loop."""

import os
import tempfile
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from textual.app import App
from textual.widgets import Input

from mergetui import cleaning
from mergetui.config import read, twin_of
from mergetui.config_tables import native_setting
from mergetui.tui.autos import Autos
from mergetui.tui.bridge import Bridge
from mergetui.tui.errands import Errands
from mergetui.tui.reopening import ConsoleEnds, Opening, TakeOver, Visit

if TYPE_CHECKING:
    from mergetui.settings import Sheet
    from mergetui.tui.screens.add_repository import Added
    from mergetui.tui.screens.settings import Answer

_LANE = "configuration"


class Voice(Protocol):
    """How the operator is told."""

    autos: Autos

    def say(self, text: str) -> None: ...

    def warn(self, text: str) -> None: ...


class Configuring:
    """What a form needs is loaded with the form."""

    def __init__(self, app: App[Any], bridge: Bridge, errands: Errands, voice: Voice) -> None:
        self._app = app
        self._bridge = bridge
        self._errands = errands
        self._voice = voice
        self._path = bridge.wiring.places.config
        self.take_over = TakeOver(
            bridge,
            voice.autos,
            errands,
            is_free=self._is_free,
            # After what each repository that is stopped says of itself.
            say=lambda text: app.call_later(voice.say, text),
            warn=self._failed,
            end=lambda then: app.post_message(ConsoleEnds(then)),
        )
        self._is_building = False

    def begin(self, opening: Opening, select: Callable[[str], object]) -> None:
        """As the console before this one was."""
        for name in opening.auto:
            if name in self._bridge.names:
                self._bridge.engine.want(name, "auto")
        if opening.selected in self._bridge.names:
            select(opening.selected)
        if opening.says is not None:
            self._voice.say(opening.says)

    def settings(self, name: str, typed: Mapping[str, str] | None = None) -> None:
        """The form, on the file as it is now."""
        from mergetui.config_file import change_repository
        from mergetui.settings import sheet_of
        from mergetui.tui.screens.settings import SettingsForm

        beneath = self._app.screen

        def sheet() -> "Sheet":
            return sheet_of(name, path=self._path, seen=read(self._path), environ=os.environ)

        def ask(sheet: "Sheet") -> None:
            if self._app.screen is beneath:
                save = partial(change_repository, self._path, name, seen=sheet.seen, environ=os.environ)
                mask, read_only = self._bridge.mask(name), self._bridge.read_only
                form = SettingsForm(sheet, save, mask, typed, read_only=read_only)
                self._app.push_screen(form, partial(self._answered, name))

        self._errands.run(_LANE, sheet, ask, self._failed)

    def add(self) -> None:
        """The form, filled with what the checkout says that the console was started in."""
        from mergetui.adapters.checkout import origin_of
        from mergetui.config_file import whole_address
        from mergetui.tui.screens.add_repository import AddForm

        beneath, config = self._app.screen, self._bridge.wiring.config

        def origin() -> str:
            found = origin_of(Path.cwd()) or ""
            known = found and twin_of(whole_address(found), "main", config.repos)
            return "" if known else found

        def ask(suggested: str) -> None:
            if self._app.screen is beneath:
                form = AddForm(config, ask=_heads, save=self._add, suggested=suggested)
                self._app.push_screen(form, self._added)

        self._errands.run(_LANE, origin, ask, lambda _: ask(""))

    def sandbox(self) -> None:
        """Made while this console still shows; then one on the sandbox opens in its place."""
        if self._is_building:
            return
        self._is_building = True
        self._voice.say("making a sandbox: a remote with branches of every kind ...")
        self._errands.run(_LANE, _build, self._built, self._not_built)

    def _answered(self, name: str, answer: "Answer") -> None:
        from mergetui.tui.screens.settings import Anew, Saved

        match answer:
            case Saved(keys=keys):
                self._take_over(name, f"{name}: saved {', '.join(keys)}")
            case Anew(typed=typed):
                # The dialog is still the screen while it gives its answer.
                self._app.call_later(self.settings, name, typed)
            case None:
                pass

    def _added(self, added: "Added | None") -> None:
        if added is not None:
            self._take_over(added.name, f"{added.name} is added")

    def _take_over(self, selected: str, says: str) -> None:
        # The form is still the screen while it gives its answer.
        self._app.call_later(partial(self.take_over.begin, selected=selected, says=says))

    def _is_free(self) -> bool:
        stack = self._app.screen_stack
        return len(stack) == 1 or not any(field.value for field in stack[-1].query(Input))

    def _add(self, name: str, texts: Mapping[str, str]) -> None:
        from mergetui.config_file import add_repository, whole_address

        settings = {key: native_setting(name, key, text, path=self._path) for key, text in texts.items()}
        settings["remote"] = whole_address(texts["remote"])
        add_repository(self._path, name, settings, environ=os.environ)

    def _built(self, visit: Visit) -> None:
        self._is_building = False
        self._app.post_message(ConsoleEnds(visit))

    def _not_built(self, told: str) -> None:
        self._is_building = False
        self._failed(f"no sandbox: {told}")

    def _failed(self, told: str) -> None:
        text = cleaning.name(cleaning.redact(told))
        self._app.notify(text, severity="error", markup=False, timeout=12)


def _heads(remote: str) -> Any:
    from mergetui.adapters.remote import AskedRemote
    from mergetui.config_file import whole_address

    return AskedRemote(whole_address(remote)).all_heads()


def _build() -> Visit:
    from mergetui.demo.story import set_up

    directory = Path(tempfile.mkdtemp(prefix="mergetui-demo-"))
    return Visit(set_up(directory).wiring, directory)
