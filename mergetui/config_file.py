"""Changing the configuration file: comments stay, and nothing is written that could not be loaded."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path

import tomlkit
from filelock import FileLock
from tomlkit import TOMLDocument

from mergetui.config import Config, ConfigError, parse, read

_PRIVATE = 0o600
"""A new file's mode: a remote's address may hold a password."""


def add_repository(path: Path, name: str, settings: Mapping[str, object]) -> Config:
    """A new `[repos.NAME]` table; the configuration with it. ConfigError if it is there or wrong."""

    def add(document: TOMLDocument) -> None:
        repos = document.setdefault("repos", tomlkit.table(is_super_table=True))
        if name in repos:
            raise ConfigError(f"{path}: [repos.{name}] is there already; edit it, or remove it first")
        table = tomlkit.table()
        for key, value in settings.items():
            table[key] = value
        repos[name] = table

    return _change(path, add)


def remove_repository(path: Path, name: str) -> Config:
    """Without the `[repos.NAME]` table; ConfigError if there is none."""

    def remove(document: TOMLDocument) -> None:
        repos = document.get("repos", {})
        if name not in repos:
            raise ConfigError(f"{path}: there is no [repos.{name}]; configured: {', '.join(repos) or 'none'}")
        del repos[name]

    return _change(path, remove)


def _change(path: Path, edit: Callable[[TOMLDocument], None]) -> Config:
    """Read, edit, check and write, alone among all who do."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with FileLock(path.with_name(f".{path.name}.lock"), mode=_PRIVATE):
        text = read(path)
        parse(text, path=path, environ={})
        document = tomlkit.parse(text)
        edit(document)
        return _write(path, tomlkit.dumps(document))


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
