"""The checks of a repository: are they there, and do they load with their settings."""

from collections.abc import Iterator
from shlex import quote

from msgspec.structs import replace

from mergetui.adapters.check_registry import load_checks
from mergetui.config import Config
from mergetui.config_tables import ConfigError
from mergetui.doctor.finding import Finding, Topic
from mergetui.repository import Repository


def examine_checks(config: Config, repository: Repository) -> Iterator[Finding]:
    """A line each; what another distribution brings is loaded for it, as an engine does."""
    for name in repository.checks:
        topic = Topic("check", f"{repository.name} {name}")
        try:
            (loaded,) = load_checks(config, replace(repository, checks=(name,)))
        except ConfigError as error:
            yield topic.mend(str(error).removeprefix(f"{config.path}: "), f"edit {quote(str(config.path))}")
        else:
            yield topic.ok(f"loads, {loaded.origin}")
