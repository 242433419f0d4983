"""Holding the lease: taken with a token, renewed by a heartbeat, noticed when it is lost."""

import logging
import threading
from datetime import timedelta

from mergetui.driver.record import Record
from mergetui.events import LeaseGranted, LeaseLost, LeaseReleased
from mergetui.leasing import Granted, acquire, describe, is_held, keep_for_merge, release, renew
from mergetui.model import Branch, FencingToken, Instant, Lease
from mergetui.ports import Processes
from mergetui.state import RepositoryState

_log = logging.getLogger(__name__)


class Tenure:
    """The right to land on one repository, as far as this process has it.

    Whoever takes it has the kernel lock on the repository.
    """

    def __init__(self, record: Record, processes: Processes, *, ttl: timedelta) -> None:
        self._record = record
        self._processes = processes
        self._ttl = ttl
        self._lease: Lease | None = None
        self._ended = threading.Event()
        self._heart: threading.Thread | None = None

    @property
    def lease(self) -> Lease | None:
        return self._lease

    def of_another(self, state: RepositoryState) -> Lease | None:
        """The lease of a holder that is neither this process nor known to be dead."""
        held, me = state.lease, self._processes.me()
        if held is None or held.awaits_merge or held.holder == me or self._processes.is_dead(held.holder):
            return None
        # A container that was started anew: nothing is known of a process in another namespace, but on this
        # very kernel it would have the lock that whoever asks here has.
        is_left = held.holder.boot == me.boot and held.holder.pid_namespace != me.pid_namespace
        return None if is_left else held

    def take(self, branches: tuple[Branch, ...], *, phase: str) -> bool:
        """Hold a lease for these branches from now on; False when another holder has it."""
        if self._lease is not None:
            self.describe(branches, phase=phase)
            return True
        me, now = self._processes.me(), self._record.now()
        # Asked in the transaction: the holder that was dead at the last look may have been followed since.
        answer = self._record.change(
            lambda state: acquire(
                state,
                holder=me,
                branches=branches,
                holder_is_dead=self.of_another(state) is None,
                now=now,
                ttl=self._ttl,
            )
        )
        if not isinstance(answer, Granted):
            return False
        self._begin(answer, phase)
        return True

    def describe(self, branches: tuple[Branch, ...], *, phase: str) -> None:
        lease = self._lease
        if lease is not None:
            self._record.change(lambda state: (describe(state, lease, branches=branches, phase=phase), None))

    def still_holds(self, state: RepositoryState) -> bool:
        """Asked of the stored row, right before anything lands."""
        return self._lease is not None and is_held(state, self._lease)

    def notice_loss(self, state: RepositoryState) -> bool:
        """True once, when the lease that was held is not held any more."""
        lease = self._lease
        if lease is None or is_held(state, lease):
            return False
        self._let_go()
        self._record.note(self._record.fact(LeaseLost, token=lease.token))
        return True

    def give_back(self) -> None:
        """Release it, if it is still ours."""
        lease = self._lease
        if lease is None:
            return
        self._let_go()
        fact = self._record.fact(LeaseReleased, token=lease.token)
        self._record.commit(lambda state: release(state, lease.token), fact)

    def keep_for_merge(self, branches: tuple[Branch, ...], *, until: Instant) -> None:
        """Held for whoever merges these, also after this process; nobody renews it until then."""
        lease = self._lease
        if lease is not None:
            self._let_go()
            self._record.change(
                lambda state: (keep_for_merge(state, lease, branches=branches, until=until), None)
            )

    def release_kept(self, token: FencingToken) -> None:
        """The lease that was kept for a merge, if it is still that one."""
        fact = self._record.fact(LeaseReleased, token=token)
        held = self._record.state().lease
        if held is not None and held.token == token:
            self._record.commit(lambda state: release(state, token), fact)

    def clear_after_a_death(self, state: RepositoryState) -> None:
        """The row of a dead holder goes; not while a push is undecided, for whoever decides takes it over."""
        left = state.lease
        is_needed = state.landing is not None or state.handover is not None
        if left is not None and not is_needed and self.of_another(state) is None:
            fact = self._record.fact(LeaseReleased, token=left.token)
            self._record.commit(lambda latest: release(latest, left.token), fact)

    def _begin(self, granted: Granted, phase: str) -> None:
        lease, left = granted.lease, granted.taken_over_from
        self._lease, self._record.token = lease, lease.token
        over = str(left.holder) if left else None
        self._record.note(
            self._record.fact(LeaseGranted, token=lease.token, branches=lease.branches, taken_over_from=over)
        )
        self.describe(lease.branches, phase=phase)
        self._ended = threading.Event()
        self._heart = threading.Thread(
            target=self._beat, args=(lease, self._ended), name=f"lease-{self._record.repo}", daemon=True
        )
        self._heart.start()

    def _beat(self, lease: Lease, ended: threading.Event) -> None:
        while not ended.wait(self._ttl.total_seconds() / 3):
            try:
                if not self._renew(lease):
                    return
            except Exception:
                # The next beat tries again; a row that stays unrenewed is seen as stale by everybody.
                _log.exception("the lease of %s could not be renewed", self._record.repo)

    def _renew(self, lease: Lease) -> bool:
        now = self._record.now()
        return self._record.change(lambda state: renew(state, lease, now=now, ttl=self._ttl)) is not None

    def _let_go(self) -> None:
        self._lease = self._record.token = None
        self._ended.set()
        if self._heart is not None:
            self._heart.join()
        self._heart = None
