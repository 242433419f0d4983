"""A spool, and senders that are not as patient as they are at work."""

from pathlib import Path

from mergetui.adapters.clock import SystemClock
from mergetui.adapters.sender import Pace, Sender
from mergetui.adapters.spool import Spool
from mergetui.adapters.status_outlets import make_sender, spool_in
from mergetui.config import Config
from mergetui.integrations import Forge
from mergetui.model import Instant
from mergetui.repository import Repository
from mergetui.statuses import Status, StatusState

PACE = Pace(tick=0.01, first=0.02, longest=0.05)
ONE, OTHER = "1" * 40, "2" * 40


def status(
    commit: str = ONE,
    state: StatusState = "success",
    description: str = "landed as 1111111111",
    *,
    at: Instant | None = None,
    is_published: bool = True,
) -> Status:
    return Status(
        repo="shop",
        branch="feat/a",
        commit=commit,
        state=state,
        description=description,
        at=at or SystemClock().now(),
        is_published=is_published,
    )


class Outbox:
    """The repository `shop` below a directory, and a forge that hears of it."""

    def __init__(self, directory: Path, forge: Forge) -> None:
        self.directory = directory
        self.config = Config(
            path=directory / "mergetui.toml",
            forges={"hub": forge},
            repos={"shop": Repository(name="shop", remote="/shop", forge="hub", project="acme/shop")},
        )

    @property
    def spool(self) -> Spool:
        return spool_in(self.directory)

    def put(self, *statuses: Status) -> None:
        for known in statuses:
            self.spool.put(known)

    def sender(self, pace: Pace = PACE) -> Sender:
        return make_sender(self.config, lambda _: self.directory, clock=SystemClock(), pace=pace)

    def is_empty(self) -> bool:
        return not self.spool.waiting()

    def is_full(self) -> bool:
        return not self.is_empty()

    def has_refusal(self) -> bool:
        return self.spool.refusal() is not None
