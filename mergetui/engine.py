"""The drivers of all repositories: started, stepped, let run and stopped from outside, or drained."""

import threading
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from types import MappingProxyType

from mergetui.actions import Wait, Why
from mergetui.driver.driver import Driver
from mergetui.ports import Clock, StatusSender
from mergetui.vigilance import Vigil
from mergetui.worker import ASKED_AGAIN, ELSEWHERE_TICK, IDLE_TICK, TICK, Standing, Worker, WorkMode

_GLANCE_PATIENCE = 30.0
"""Seconds that a repository may be taken by somebody who does not say that he works on it."""
_QUIT_PATIENCE = 15.0
_LAST_WORDS = 2.0
"""Seconds for statuses that are due when the work is over."""
_NO_VIGILS: Mapping[str, Vigil] = MappingProxyType({})


class Engine:
    """All repositories of this process. `changed` is told the name of one whose standing changed.

    A repository with a vigil stops advancing by itself when that says so.
    """

    def __init__(
        self,
        drivers: Mapping[str, Driver],
        *,
        clock: Clock,
        glance_every: Mapping[str, timedelta],
        changed: Callable[[str], None] = lambda _: None,
        vigils: Mapping[str, Vigil] = _NO_VIGILS,
        sender: StatusSender | None = None,
        halt: Callable[[], object] = lambda: None,
    ) -> None:
        """`halt` ends what the drivers only ask of remotes: an answer that nobody waits for any more."""
        self._clock = clock
        self._sender = sender
        self._halt = halt
        self._drivers = drivers
        self._workers = {
            name: Worker(
                name,
                driver,
                clock=clock,
                glance_every=glance_every[name],
                changed=changed,
                vigil=vigils.get(name),
            )
            for name, driver in drivers.items()
        }

    def start(self) -> None:
        """Look at the remotes now and then; nothing advances before it is wanted."""
        self._begin_to_send()
        for worker in self._workers.values():
            worker.start()

    def want(self, name: str, mode: WorkMode | None) -> None:
        self._workers[name].want(mode)

    def finish(self, name: str) -> None:
        """As `want(name, None)`, when what runs there has ended; nothing is begun until then."""
        self._workers[name].finish()

    def standing(self, name: str) -> Standing:
        return self._workers[name].standing

    def stop(self, patience: float = _QUIT_PATIENCE) -> None:
        """Stop what runs, requeue it, give the repositories back; returns when that is done."""
        for worker in self._workers.values():
            worker.stop()
        self._halt()
        for worker in self._workers.values():
            worker.join(patience)
        self._end_sending()

    def drain(
        self, names: Iterable[str], *, patience: timedelta, stopping: threading.Event
    ) -> dict[str, Wait]:
        """Work on these until nothing is left that can move without a person; what each then waits for."""
        ends: dict[str, Wait] = {}

        def run(name: str) -> None:
            drain = Drain(self._drivers[name], self._clock, patience=patience, stopping=stopping)
            ends[name] = drain.run()

        threads = [
            threading.Thread(target=run, args=(name,), name=f"drain-{name}", daemon=True) for name in names
        ]
        self._begin_to_send()
        for thread in threads:
            thread.start()
        for thread in threads:
            while thread.is_alive():
                thread.join(0.2)
                if stopping.is_set():
                    self._halt()
        self._end_sending()
        return ends

    def _begin_to_send(self) -> None:
        if self._sender is not None:
            self._sender.start()

    def _end_sending(self) -> None:
        if self._sender is not None:
            self._sender.stop(_LAST_WORDS)


class Drain:
    """One repository, worked on until it comes to rest."""

    def __init__(
        self, driver: Driver, clock: Clock, *, patience: timedelta, stopping: threading.Event
    ) -> None:
        self._driver = driver
        self._clock = clock
        self._patience = patience
        self._stopping = stopping
        self._deadline = clock.monotonic() + patience.total_seconds()

    def run(self) -> Wait:
        while obstacle := self._driver.occupy("auto"):
            if self._stopping.is_set() or self._is_final(obstacle):
                return obstacle
            self._stopping.wait(ELSEWHERE_TICK)
        try:
            return self._until_at_rest()
        finally:
            self._driver.leave()

    def _is_final(self, obstacle: Wait) -> bool:
        match obstacle.why:
            case Why.ELSEWHERE:
                # Without anybody at work it is a console that looks at the remote, which is soon done.
                is_taken = self._driver.is_worked_on() or self._left() < -_GLANCE_PATIENCE
                return self._is_over() and is_taken
            case Why.NO_ROOM:
                return self._is_over()
            case _:
                return True

    def _until_at_rest(self) -> Wait:
        while True:
            wait = self._driver.round()
            if self._stopping.is_set():
                return wait or Wait(why=Why.TESTING)
            if self._driver.take_lost_lease():
                return Wait(why=Why.LEASE_BUSY, detail="the lease was taken away")
            if wait is not None and not self._is_worth_waiting(wait):
                return wait
            if wait is not None:
                self._rest(wait)

    def _is_worth_waiting(self, wait: Wait) -> bool:
        match wait.why:
            case Why.TESTING | Why.UNDECIDED | Why.NO_SLOT:
                return True
            case Why.NO_ROOM:
                return not self._is_over()
            case _ if wait.is_brief:
                return True
            case Why.DEFERRED | Why.HELD_BACK | Why.FROZEN if wait.until is not None:
                return (wait.until - self._clock.now()).total_seconds() <= self._left()
            case _:
                return False

    def _rest(self, wait: Wait) -> None:
        while not self._stopping.wait(TICK):
            if self._driver.has_news() or (wait.until and self._clock.now() >= wait.until):
                return
            if wait.why in ASKED_AGAIN:
                self._stopping.wait(IDLE_TICK)
                return

    def _left(self) -> float:
        return self._deadline - self._clock.monotonic()

    def _is_over(self) -> bool:
        return self._left() <= 0
