"""The configuration file: what is wrong with it, and what of it can be used all the same."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from shlex import quote
from typing import Any

import tomlkit
from msgspec import Struct

from mergetui.config import Config, parse, read
from mergetui.config_tables import ConfigError
from mergetui.doctor.finding import Finding, Topic
from mergetui.repository import Repository

_FIRST_STEP = "mergetui repo add NAME REMOTE --retest COMMAND"
_WITH_PASSWORD = re.compile(r"://[^/\s@:]*:[^/\s]+@")


class Configured(Struct, frozen=True, kw_only=True):
    config: Config
    """What of it can be used: a repository whose own table is right is in it."""
    is_sound: bool
    findings: tuple[Finding, ...]


def examine_configuration(path: Path, environ: Mapping[str, str]) -> Configured:
    topic = Topic("config", str(path))
    try:
        text = read(path)
        config = parse(text, path=path, environ=environ)
    except ConfigError as error:
        config, told = _salvage(path, environ)
        faults = dict.fromkeys((str(error), *told))
        found = [topic.mend(fault.removeprefix(f"{path}: "), f"edit {quote(str(path))}") for fault in faults]
        return Configured(config=config, is_sound=False, findings=(*found, *_open_to_others(topic, path)))
    return Configured(
        config=config, is_sound=True, findings=(_counted(topic, config), *_open_to_others(topic, path))
    )


def _counted(topic: Topic, config: Config) -> Finding:
    if not config.path.exists() and not config.repos:
        return topic.note("there is no configuration yet", _FIRST_STEP)
    if not config.repos:
        return topic.note("no repository is configured yet", _FIRST_STEP)
    return topic.ok(f"repositories: {', '.join(config.repos)}")


def _salvage(path: Path, environ: Mapping[str, str]) -> tuple[Config, list[str]]:
    """The repositories whose own tables are right, and what is wrong with each of the other tables."""
    repos, told = dict[str, Repository](), list[str]()
    for piece, variables in _pieces(path):
        overlay = {name: value for name, value in environ.items() if name.startswith(variables)}
        try:
            repos.update(parse(tomlkit.dumps(piece), path=path, environ=overlay).repos)
        except ConfigError as error:
            told.append(str(error))
    return Config(path=path, repos=repos), told


def _pieces(path: Path) -> Iterator[tuple[dict[str, Any], str]]:
    """Every table alone, and how the environment variables that belong to it begin."""
    try:
        document = tomllib.loads(read(path))
    except (ConfigError, tomllib.TOMLDecodeError):
        return
    for name in ("gate", "metrics", "notify", "console", "keys", "forges"):
        yield {name: document[name]} if name in document else {}, f"MERGETUI_{name.upper()}__"
    repos = document.get("repos", {})
    for name, table in repos.items() if isinstance(repos, dict) else ():
        # A repository names its forge, and cannot be judged without that.
        piece = {"repos": {name: table}, "forges": document.get("forges", {})}
        yield piece, f"MERGETUI_REPOS__{re.sub('[^A-Z0-9]', '_', name.upper())}__"


def _open_to_others(topic: Topic, path: Path) -> Iterator[Finding]:
    """Who can write it chooses what runs here; who can read it has the passwords in its addresses."""
    try:
        mode, text = path.stat().st_mode, read(path)
    except (OSError, ConfigError):
        return
    if mode & 0o022:
        yield topic.mend("others may write it, and so choose what is run", f"chmod go-w {quote(str(path))}")
    if mode & 0o044 and _WITH_PASSWORD.search(text):
        yield topic.mend("others may read it, and it holds a password", f"chmod 600 {quote(str(path))}")
