"""What the answers of all checks come to, for one entry or the whole repository."""

from collections.abc import Mapping
from typing import TypeAlias

from msgspec import Struct

from mergetui.checks.check import Answer, Refuses, Waits
from mergetui.reason import Coded, HeldBack, Reason


class Cleared(Struct, frozen=True):
    """Every check has said yes."""


class Unanswered(Struct, frozen=True):
    """None has said no, and one has not answered yet; it will, or its time limit answers for it."""

    check: str


Ruling: TypeAlias = Cleared | Unanswered | HeldBack | Coded


def ruling(answers: Mapping[str, Answer | None]) -> Ruling:
    """By check, in the order in which they are told; None has not answered. A no outweighs a wait."""
    refused = next(((name, said) for name, said in answers.items() if isinstance(said, Refuses)), None)
    if refused is not None:
        return Coded(Reason.CHECK_REFUSED, f"{refused[0]}: {refused[1].reason}")
    waits = next(((name, said) for name, said in answers.items() if isinstance(said, Waits)), None)
    if waits is not None:
        return HeldBack(check=waits[0], reason=waits[1].reason, until=waits[1].until)
    unanswered = next((name for name, said in answers.items() if said is None), None)
    return Unanswered(unanswered) if unanswered is not None else Cleared()


def of_everything(answers: Mapping[str, Answer | None]) -> HeldBack | Unanswered | Cleared:
    """As `ruling` for the whole repository, where nobody is at fault and a no is a wait."""
    softened = {
        name: Waits(said.reason) if isinstance(said, Refuses) else said for name, said in answers.items()
    }
    said = ruling(softened)
    assert not isinstance(said, Coded)
    return said
