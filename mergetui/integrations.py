"""What the gate talks to besides git, as configured: all of it optional, none able to fail a landing."""

from typing import Literal, TypeAlias

from msgspec import Struct

ForgeKind: TypeAlias = Literal["github", "gitea", "forgejo", "gitlab"]


class Forge(Struct, frozen=True, kw_only=True):
    """A forge that keeps requests for repositories: what it is asked with, and how its word is checked.

    Secrets are named here and read where they are used: from a variable, or from a file for nobody else.
    """

    name: str
    kind: ForgeKind
    api: str | None = None
    """Address of its API; None: the usual one of that kind, where there is one."""
    token_env: str | None = None
    token_file: str | None = None
    """What statuses are sent with; without either none are."""
    secret_env: str | None = None
    secret_file: str | None = None
    """What its webhooks are signed with; without either none are believed."""
    link: str | None = None
    """Where a status leads to: `{repo}`, `{branch}` and `{commit}` are put in."""
