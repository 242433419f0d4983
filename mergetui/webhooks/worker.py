"""Does what is spooled, oldest first, on a thread of its own."""

import threading
from collections import deque
from collections.abc import Callable, Iterable
from datetime import timedelta

from msgspec import Struct

from mergetui.ports import Clock
from mergetui.webhooks.deeds import Delivery
from mergetui.webhooks.doing import Later, Outcome, Settled
from mergetui.webhooks.spool import Spool, Spooled

FIRST_PAUSE = 2.0
LONGEST_PAUSE = 300.0
"""Seconds between tries of what could not be done; doubled each time."""
PATIENCE = timedelta(days=1)
"""What could not be done for so long is given up, and said to be."""


class Worker:
    """Deliveries of one project are done in the order of their arrival, and keep back those of no other."""

    def __init__(
        self,
        spool: Spool,
        carry_out: Callable[[Delivery], Outcome],
        *,
        clock: Clock,
        tell: Callable[[Delivery, Outcome], None],
        first_pause: float = FIRST_PAUSE,
    ) -> None:
        self._spool = spool
        self._carry_out = carry_out
        self._clock = clock
        self._tell = tell
        self._first_pause = first_pause
        self._arrived: deque[Spooled] = deque()
        self._wake = threading.Event()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="webhooks", daemon=True)

    def start(self, waiting: Iterable[Spooled]) -> None:
        self._arrived.extend(waiting)
        self._thread.start()

    def add(self, spooled: Spooled) -> None:
        self._arrived.append(spooled)
        self._wake.set()

    def stop(self) -> None:
        """Ends after what it does at this moment; the rest stays in the spool."""
        self._stopping = True
        self._wake.set()
        self._thread.join()

    def _run(self) -> None:
        left: list[Spooled] = []
        lanes: dict[str, _Pause] = {}
        while True:
            # Cleared before it is looked at what was set: what comes later wakes the wait below.
            self._wake.clear()
            if self._stopping:
                return
            while self._arrived:
                left.append(self._arrived.popleft())
            left = self._round(left, lanes)
            now = self._clock.monotonic()
            self._wake.wait(min((max(lane.until - now, 0) for lane in lanes.values()), default=None))

    def _round(self, left: list[Spooled], lanes: dict[str, "_Pause"]) -> list[Spooled]:
        """What is left after everything was tried whose turn it is."""
        kept = []
        held = {lane for lane, pause in lanes.items() if pause.until > self._clock.monotonic()}
        for spooled in left:
            lane = _lane(spooled.delivery)
            if self._stopping or lane in held:
                kept.append(spooled)
            elif self._is_settled(spooled):
                lanes.pop(lane, None)
            else:
                kept.append(spooled)
                held.add(lane)
                length = min(lanes[lane].length * 2, LONGEST_PAUSE) if lane in lanes else self._first_pause
                lanes[lane] = _Pause(self._clock.monotonic() + length, length)
        return kept

    def _is_settled(self, spooled: Spooled) -> bool:
        delivery = spooled.delivery
        outcome = self._outcome(delivery)
        if isinstance(outcome, Later):
            if self._clock.now() - delivery.received_at < PATIENCE:
                self._tell(delivery, outcome)
                return False
            outcome = Settled(f"given up after {PATIENCE.days} day: {outcome.why}")
        self._tell(delivery, outcome)
        try:
            self._spool.settle(spooled)
        except OSError as error:
            self._tell(delivery, Later(f"it cannot be struck off: {error}"))
            return False
        return True

    def _outcome(self, delivery: Delivery) -> Outcome:
        try:
            return self._carry_out(delivery)
        except Exception as error:
            # One repository's broken store, or a defect, must not end what works for the others.
            return Later(f"{type(error).__name__}: {error}")


class _Pause(Struct, frozen=True):
    until: float
    length: float


def _lane(delivery: Delivery) -> str:
    project = delivery.deeds[0].project if delivery.deeds else ""
    return f"{delivery.forge} {project.casefold()}"
