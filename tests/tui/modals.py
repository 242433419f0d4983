"""The modal screens as the tests open them, and what is in them."""

from collections.abc import Callable, Mapping
from typing import Any

from textual.screen import ModalScreen

from mergetui.actions import Why
from mergetui.model import Entry, EntryState, Priority
from mergetui.outcome import Unreachable
from mergetui.reason import Coded, Reason
from mergetui.state import Pause
from mergetui.tui.bridge import Picture
from mergetui.tui.screens.enqueue import EnqueuePicker
from mergetui.tui.screens.entry import EntryView
from mergetui.tui.screens.force_release import ForceRelease
from mergetui.tui.screens.quit import QuitQuestion
from mergetui.tui.screens.why import WhyView
from mergetui.verdict import Verdict
from tests.tui.asking import (
    NOW,
    OID,
    Hands,
    ago,
    asking,
    knowledge,
    lease,
    play,
)
from tests.tui.fakes import NOON, TIP, FakeReader

BRANCHES = {f"feat/{name}": OID for name in ("cart", "checkout", "login", "search")} | {"fix/search": OID}
HELP = (
    ("s", "step: show the next action, again to do it"),
    ("p", "pause or resume"),
    ("f", "force-release the lease"),
    ("?", "this help"),
)
STEP = ("retest feat/cart on main 9f3c2a1", "", "git fetch --prune origin", "python -m pytest tests/ -q")


def picker(
    branches: Mapping[str, str] = BRANCHES,
    *,
    load: Callable[[], dict[str, str] | Unreachable] | None = None,
    reader: FakeReader | None = None,
) -> EnqueuePicker:
    return EnqueuePicker(
        "shop",
        load or (lambda: dict(branches)),
        frozenset({"feat/cart"}),
        reader=reader or FakeReader(),
        tip=TIP,
        now=NOON,
    )


def entry_view(shown: Picture, key: str = "e1", reader: FakeReader | None = None) -> EntryView:
    return EntryView(shown, key, reader or FakeReader(), tuple)


def stale(operator: str = "ana", last_line: str = "tests/test_cart.py ...F   [41%]") -> ForceRelease:
    held = lease(operator, renewed=ago(minutes=3))
    return ForceRelease(held, stale=True, last_line=last_line, now=lambda: NOW)


def alive() -> ForceRelease:
    held = lease(renewed=ago(seconds=6))
    return ForceRelease(held, stale=False, last_line="tests/test_cart.py ...F   [41%]", now=lambda: NOW)


def quit_question() -> QuitQuestion:
    return QuitQuestion(["shop · feat/cart, 4m12s", "api · fix/login, 10s"])


def why(
    key: str = "f", says: str = "ana@buildbox pid 4121 holds the lease #17", *, blocked_by: str = ""
) -> WhyView:
    verdict = Verdict(why=Why.LEASE_BUSY, says=says, mend="mergetui lease release shop --token 17", key=key)
    pause = Pause(by="ana@buildbox", reason=blocked_by, at=ago(hours=1)) if blocked_by else None
    return WhyView(knowledge(lease=lease(renewed=ago(seconds=6)), pause=pause), verdict)


def entry(**fields: Any) -> Entry:
    known: dict[str, Any] = {
        "id": "e1",
        "branches": ("feat/base", "feat/cart"),
        "heads": (OID, OID[::-1]),
        "enqueued_at": ago(hours=3),
        "enqueued_by": "joe@desk",
        "author": "Ana Lima",
        "priority": Priority.HIGH,
        "state": EntryState.SENT_BACK,
        "state_since": ago(minutes=4),
        "reason": Coded(Reason.CONFLICT, "setup.cfg, src/app.py"),
        "log": "logs/e1.1.log",
    }
    return Entry(**known | fields)


def answer_of(
    modal: ModalScreen[Any], act: Callable[[Hands], Any], size: tuple[int, int] = (80, 24)
) -> list[object]:
    """What the screen answered by the end of `act`; nothing if it is still there."""
    answers: list[object] = []

    async def scene() -> None:
        async with asking(modal, size) as hands:
            await act(hands)
            await hands.pilot.pause()
            answers.extend(hands.answers)

    play(scene())
    return answers


def shows(modal: ModalScreen[Any], text: str) -> None:
    async def act(hands: Hands) -> None:
        await hands.until(lambda: text in hands.screen)

    answer_of(modal, act)
