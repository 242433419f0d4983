"""Keys that come faster than a hand are a paste, not an order."""

from collections import deque
from collections.abc import Callable

WINDOW = 0.1
"""Seconds that count as one moment."""
DELAY = 0.04
"""Seconds a key that acts is held back, so that a burst is known before its first key has done anything."""
_MOST = 8
"""Keys that act a hand can press in one moment: a key that is held down repeats."""
_MOST_MIXED = 3


class Recent:
    """Knows the keys that acted of late; `monotonic` is in seconds."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._recent: deque[tuple[float, str]] = deque(maxlen=64)

    def note(self, key: str) -> None:
        self._recent.append((self._monotonic(), key))

    def is_burst(self) -> bool:
        now = self._monotonic()
        keys = [key for at, key in self._recent if now - at <= WINDOW + DELAY]
        return len(keys) > _MOST or (len(keys) > _MOST_MIXED and len(set(keys)) > 2)


class Haste:
    """Holds keys that act back for a moment; then all of them act, or none because they were a burst."""

    def __init__(
        self,
        refuse: Callable[[], None],
        *,
        later: Callable[[float, Callable[[], None]], object],
        monotonic: Callable[[], float],
    ) -> None:
        self._refuse = refuse
        self._later = later
        self._recent = Recent(monotonic)
        self._held: list[Callable[[], None]] = []

    def press(self, key: str, act: Callable[[], None]) -> None:
        self._recent.note(key)
        self._held.append(act)
        if len(self._held) == 1:
            self._later(DELAY, self._let_go)

    def press_at_once(self, key: str, act: Callable[[], None]) -> None:
        """For a key that changes nothing, and that what is typed next belongs to."""
        self._recent.note(key)
        act()

    def _let_go(self) -> None:
        held, self._held = self._held, []
        if self._recent.is_burst():
            self._refuse()
            return
        for act in held:
            act()
