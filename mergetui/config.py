"""The configuration file and the environment, into frozen structs; what is not known is refused."""

import os
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct, field

from mergetui.config_tables import (
    ConfigError,
    check_table_of,
    forge_of,
    metrics_of,
    notify_of,
    refuse_unknown,
    repository_of,
    struct_of,
    table_of,
    tables_of,
)
from mergetui.integrations import CheckTable, ConsoleSettings, Forge, Metrics, Notify
from mergetui.naming import place_of
from mergetui.repository import Gate, Repository

TABLES = ("gate", "repos", "forges", "checks", "metrics", "notify", "console", "keys")
_SINGLE = {f"MERGETUI_{name.upper()}": name for name in ("gate", "metrics", "notify", "console")}
"""The tables of which there is one each, by the beginning of their variables."""


class Config(Struct, frozen=True, kw_only=True):
    path: Path
    gate: Gate = Gate()
    console: ConsoleSettings = ConsoleSettings()
    repos: Mapping[str, Repository] = field(default_factory=dict)
    forges: Mapping[str, Forge] = field(default_factory=dict)
    metrics: Metrics = Metrics()
    notify: Notify | None = None
    checks: Mapping[str, CheckTable] = field(default_factory=dict)
    """What is written of checks; whether it means anything the checks know."""
    keys: Mapping[str, str] = field(default_factory=dict)
    """Key bindings of the console, by id."""

    def repository(self, name: str) -> Repository:
        if name in self.repos:
            return self.repos[name]
        known = ", ".join(sorted(self.repos)) or "none; `mergetui repo add` adds one"
        raise ConfigError(f"no repository {name!r} in {self.path}; configured: {known}")


def load(path: Path, environ: Mapping[str, str] = os.environ) -> Config:
    """The configuration at `path` with the environment on top; a file that does not exist is empty."""
    return parse(read(path), path=path, environ=environ)


def parse(text: str, *, path: Path, environ: Mapping[str, str]) -> Config:
    """What `text` says, checked; `path` is for messages."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: this is not TOML: {error}") from error
    refuse_unknown("", document, TABLES, path)
    tables = _with_environment(document, environ, path)
    gate = struct_of(Gate, "gate", tables.get("gate", {}), path)
    console = struct_of(ConsoleSettings, "console", tables.get("console", {}), path)
    repos = {
        name: repository_of(name, table, path) for name, table in tables_of(tables, "repos", path).items()
    }
    _refuse_twins(repos, path)
    forges = {name: forge_of(name, table, path) for name, table in tables_of(tables, "forges", path).items()}
    _refuse_strangers(repos, forges, path)
    checks = {
        name: check_table_of(name, table, path) for name, table in tables_of(tables, "checks", path).items()
    }
    keys = table_of("keys", tables.get("keys", {}), path)
    return Config(
        path=path,
        gate=gate,
        console=console,
        repos=repos,
        forges=forges,
        checks=checks,
        metrics=metrics_of(tables.get("metrics", {}), path),
        notify=notify_of(tables["notify"], path) if "notify" in tables else None,
        keys={key: str(value) for key, value in keys.items()},
    )


def twin_of(remote: str, target: str, repos: Mapping[str, Repository]) -> str | None:
    """The repository that keeps that target of that remote already."""
    wanted = (place_of(remote), target)
    return next(
        (name for name, known in repos.items() if (place_of(known.remote), known.target) == wanted), None
    )


class Override(Struct, frozen=True):
    """A variable that stands above the file."""

    variable: str
    repository: str
    key: str
    value: str


def overrides(environ: Mapping[str, str], repos: Iterable[str]) -> Iterator[Override]:
    """What the environment says of repositories; one that is not among `repos` is made by it."""
    known = list(repos)
    for variable, value in sorted(environ.items()):
        match variable.split("__"):
            case ["MERGETUI_REPOS", said, key]:
                found = (name for name in known if _as_variable(name) == said.upper())
                yield Override(variable, next(found, said.lower()), key.lower(), value)
            case _:
                continue


_LARGEST = 1_000_000
"""Bytes of a configuration file."""


def read(path: Path) -> str:
    """The text of the configuration; empty when there is none. ConfigError when it cannot be read."""
    try:
        with path.open("rb") as file:
            text = file.read(_LARGEST + 1)
        if len(text) > _LARGEST:
            raise ConfigError(f"{path} is larger than {_LARGEST:,} bytes; is it a configuration?")
        return text.decode()
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} cannot be read: {error}") from error


def _refuse_strangers(repos: Mapping[str, Repository], forges: Mapping[str, Forge], path: Path) -> None:
    for name, repository in repos.items():
        where = f"{path}: [repos.{name}]"
        if repository.forge is not None and repository.forge not in forges:
            known = ", ".join(sorted(forges)) or "none; add a table [forges.NAME]"
            raise ConfigError(f"{where} forge = {repository.forge!r}; configured: {known}")
        if repository.forge is not None and repository.project is None:
            raise ConfigError(f"{where} 'project' is missing; it is what the forge calls the repository")


def _refuse_twins(repos: Mapping[str, Repository], path: Path) -> None:
    seen: dict[tuple[str, str], str] = {}
    for name, repository in repos.items():
        twin = seen.setdefault((place_of(repository.remote), repository.target), name)
        if twin != name:
            told = f"[repos.{name}] has the remote and target of [repos.{twin}]"
            raise ConfigError(f"{path}: {told}; a target is kept by one repository alone")


def _with_environment(document: dict[str, Any], environ: Mapping[str, str], path: Path) -> dict[str, Any]:
    """`MERGETUI_GATE__LEASE_TTL` and `MERGETUI_REPOS__SHOP__RETEST` stand above the file."""
    for name, value in sorted(environ.items()):
        match name.split("__"):
            case [variable, key] if (kind := _SINGLE.get(variable)) is not None:
                table_of(kind, document.setdefault(kind, {}), path)[key.lower()] = value
            case _:
                continue
    for above in overrides(environ, table_of("repos", document.get("repos", {}), path)):
        repos = table_of("repos", document.setdefault("repos", {}), path)
        table = table_of(f"repos.{above.repository}", repos.setdefault(above.repository, {}), path)
        table[above.key] = above.value
    return document


def _as_variable(name: str) -> str:
    return re.sub(r"[^A-Z0-9]", "_", name.upper())
