"""The operator's desk: every command on one repository."""

from msgspec.structs import replace

from mergetui.events import PauseBegun, PauseEnded
from mergetui.model import Instant, Pause
from mergetui.operations.lease import LeaseCommands
from mergetui.operations.queue import QueueCommands


class Desk(QueueCommands, LeaseCommands):
    """The operator's desk at one repository."""

    def pause(self, reason: str, *, until: Instant | None = None, now: bool = False) -> Pause:
        """Finish what runs (or stop it, with `now`) and start nothing until it is resumed."""
        pause = Pause(by=self._me(), reason=reason, at=self._clock.now(), until=until, now=now)
        self._record.commit(
            lambda state: replace(state, pause=pause), self._record.fact(PauseBegun, pause=pause)
        )
        return pause

    def resume(self) -> Pause | None:
        """The pause that ends; None if there was none."""
        pause = self.state().pause
        if pause is not None:
            self._record.commit(lambda state: replace(state, pause=None), self._record.fact(PauseEnded))
        return pause
