"""What an operator does to the lease, and to the process that holds it."""

from collections.abc import Callable
from datetime import timedelta

from mergetui import leasing
from mergetui.events import LeaseForced
from mergetui.model import FencingToken, Lease
from mergetui.operations.answers import NotReleased, Released
from mergetui.operations.office import Facts, Office
from mergetui.state import RepositoryState

STOP_PATIENCE = timedelta(seconds=10)
"""How long a holder whose lease was forced away may take to reach a safe point before it is ended."""


class LeaseCommands(Office):
    def force_release(self, reason: str, *, token: FencingToken | None = None) -> Released | NotReleased:
        """Take the lease from whoever holds it; with `token`, only if that is still the one that is held."""

        def take_away(state: RepositoryState) -> tuple[RepositoryState, Released | NotReleased, Facts]:
            after, taken = leasing.force(state, token=token)
            if taken is None:
                return after, NotReleased(leasing.why_not(state.lease, token), state.lease), ()
            forced = self._record.fact(
                LeaseForced, token=taken.token, holder=str(taken.holder), reason=reason
            )
            return after, Released(taken), (forced,)

        return self._record.decide(take_away)

    def see_off(self, lease: Lease, *, sleep: Callable[[float], object]) -> str:
        """After a force-release: wait until the holder lets go, or end it if it does not; what was seen."""
        if lease.holder == self._processes.me():
            return "it was held here"
        deadline = self._clock.monotonic() + STOP_PATIENCE.total_seconds()
        while self._is_at_work(lease):
            if self._clock.monotonic() >= deadline:
                said = "ended" if self._processes.end(lease.holder) else "it cannot be ended from here"
                return f"{lease.holder} did not stop: {said}"
            sleep(0.1)
        return f"{lease.holder} has let go"

    def is_stale(self, lease: Lease) -> bool:
        dead = self._processes.is_dead(lease.holder)
        return leasing.is_stale(lease, holder_is_dead=dead, now=self._clock.now())

    def is_dead(self, lease: Lease) -> bool:
        return self._processes.is_dead(lease.holder)

    def _is_at_work(self, lease: Lease) -> bool:
        advance = self.state().advance
        if advance is None or advance.holder != lease.holder or self._processes.is_dead(lease.holder):
            return False
        lock = self._occupancy()
        if not lock.take():
            return True
        lock.leave()
        return False
