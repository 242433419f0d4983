"""What the end of a retest says of the candidate: green, red, or nothing."""

from collections.abc import Callable

from mergetui.adapters.endings import reason_of
from mergetui.masking import Mask
from mergetui.outcome import Interrupted, Killed, Passed, RetestEnding
from mergetui.ports import Room
from mergetui.reason import Coded, Reason
from mergetui.repository import Repository
from mergetui.view import Verdict

_FROM_OUTSIDE = frozenset({"SIGKILL", "SIGTERM", "SIGHUP", "SIGINT"})
"""Signals that a test seldom sends itself: the kernel for want of memory, or a hand."""


def judge_of(
    repository: Repository, room: Room, mask: Mask
) -> Callable[[RetestEnding], tuple[Verdict, Coded | None]]:
    def judge(ending: RetestEnding) -> tuple[Verdict, Coded | None]:
        reason = reason_of(ending, repository.retest or "", mask)
        match ending:
            case Passed():
                return Verdict.GREEN, None
            case Interrupted():
                return Verdict.VOID, reason
            case _ if lack := room.lack():
                return Verdict.VOID, Coded(Reason.DISK_FULL, lack)
            case Killed(signal=signal) if signal in _FROM_OUTSIDE:
                return Verdict.VOID, reason
            case _:
                return Verdict.RED, reason

    return judge
