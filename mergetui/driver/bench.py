"""The candidates on trial: what is built, what runs, what came out."""

from collections.abc import Callable, Iterable

from msgspec import Struct
from msgspec.structs import replace

from mergetui.model import Branch, Candidate, Entry, EntryId, Oid
from mergetui.outcome import Interrupted, RetestEnding
from mergetui.ports import Retester, RetestOrder, RunningRetest
from mergetui.reason import Coded
from mergetui.view import Obstacle, Trial, Verdict


class Ending(Struct, frozen=True):
    candidate: Candidate
    reason: Coded | None
    """None: it passed."""
    log: str
    seconds: float
    reds: int = 0
    """Red retests of the very commit before this one."""


class _Running(Struct):
    candidate: Candidate
    retest: RunningRetest
    slot: int
    began: float


class Bench:
    """Trials and obstacles of one driver; nothing here outlives the process."""

    def __init__(
        self,
        retester: Retester,
        *,
        monotonic: Callable[[], float],
        judge: Callable[[RetestEnding], tuple[Verdict, Coded | None]],
        ended: Callable[[], object] = lambda: None,
    ) -> None:
        self._retester = retester
        self._monotonic = monotonic
        self._judge = judge
        self._ended = ended
        self._trials: dict[Oid, Trial] = {}
        self._running: dict[Oid, _Running] = {}
        self._vouching: dict[Oid, Oid] = {}
        self.obstacles: tuple[Obstacle, ...] = ()

    @property
    def trials(self) -> tuple[Trial, ...]:
        return tuple(self._trials.values())

    @property
    def is_testing(self) -> bool:
        return bool(self._running)

    @property
    def running(self) -> tuple[Candidate, ...]:
        return tuple(running.candidate for running in self._running.values())

    def entries(self) -> frozenset[EntryId]:
        return frozenset(key for trial in self._trials.values() for key in trial.candidate.entries)

    def tested(self, entry: EntryId) -> Candidate | None:
        """The latest candidate that ends with the entry."""
        found = [t.candidate for t in self._trials.values() if t.candidate.entries[-1] == entry]
        return found[-1] if found else None

    def free_slot(self) -> int:
        taken = {running.slot for running in self._running.values()}
        return next(slot for slot in range(len(taken) + 1) if slot not in taken)

    def built(self, candidate: Candidate) -> None:
        """What is known of its very commit, from another chain that led to it, is known of it too."""
        known = self._trials.get(candidate.commit, Trial(candidate, Verdict.BUILT))
        self._trials[candidate.commit] = replace(known, candidate=candidate)
        if candidate.commit in self._running:
            self._running[candidate.commit].candidate = candidate

    def met(self, entry: Entry, onto: Oid, reason: Coded) -> None:
        self.obstacles = (*self.obstacles, Obstacle(entry, onto, reason))

    def start(self, candidate: Candidate, order: RetestOrder, *, slot: int, reduced: bool = False) -> None:
        retest, reds = self._retester.start(order), self.reds(candidate, reduced=reduced)
        self._running[candidate.commit] = _Running(candidate, retest, slot, self._monotonic())
        self._trials[candidate.commit] = Trial(candidate, Verdict.RUNNING, reds=reds, reduced=reduced)

    def reds(self, candidate: Candidate, *, reduced: bool = False) -> int:
        """Retests of the very commit that were red, under the same command."""
        known = self._trials.get(candidate.commit)
        return known.reds if known is not None and known.reduced == reduced else 0

    def poll(self) -> list[Ending]:
        """Retests that have ended since the last poll."""
        ended = []
        for running in list(self._running.values()):
            ending = running.retest.poll()
            if ending is not None:
                ended.append(self._end(running, ending))
        return ended

    def stop(self, candidate: Candidate, why: str) -> Ending | None:
        """End the candidate's retest and forget the candidate."""
        running = self._running.get(candidate.commit)
        ending = self._end(running, running.retest.stop(why)) if running else None
        self._trials.pop(candidate.commit, None)
        return ending

    def stop_all(self, why: str) -> list[Ending]:
        ended = [self.stop(running.candidate, why) for running in list(self._running.values())]
        return [ending for ending in ended if ending is not None]

    def found(self, candidate: Candidate, verdict: Verdict, reason: Coded) -> None:
        """Something other than its retest decided about the candidate: the remote refused it ..."""
        known = self._trials.get(candidate.commit)
        reduced = known is not None and known.reduced
        self._trials[candidate.commit] = Trial(candidate, verdict, reason, reduced=reduced)

    def vouch(self, candidate: Candidate, earlier: Oid) -> None:
        """The candidate is green, for the retest of `earlier` was, which has the same tree."""
        self._trials[candidate.commit] = Trial(candidate, Verdict.GREEN)
        self._vouching[candidate.commit] = earlier

    def tested_as(self, candidate: Candidate) -> Oid | None:
        """The commit whose retest vouches for the candidate; None: its own."""
        return self._vouching.get(candidate.commit)

    def forget(self, candidate: Candidate) -> None:
        self._trials.pop(candidate.commit, None)

    def forget_entry(self, entry: EntryId) -> None:
        """Nothing is known any more of the entry: another try starts afresh."""
        self._trials = {
            commit: trial
            for commit, trial in self._trials.items()
            if commit in self._running or trial.candidate.entries[-1] != entry
        }
        self.obstacles = tuple(known for known in self.obstacles if known.entry.id != entry)

    def keep_standing_on(self, tip: Oid | None) -> None:
        """Forget what the target no longer stands under; what runs is stopped by the plan."""
        self._trials = {
            commit: trial
            for commit, trial in self._trials.items()
            if commit in self._running or tip in _ends(trial.candidate)
        }
        known = {tip} | {end for trial in self._trials.values() for end in _ends(trial.candidate)}
        self.obstacles = tuple(obstacle for obstacle in self.obstacles if obstacle.onto in known)

    def clear(self) -> None:
        self._trials.clear()
        self._vouching.clear()
        self.obstacles = ()

    def _end(self, running: _Running, ending: RetestEnding) -> Ending:
        candidate = running.candidate
        del self._running[candidate.commit]
        self._ended()
        verdict, reason = self._judge(ending)
        known = self._trials[candidate.commit]
        before, reds = known.reds, known.reds + (verdict is Verdict.RED)
        self._trials[candidate.commit] = Trial(candidate, verdict, reason, reds, known.reduced)
        if isinstance(ending, Interrupted):
            self.forget(candidate)
        seconds = self._monotonic() - running.began
        return Ending(candidate, reason, str(running.retest.order.log), seconds, before)


def branches_of(candidate: Candidate) -> tuple[Branch, ...]:
    return tuple(branch for link in candidate.links for branch in link.branches)


def names(entries: Iterable[Entry]) -> tuple[Branch, ...]:
    return tuple(branch for entry in entries for branch in entry.branches)


def _ends(candidate: Candidate) -> tuple[Oid, ...]:
    return (candidate.base, *(link.commit for link in candidate.links))
