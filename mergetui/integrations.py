"""What the gate and its console talk to besides git, as configured: none of it can fail a landing."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Literal, TypeAlias

from msgspec import Struct, field

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


class CheckTable(Struct, frozen=True, kw_only=True):
    """`[checks.NAME]`: which check, and its settings as they are written; they mean something to it alone."""

    name: str
    kind: str
    timeout: timedelta = timedelta(seconds=10)
    """How long it may take to answer; then the entry waits."""
    settings: Mapping[str, object] = field(default_factory=dict)


class Metrics(Struct, frozen=True, kw_only=True):
    """Where metrics are told; nowhere unless a port or a file is named."""

    port: int | None = None
    host: str = "127.0.0.1"
    """The address that is listened on; whoever reaches it may read the metrics."""
    textfile: str | None = None
    """A file for the node exporter of Prometheus; its name ends in `.prom`."""


NoticeKind: TypeAlias = Literal["landed", "sent-back", "held", "auto-stopped", "lease-forced", "broken"]
NOTICE_KINDS: tuple[NoticeKind, ...] = (
    "landed",
    "sent-back",
    "held",
    "auto-stopped",
    "lease-forced",
    "broken",
)


class Rate(Struct, frozen=True):
    count: int
    span: timedelta


class Notify(Struct, frozen=True, kw_only=True):
    """Who is told of what, by whatever service the addresses name. They hold secrets, as those of forges."""

    urls_env: str | None = None
    urls_file: str | None = None
    """One address per line."""
    on: tuple[NoticeKind, ...] = NOTICE_KINDS
    limit: Rate = Rate(20, timedelta(hours=1))
    """So many messages of one process; what is too much is told in one."""
    templates: Mapping[str, str] = field(default_factory=dict)
    """The words for a kind, where they are not the usual ones."""


Channel: TypeAlias = Literal["bell", "osc9", "title"]
CHANNELS: tuple[Channel, ...] = ("bell", "osc9", "title")


class ConsoleSettings(Struct, frozen=True, kw_only=True):
    """How the console behaves to the terminal it runs in."""

    notify: tuple[Channel, ...] = CHANNELS
    """How it calls an operator who looks at something else."""
