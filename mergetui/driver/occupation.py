"""Taking a repository for this process, after whoever had it before, and giving it back."""

from typing import Literal

from msgspec.structs import replace

from mergetui.driver.acting import Acts
from mergetui.driver.bench import names
from mergetui.driver.ports import Ports
from mergetui.driver.situation import Situation
from mergetui.events import Recovered
from mergetui.model import Holder
from mergetui.queueing import in_flight
from mergetui.state import Advance

Mode = Literal["auto", "step", "look"]


class Occupation:
    """The kernel lock, and the row that says who works on the repository."""

    def __init__(self, acts: Acts, ports: Ports, situation: Situation) -> None:
        self._acts = acts
        self._ports = ports
        self._situation = situation
        self.is_ours = False

    def take(self, mode: Mode) -> None:
        if not self._ports.occupancy.take():
            return
        self._acts.retesting.require_room()
        me = self._ports.processes.me()
        left = self._acts.record.state().advance
        if left is not None and self._is_alive_beside_me(left.holder):
            # Its lock is on a directory that was moved from under it: nothing of its work is a leftover.
            self._ports.occupancy.leave()
            return
        if left is not None and left.holder != me:
            self._recover(left)
        advance = Advance(holder=me, mode=mode, since=self._acts.record.now())
        self._acts.record.change(lambda state: (replace(state, advance=advance), None))
        self._acts.lookout.distrust()
        self._acts.retesting.remember()
        self.is_ours = True

    def is_anothers(self) -> bool:
        """Whether another live process says that it works on the repository."""
        advance = self._acts.record.state().advance
        if advance is None or advance.holder == self._ports.processes.me():
            return False
        return not self._ports.processes.is_dead(advance.holder)

    def clear(self, why: str) -> None:
        """Stop what runs, put it back in the queue, take our name off the row."""
        self._acts.note_endings(self._acts.bench.stop_all(why))
        self._acts.bench.clear()
        self._situation.reconcile()
        self._acts.tenure.give_back()
        self._acts.record.change(lambda state: (replace(state, advance=None), None))

    def glance(self) -> None:
        """Look at the remote once, for people to see, unless somebody works on the repository."""
        if not self._ports.occupancy.take():
            return
        try:
            state = self._acts.record.state()
            if state.advance is not None and state.advance.holder == self._ports.processes.me():
                # What could not be written when the repository was left.
                self._acts.record.change(lambda latest: (replace(latest, advance=None), None))
            elif state.advance is None:
                self._situation.settle(self._acts.lookout.look(state, in_flight=frozenset()))
            elif self._ports.processes.is_dead(state.advance.holder):
                # What it left is for whoever takes the repository next: nothing but the sight is stored.
                self._acts.lookout.look(state, in_flight=frozenset())
        finally:
            self._ports.occupancy.leave()

    def _is_alive_beside_me(self, holder: Holder) -> bool:
        me = self._ports.processes.me()
        is_here = (holder.host, holder.boot, holder.pid_namespace) == (me.host, me.boot, me.pid_namespace)
        return is_here and holder != me and not self._ports.processes.is_dead(holder)

    def _recover(self, left: Advance) -> None:
        """A dead engine was here: end what it left running, distrust its worktrees, requeue its entries."""
        ended = self._ports.retester.reap()
        self._ports.repo.dispose()
        flying = in_flight(self._acts.record.state())
        parts = [f"{left.holder} ended without a word"]
        parts += [f"queued again: {', '.join(names(flying))}"] if flying else []
        parts += [f"{ended} left-over processes ended"] if ended else []
        self._acts.record.note(self._acts.record.fact(Recovered, detail="; ".join(parts)))
        self._acts.tenure.clear_after_a_death(self._acts.record.state())
        self._situation.reconcile()
