"""Changing the configuration file: comments stay, and nothing is written that could not be loaded."""

import os
from collections.abc import Mapping
from pathlib import Path

import tomlkit
from tomlkit import TOMLDocument

from mergetui.config import Config, ConfigError, parse


def add_repository(path: Path, name: str, settings: Mapping[str, object]) -> Config:
    """A new `[repos.NAME]` table; the configuration with it. ConfigError if it is there or wrong."""
    document = _document(path)
    repos = document.setdefault("repos", tomlkit.table(is_super_table=True))
    if name in repos:
        raise ConfigError(f"{path}: [repos.{name}] is there already; edit it, or remove it first")
    table = tomlkit.table()
    for key, value in settings.items():
        table[key] = value
    repos[name] = table
    return _write(path, document)


def remove_repository(path: Path, name: str) -> Config:
    """Without the `[repos.NAME]` table; ConfigError if there is none."""
    document = _document(path)
    repos = document.get("repos", {})
    if name not in repos:
        raise ConfigError(f"{path}: there is no [repos.{name}]; configured: {', '.join(repos) or 'none'}")
    del repos[name]
    return _write(path, document)


def _document(path: Path) -> TOMLDocument:
    if not path.exists():
        return tomlkit.document()
    parse(path.read_text(encoding="utf-8"), path=path, environ={})
    return tomlkit.parse(path.read_text(encoding="utf-8"))


def _write(path: Path, document: TOMLDocument) -> Config:
    text = tomlkit.dumps(document)
    config = parse(text, path=path, environ={})
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # The new file is whole before it takes the name; a symlinked configuration stays a symlink.
    real = path.resolve()
    temporary = real.with_name(f".{real.name}.{os.getpid()}.tmp")
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(real)
    return config
