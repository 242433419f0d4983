"""The operator's desk: every command on one repository."""

from msgspec.structs import replace

from mergetui.events import PauseBegun, PauseEnded, SaidMerged
from mergetui.leasing import is_kept
from mergetui.model import Branch, Handover, Instant, Oid, Pause, RepositoryState
from mergetui.operations.lease import LeaseCommands
from mergetui.operations.office import Facts
from mergetui.operations.queue import QueueCommands


class Desk(QueueCommands, LeaseCommands):
    """The operator's desk at one repository."""

    def look_now(self) -> None:
        """Have whoever works on the repository look at its remote at once."""
        now = self._clock.now()
        self._record.commit(lambda state: replace(state, look_wanted=now))

    def merged(self, branch: Branch, *, commit: Oid | None, by: str) -> bool:
        """Somebody says that the entry, which waits for it, was merged; the refs decide whether it was.

        False, and nothing happens, when no such entry has the lease any more: words come late, and twice.
        """
        now = self._clock.now()

        def hear(state: RepositoryState) -> tuple[RepositoryState, bool, Facts]:
            handover = state.handover
            if handover is None or not is_kept(state) or not _waits(handover, branch):
                return state, False, ()
            said = replace(handover, said_by=by)
            fact = self._record.fact(SaidMerged, branches=(branch,), commit=commit, said_by=by)
            return replace(state, handover=said, look_wanted=now), True, (fact,)

        return self._record.decide(hear)

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


def _waits(handover: Handover, branch: Branch) -> bool:
    return any(branch in link.branches for link in handover.candidate.links)
