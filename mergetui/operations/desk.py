"""The operator's desk: every command on one repository."""

from msgspec.structs import replace

from mergetui.events import PauseBegun, PauseEnded, SaidMerged
from mergetui.leasing import is_kept
from mergetui.model import Branch, Instant, Oid
from mergetui.operations.lease import LeaseCommands
from mergetui.operations.office import Facts
from mergetui.operations.queue import QueueCommands
from mergetui.queueing import Rest, rest_of
from mergetui.state import Handover, Pause, RepositoryState


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
        """Finish what runs (or stop it, with `now`) and start nothing until it is resumed.

        A pause that holds already goes on as this one says. ValueError without a reason.
        """
        if not reason.strip():
            raise ValueError("a pause has a reason: it is what everybody is shown")
        at = self._clock.now()
        pause = Pause(by=self._me(), reason=reason.strip(), at=at, until=until, now=now)

        def begin(state: RepositoryState) -> tuple[RepositoryState, Pause, Facts]:
            before = state.pause if state.pause is not None and state.pause.holds(at) else None
            fact = self._record.fact(PauseBegun, pause=pause, instead_of=before)
            return replace(state, pause=pause), pause, (fact,)

        return self._record.decide(begin)

    def resume(self) -> Pause | None:
        """The pause that ends; None if there was none."""
        now = self._clock.now()

        def end(state: RepositoryState) -> tuple[RepositoryState, Pause | None, Facts]:
            pause = state.pause
            if pause is None:
                return state, None, ()
            fact = self._record.fact(PauseEnded, pause=pause, by_time=not pause.holds(now))
            return replace(state, pause=None), pause, (fact,)

        return self._record.decide(end)

    def rest(self) -> Rest:
        """How far a repository that begins nothing new is from standing still."""
        return rest_of(self.state())


def _waits(handover: Handover, branch: Branch) -> bool:
    return any(branch in link.branches for link in handover.candidate.links)
