"""What is queued in the sandbox, and how each of it must end."""

from typing import Literal, TypeAlias

from msgspec import Struct

from mergetui.demo.authors import ADA, BJORN, PRIYA, TOM, YUKI
from mergetui.model import Priority
from mergetui.reason import Reason

Ending: TypeAlias = Literal["landed", "sent-back"]


class Branch(Struct, frozen=True, kw_only=True):
    name: str
    author: str
    about: str
    """One sentence for people."""
    expected: Ending = "landed"
    code: Reason | None = None
    """Why it is sent back; None when it lands."""


class Scene(Struct, frozen=True, kw_only=True):
    """One entry: a branch, or a stack of them that lands together."""

    branches: tuple[Branch, ...]
    priority: Priority = Priority.NORMAL

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(branch.name for branch in self.branches)

    @property
    def stack(self) -> bool:
        return len(self.branches) > 1

    @property
    def expected(self) -> Ending:
        return self.branches[-1].expected

    @property
    def code(self) -> Reason | None:
        return self.branches[-1].code


SCENES: tuple[Scene, ...] = (
    Scene(
        branches=(
            Branch(
                name="fix/vat-a",
                author=PRIYA.name,
                about="Rounds VAT to the nearest cent; urgent, so it is served first.",
            ),
        ),
        priority=Priority.URGENT,
    ),
    Scene(
        branches=(Branch(name="feat/cart-total", author=PRIYA.name, about="One clean commit, behind main."),),
    ),
    Scene(
        branches=(Branch(name="feat/search", author=YUKI.name, about="Three clean commits, behind main."),),
    ),
    Scene(
        branches=(
            Branch(
                name="feat/rename-price",
                author=ADA.name,
                about="Renames a function and everything that calls it on main.",
            ),
        ),
    ),
    Scene(
        branches=(
            Branch(
                name="feat/bulk-discount",
                author=BJORN.name,
                about="Calls the function by its old name: green alone, no conflict, red after the rename.",
                expected="sent-back",
                code=Reason.RETEST_FAILED,
            ),
        ),
    ),
    Scene(
        branches=(
            Branch(
                name="fix/vat-b",
                author=TOM.name,
                about="Rounds VAT up, on the very line that fix/vat-a changes.",
                expected="sent-back",
                code=Reason.CONFLICT,
            ),
        ),
    ),
    Scene(
        branches=(
            Branch(
                name="chore/broken",
                author=TOM.name,
                about="Changes the receipt and forgets its tests: red even alone.",
                expected="sent-back",
                code=Reason.RETEST_FAILED,
            ),
        ),
    ),
    Scene(
        branches=(
            Branch(
                name="fix/already-landed",
                author=BJORN.name,
                about="Its commit was cherry-picked to main.",
                expected="sent-back",
                code=Reason.ALREADY_LANDED,
            ),
        ),
    ),
    Scene(
        branches=(
            Branch(
                name="chore/empty",
                author=TOM.name,
                about="One commit that changes nothing.",
                expected="sent-back",
                code=Reason.NOTHING_TO_LAND,
            ),
        ),
    ),
    Scene(
        branches=(
            Branch(name="stack/1-model", author=YUKI.name, about="Adds customers."),
            Branch(name="stack/2-api", author=YUKI.name, about="Builds on the customers; both land or none."),
        ),
    ),
    Scene(
        branches=(
            Branch(
                name="feat/merged-main",
                author=PRIYA.name,
                about="Merged main into itself between its two commits.",
            ),
        ),
    ),
    Scene(
        branches=(
            Branch(
                name="feat/slow-talkative",
                author=BJORN.name,
                about="Adds a test that prints 300 lines in two seconds.",
            ),
        ),
    ),
    Scene(
        branches=(
            Branch(name="docs/readme", author=YUKI.name, about="A line for the README, on top of main."),
        ),
        priority=Priority.LOW,
    ),
)
"""In the order in which they are to be queued; taken one by one, each ends as it says."""
