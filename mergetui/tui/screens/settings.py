"""The settings of one repository: what is in the file, what is default, what the environment decides."""

from collections.abc import Callable, Mapping
from typing import ClassVar, TypeAlias

from msgspec import Struct
from msgspec.structs import replace
from textual.binding import Binding, BindingType

from mergetui import cleaning
from mergetui.config_file import ConfigChangedError
from mergetui.config_tables import ConfigError, refused_setting, setting_choices, told_alone
from mergetui.masking import Mask
from mergetui.settings import Setting, Sheet, changes, help_of
from mergetui.tui.screens.dialog import Keys
from mergetui.tui.screens.form import Form, Row

KEYS: Keys = (("↑↓", "field"), ("^s", "save"), ("^o", "show hidden"), ("esc", "leave"))
KEYS_TO_LOOK: Keys = (("↑↓", "field"), ("esc", "leave"))
KEYS_IF_STALE: Keys = (("^r", "load anew, what was typed is kept"), ("esc", "leave"))
_READ_ONLY = "read-only: this console only looks on"


class Saved(Struct, frozen=True):
    keys: tuple[str, ...]


class Anew(Struct, frozen=True):
    """The file has to be read again; `typed` is what was not saved."""

    typed: Mapping[str, str]


Answer: TypeAlias = Saved | Anew | None


class SettingsForm(Form[Answer]):
    """`save` blocks, and raises a ConfigError when it refuses. `read_only`: no field can be changed."""

    AUTO_FOCUS = "Field, LockedField"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("ctrl+r", "reload", "load anew", show=False)]

    def __init__(
        self,
        sheet: Sheet,
        save: Callable[[Mapping[str, object]], object],
        mask: Mask,
        typed: Mapping[str, str] | None = None,
        *,
        read_only: bool = False,
    ) -> None:
        rows = [_row(setting) for setting in sheet.settings]
        if read_only:
            rows = [replace(row, locked=row.locked or _READ_ONLY) for row in rows]
        keys = KEYS_TO_LOOK if read_only else KEYS
        super().__init__(f"Settings · {sheet.name}", rows, keys=keys, mask=mask, typed=typed or {})
        self._is_read_only = read_only
        self._sheet = sheet
        self._save = save
        self._is_stale = False

    def trouble_of(self, key: str, text: str) -> str | None:
        if cleaning.name(text) != text:
            return "there are control or invisible characters in it"
        if not text:
            return "it is required" if key == "remote" else None
        return refused_setting(key, text, path=self._sheet.path, repository=self._sheet.name)

    def action_submit(self) -> None:
        if self._is_read_only:
            self.show_note(_READ_ONLY)
            return
        if self._is_busy or self._is_stale or self.first_trouble():
            return
        changed = changes(self._sheet, self.texts)
        if not changed:
            self.show_note("nothing was changed", is_trouble=False)
            return

        def save() -> Saved | Exception:
            try:
                self._save(changed)
            except (ConfigError, OSError) as error:
                return error
            return Saved(tuple(changed))

        self.work(save)

    def on_form_worked(self, message: Form.Worked) -> None:
        self._is_busy = False
        match message.answer:
            case Saved() as saved:
                self.answer(saved)
            case ConfigChangedError():
                self._is_stale = True
                self.show_keys(KEYS_IF_STALE)
                self.show_note("the file was changed by somebody else since it was read: nothing was saved")
            case ConfigError() as error:
                self.show_note(told_alone(error, self._sheet.path, self._sheet.name))
            case _ as error:
                self.show_note(f"not saved: {error}")

    def action_reload(self) -> None:
        texts = self.texts
        if not self._is_busy and not self._is_read_only:
            self.answer(Anew({key: texts[key] for key in self.changed}))


def _row(setting: Setting) -> Row:
    stands_above = setting.source not in ("file", "default")
    return Row(
        key=setting.key,
        help=help_of(setting.key),
        text=setting.text,
        hint=setting.default or "none",
        origin="environ" if stands_above else setting.source,
        locked=setting.locked,
        choices=setting_choices(setting.key),
    )
