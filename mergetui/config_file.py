"""Changing the configuration file: comments stay, and nothing is written that could not be loaded."""

import os
import tomllib
from collections.abc import Callable, Mapping, MutableMapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import tomlkit
from filelock import FileLock
from tomlkit import TOMLDocument
from tomlkit.items import Table

from mergetui.config import Config, parse, read
from mergetui.config_tables import ConfigError

_NO_ENVIRONMENT: Mapping[str, str] = MappingProxyType({})
_PRIVATE = 0o600
"""A new file's mode: a remote's address may hold a password."""


class ConfigChangedError(ConfigError):
    """Somebody else changed the file since it was read."""


def add_repository(
    path: Path, name: str, settings: Mapping[str, object], *, environ: Mapping[str, str] = _NO_ENVIRONMENT
) -> Config:
    """A new `[repos.NAME]` table; the configuration with it. ConfigError if it is there or wrong."""

    def add(document: TOMLDocument) -> None:
        repos = document.setdefault("repos", tomlkit.table(is_super_table=True))
        if name in repos:
            raise ConfigError(f"{path}: [repos.{name}] is there already; edit it, or remove it first")
        table = tomlkit.table()
        for key, value in settings.items():
            table[key] = value
        repos[name] = table

    return _change(path, add, environ=environ)


def change_repository(
    path: Path,
    name: str,
    settings: Mapping[str, object],
    *,
    seen: str,
    environ: Mapping[str, str] = _NO_ENVIRONMENT,
) -> Config:
    """Other settings for `[repos.NAME]`, None takes one out of the file; the configuration with them.

    ConfigChangedError unless the file is still `seen`. What is written can be loaded, also with `environ`.
    """

    def change(document: TOMLDocument) -> None:
        if name not in document.get("repos", {}):
            raise ConfigError(f"{path}: there is no [repos.{name}]")
        wanted = _expected(seen, name, settings)
        table = document["repos"][name]
        for key, value in settings.items():
            _put(table, key, value)
        if _plain(tomlkit.dumps(document), name) != wanted:
            raise ConfigError(f"{path}: [repos.{name}] is written in a way that only a person can change")

    return _change(path, change, seen=seen, environ=environ)


def remove_repository(path: Path, name: str) -> Config:
    """Without the `[repos.NAME]` table; ConfigError if there is none."""

    def remove(document: TOMLDocument) -> None:
        repos = document.get("repos", {})
        if name not in repos:
            raise ConfigError(f"{path}: there is no [repos.{name}]; configured: {', '.join(repos) or 'none'}")
        del repos[name]

    return _change(path, remove)


def whole_address(remote: str) -> str:
    """A path that is there is written down whole, so that it means the same from every directory."""
    try:
        found = Path(remote).expanduser()
        return str(found.resolve()) if not remote.startswith("-") and found.exists() else remote
    except (OSError, RuntimeError, ValueError):
        return remote


def _put(table: MutableMapping[str, Any], key: str, value: object) -> None:
    """A new key stands below the last one, not below the comments on the table that follows."""
    present = table.get(key)
    if isinstance(present, Table):
        # The table stays, for the comments in and below it are its own.
        wanted = value if isinstance(value, Mapping) else {}
        for name in [name for name in present if name not in wanted]:
            del present[name]
        for name, text in wanted.items():
            _put(present, name, text)
    elif value is None:
        table.pop(key, None)
    elif present is not None or not isinstance(table, Table):
        table[key] = _item(value)
    else:
        body, below = table.value.body, []
        while body and body[-1][0] is None:
            below.append(body.pop())
        table[key] = _item(value)
        body.extend(reversed(below))


def _item(value: object) -> object:
    if not isinstance(value, Mapping):
        return value
    inline = tomlkit.inline_table()
    inline.update(value)
    return inline


def _expected(text: str, name: str, settings: Mapping[str, object]) -> dict[str, Any]:
    document = tomllib.loads(text)
    table = document["repos"][name]
    for key, value in settings.items():
        table[key] = value
    return _without_nothing(document, name)


def _plain(text: str, name: str) -> dict[str, Any]:
    return _without_nothing(tomllib.loads(text), name)


def _without_nothing(document: dict[str, Any], name: str) -> dict[str, Any]:
    table = document["repos"][name]
    document["repos"][name] = {key: value for key, value in table.items() if value not in (None, {})}
    return document


def _change(
    path: Path,
    edit: Callable[[TOMLDocument], None],
    *,
    seen: str | None = None,
    environ: Mapping[str, str] = _NO_ENVIRONMENT,
) -> Config:
    """Read, edit, check and write, alone among all who do."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with FileLock(path.with_name(f".{path.name}.lock"), mode=_PRIVATE):
        text = read(path)
        if seen is not None and text != seen:
            raise ConfigChangedError(f"{path} was changed by somebody else since it was read")
        parse(text, path=path, environ={})
        document = tomlkit.parse(text)
        edit(document)
        changed = tomlkit.dumps(document)
        parse(changed, path=path, environ=environ)
        return _write(path, changed)


def _write(path: Path, text: str) -> Config:
    config = parse(text, path=path, environ={})
    # The new file is whole before it takes the name; a symlinked configuration stays a symlink.
    real = path.resolve()
    mode = real.stat().st_mode & 0o777 if real.exists() else _PRIVATE
    temporary = real.with_name(f".{real.name}.{os.getpid()}.tmp")
    temporary.touch(mode=mode)
    temporary.chmod(mode)
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(real)
    return config
