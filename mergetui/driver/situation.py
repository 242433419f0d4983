"""What is true of one repository, put together as the plan wants to see it."""

from mergetui import queueing
from mergetui.actions import RecordMerge, TakeBack, Wait, Why
from mergetui.driver.acting import Acts
from mergetui.driver.checking import Checked, Checking
from mergetui.driver.ports import Ports
from mergetui.emergencies import at_hand, is_paused
from mergetui.leasing import is_kept
from mergetui.model import EntryId, EntryState
from mergetui.planning import plan
from mergetui.prospects import futures, standing
from mergetui.repository import Repository
from mergetui.state import Pause, RepositoryState
from mergetui.view import Policy, View


class Situation:
    """Nothing is remembered here but what the engine itself wants."""

    def __init__(self, acts: Acts, ports: Ports, *, repository: Repository, policy: Policy) -> None:
        self._acts = acts
        self._ports = ports
        self._repository = repository
        self._policy = policy
        self.ending: Pause | None = None
        """Nothing new is begun, as in a pause; nobody but this engine is told to keep it."""
        self._checking = Checking(acts.record, ports.checks, acts.bench, policy=policy)
        self._checked = Checked()

    def check(self, state: RepositoryState) -> RepositoryState:
        """Ask the checks: their answers hold for every view until the next time; the state with them."""
        if self._checking.is_idle:
            return state
        self._checked = Checked()
        self._checked = self._checking.look(self.view(state), state)
        return self._acts.record.state()

    def view(self, state: RepositoryState) -> View:
        return View(
            now=self._acts.record.now(),
            tip=state.seen.tip if state.seen else None,
            heads=self._acts.lookout.heads,
            queue=queueing.order(state.entries.values()),
            trials=self._acts.bench.trials,
            obstacles=self._acts.bench.obstacles,
            pause=state.pause or self.ending,
            window=state.window.size if state.window and self._repository.adaptive else None,
            free_slots=self._ports.slots.free_for(self._repository.name),
            passed=self._acts.retesting.passed(),
            landing=state.landing,
            handover=state.handover,
            is_merged=self._acts.handing_over.merge(state) is not None,
            keeps_lease=is_kept(state),
            frozen=self._checked.frozen,
            held_back=self._checked.held_back,
            refused=self._checked.refused,
            unanswered=self._checked.unanswered,
            lease_of_another=self._acts.tenure.of_another(state),
            trouble=self._acts.lookout.trouble,
            rewound=self._acts.lookout.rewound,
        )

    def settle(self, state: RepositoryState) -> None:
        """What became of a candidate that was handed over; nothing is begun."""
        if state.handover is not None:
            for action in plan(self.view(state), self._policy):
                if isinstance(action, RecordMerge | TakeBack):
                    self._acts.perform(action)

    def reconcile(self) -> None:
        """Entries that nothing is done for any more are queued again, and the lease goes with the last."""
        state = self._acts.record.state()
        busy = self._on_trial(self.view(state))
        for kept in (state.landing, state.handover):
            busy.update(kept.candidate.entries if kept is not None else ())
        idle = tuple(e.id for e in state.entries.values() if e.state.in_flight and e.id not in busy)
        if idle:
            self._acts.record.enter(idle, EntryState.QUEUED)
        if not busy & state.entries.keys() and state.landing is None:
            self._acts.tenure.give_back()

    def _on_trial(self, view: View) -> set[EntryId]:
        """Nobody in a pause that has come to rest: what is known of candidates is kept for the resume."""
        if is_paused(view):
            wait = plan(view, self._policy)[0]
            if isinstance(wait, Wait) and wait.why is Why.PAUSED:
                return set()
        view = at_hand(view, self._policy)
        trials = standing(view, futures(view, self._policy))
        return {key for trial in trials for key in trial.candidate.entries}
