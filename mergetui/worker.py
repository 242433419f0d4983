"""The worker of one repository: its driver in a thread of its own, wanted and stopped from outside."""

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Literal

from msgspec import Struct

from mergetui.actions import Wait, Why
from mergetui.driver.driver import Driver
from mergetui.ports import Clock
from mergetui.vigilance import Vigil

TICK = 0.03
"""Seconds between two looks for news while a retest runs."""
IDLE_TICK = 0.25
ELSEWHERE_TICK = 0.5
_BROKEN_TICK = 5.0
ASKED_AGAIN = (Why.BROKEN, Why.UNDECIDED, Why.NO_ROOM)
"""No news would tell that these are over: only another round does."""
_MOST_BREAKS = 3
"""Failures of the gate itself in a row after which a repository stops advancing by itself."""
_AS_WANTED = "auto-advance was switched off"
WorkMode = Literal["auto", "step"]


class Standing(Struct, frozen=True):
    """What a repository's worker is doing, for the screen."""

    mode: WorkMode | None = None
    wait: Wait | None = None
    """What it waits for; None while it is at work."""
    stopped_itself: str | None = None
    """Why auto-advance was switched off by the engine."""
    ending: str | None = None
    """Why the engine is about to switch it off: what runs is finished first."""


class Worker:
    """Drives one repository in a thread of its own."""

    def __init__(
        self,
        name: str,
        driver: Driver,
        *,
        clock: Clock,
        glance_every: timedelta,
        changed: Callable[[str], None],
        vigil: Vigil | None = None,
    ) -> None:
        """`vigil` says when auto-advance should stop itself; without one the operator alone does."""
        self.name = name
        self.standing = Standing()
        self._driver = driver
        self._clock = clock
        self._glance_every = glance_every.total_seconds()
        self._changed = changed
        self._vigil = vigil
        self._counts_anew = False
        self._wanted: WorkMode | None = None
        self._is_last = False
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"driver-{name}", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def want(self, mode: WorkMode | None) -> None:
        """Advance by itself, do one step, or (None) stop after what is being done at this moment."""
        self._wanted, self._counts_anew, self._is_last = mode, True, False
        self._stand(mode=mode, wait=None)
        self._wake.set()

    def finish(self) -> None:
        """Stop when what runs has ended, and begin nothing until then."""
        self._is_last = True
        self._wake.set()

    def stop(self) -> None:
        self._stopping.set()
        self._wake.set()

    def join(self, patience: float) -> None:
        if self._thread.is_alive():
            self._thread.join(patience)

    def _run(self) -> None:
        while not self._stopping.is_set():
            mode = self._wanted
            if mode is None:
                self._driver.glance()
                self._sleep(self._glance_every)
            elif obstacle := self._driver.occupy(mode):
                self._stand(mode=mode, wait=obstacle)
                self._sleep(_BROKEN_TICK if obstacle.why is Why.BROKEN else ELSEWHERE_TICK)
            else:
                self._work(mode)

    def _work(self, mode: WorkMode) -> None:
        done, breaks = self._driver.endings, 0
        try:
            while not self._stopping.is_set() and self._wanted == mode:
                ending, is_last = self._why_stop(mode), self._is_last
                self._driver.wind_down(ending or (_AS_WANTED if is_last else None))
                wait = self._driver.round()
                self._stand(mode=mode, wait=wait, ending=ending)
                if self._driver.take_lost_lease():
                    return self._stop_itself("the lease was taken away", wait=wait)
                breaks = breaks + 1 if wait is not None and wait.why is Why.BROKEN else 0
                if breaks >= _MOST_BREAKS:
                    return self._stop_itself(wait.detail if wait else "", wait=wait)
                if ending is not None and ending == self._why_stop(mode) and not _goes_on(wait):
                    return self._stop_itself(ending, wait=None)
                is_done = is_last and self._is_last and not _goes_on(wait)
                if is_done or (mode == "step" and (self._driver.endings > done or not _goes_on(wait))):
                    self._wanted = None
                elif wait is not None:
                    self._rest(wait, mode, ending, is_last=is_last)
        finally:
            self._driver.leave()
            self._stand(mode=self._wanted, wait=self.standing.wait)

    def _stop_itself(self, why: str, *, wait: Wait | None) -> None:
        self._wanted = None
        self.standing = Standing(None, wait, why)
        self._changed(self.name)

    def _why_stop(self, mode: WorkMode) -> str | None:
        if self._vigil is None or mode != "auto":
            return None
        if self._counts_anew:
            self._counts_anew = False
            self._vigil.begin()
        return self._vigil.why_stop(self._driver.unreachable_since)

    def _rest(self, wait: Wait, mode: WorkMode, ending: str | None, *, is_last: bool) -> None:
        """Until there is news, the wait is over, or somebody wants something else."""
        tick = TICK if wait.why is Why.TESTING else IDLE_TICK
        self._sleep(1.0 if wait.why in ASKED_AGAIN else tick)
        while not self._stopping.is_set() and self._wanted is not None:
            if self._why_stop(mode) != ending or self._is_last != is_last:
                return
            if self._driver.has_news() or (wait.until and self._clock.now() >= wait.until):
                return
            if wait.why in ASKED_AGAIN:
                return
            self._sleep(tick)

    def _sleep(self, seconds: float) -> None:
        self._wake.wait(seconds)
        self._wake.clear()

    def _stand(self, *, mode: WorkMode | None, wait: Wait | None, ending: str | None = None) -> None:
        standing = Standing(mode, wait, None if mode else self.standing.stopped_itself, ending)
        if standing != self.standing:
            self.standing = standing
            self._changed(self.name)


def _goes_on(wait: Wait | None) -> bool:
    """Whether a step that is under way has more to do by itself."""
    return wait is None or wait.is_brief or wait.why in (Why.TESTING, Why.UNDECIDED, Why.NO_SLOT)
