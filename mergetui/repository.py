"""What operators configure of a repository, and of the gate for all of them; durations are `timedelta`."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Literal, TypeAlias

from msgspec import Struct, field

from mergetui.model import Branch

Strategy: TypeAlias = Literal["rebase", "squash", "merge"]


class Gate(Struct, frozen=True, kw_only=True):
    """The caps that hold for every repository."""

    lease_ttl: timedelta = timedelta(seconds=90)
    max_retries: int = 2
    """How often a sent-back entry is taken up again by itself when its author pushes."""
    max_deferrals: int = 20
    """Deferrals in a row before the entry is held."""
    max_contention: int = 10
    """Catch-ups that a moving target may cost an entry before it is deferred."""
    slots: int | None = None
    """Retests of all repositories together that this process runs at the same time; None: no limit."""
    auto_stop_red: int = 3
    """Entries in a row, sent back by the retest, after which the console's auto-advance stops; 0: never."""
    auto_stop_remote: timedelta | None = timedelta(minutes=15)
    """How long the remote may be unreachable before it stops; None: for ever."""
    auto_stop_unattended: timedelta | None = None
    """How long nobody may have pressed a key in the console before it stops; None: for ever."""


class Repository(Struct, frozen=True, kw_only=True):
    """One remote plus one target branch, and how its candidates are judged."""

    name: str
    remote: str
    target: Branch = "main"
    enabled: bool = True
    """False: land without catch-up and retest (conditional rollout)."""
    retest: str | None = None
    """A shell command, run in a checkout of the candidate; None: nothing can be judged yet."""
    emergency_retest: str | None = None
    """The reduced command that judges an emergency, alone; None: there are no emergencies here."""
    retest_timeout: timedelta = timedelta(minutes=30)
    retest_silence: timedelta = timedelta(minutes=10)
    retest_output_limit: int = 200_000_000
    """Bytes of one retest's log."""
    report_log: str | None = None
    """Where, below the checkout, the retest writes pytest's report log; None: it writes none."""
    retries: int = 0
    """How often a red retest is run again on the same commit before it counts; a pass then is a flake."""
    env: Mapping[str, str] = field(default_factory=dict)
    env_pass: tuple[str, ...] = ()
    fetch_interval: timedelta = timedelta(seconds=15)
    batch: int = 1
    parallel: int = 1
    hedge: bool = False
    """Slots that are left test the line without one of its entries, in case that one is red."""
    strategy: Strategy = "rebase"
    update_branch: bool = True
    landing: Literal["push", "external"] = "push"
    merge_ttl: timedelta = timedelta(days=1)
    """How long a green entry keeps the lease for whoever merges it, where the gate does not push itself."""
    result_ttl: timedelta | None = None
    """So long a green retest of a tree is believed: the same command does not test the same tree again."""
    adaptive: bool = False
    """The number of entries on trial grows by one with every landing, and is halved by every red one."""
    clean: Literal["everything", "keep-ignored"] = "everything"
    """What a warm checkout loses before the next retest."""
    forge: str | None = None
    """The name of the forge that keeps its requests."""
    project: str | None = None
    """What it is called there: `acme/shop`."""
    label: str | None = None
    """A request with this label is queued, and taken out when it loses it; None: labels say nothing."""
    checks: tuple[str, ...] = ()
    """What must hold before an entry is caught up and before it lands, in the order in which it is told."""
