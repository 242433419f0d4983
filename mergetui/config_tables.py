"""Single tables of the configuration, into frozen structs, and single settings of a repository.

Whatever is wrong is a ConfigError; `path` is for messages, and so is `where`, the name of a table.
"""

import difflib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_type_hints

from msgspec.structs import fields

from mergetui.config_checks import broken_checks_rule, parse_check
from mergetui.config_values import choices, parse_value
from mergetui.integrations import CheckTable, Forge, Metrics, Notify
from mergetui.naming import broken_branch_rule, broken_repository_rule, is_inner_path, is_task_branch
from mergetui.notices import broken_notify_rule
from mergetui.repository import Repository


class ConfigError(Exception):
    """What is wrong, where, and what is allowed; nothing was started."""


def repository_of(name: str, table: Mapping[str, object], path: Path) -> Repository:
    """`[repos.NAME]`, as far as it can be judged by itself."""
    where = f"repos.{name}"
    if rule := broken_repository_rule(name):
        raise ConfigError(f"{path}: [{where}] is not a name for a repository; allowed: {rule}")
    refuse_unknown(where, table, setting_names(), path)
    if "remote" not in table:
        raise ConfigError(f"{path}: [{where}] 'remote' is missing; it is the address that git fetches from")
    repository: Repository = struct_of(Repository, where, {**table, "name": name}, path)
    _check(repository, where, path)
    return repository


def forge_of(name: str, table: Mapping[str, object], path: Path) -> Forge:
    """`[forges.NAME]`."""
    where = f"forges.{name}"
    refuse_unknown(where, table, tuple(known.name for known in fields(Forge) if known.name != "name"), path)
    if "kind" not in table:
        kinds = ", ".join(choices(get_type_hints(Forge)["kind"]))
        raise ConfigError(f"{path}: [{where}] 'kind' is missing; allowed: {kinds}")
    if rule := broken_repository_rule(name):
        raise ConfigError(f"{path}: [{where}] is not a name for a forge; allowed: {rule}")
    forge: Forge = struct_of(Forge, where, {**table, "name": name}, path)
    for key in ("api", "link"):
        address = getattr(forge, key)
        if address is not None and not re.fullmatch(r"https?://[^/\s]+\S*", address):
            raise ConfigError(f"{path}: [{where}] {key} = {address!r}; allowed: an http or https address")
    if forge.api is None and forge.kind in ("gitea", "forgejo"):
        raise ConfigError(f"{path}: [{where}] 'api' is missing; every {forge.kind} has an address of its own")
    return forge


def check_table_of(name: str, table: Mapping[str, object], path: Path) -> CheckTable:
    """`[checks.NAME]`; whether it means anything the checks know."""
    try:
        return parse_check(name, table)
    except ValueError as error:
        raise ConfigError(f"{path}: {error}") from error


def metrics_of(table: object, path: Path) -> Metrics:
    """`[metrics]`."""
    metrics: Metrics = struct_of(Metrics, "metrics", table, path)
    if metrics.textfile is not None and not metrics.textfile.endswith(".prom"):
        raise ConfigError(f"{path}: [metrics] textfile = {metrics.textfile!r}; allowed: a path to NAME.prom")
    return metrics


def notify_of(table: object, path: Path) -> Notify:
    """`[notify]`."""
    notify: Notify = struct_of(Notify, "notify", table, path)
    if rule := broken_notify_rule(notify):
        raise ConfigError(f"{path}: [notify] {rule}")
    return notify


def struct_of(kind: type[Any], where: str, table: object, path: Path) -> Any:
    """A table whose keys are the fields of `kind`."""
    values = table_of(where, table, path)
    hints = get_type_hints(kind)
    refuse_unknown(where, values, tuple(hints), path)
    return kind(**{key: _value(hints[key], where, key, value, path=path) for key, value in values.items()})


def tables_of(tables: Mapping[str, object], name: str, path: Path) -> dict[str, Mapping[str, object]]:
    """Those of `[NAME.KEY]`, by KEY; none where there are none."""
    outer = table_of(name, tables.get(name, {}), path)
    return {key: table_of(f"{name}.{key}", value, path) for key, value in outer.items()}


def table_of(where: str, value: object, path: Path) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ConfigError(f"{path}: {where} = {value!r}; allowed: a table [{where}]")
    return value


def refuse_unknown(where: str, table: Mapping[str, object], known: tuple[str, ...], path: Path) -> None:
    """A ConfigError for the first key that is not `known`, with the nearest one that is."""
    for key in table:
        if key in known:
            continue
        close = difflib.get_close_matches(key, known, n=1)
        mend = f"did you mean {close[0]!r}?" if close else f"allowed: {', '.join(sorted(known))}"
        place = f"[{where}] " if where else ""
        raise ConfigError(f"{path}: {place}unknown key {key!r}; {mend}")


def setting_names() -> tuple[str, ...]:
    """The keys of a `[repos.NAME]` table."""
    return tuple(known.name for known in fields(Repository) if known.name != "name")


def native_setting(repository: str, key: str, text: str, *, path: Path) -> object:
    """What a setting that was given as text looks like in the file: `4`, `true`, `["A"]`, `"30m"`."""
    where = f"repos.{repository}"
    refuse_unknown(where, {key: text}, setting_names(), path)
    value = _value(get_type_hints(Repository)[key], where, key, text, path=path)
    if isinstance(value, tuple):
        return list(value)
    is_native = isinstance(value, bool | int | dict) and key != "retest_output_limit"
    return value if is_native else text


def setting_value(key: str, value: object, *, repository: str, path: Path) -> object:
    """What a setting of the file or of the environment means; ConfigError when it means nothing."""
    where = f"repos.{repository}"
    refuse_unknown(where, {key: value}, setting_names(), path)
    return _value(get_type_hints(Repository)[key], where, key, value, path=path)


def setting_choices(key: str) -> tuple[str, ...]:
    """All that a setting can be, as text; empty when that is not a list."""
    return choices(get_type_hints(Repository)[key])


def refused_setting(key: str, text: str, *, path: Path, repository: str = "new") -> str | None:
    """Why `text` cannot be that setting of a repository; None when it can."""
    try:
        native = native_setting(repository, key, text, path=path)
        repository_of(repository, {"remote": "/", key: native}, path)
    except ConfigError as error:
        return told_alone(error, path, repository)
    return None


def told_alone(error: ConfigError, path: Path, repository: str) -> str:
    """A message without the places that whoever looks at that repository knows."""
    return str(error).removeprefix(f"{path}: ").removeprefix(f"[repos.{repository}] ")


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


def _value(hint: object, where: str, key: str, value: object, *, path: Path) -> object:
    try:
        return parse_value(hint, key, value)
    except ValueError as error:
        raise ConfigError(f"{path}: [{where}] {key} = {value!r}; allowed: {error}") from error
