"""A repository's settings as a form shows them: text in, text out, and where each value comes from."""

import tomllib
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from msgspec import Struct

from mergetui import cleaning
from mergetui.config import overrides
from mergetui.config_tables import ConfigError, native_setting, setting_names, setting_value
from mergetui.repository import Repository

HELP: Mapping[str, str] = {
    "remote": "what git fetches from and pushes to: an https, ssh or file address",
    "target": "the branch that entries land on",
    "enabled": "false: land without catch-up and retest",
    "retest": "for `sh -c`, in a clean checkout of the candidate; without one nothing lands",
    "emergency_retest": "the reduced command that judges an emergency, alone; none: no emergencies",
    "retest_timeout": "how long one retest may take",
    "retest_silence": "no output for so long: hung",
    "retest_output_limit": "the most that one retest may print",
    "report_log": "pytest's report log, a path in the checkout: how far a retest is; none: by what it prints",
    "retries": "how often a red retest is run again on the same commit before it counts",
    "result_ttl": "so long a green tree is believed: the same command does not test it again; none: never",
    "adaptive": "entries on trial: one more with every landing, half as many after a red one",
    "env": "added to the retest's environment",
    "env_pass": "let through from the engine's; else only PATH, HOME, LANG, TMPDIR and the like",
    "fetch_interval": "how often the remote is looked at when nothing else happens",
    "batch": "at most so many entries tested together; fewer while slots are free",
    "parallel": "candidates tested at the same time",
    "hedge": "slots that are left test the line without one of its entries, in case that one is red",
    "strategy": "rebase | squash | merge",
    "update_branch": "move the task branch to where it was caught up, with an exact lease",
    "landing": "push: the gate itself pushes what it has tested; or external: somebody else merges it",
    "merge_ttl": "how long a green entry keeps the lease for whoever merges it, where that is external",
    "clean": 'what a warm checkout loses before the next retest; or "keep-ignored"',
    "forge": "the [forges.NAME] that keeps its requests; none: no forge hears or says anything",
    "project": "what the forge calls it",
    "label": "a request with this label is queued; none: none is",
    "checks": "what must hold before an entry lands; see checks.md",
}
"""A line per key of `[repos.NAME]`."""
SYNTAX: Mapping[str, str] = {
    "env": "NAME=value,OTHER=value",
    "env_pass": "NAME,OTHER",
    "checks": "NAME,OTHER",
}
"""How a setting with several parts is written in one line."""


class Setting(Struct, frozen=True, kw_only=True):
    key: str
    text: str
    """The present value as `native_setting` reads it; empty while it is the default."""
    default: str
    """Empty where there is none."""
    source: str
    """`file`, `default`, or the variable that stands above both."""
    locked: str | None = None
    """Why it cannot be changed in a form."""


class Sheet(Struct, frozen=True, kw_only=True):
    """All settings of one repository, and the file they were read from."""

    name: str
    path: Path
    seen: str
    """The whole file as it was; who saves compares."""
    settings: tuple[Setting, ...]


def sheet_of(name: str, *, path: Path, seen: str, environ: Mapping[str, str]) -> Sheet:
    """What `seen` and the environment say of a repository; ConfigError when it is not in the file."""
    try:
        repos = tomllib.loads(seen).get("repos", {})
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: this is not TOML: {error}") from error
    table = repos.get(name)
    if not isinstance(table, dict):
        raise ConfigError(f"{path}: there is no [repos.{name}]; what the environment makes is changed there")
    above = {over.key: over for over in overrides(environ, repos) if over.repository == name}
    settings = []
    for key in setting_names():
        if key in above:
            variable, value = above[key].variable, above[key].value
            why = f"set by {variable}, which stands above the file"
            settings.append(_setting(key, value, variable, name=name, path=path, locked=why))
        else:
            settings.append(_setting(key, table.get(key), "file", name=name, path=path))
    return Sheet(name=name, path=path, seen=seen, settings=tuple(settings))


def changes(sheet: Sheet, texts: Mapping[str, str]) -> dict[str, object]:
    """What has to be written: only what was changed; None takes a key out of the file."""
    changed = {}
    for setting in sheet.settings:
        text = texts.get(setting.key, setting.text).strip()
        if setting.locked is None and text != setting.text:
            changed[setting.key] = _written(sheet, setting, text)
    return changed


def _written(sheet: Sheet, setting: Setting, text: str) -> object:
    if not text and setting.key != "remote":
        return None
    value = setting_value(setting.key, text, repository=sheet.name, path=sheet.path)
    if setting.key != "remote" and value == getattr(_BLANK, setting.key):
        return None
    return native_setting(sheet.name, setting.key, text, path=sheet.path)


def _setting(
    key: str, native: Any, source: str, *, name: str, path: Path, locked: str | None = None
) -> Setting:
    default = as_text(getattr(_BLANK, key))
    if native is None:
        return Setting(key=key, text="", default=default, source="default")
    value = setting_value(key, native, repository=name, path=path)
    text = native if isinstance(native, str) else as_text(value)
    locked = locked or _unwritable(key, text, value, name=name, path=path)
    return Setting(key=key, text=text, default=default, source=source, locked=locked)


_BLANK = Repository(name="", remote="")


def _unwritable(key: str, text: str, value: object, *, name: str, path: Path) -> str | None:
    """A form has one line: what does not fit into it is never written back by it."""
    if cleaning.name(text) != text or text != text.strip():
        return "several lines or invisible characters: it is changed in the file"
    try:
        same = not text or setting_value(key, text, repository=name, path=path) == value
    except ConfigError:
        same = False
    return None if same else "it has a comma in it: it is changed in the file"


def as_text(value: object) -> str:
    """A setting's value in the syntax of `--KEY VALUE`."""
    match value:
        case None:
            return ""
        case bool():
            return str(value).lower()
        case timedelta():
            return _duration(value)
        case int() if value >= 1_000_000 and value % 1_000_000 == 0:
            return f"{value // 1_000_000}MB"
        case tuple() | list():
            return ",".join(value)
        case Mapping():
            return ",".join(f"{name}={part}" for name, part in value.items())
        case _:
            return str(value)


def _duration(span: timedelta) -> str:
    left, parts = round(span.total_seconds()), []
    for unit, seconds in (("h", 3600), ("m", 60), ("s", 1)):
        number, left = divmod(left, seconds)
        parts += [f"{number}{unit}"] if number else []
    return "".join(parts)


def help_of(key: str) -> str:
    """What a setting does, and how it is written where that is not plain."""
    return f"{HELP[key]} · {SYNTAX[key]}" if key in SYNTAX else HELP[key]
