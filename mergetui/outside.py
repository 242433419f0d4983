"""What tells others of this process's work, for as long as a front end runs: metrics and notifications."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from mergetui.events import LeaseForced
from mergetui.integrations import Metrics, Notify
from mergetui.model import FencingToken
from mergetui.ports import Listener
from mergetui.state import RepositoryState
from mergetui.wiring import Wiring

if TYPE_CHECKING:
    from mergetui.adapters.notifying import Notifier, Service
    from mergetui.adapters.prometheus import Exporter

Follow: TypeAlias = Callable[[Wiring], None]


@contextmanager
def outside(
    wiring: Wiring, metrics: Metrics, *, notify: Notify | None = None, repos: Sequence[str] | None = None
) -> Iterator[Follow]:
    """Open to others until the block is left; ConfigError before anything begins when that cannot be.

    What the engine and the desks of `wiring` do is told, and what those of a wiring do that is followed in
    its place. Gauges are of `repos` alone, or of all that are configured.
    """
    with ExitStack() as stack:
        scene = _Scene(wiring, repos)
        notifier = _notifier(scene, notify, stack) if notify is not None else None
        exporter = _exporter(scene, metrics, stack) if metrics.port or metrics.textfile else None
        listeners: list[Listener] = [one for one in (exporter, notifier) if one is not None]

        def follow(wiring: Wiring) -> None:
            scene.wiring = wiring
            for listener in listeners:
                wiring.audience.join(listener)
            if exporter is not None:
                exporter.follow(scene.names())

        follow(wiring)
        yield follow


def service(notify: Notify, environ: Mapping[str, str] = os.environ) -> "Service":
    """ConfigError when it cannot be had."""
    from mergetui.adapters.notifying import Service

    return Service(notify, environ)


class _Scene:
    """What is looked at from outside; the wiring may be another one in a moment."""

    def __init__(self, wiring: Wiring, repos: Sequence[str] | None) -> None:
        self.wiring = wiring
        self._repos = repos

    def names(self) -> tuple[str, ...]:
        return tuple(self._repos if self._repos is not None else self.wiring.config.repos)

    def read(self, name: str) -> RepositoryState:
        return self.wiring.store(name).read()

    def busy(self, name: str) -> int:
        return self.wiring.slots.busy(name)

    def target(self, name: str) -> str:
        return self.wiring.config.repository(name).target

    def forced(self, name: str, token: FencingToken) -> LeaseForced | None:
        facts = reversed(self.wiring.journal(name).read())
        return next((fact for fact in facts if isinstance(fact, LeaseForced) and fact.token == token), None)


def _exporter(scene: _Scene, metrics: Metrics, stack: ExitStack) -> "Exporter":
    from mergetui.adapters.prometheus import Exporter, TextFile

    exporter = Exporter(scene.names(), read=scene.read, busy=scene.busy, now=scene.wiring.clock.now)
    if metrics.textfile is not None:
        file = TextFile(Path(metrics.textfile).expanduser(), exporter.text)
        file.start()
        stack.callback(file.stop)
    if metrics.port is not None:
        stack.callback(exporter.serve(metrics.host, metrics.port))
    return exporter


def _notifier(scene: _Scene, notify: Notify, stack: ExitStack) -> "Notifier":
    to = service(notify)
    from mergetui.adapters.notifying import Notifier

    notifier = Notifier(notify, to.send, clock=scene.wiring.clock, target=scene.target, forced=scene.forced)
    notifier.start()
    stack.callback(notifier.stop)
    return notifier
