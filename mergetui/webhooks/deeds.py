"""What a delivery asks for: of a project on a forge, and so of the repositories that are kept there."""

from hashlib import sha256
from typing import Literal, TypeAlias

from msgspec import Struct

from mergetui.model import Branch, Instant, Oid


class Merged(Struct, frozen=True, kw_only=True, tag="merged"):
    """A person, or the forge, has merged a request."""

    project: str
    target: Branch
    branch: Branch
    number: int
    commit: Oid | None
    """What the forge says the target got; None when it says nothing that can be a commit."""


class Enqueue(Struct, frozen=True, kw_only=True, tag="enqueue"):
    """A request has the label now."""

    project: str
    target: Branch
    branch: Branch
    label: str


class Dequeue(Struct, frozen=True, kw_only=True, tag="dequeue"):
    project: str
    target: Branch | None
    """None: whichever it was to land on, for a branch that is gone is gone for all."""
    branch: Branch
    because: Literal["closed", "deleted", "unlabelled"]
    label: str | None = None
    """The label that was taken away."""


class Relabelled(Struct, frozen=True, kw_only=True, tag="relabelled"):
    """A request's labels were changed by a forge that does not tell which."""

    project: str
    target: Branch
    branch: Branch
    labels: tuple[str, ...]
    """All that it has now."""


class LookNow(Struct, frozen=True, kw_only=True, tag="look-now"):
    """A branch has moved."""

    project: str
    branch: Branch


Deed: TypeAlias = Merged | Enqueue | Dequeue | Relabelled | LookNow


class Delivery(Struct, frozen=True, kw_only=True):
    """What is left of a delivery once it was believed and understood: nothing secret."""

    forge: str
    event: str
    id: str
    received_at: Instant
    deeds: tuple[Deed, ...]

    @property
    def key(self) -> str:
        return sha256("\0".join((self.forge, self.event, self.id)).encode(errors="replace")).hexdigest()


class Shapeless(Struct, frozen=True):
    """The body is not what the forge sends for such an event."""

    why: str
