"""The last command that can be taken back, for as long as it can."""

from collections.abc import Callable
from datetime import timedelta

from msgspec import Struct

from mergetui.model import Instant
from mergetui.tui.desk_work import Undo

PATIENCE = timedelta(seconds=10)


class Offer(Struct, frozen=True):
    repository: str
    says: str
    back: Undo
    until: Instant


class Undoing:
    def __init__(self, now: Callable[[], Instant]) -> None:
        self._now = now
        self._offer: Offer | None = None

    def offer(self, repository: str, says: str, back: Undo) -> None:
        self._offer = Offer(repository, says, back, self._now() + PATIENCE)

    @property
    def is_open(self) -> bool:
        return self._offer is not None and self._now() <= self._offer.until

    def take(self) -> Offer | None:
        """The offer, which is then used up; None when it is over."""
        offer, self._offer = (self._offer if self.is_open else None), None
        return offer
