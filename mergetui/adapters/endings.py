"""What the end of a retest command means."""

import signal
from typing import assert_never

from mergetui.cleaning import redact
from mergetui.masking import Mask
from mergetui.outcome import (
    Failed,
    Hung,
    Interrupted,
    Killed,
    OverOutputLimit,
    Passed,
    RetestEnding,
    TimedOut,
)
from mergetui.reason import Coded, Reason

_LONGEST_LINE = 200


def ending_of(returncode: int, *, tail: str) -> Passed | Failed | Killed:
    """`returncode` is negative after a signal, as Popen has it; 128 + n is the shell's word for signal n."""
    if returncode == 0:
        return Passed()
    name = signal_name(-returncode if returncode < 0 else returncode - 128)
    if name is not None:
        return Killed(name)
    return Killed(f"signal {-returncode}") if returncode < 0 else Failed(returncode, tail)


def signal_name(number: int) -> str | None:
    """`SIGKILL` for 9; None if no signal has the number and a name."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return None


def reason_of(ending: RetestEnding, command: str, mask: Mask = redact) -> Coded | None:
    """Why the candidate does not land, nothing secret in it; None if it passed."""
    command = mask(command)
    match ending:
        case Passed():
            return None
        case Failed(exit_code=code, tail=tail):
            return Coded(Reason.RETEST_FAILED, _failure(code, mask(tail)))
        case TimedOut(after=seconds):
            return Coded(Reason.RETEST_TIMEOUT, f"`{command}` was not done after {seconds:g} s")
        case Hung(silent_for=seconds):
            return Coded(Reason.RETEST_HUNG, f"`{command}` printed nothing for {seconds:g} s")
        case Killed(signal=name):
            return Coded(Reason.RETEST_KILLED, f"`{command}` was killed by {name}")
        case OverOutputLimit(limit=limit):
            return Coded(Reason.OUTPUT_LIMIT, f"`{command}` printed more than {limit} bytes")
        case Interrupted(why=why):
            return Coded(Reason.INTERRUPTED, mask(why))
        case _:
            assert_never(ending)


def _failure(code: int, tail: str) -> str:
    lines = [line.strip() for line in tail.splitlines() if line.strip()]
    return f"exit code {code}: {lines[-1][:_LONGEST_LINE]}" if lines else f"exit code {code}"
