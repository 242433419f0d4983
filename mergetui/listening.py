"""Those who hear of the gate's work without being part of it: metrics, notifications."""

import logging

from mergetui.events import Event
from mergetui.ports import Emit, Listener

_log = logging.getLogger(__name__)


class Audience:
    """Tells every listener; one that fails keeps nothing from the others or from the gate."""

    def __init__(self) -> None:
        self._listeners: list[Listener] = []

    def join(self, listener: Listener) -> None:
        self._listeners.append(listener)

    def after(self, emit: Emit) -> Emit:
        """`emit`, and then the listeners."""

        def tell(fact: Event) -> None:
            try:
                emit(fact)
            finally:
                self._tell(fact)

        return tell

    def tell_of_stop(self, repository: str, why: str) -> None:
        for listener in self._listeners:
            try:
                listener.hear_of_stop(repository, why)
            except Exception:
                _log.exception("a listener failed on a stop")

    def _tell(self, fact: Event) -> None:
        for listener in self._listeners:
            try:
                listener.hear(fact)
            except Exception:
                _log.exception("a listener failed on %s", type(fact).__name__)
