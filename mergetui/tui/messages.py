"""What the engine's threads tell the event loop."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from textual.message import Message

from mergetui.model import Oid
from mergetui.tui.bridge import Bridge, Picture, Watcher
from mergetui.tui.listed import listed
from mergetui.tui.wording import emergencies

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
        self.emergencies = emergencies(picture)

    def can_replace(self, message: Message) -> bool:
        return isinstance(message, PictureTaken) and message.picture.name == self.picture.name


class PictureMissed(Message):
    """Why no newer picture of a repository can be taken; None: it can again."""

    def __init__(self, repository: str, why: str | None) -> None:
        super().__init__()
        self.repository = repository
        self.why = why


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


class NothingToStep(Message):
    """A step was asked for that there is not: the picture's verdict says why."""

    def __init__(self, picture: Picture) -> None:
        super().__init__()
        self.picture = picture


class EngineStarted(Message):
    """Pictures can be taken, and commands be given."""


class FactHeard(Message):
    def __init__(self, event: "Event") -> None:
        super().__init__()
        self.event = event


def watcher(
    bridge: Bridge, to_app: Callable[[Message], object], to_main: Callable[[Message], object]
) -> Watcher:
    """What it sees is posted from its own thread."""
    return Watcher(
        bridge,
        lambda picture: to_app(PictureTaken(picture)),
        lambda name, percents: to_main(PercentsTold(name, percents)),
        lambda name, why: to_main(PictureMissed(name, why)),
    )
