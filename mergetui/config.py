"""The configuration file and the environment, into frozen structs; what is not known is refused."""

import difflib
import os
import re
import tomllib
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

from msgspec import Struct, field
from msgspec.structs import fields

from mergetui.model import CHANNELS, ConsoleSettings, Gate, Repository
from mergetui.naming import broken_branch_rule, broken_repository_rule, is_task_branch

TABLES = ("gate", "repos", "console", "keys")


class ConfigError(Exception):
    """What is wrong, where, and what is allowed; nothing was started."""


class Config(Struct, frozen=True, kw_only=True):
    path: Path
    gate: Gate = Gate()
    console: ConsoleSettings = ConsoleSettings()
    repos: Mapping[str, Repository] = field(default_factory=dict)
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
    keys = _table("keys", tables.get("keys", {}), path)
    said = {key: str(value) for key, value in keys.items()}
    return Config(path=path, gate=gate, console=console, repos=repos, keys=said)


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


def parse_duration(text: object) -> timedelta:
    """`90s`, `1h30m`, `500ms`: above zero, at most 366 days."""
    if not isinstance(text, str) or not _DURATION.fullmatch(text.strip()):
        raise ValueError("a duration such as '90s', '30m' or '1h30m'")
    parts = _DURATION_PART.findall(text)
    try:
        length = sum((timedelta(**{_UNITS[unit]: float(number)}) for number, unit in parts), timedelta())
    except OverflowError:
        length = timedelta.max
    if not timedelta() < length <= timedelta(days=366):
        raise ValueError("a duration above zero and at most 366 days")
    return length


def parse_size(value: object) -> int:
    """Bytes: `200MB`, `1GB`, or a whole number."""
    if isinstance(value, int) and not isinstance(value, bool) and value > 0:
        return value
    found = _SIZE.fullmatch(value.strip()) if isinstance(value, str) else None
    if found is None or int(found[1]) == 0:
        raise ValueError("a size such as '200MB' or a number of bytes")
    return int(found[1]) * _SIZES[found[2].upper()]


_UNITS = {"ms": "milliseconds", "s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_DURATION_PART = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,3})?)(ms|s|m|h|d)")
_DURATION = re.compile(rf"(?:{_DURATION_PART.pattern})+")
_SIZE = re.compile(r"([0-9]{1,12})\s*(B|KB|MB|GB|)", re.IGNORECASE)
_LARGEST = 1_000_000
"""Bytes of a configuration file."""
_SIZES = {"": 1, "B": 1, "KB": 1_000, "MB": 1_000_000, "GB": 1_000_000_000}


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
    if repository.landing == "external":
        raise ConfigError(f"{path}: [{where}] landing = 'external' is not there yet; allowed: 'push'")
    if repository.retest is not None and not repository.retest.strip():
        raise ConfigError(f"{path}: [{where}] retest = {repository.retest!r}; allowed: a shell command")


def _refuse_twins(repos: Mapping[str, Repository], path: Path) -> None:
    seen: dict[tuple[str, str], str] = {}
    for name, repository in repos.items():
        twin = seen.setdefault((_place(repository.remote), repository.target), name)
        if twin != name:
            told = f"[repos.{name}] has the remote and target of [repos.{twin}]"
            raise ConfigError(f"{path}: {told}; a target is kept by one repository alone")


def _place(remote: str) -> str:
    """The same for every way to write one address: by scheme or like scp(1), by whom, with `.git` or not."""
    address = re.sub(r"^[a-z+]+://(?:[^/]*@)?", "", remote)
    if "://" not in remote and not remote.startswith(("/", ".")):
        address = re.sub(r"^(?:[^/@]*@)?([^/:]+):/?", r"\1/", address)
    host, slash, path = re.sub(r"/+", "/", address).partition("/")
    return host.lower() + slash + path.removesuffix("/").removesuffix(".git").removesuffix("/")


def _struct(kind: type[Any], where: str, table: object, path: Path) -> Any:
    values = _table(where, table, path)
    hints = get_type_hints(kind)
    _refuse_unknown(where, values, tuple(hints), path)
    return kind(**{key: _value(hints[key], where, key, value, path=path) for key, value in values.items()})


def _value(hint: object, where: str, key: str, value: object, *, path: Path) -> object:
    parser = _PARSERS_BY_KEY.get(key) or _parser(hint)
    try:
        return parser(value)
    except ValueError as error:
        raise ConfigError(f"{path}: [{where}] {key} = {value!r}; allowed: {error}") from error


def _parser(hint: object) -> Callable[[object], object]:
    if get_origin(hint) is Literal:
        return lambda value: _one_of(value, get_args(hint))
    return _PARSERS[str(getattr(hint, "__name__", hint))] if isinstance(hint, type) else _PARSERS[str(hint)]


def _one_of(value: object, allowed: tuple[object, ...]) -> object:
    if value not in allowed:
        raise ValueError(", ".join(repr(choice) for choice in allowed))
    return value


def _flag(value: object) -> bool:
    said = {"true": True, "false": False}.get(value.lower(), value) if isinstance(value, str) else value
    if not isinstance(said, bool):
        raise ValueError("true or false")
    return said


def _count(value: object, *, least: int = 1) -> int:
    said = int(value) if isinstance(value, str) and re.fullmatch("[0-9]{1,9}", value) else value
    if not isinstance(said, int) or isinstance(said, bool) or not least <= said <= 1000:
        raise ValueError(f"a whole number from {least} to 1000")
    return said


def _count_or_none(value: object) -> int:
    return _count(value, least=0)


def _duration_or_never(value: object) -> timedelta | None:
    if value == "never":
        return None
    try:
        return parse_duration(value)
    except ValueError as error:
        raise ValueError(f"{error}, or 'never'") from error


def _channels(value: object) -> tuple[object, ...]:
    said = _texts(value)
    if not set(said) <= set(CHANNELS):
        raise ValueError(f"a list of {', '.join(repr(channel) for channel in CHANNELS)}; [] for none")
    return said


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError("a text in quotes")
    return value


def _texts(value: object) -> tuple[str, ...]:
    said = [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value
    if not isinstance(said, list) or not all(isinstance(part, str) for part in said):
        raise ValueError("a list of texts")
    return tuple(said)


def _pairs(value: object) -> Mapping[str, str]:
    said = dict(part.partition("=")[::2] for part in value.split(",")) if isinstance(value, str) else value
    if not isinstance(said, dict) or not all(isinstance(part, str) for part in said.values()) or "" in said:
        raise ValueError('a table of texts such as { TZ = "UTC" }')
    return said


_PARSERS_BY_KEY: Mapping[str, Callable[[object], object]] = {
    "retest_output_limit": parse_size,
    "max_retries": _count_or_none,
    "retries": _count_or_none,
    "max_deferrals": _count_or_none,
    "auto_stop_red": _count_or_none,
    "auto_stop_remote": _duration_or_never,
    "auto_stop_unattended": _duration_or_never,
    "notify": _channels,
}
_PARSERS: Mapping[str, Callable[[object], object]] = {
    "timedelta": parse_duration,
    "datetime.timedelta | None": parse_duration,
    "bool": _flag,
    "int": _count,
    "int | None": _count,
    "str": _text,
    "str | None": _text,
    "tuple[str, ...]": _texts,
    "collections.abc.Mapping[str, str]": _pairs,
}


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
            case [("MERGETUI_GATE" | "MERGETUI_CONSOLE") as variable, key]:
                table = variable.removeprefix("MERGETUI_").lower()
                _table(table, document.setdefault(table, {}), path)[key.lower()] = value
            case ["MERGETUI_REPOS", repo, key]:
                repos = _table("repos", document.setdefault("repos", {}), path)
                known = next((known for known in repos if _as_variable(known) == repo.upper()), repo.lower())
                _table(f"repos.{known}", repos.setdefault(known, {}), path)[key.lower()] = value
            case _:
                continue
    return document


def _as_variable(name: str) -> str:
    return re.sub(r"[^A-Z0-9]", "_", name.upper())
