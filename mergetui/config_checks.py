"""`[checks.NAME]` as far as it can be read without the check: a ValueError names what is allowed."""

from collections.abc import Mapping

from mergetui.config_values import parse_duration
from mergetui.integrations import CheckTable
from mergetui.naming import broken_repository_rule


def parse_check(name: str, table: Mapping[str, object]) -> CheckTable:
    """The table of one check; without `kind` it is named after its kind."""
    if rule := broken_repository_rule(name):
        raise ValueError(f"[checks.{name}] is not a name for a check; allowed: {rule}")
    settings = dict(table)
    kind, timeout = settings.pop("kind", name), settings.pop("timeout", "10s")
    if not isinstance(kind, str):
        raise ValueError(f"[checks.{name}] kind = {kind!r}; allowed: a text in quotes")
    try:
        limit = parse_duration(timeout)
    except ValueError as error:
        raise ValueError(f"[checks.{name}] timeout = {timeout!r}; allowed: {error}") from error
    return CheckTable(name=name, kind=kind, timeout=limit, settings=settings)


def broken_checks_rule(names: tuple[str, ...]) -> str | None:
    """Why a repository cannot have these checks; None when it can."""
    if len(set(names)) < len(names):
        return "each check once"
    if any(broken_repository_rule(name) for name in names):
        return "names of checks"
    return None
