"""Sends what is in the spools: one thread per process, which no landing ever waits for."""

import logging
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, assert_never

from msgspec import Struct

from mergetui.adapters.credentials import CredentialError
from mergetui.adapters.spool import Refusal, Spool
from mergetui.dialects import Later, Reception, Refused, Sent, call_of, reception_of
from mergetui.model import Oid
from mergetui.ports import Clock
from mergetui.statuses import Status

if TYPE_CHECKING:
    from mergetui.adapters.forge_client import ForgeClient

_log = logging.getLogger(__name__)


class Pace(Struct, frozen=True, kw_only=True):
    """Seconds, but for the age."""

    tick: float = 0.5
    """Between two looks into the spools."""
    first: float = 1.0
    """After a failure; doubled by every further one."""
    longest: float = 300.0
    oldest: timedelta = timedelta(days=7)
    """A status that could not be told for so long is given up."""


class Outlet:
    """One repository's spool, and the forge that is told."""

    def __init__(
        self,
        repo: str,
        project: str,
        spool: Spool,
        client: Callable[[], "ForgeClient"],
        *,
        clock: Clock,
        pace: Pace,
    ) -> None:
        self._repo = repo
        self._project = project
        self._spool = spool
        self._client = client
        self._clock = clock
        self._pace = pace
        self._failures = 0
        self._not_before = 0.0
        self._tried: Counter[Oid] = Counter()
        self._logged: set[str] = set()

    def send(self, is_over: Callable[[], bool]) -> None:
        """Tell what is due, commit by commit, until that is all, one fails or `is_over`."""
        if self._clock.monotonic() < self._not_before:
            return
        try:
            if self._spool.waiting() and self._spool.begin():
                self._send(is_over)
        except Exception as error:
            # Its text may be of the client's own making, and the client has the token.
            self._put_off(type(error).__name__)
        finally:
            self._spool.leave()

    def _send(self, is_over: Callable[[], bool]) -> None:
        # What has failed goes behind what has not: no commit is in the way of the others.
        for commit in sorted(self._spool.waiting(), key=lambda commit: self._tried[commit]):
            if is_over() or not self._settle(commit):
                return

    def _settle(self, commit: Oid) -> bool:
        """Whether the next one may be told at once."""
        status = self._spool.claim(commit)
        if status is None:
            return True
        match self._told(status):
            case Sent():
                self._failures = 0
                self._spool.note(None)
            case Refused(why=why, is_unknown=is_unknown):
                # Until a candidate is pushed the forge has never heard of it: that is nobody's fault.
                if status.is_published or not is_unknown:
                    self._refused(status, why)
            case Later(why=why) if self._clock.now() - status.at >= self._pace.oldest:
                self._refused(status, f"given up after {self._pace.oldest.days} days: {why}")
            case Later(why=why, after=after):
                self._tried[commit] += 1
                self._put_off(why, after)
                return False
            case unknown:
                assert_never(unknown)
        self._spool.done(commit)
        self._tried.pop(commit, None)
        return True

    def _told(self, status: Status) -> Reception:
        try:
            client = self._client()
            answer = client.tell(call_of(client.forge, self._project, status))
            return reception_of(client.forge, answer, now=self._clock.now())
        except CredentialError as error:
            return Later(str(error))
        except ImportError:
            return Later("httpx2 is not installed; pip install 'mergetui[forges]'")

    def _refused(self, status: Status, why: str) -> None:
        self._log(logging.ERROR, why)
        self._spool.note(Refusal(at=self._clock.now(), commit=status.commit, why=why))

    def _put_off(self, why: str, after: float | None = None) -> None:
        own = min(self._pace.first * 2 ** min(self._failures, 30), self._pace.longest)
        self._failures += 1
        self._not_before = self._clock.monotonic() + max(after or 0.0, own)
        self._log(logging.WARNING, why)

    def _log(self, level: int, why: str) -> None:
        """Once, however often it is so."""
        if why not in self._logged and len(self._logged) < 100:
            self._logged.add(why)
            _log.log(level, "statuses of %s: %s", self._repo, why)


class Sender:
    """All outlets of this process, in a thread of its own."""

    def __init__(self, outlets: Sequence[Outlet], *, tick: float) -> None:
        self._outlets = outlets
        self._tick = tick
        self._round: _Round | None = None

    def start(self) -> None:
        if self._round is None and self._outlets:
            self._round = _Round(self._outlets, tick=self._tick)
            self._round.start()

    def stop(self, patience: float) -> None:
        """Tell what is due, but for no longer than `patience` seconds; the rest stays where it is."""
        if self._round is not None:
            self._round.stop(patience)
            self._round = None


class _Round(threading.Thread):
    def __init__(self, outlets: Sequence[Outlet], *, tick: float) -> None:
        super().__init__(name="statuses", daemon=True)
        self._outlets = outlets
        self._tick = tick
        self._closing = threading.Event()
        self._over = threading.Event()

    def run(self) -> None:
        while not self._closing.wait(self._tick):
            self._send()
        self._send()

    def stop(self, patience: float) -> None:
        self._closing.set()
        self.join(patience)
        self._over.set()

    def _send(self) -> None:
        for outlet in self._outlets:
            outlet.send(self._over.is_set)
