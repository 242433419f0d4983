"""Keys that come faster than a hand are a paste, not an order."""

from collections import deque
from collections.abc import Callable, Sequence

WINDOW = 0.14
"""Seconds that count as one moment."""
DELAY = 0.04
"""Seconds a key that acts is held back, so that a burst is known before its first key has done anything."""
_MOST = 8
"""Keys that act a hand can press in one moment: a key that is held down repeats."""
_MOST_MIXED = 3
_LATE = 0.02
"""Seconds after its time at which a timer tells that keys may have come in that nobody has looked at."""
_MOST_WAITS = 50


class Recent:
    """The keys that acted of late, by the time at which they came in, in seconds."""

    def __init__(self) -> None:
        self._recent: deque[tuple[float, str]] = deque(maxlen=64)

    def note(self, key: str, at: float) -> None:
        self._recent.append((at, key))

    def is_burst(self, since: float) -> bool:
        """Whether some moment that does not end before `since` had more keys than a hand presses."""
        known = [(at, key) for at, key in self._recent if at >= since - WINDOW]
        return any(
            _is_more_than_a_hand([key for at, key in known if begin <= at <= begin + WINDOW])
            for begin, _ in known
        )


def _is_more_than_a_hand(keys: Sequence[str]) -> bool:
    return len(keys) > _MOST or (len(keys) > _MOST_MIXED and len(set(keys)) > 2)


class Haste:
    """Holds keys that act back for a moment; then all of them act, or none because they were a burst.

    `is_behind`: keys have come in that have not been looked at. A screen that is busy drawing handles a
    paste as slowly as a hand types: only when the keys came in tells them apart.
    """

    def __init__(
        self,
        refuse: Callable[[], None],
        *,
        later: Callable[[float, Callable[[], None]], object],
        monotonic: Callable[[], float],
        is_behind: Callable[[], bool],
    ) -> None:
        self._refuse = refuse
        self._later = later
        self._monotonic = monotonic
        self._is_behind = is_behind
        self._recent = Recent()
        self._held: list[Callable[[], None]] = []
        self._since = self._due = 0.0
        self._waits = 0

    def press(self, key: str, act: Callable[[], None], *, at: float) -> None:
        """`at` is when the key came in."""
        self._recent.note(key, at)
        self._held.append(act)
        if len(self._held) == 1:
            self._since, self._waits = at, 0
            self._wait()

    def press_at_once(self, key: str, act: Callable[[], None], *, at: float) -> None:
        """For a key that changes nothing, and that what is typed next belongs to."""
        self._recent.note(key, at)
        act()

    def _wait(self) -> None:
        self._due = self._monotonic() + DELAY
        self._later(DELAY, self._let_go)

    def _let_go(self) -> None:
        is_late = self._monotonic() - self._due > _LATE
        if (is_late or self._is_behind()) and self._waits < _MOST_WAITS:
            self._waits += 1
            self._wait()
            return
        held, self._held = self._held, []
        if self._recent.is_burst(self._since):
            self._refuse()
            return
        for act in held:
            act()
