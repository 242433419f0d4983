"""The checks that there are: those built in, and those that other distributions bring as entry points.

Only what a repository names is loaded.
"""

import re
from collections.abc import Mapping
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from types import MappingProxyType
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import fields

from mergetui.checks import Check
from mergetui.checks.forge import AtForge, ForgeCheck, ForgeReader
from mergetui.config import Config
from mergetui.config_tables import ConfigError
from mergetui.integrations import CheckTable
from mergetui.repository import Repository

GROUP = "mergetui.checks"
BUILT_IN: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "approved": ("mergetui.checks.forge", "Approved"),
        "behind": ("mergetui.checks.behind", "Behind"),
        "freeze": ("mergetui.checks.freeze", "Freeze"),
        "paths": ("mergetui.checks.paths", "Paths"),
        "required-status": ("mergetui.checks.forge", "RequiredStatus"),
        "size": ("mergetui.checks.size", "Size"),
    }
)
"""Nobody else's check can take the name of one of these."""


class LoadedCheck(Struct, frozen=True, kw_only=True):
    name: str
    check: Check
    seconds: float
    """How long it may take to answer."""
    origin: str
    """`built in`, or the distribution that brings it."""


def load_checks(config: Config, repository: Repository) -> tuple[LoadedCheck, ...]:
    """Those that the repository names, with their settings; ConfigError tells what there is."""
    return tuple(_load(config, repository, name) for name in repository.checks)


def _load(config: Config, repository: Repository, name: str) -> LoadedCheck:
    table = config.checks.get(name, CheckTable(name=name, kind=name))
    where = f"{config.path}: [checks.{name}]"
    if name not in config.checks and not _is_there(name):
        told = f"{config.path}: [repos.{repository.name}] checks has {name!r}"
        raise ConfigError(f"{told}; there are: {_what_is_there(config)}")
    if not _is_there(table.kind):
        raise ConfigError(f"{where} kind = {table.kind!r}; there are: {_what_is_there()}")
    kind, origin = _kind(table.kind, where)
    check = _make(kind, table, where)
    if isinstance(check, ForgeCheck):
        check = AtForge(check=check, forge=_forge_of(config, repository, name))
    return LoadedCheck(name=name, check=check, seconds=table.timeout.total_seconds(), origin=origin)


def _forge_of(config: Config, repository: Repository, check: str) -> ForgeReader:
    from mergetui.adapters.forge_reading import ForgeReading, fetching

    where = f"{config.path}: [repos.{repository.name}]"
    if repository.forge is None or repository.project is None:
        raise ConfigError(f"{where} 'forge' is missing; the check {check!r} asks it")
    forge = config.forges[repository.forge]
    try:
        fetch = fetching(forge)
    except ImportError as error:
        told = f"the check {check!r} needs what comes with: pip install 'mergetui[forges]'"
        raise ConfigError(f"{where} {told}") from error
    return ForgeReading(forge, repository.project, fetch)


def _kind(name: str, where: str) -> tuple[type[Check], str]:
    if name in BUILT_IN:
        module, attribute = BUILT_IN[name]
        kind: type[Check] = getattr(import_module(module), attribute)
        return kind, "built in"
    found = _brought()[name]
    origins = " and ".join(map(_origin, found))
    if len(found) > 1:
        raise ConfigError(f"{where} kind = {name!r} is brought by {origins}; allowed: one of them")
    try:
        loaded = found[0].load()
    except Exception as error:
        told = f"{type(error).__name__}: {error}"
        raise ConfigError(f"{where} kind = {name!r} of {origins} cannot be loaded: {told}") from error
    if not (isinstance(loaded, type) and issubclass(loaded, Check)):
        told = f"is {loaded!r}; allowed: a subclass of mergetui.checks.Check"
        raise ConfigError(f"{where} kind = {name!r} of {origins} {told}")
    return loaded, origins


def _make(kind: type[Check], table: CheckTable, where: str) -> Check:
    known = {field.encode_name: field for field in fields(kind)}
    for key in table.settings:
        if key not in known:
            allowed = ", ".join(sorted((*known, "kind", "timeout")))
            raise ConfigError(f"{where} unknown key {key!r}; allowed: {allowed}")
    missing = next((k for k, field in known.items() if field.required and k not in table.settings), None)
    if missing is not None:
        raise ConfigError(f"{where} {missing!r} is missing; allowed: {_described(known[missing].type)}")
    values = {
        known[key].name: _value(known[key].type, key, said, where) for key, said in table.settings.items()
    }
    try:
        return kind(**values)
    except Exception as error:
        raise ConfigError(f"{where} {error or type(error).__name__}") from error


def _value(hint: Any, key: str, said: object, where: str) -> object:
    try:
        return msgspec.convert(said, hint)
    except msgspec.ValidationError as error:
        allowed = re.sub(r"^Expected `(.+?)`(?:, got `[^`]*`)?", r"\1", str(error))
        raise ConfigError(f"{where} {key} = {said!r}; allowed: {allowed}") from error


def _described(hint: Any) -> str:
    return hint.__name__ if isinstance(hint, type) and hint.__module__ == "builtins" else str(hint)


def _is_there(name: str) -> bool:
    return name in BUILT_IN or name in _brought()


def _what_is_there(config: Config | None = None) -> str:
    configured = config.checks if config is not None else ()
    return ", ".join(sorted({*BUILT_IN, *_brought(), *configured}))


def _brought() -> Mapping[str, tuple[EntryPoint, ...]]:
    """By name; the same one twice on the path is one."""
    found: dict[str, dict[tuple[str, str], EntryPoint]] = {}
    for point in entry_points(group=GROUP):
        found.setdefault(point.name, {}).setdefault((_origin(point), point.value), point)
    return {name: tuple(points.values()) for name, points in found.items()}


def _origin(point: EntryPoint) -> str:
    return f"{point.dist.name} {point.dist.version}" if point.dist is not None else point.value
