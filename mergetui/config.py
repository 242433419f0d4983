"""The configuration file and the environment, into frozen structs; what is not known is refused."""

import difflib
import os
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, get_type_hints

from msgspec import Struct, field
from msgspec.structs import fields

from mergetui.config_checks import broken_checks_rule, parse_check
from mergetui.config_values import choices, parse_value
from mergetui.integrations import CheckTable, ConsoleSettings, Forge, Metrics, Notify
from mergetui.naming import (
    broken_branch_rule,
    broken_repository_rule,
    is_inner_path,
    is_task_branch,
    place_of,
)
from mergetui.notices import broken_notify_rule
from mergetui.repository import Gate, Repository

TABLES = ("gate", "repos", "forges", "checks", "metrics", "notify", "console", "keys")
_SINGLE = {f"MERGETUI_{name.upper()}": name for name in ("gate", "metrics", "notify", "console")}
"""The tables of which there is one each, by the beginning of their variables."""


class ConfigError(Exception):
    """What is wrong, where, and what is allowed; nothing was started."""


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
    _refuse_unknown("", document, TABLES, path)
    tables = _with_environment(document, environ, path)
    gate = _struct(Gate, "gate", tables.get("gate", {}), path)
    console = _struct(ConsoleSettings, "console", tables.get("console", {}), path)
    repos = {name: _repository(name, table, path) for name, table in _tables(tables, "repos", path).items()}
    _refuse_twins(repos, path)
    forges = {name: _forge(name, table, path) for name, table in _tables(tables, "forges", path).items()}
    _refuse_strangers(repos, forges, path)
    checks = {
        name: _check_table(name, table, path) for name, table in _tables(tables, "checks", path).items()
    }
    keys = _table("keys", tables.get("keys", {}), path)
    return Config(
        path=path,
        gate=gate,
        console=console,
        repos=repos,
        forges=forges,
        checks=checks,
        metrics=_metrics(tables.get("metrics", {}), path),
        notify=_notify(tables["notify"], path) if "notify" in tables else None,
        keys={key: str(value) for key, value in keys.items()},
    )


def setting_names() -> tuple[str, ...]:
    """The keys of a `[repos.NAME]` table."""
    return tuple(known.name for known in fields(Repository) if known.name != "name")


def native_setting(repository: str, key: str, text: str, *, path: Path) -> object:
    """What a setting that was given as text looks like in the file: `4`, `true`, `["A"]`, `"30m"`."""
    where = f"repos.{repository}"
    _refuse_unknown(where, {key: text}, setting_names(), path)
    value = _value(get_type_hints(Repository)[key], where, key, text, path=path)
    if isinstance(value, tuple):
        return list(value)
    is_native = isinstance(value, bool | int | dict) and key != "retest_output_limit"
    return value if is_native else text


def setting_value(key: str, value: object, *, repository: str, path: Path) -> object:
    """What a setting of the file or of the environment means; ConfigError when it means nothing."""
    where = f"repos.{repository}"
    _refuse_unknown(where, {key: value}, setting_names(), path)
    return _value(get_type_hints(Repository)[key], where, key, value, path=path)


def setting_choices(key: str) -> tuple[str, ...]:
    """All that a setting can be, as text; empty when that is not a list."""
    return choices(get_type_hints(Repository)[key])


def refused_setting(key: str, text: str, *, path: Path, repository: str = "new") -> str | None:
    """Why `text` cannot be that setting of a repository; None when it can."""
    try:
        native = native_setting(repository, key, text, path=path)
        _repository(repository, {"remote": "/", key: native}, path)
    except ConfigError as error:
        return told_alone(error, path, repository)
    return None


def told_alone(error: ConfigError, path: Path, repository: str) -> str:
    """A message without the places that whoever looks at that repository knows."""
    return str(error).removeprefix(f"{path}: ").removeprefix(f"[repos.{repository}] ")


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


def _repository(name: str, table: Mapping[str, object], path: Path) -> Repository:
    where = f"repos.{name}"
    if rule := broken_repository_rule(name):
        raise ConfigError(f"{path}: [{where}] is not a name for a repository; allowed: {rule}")
    _refuse_unknown(where, table, setting_names(), path)
    if "remote" not in table:
        raise ConfigError(f"{path}: [{where}] 'remote' is missing; it is the address that git fetches from")
    repository: Repository = _struct(Repository, where, {**table, "name": name}, path)
    _check(repository, where, path)
    return repository


def _check(repository: Repository, where: str, path: Path) -> None:
    remote = repository.remote
    if not remote or remote.startswith("-") or "::" in remote or not remote.isprintable():
        raise ConfigError(f"{path}: [{where}] remote = {remote!r}; allowed: an https, ssh or file address")
    if rule := broken_branch_rule(repository.target):
        raise ConfigError(f"{path}: [{where}] target = {repository.target!r}; a branch {rule}")
    if not is_task_branch(repository.target):
        raise ConfigError(f"{path}: [{where}] target = {repository.target!r}; a request's ref is read-only")
    if repository.landing == "external" and (repository.batch, repository.parallel) != (1, 1):
        told = f"landing = 'external' with batch = {repository.batch} and parallel = {repository.parallel}"
        raise ConfigError(f"{path}: [{where}] {told}; allowed: 1 and 1, for the lease is kept for one entry")
    for key in ("retest", "emergency_retest"):
        command = getattr(repository, key)
        if command is not None and not command.strip():
            raise ConfigError(f"{path}: [{where}] {key} = {command!r}; allowed: a shell command")
    if rule := broken_checks_rule(repository.checks):
        raise ConfigError(f"{path}: [{where}] checks = {list(repository.checks)!r}; allowed: {rule}")
    if repository.report_log is not None and not is_inner_path(repository.report_log):
        told = f"report_log = {repository.report_log!r}; allowed: a path below the checkout, without '..'"
        raise ConfigError(f"{path}: [{where}] {told}")


def _forge(name: str, table: Mapping[str, object], path: Path) -> Forge:
    where = f"forges.{name}"
    _refuse_unknown(where, table, tuple(known.name for known in fields(Forge) if known.name != "name"), path)
    if "kind" not in table:
        kinds = ", ".join(choices(get_type_hints(Forge)["kind"]))
        raise ConfigError(f"{path}: [{where}] 'kind' is missing; allowed: {kinds}")
    if rule := broken_repository_rule(name):
        raise ConfigError(f"{path}: [{where}] is not a name for a forge; allowed: {rule}")
    forge: Forge = _struct(Forge, where, {**table, "name": name}, path)
    for key in ("api", "link"):
        address = getattr(forge, key)
        if address is not None and not re.fullmatch(r"https?://[^/\s]+\S*", address):
            raise ConfigError(f"{path}: [{where}] {key} = {address!r}; allowed: an http or https address")
    if forge.api is None and forge.kind in ("gitea", "forgejo"):
        raise ConfigError(f"{path}: [{where}] 'api' is missing; every {forge.kind} has an address of its own")
    return forge


def _check_table(name: str, table: Mapping[str, object], path: Path) -> CheckTable:
    try:
        return parse_check(name, table)
    except ValueError as error:
        raise ConfigError(f"{path}: {error}") from error


def _metrics(table: object, path: Path) -> Metrics:
    metrics: Metrics = _struct(Metrics, "metrics", table, path)
    if metrics.textfile is not None and not metrics.textfile.endswith(".prom"):
        raise ConfigError(f"{path}: [metrics] textfile = {metrics.textfile!r}; allowed: a path to NAME.prom")
    return metrics


def _notify(table: object, path: Path) -> Notify:
    notify: Notify = _struct(Notify, "notify", table, path)
    if rule := broken_notify_rule(notify):
        raise ConfigError(f"{path}: [notify] {rule}")
    return notify


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


def _struct(kind: type[Any], where: str, table: object, path: Path) -> Any:
    values = _table(where, table, path)
    hints = get_type_hints(kind)
    _refuse_unknown(where, values, tuple(hints), path)
    return kind(**{key: _value(hints[key], where, key, value, path=path) for key, value in values.items()})


def _value(hint: object, where: str, key: str, value: object, *, path: Path) -> object:
    try:
        return parse_value(hint, key, value)
    except ValueError as error:
        raise ConfigError(f"{path}: [{where}] {key} = {value!r}; allowed: {error}") from error


def _refuse_unknown(where: str, table: Mapping[str, object], known: tuple[str, ...], path: Path) -> None:
    for key in table:
        if key in known:
            continue
        close = difflib.get_close_matches(key, known, n=1)
        mend = f"did you mean {close[0]!r}?" if close else f"allowed: {', '.join(sorted(known))}"
        place = f"[{where}] " if where else ""
        raise ConfigError(f"{path}: {place}unknown key {key!r}; {mend}")


def _table(where: str, value: object, path: Path) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ConfigError(f"{path}: {where} = {value!r}; allowed: a table [{where}]")
    return value


def _tables(tables: Mapping[str, object], name: str, path: Path) -> dict[str, Mapping[str, object]]:
    outer = _table(name, tables.get(name, {}), path)
    return {key: _table(f"{name}.{key}", value, path) for key, value in outer.items()}


def _with_environment(document: dict[str, Any], environ: Mapping[str, str], path: Path) -> dict[str, Any]:
    """`MERGETUI_GATE__LEASE_TTL` and `MERGETUI_REPOS__SHOP__RETEST` stand above the file."""
    for name, value in sorted(environ.items()):
        match name.split("__"):
            case [variable, key] if (kind := _SINGLE.get(variable)) is not None:
                _table(kind, document.setdefault(kind, {}), path)[key.lower()] = value
            case _:
                continue
    for above in overrides(environ, _table("repos", document.get("repos", {}), path)):
        repos = _table("repos", document.setdefault("repos", {}), path)
        table = _table(f"repos.{above.repository}", repos.setdefault(above.repository, {}), path)
        table[above.key] = above.value
    return document


def _as_variable(name: str) -> str:
    return re.sub(r"[^A-Z0-9]", "_", name.upper())
