"""The repositories whose forges are told statuses, put together from the configuration."""

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from mergetui.adapters.credentials import read_credential
from mergetui.adapters.sender import Outlet, Pace, Sender
from mergetui.adapters.spool import Spool
from mergetui.config import Config
from mergetui.integrations import Forge
from mergetui.ports import Clock
from mergetui.repository import Repository

if TYPE_CHECKING:
    from mergetui.adapters.forge_client import ForgeClient


def told_forge(config: Config, repository: Repository) -> Forge | None:
    """The forge that hears of the repository's commits; None: nobody does."""
    forge = config.forges.get(repository.forge) if repository.forge is not None else None
    has_token = forge is not None and (forge.token_env or forge.token_file) is not None
    return forge if has_token else None


def spool_in(directory: Path) -> Spool:
    """The spool of the repository whose state lies there."""
    return Spool(directory / "statuses")


def token_of(forge: Forge) -> str | None:
    return read_credential(variable=forge.token_env, file=forge.token_file)


def make_sender(
    config: Config, directory: Callable[[str], Path], *, clock: Clock, pace: Pace | None = None
) -> Sender:
    """`directory` is where the state of a repository lies."""
    pace = pace or Pace()
    told = {
        name: forge
        for name, repository in config.repos.items()
        if (forge := told_forge(config, repository)) is not None
    }
    clients = {forge.name: _client_of(forge) for forge in told.values()}
    outlets = [
        Outlet(
            name,
            config.repos[name].project or "",
            spool_in(directory(name)),
            clients[forge.name],
            clock=clock,
            pace=pace,
        )
        for name, forge in told.items()
    ]
    return Sender(outlets, tick=pace.tick)


def _client_of(forge: Forge) -> "Callable[[], ForgeClient]":
    @cache
    def client() -> "ForgeClient":
        # Loaded by whoever sends, which most commands never do.
        from mergetui.adapters.forge_client import ForgeClient

        return ForgeClient(forge, lambda: token_of(forge))

    return client
