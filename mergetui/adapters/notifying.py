"""Notifications, sent by Apprise on a thread of their own: nobody at work waits for them."""

import logging
import queue
import threading
from collections.abc import Callable, Mapping
from typing import TypeAlias

from mergetui.adapters.credentials import CredentialError, read_credential
from mergetui.config_tables import ConfigError
from mergetui.events import Event, LeaseForced, LeaseLost
from mergetui.integrations import Notify
from mergetui.model import FencingToken
from mergetui.notices import Notice, Throttle, harmless, notice_of, stop_notice, told
from mergetui.ports import Clock

try:
    from apprise import Apprise, NotifyFormat
except ModuleNotFoundError as error:
    raise ConfigError(
        "notifications need apprise, which is not installed: pip install 'mergetui[notify]'"
    ) from error

Forced: TypeAlias = Callable[[str, FencingToken], LeaseForced | None]
"""Who took the lease with that token of a repository away, if anybody did."""

_LOOK_AGAIN = 0.25
"""Seconds between two looks at whether there is room again for what was too much."""
_PATIENCE = 5.0
"""Seconds that whoever ends waits for what is on its way."""

_log = logging.getLogger(__name__)
# It would print addresses, which hold secrets.
logging.getLogger("apprise").setLevel(logging.CRITICAL + 1)


class Service:
    """Where messages go: every address, or none is known to work."""

    def __init__(self, notify: Notify, environ: Mapping[str, str]) -> None:
        """ConfigError names the variable or file, and the line, never the address."""
        named = notify.urls_env or notify.urls_file
        try:
            text = read_credential(variable=notify.urls_env, file=notify.urls_file, environ=environ) or ""
        except CredentialError as error:
            raise ConfigError(f"[notify] {error}") from error
        self._apprise = Apprise()
        for number, line in enumerate(text.splitlines(), start=1):
            address = line.strip()
            if address and not address.startswith("#") and not self._apprise.add(address):
                raise ConfigError(f"[notify] line {number} of {named} is no address that apprise knows")
        if not len(self._apprise):
            raise ConfigError(f"[notify] {named} has no address in it; it should have one per line")

    def send(self, text: str, *, title: str = "", markdown: bool = False) -> bool:
        """Whether every address took it; never raises."""
        kind = NotifyFormat.MARKDOWN if markdown else NotifyFormat.TEXT
        try:
            return bool(self._apprise.notify(body=text, title=title, body_format=kind))
        except Exception:
            # Whatever a service's plugin raises: its text may hold the address, so that it is not told.
            return False

    def send_document(self, title: str, text: str) -> bool:
        return self.send(harmless(text), title=title, markdown=True)


class Notifier:
    """Hears what happens and tells of it, as `notify` says."""

    def __init__(
        self,
        notify: Notify,
        send: Callable[[str], bool],
        *,
        clock: Clock,
        target: Callable[[str], str],
        forced: Forced,
    ) -> None:
        self._notify = notify
        self._send = send
        self._clock = clock
        self._target = target
        self._forced = forced
        self._throttle = Throttle(notify.limit)
        self._forced_already: set[tuple[str, FencingToken]] = set()
        self._is_failing = False
        self._heard: queue.SimpleQueue[Event | Notice | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="notifications", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def hear(self, fact: Event) -> None:
        self._heard.put(fact)

    def hear_of_stop(self, repository: str, why: str) -> None:
        self._heard.put(stop_notice(repository, why, at=f"{self._clock.now():%Y-%m-%d %H:%M} UTC"))

    def stop(self) -> None:
        """What was heard is sent first, and what was too much in one message, if that does not take long."""
        self._heard.put(None)
        self._thread.join(_PATIENCE)

    def _run(self) -> None:
        while (heard := self._next()) is not None:
            try:
                self._tell(heard)
            except Exception:
                _log.exception("a notification could not be made")
        self._send_all(self._throttle.rest())

    def _next(self) -> Event | Notice | None:
        """What is heard next; None: nothing will be."""
        while True:
            try:
                return self._heard.get(timeout=_LOOK_AGAIN if self._throttle.surplus else None)
            except queue.Empty:
                self._send_all(self._throttle.late(now=self._clock.monotonic()))

    def _tell(self, heard: Event | Notice) -> None:
        notice = heard if isinstance(heard, Notice) else self._notice(heard)
        if notice is None or notice.kind not in self._notify.on:
            return
        text = told(notice, self._notify, target=self._target(notice.repo))
        self._send_all(self._throttle.admit(notice.kind, text, now=self._clock.monotonic()))

    def _notice(self, fact: Event) -> Notice | None:
        if not isinstance(fact, LeaseForced | LeaseLost):
            return notice_of(fact)
        # An operator takes it from another process, of which only the loss is heard here; or from this one.
        if (fact.repo, fact.token) in self._forced_already:
            return None
        self._forced_already.add((fact.repo, fact.token))
        forced = fact if isinstance(fact, LeaseForced) else self._forced(fact.repo, fact.token)
        return notice_of(forced) if forced is not None else None

    def _send_all(self, texts: list[str]) -> None:
        for text in texts:
            is_sent = self._send(text)
            if not is_sent and not self._is_failing:
                _log.error("a notification could not be sent; further failures are not told")
            self._is_failing = not is_sent
