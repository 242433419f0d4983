"""What the engine's threads tell the event loop."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from textual.message import Message

from mergetui.model import Oid
from mergetui.tui.bridge import Picture
from mergetui.tui.listed import listed

if TYPE_CHECKING:
    from mergetui.adapters.presence import OpenConsole
    from mergetui.events import Event


class PictureTaken(Message):
    """A newer picture of one repository; made where it was taken, for a long queue takes a while to list."""

    def __init__(self, picture: Picture) -> None:
        super().__init__()
        self.picture = picture
        self.listed = listed(picture.state.entries)
        self.queue = self.listed.queue

    def can_replace(self, message: Message) -> bool:
        return isinstance(message, PictureTaken) and message.picture.name == self.picture.name


class PercentsTold(Message):
    """How far the retests of a repository say they are, by commit."""

    def __init__(self, repository: str, percents: Mapping[Oid, int]) -> None:
        super().__init__()
        self.repository = repository
        self.percents = percents

    def can_replace(self, message: Message) -> bool:
        return isinstance(message, PercentsTold) and message.repository == self.repository


class SightFound(Message, bubble=False):
    """A scout of this widget has an answer more."""

    def can_replace(self, message: Message) -> bool:
        return isinstance(message, SightFound)


class CompanyChanged(Message):
    """Others opened or left a console on the same state."""

    def __init__(self, consoles: "Sequence[OpenConsole]") -> None:
        super().__init__()
        self.consoles = consoles


class EngineStarted(Message):
    """Pictures can be taken, and commands be given."""


class FactHeard(Message):
    def __init__(self, event: "Event") -> None:
        super().__init__()
        self.event = event
