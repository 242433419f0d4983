"""A new repository: its name, its remote, what it lands on, how it is judged."""

from collections.abc import Callable, Mapping
from typing import ClassVar

from msgspec import Struct
from msgspec.structs import replace
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import Input, Static

from mergetui import cleaning
from mergetui.config import Config, twin_of
from mergetui.config_tables import ConfigError, refused_setting, told_alone
from mergetui.masking import Mask
from mergetui.model import Branch, Oid
from mergetui.naming import broken_repository_rule, name_from
from mergetui.outcome import Unreachable
from mergetui.settings import help_of
from mergetui.tui.screens.dialog import Keys
from mergetui.tui.screens.form import Form, Row

KEYS: Keys = (("↑↓", "field"), ("^t", "try the remote"), ("^s", "add"), ("esc", "leave"))
_USUAL = ("main", "master")
_MOST_NAMED = 6

Heads = Mapping[Branch, Oid]


class Added(Struct, frozen=True):
    name: str


class AddForm(Form[Added | None]):
    """`ask` tells the branches of a remote, `save` writes; both block, and may raise."""

    DEFAULT_CSS = "AddForm { #remote-says { margin-top: 1; min-height: 3; } }"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("ctrl+t", "try_remote", "try the remote", show=False)]

    def __init__(
        self,
        config: Config,
        *,
        ask: Callable[[str], Heads | Unreachable],
        save: Callable[[str, Mapping[str, str]], object],
        suggested: str = "",
    ) -> None:
        filled = {"name": name_from(suggested), "remote": suggested}
        rows = [replace(row, text=filled.get(row.key, "")) for row in _ROWS]
        super().__init__("Add a repository", rows, keys=KEYS, mask=Mask(), typed={})
        self._is_filled = bool(suggested)
        self._config = config
        self._ask = ask
        self._save = save
        self._asked = ""

    def compose_body(self) -> ComposeResult:
        yield from super().compose_body()
        yield Static(id="remote-says", classes="dialog-hint", markup=False)
        yield Static(Content("S opens all other settings afterwards."), classes="dialog-hint", markup=False)

    def on_mount(self) -> None:
        self._say_of_remote("^t asks the remote whether it can be reached, and for its branches.", "")
        if self._is_filled:
            self.query_one("#field-retest").focus()

    @property
    def named(self) -> str:
        """The name that was typed, or what the remote's address suggests."""
        return self.texts["name"] or name_from(self.texts["remote"])

    def trouble_of(self, key: str, text: str) -> str | None:
        if cleaning.name(text) != text:
            return "there are control or invisible characters in it"
        match key:
            case "name":
                return self._trouble_of_name(text)
            case "remote":
                return self._trouble_of_remote(text)
            case _:
                return refused_setting(key, text, path=self._config.path) if text else None

    def action_submit(self) -> None:
        if self._is_busy or self.first_trouble():
            return
        texts, name = self.texts, self.named
        if not texts["remote"] or not name:
            self.point_at("name" if texts["remote"] else "remote", "it is required")
            return
        settings = {key: text for key, text in texts.items() if text and key != "name"}

        def save() -> Added | Exception:
            try:
                self._save(name, settings)
            except (ConfigError, OSError) as error:
                return error
            return Added(name)

        self.work(save)

    def action_try_remote(self) -> None:
        remote = self.texts["remote"]
        if self._is_busy or not remote or self.trouble_of("remote", remote) is not None:
            self.query_one("#field-remote").focus()
            return
        self._asked = remote
        self._say_of_remote("asking the remote ...", "$text-muted")

        def ask() -> Heads | Unreachable:
            try:
                return self._ask(remote)
            except Exception as error:
                return Unreachable(str(error) or type(error).__name__)

        self.work(ask)

    def on_form_worked(self, message: Form.Worked) -> None:
        self._is_busy = False
        match message.answer:
            case Added() as added:
                self.answer(added)
            case ConfigError() as error:
                self.show_note(told_alone(error, self._config.path, self.named))
            case Unreachable() | Mapping() as answer:
                self._show_remote(answer)
            case _ as error:
                self.show_note(f"not saved: {error}")

    def on_input_changed(self, message: Input.Changed) -> None:
        if message.input.id == "field-remote":
            self.query_one("#field-name", Input).placeholder = name_from(message.value.strip()) or _NAME_HINT
            self._mark("target", self.texts["target"])
        if message.input.id == "field-target":
            self._mark("remote", self.texts["remote"])

    def _trouble_of_name(self, name: str) -> str | None:
        if name in self._config.repos:
            return f"there is a repository {name} already"
        rule = broken_repository_rule(name) if name else None
        return f"allowed: {rule}" if rule else None

    def _trouble_of_remote(self, remote: str) -> str | None:
        told = refused_setting("remote", remote, path=self._config.path) if remote else None
        other = twin_of(remote, self.texts["target"] or "main", self._config.repos) if remote else None
        if told is None and other is not None:
            return f"{other} keeps that target of that remote already: name another target"
        return told

    def _show_remote(self, answer: Heads | Unreachable) -> None:
        if self.texts["remote"] != self._asked:
            self._say_of_remote("the remote was changed meanwhile: ^t asks the new one", "$text-muted")
        elif isinstance(answer, Unreachable):
            self._say_of_remote(f"✗ cannot be reached: {cleaning.redact(answer.message)}", "$text-error")
        else:
            self._say_of_branches(answer)

    def _say_of_branches(self, heads: Heads) -> None:
        target, field = self.texts["target"], self.query_one("#field-target", Input)
        usual = next((name for name in _USUAL if name in heads), None)
        if not target and usual is not None:
            field.value = target = usual
        named = [*[name for name in _USUAL if name in heads], *sorted(set(heads) - set(_USUAL))]
        more = f" and {len(named) - _MOST_NAMED} more" if len(named) > _MOST_NAMED else ""
        told = f"reachable; branches: {', '.join(named[:_MOST_NAMED])}{more}"
        if target in heads:
            self._say_of_remote(f"✓ {told}", "$text-success")
        else:
            self._say_of_remote(f"✗ no branch {target or 'main'}: name the target. {told}", "$text-warning")

    def _say_of_remote(self, text: str, style: str) -> None:
        self.query_one("#remote-says", Static).update(Content.styled(cleaning.name(text), style))


_NAME_HINT = "short, for the screen and the command line"
_ROWS = (
    Row(key="name", help="what it is called here: letters, digits, '.', '_' and '-'", hint=_NAME_HINT),
    Row(key="remote", help=help_of("remote"), hint="git@example.org:team/shop.git"),
    Row(key="target", help=help_of("target"), hint="main"),
    Row(key="retest", help=help_of("retest"), hint="python -m pytest -q"),
)
