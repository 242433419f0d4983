"""When auto-advance should stop itself: what goes wrong again and again needs a person first."""

from collections.abc import Callable
from datetime import timedelta

from msgspec import Struct
from msgspec.structs import replace

from mergetui.events import Ended, Event, RetestEnded
from mergetui.model import Branch, Instant
from mergetui.reason import RED
from mergetui.repository import Gate
from mergetui.verdict import spell

_NAMED = 5
"""Entries that are told by name."""


class Watch(Struct, frozen=True, kw_only=True):
    """What happened to one repository since its auto-advance was switched on."""

    began: Instant
    red: tuple[tuple[Branch, ...], ...] = ()
    """Entries in a row that the retest sent back, latest last; each once, however often it was tried."""


def follow(watch: Watch, fact: Event) -> Watch:
    """A green retest or a landing ends a row of red ones; what says nothing about the retest does not."""
    match fact:
        case RetestEnded(reason=None):
            return replace(watch, red=())
        case Ended(run=run) if run.outcome == "landed":
            return replace(watch, red=())
        case Ended(run=run) if run.outcome == "sent-back" and run.reason and run.reason.code in RED:
            others = tuple(branches for branches in watch.red if branches != run.branches)
            return replace(watch, red=(*others, run.branches))
        case _:
            return watch


def why_stop(
    watch: Watch,
    caps: Gate,
    *,
    unreachable_since: Instant | None,
    last_key: Instant | None,
    now: Instant,
) -> str | None:
    """A sentence for people, or None. Nothing from before auto-advance was switched on counts.

    The sentence is the same for as long as its cause is.
    """
    if 0 < caps.auto_stop_red <= len(watch.red):
        return f"{_entries(len(watch.red))} sent back by the retest ({_told(watch.red)})"
    down = now - max(unreachable_since, watch.began) if unreachable_since else timedelta()
    if caps.auto_stop_remote is not None and down >= caps.auto_stop_remote:
        return f"the remote could not be reached for {_length(caps.auto_stop_remote)}"
    alone = now - max(last_key or watch.began, watch.began)
    if caps.auto_stop_unattended is not None and alone >= caps.auto_stop_unattended:
        return f"nobody pressed a key in this console for {_length(caps.auto_stop_unattended)}"
    return None


class Vigil:
    """Keeps the watch of one repository; `last_key` is when the operator last pressed one."""

    def __init__(
        self, caps: Gate, *, now: Callable[[], Instant], last_key: Callable[[], Instant | None]
    ) -> None:
        self._caps = caps
        self._now = now
        self._last_key = last_key
        self._watch = Watch(began=now())

    def begin(self) -> None:
        """Auto-advance was switched on: everything counts anew."""
        self._watch = Watch(began=self._now())

    def hear(self, fact: Event) -> None:
        self._watch = follow(self._watch, fact)

    def why_stop(self, unreachable_since: Instant | None) -> str | None:
        return why_stop(
            self._watch,
            self._caps,
            unreachable_since=unreachable_since,
            last_key=self._last_key(),
            now=self._now(),
        )


def _entries(count: int) -> str:
    return "1 entry was" if count == 1 else f"{count} entries in a row were"


def _length(span: timedelta) -> str:
    """`15m`, `8h`, `1h30m`."""
    return spell(span).removesuffix("00s").removesuffix("00m")


def _told(red: tuple[tuple[Branch, ...], ...]) -> str:
    named = ", ".join(branches[-1] for branches in red[-_NAMED:])
    return named if len(red) <= _NAMED else f"{len(red) - _NAMED} more, {named}"
