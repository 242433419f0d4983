"""A small world in memory, and a gate in it that performs what is planned the way the driver does.

A commit's name is its history: `m/a.1/x1` is version 1 of branch a and the foreign push x1 on top of m.
Faults belong to names: a branch that is red alone, two that are red together, two that conflict.
"""

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Literal, TypeAlias, assert_never

from msgspec import Struct, field
from msgspec.structs import replace

from mergetui import lifecycle, model, queueing, windowing
from mergetui.actions import (
    Action,
    CatchUp,
    Decide,
    Defer,
    HandOver,
    Hold,
    Land,
    PauseItself,
    PinAnew,
    RecordMerge,
    SendBack,
    StartRetest,
    StopRetest,
    TakeBack,
    TakeResult,
    TakeUp,
    Wait,
    Why,
)
from mergetui.git_ports import (
    BranchesMoved,
    BranchHasMoved,
    BranchMove,
    Clash,
    Published,
    PublishResult,
    PushRefused,
    Seen,
    TargetHasMoved,
    Undecided,
)
from mergetui.model import Branch, Candidate, Entry, EntryId, EntryState, Link, Oid, Pass, Priority
from mergetui.outcome import Unreachable
from mergetui.planning import plan
from mergetui.reason import RED, Coded, Reason
from mergetui.state import LandingIntent, Pause, RepositoryState, Window
from mergetui.view import Obstacle, Policy, Trial, Verdict, View
from tests.rules.build import NOW, lease

Answer: TypeAlias = Literal["said", "lost", "dropped"]
"""Of a push to the target: it answers; it lands and the answer is lost; it is lost itself."""
Switchable: TypeAlias = Literal["pause", "pause now", "outage", "lease of another", "no slot"]

MOST_DEFERRALS = 20
GRACE = timedelta(minutes=2)
ROUND = timedelta(seconds=7)


class Enqueue(Struct, frozen=True):
    branch: Branch
    priority: Priority


class Emergency(Struct, frozen=True):
    """An operator sends the branch ahead of everything, with the reduced command."""

    branch: Branch
    through_pause: bool = False


class AuthorPush(Struct, frozen=True):
    branch: Branch


class Delete(Struct, frozen=True):
    branch: Branch


class ForeignPush(Struct, frozen=True):
    name: str


class Switch(Struct, frozen=True):
    """Something that holds for a while begins or ends."""

    what: Switchable
    on: bool


class Crash(Struct, frozen=True):
    """The engine dies, in the middle of what it does; another one takes over."""


Event: TypeAlias = Enqueue | Emergency | AuthorPush | Delete | ForeignPush | Switch | Crash


class DiedError(Exception):
    """Of the engine: what it had in memory is gone."""


class Scenario(Struct, frozen=True, kw_only=True):
    """What is drawn: everything that happens follows from it."""

    policy: Policy
    branches: tuple[Branch, ...]
    faults: "Faults"
    events: tuple[tuple[int, Event], ...]
    """What others do, and at which moment; some moments lie between two steps of the gate."""
    durations: tuple[int, ...] = (1,)
    """Rounds that the retests take, in turn."""
    answers: tuple[Answer, ...] = ()
    """Of the first pushes to the target; the others are answered."""
    looks_every: int = 1
    update_branch: bool = True
    restamps: bool = False
    """The same entry caught up with the same commit twice is two commits: a rebase has the time in it."""
    remembers: bool = False
    """A tree that has passed is not tested again."""
    adapts: bool = False
    """The number of entries on trial follows what lands."""


class Faults(Struct, frozen=True, kw_only=True):
    red: frozenset[str] = frozenset()
    mended: frozenset[str] = frozenset()
    """Of the red ones, those whose second version is good."""
    red_together: frozenset[frozenset[str]] = frozenset()
    conflicts: frozenset[frozenset[str]] = frozenset()
    refused: frozenset[str] = frozenset()
    """The remote refuses every push to the target that has them in it."""

    flaky: frozenset[str] = frozenset()
    """The first retest of every commit that has them in it is red."""

    def is_flake(self, works: tuple[str, ...], *, reds: int) -> bool:
        return reds == 0 and any(name_of(work) in self.flaky for work in works)

    def are_red(self, works: tuple[str, ...]) -> bool:
        names = {name_of(work) for work in works}
        alone = any(name_of(w) in self.red and not self._is_mended(w) for w in works)
        return alone or any(pair <= names for pair in self.red_together)

    def clash(self, work: str, onto: tuple[str, ...]) -> bool:
        return any({name_of(work), name_of(other)} in self.conflicts for other in onto)

    def touch(self, name: str) -> bool:
        pairs = self.red_together | self.conflicts
        return name in self.red | self.refused or any(name in pair for pair in pairs)

    def _is_mended(self, work: str) -> bool:
        return name_of(work) in self.mended and not work.endswith(".1")


def works_of(commit: Oid) -> tuple[str, ...]:
    """What is in a commit, oldest first."""
    return tuple(part.partition("~")[0] for part in commit.split("/")[1:])


def work_of(head: Oid) -> str:
    """What a branch adds: its latest version, wherever it stands."""
    return head.split("/")[-1].partition("~")[0]


def name_of(work: str) -> str:
    return work.partition(".")[0]


class Remote:
    """Refs, and the people and accidents that move them."""

    def __init__(self, scenario: Scenario) -> None:
        self._scenario = scenario
        self._versions = dict.fromkeys(scenario.branches, 1)
        self._answers = deque(scenario.answers)
        self._stamps = 0
        self.target = ["m"]
        self.heads = {branch: f"{branch}.1" for branch in scenario.branches}
        self.is_down = False

    @property
    def tip(self) -> Oid:
        return self.target[-1]

    def push_as_author(self, branch: Branch) -> None:
        if branch in self.heads:
            self._versions[branch] += 1
            self.heads[branch] = f"{branch}.{self._versions[branch]}"

    def push_as_somebody(self, name: str) -> None:
        """Somebody else lands something; not what would break the target by itself."""
        works = works_of(self.tip)
        faults = self._scenario.faults
        if not faults.are_red((*works, name)) and not faults.clash(name, works):
            self.target.append(f"{self.tip}/{name}")

    def fetch(self) -> Seen | Unreachable:
        return Unreachable("no route to host") if self.is_down else Seen(self.tip, dict(self.heads))

    def catch_up(self, entry: Entry, onto: Oid) -> Link | Clash:
        (head,) = entry.heads
        work, ahead = work_of(head), works_of(onto)
        if work in ahead:
            return Clash(Coded(Reason.ALREADY_LANDED, "main has all of it"))
        if self._scenario.faults.clash(work, ahead):
            return Clash(Coded(Reason.CONFLICT, work))
        commit = head if head.rpartition("/")[0] == onto else self._stamped(f"{onto}/{work}")
        return Link(
            entry=entry.id,
            branches=entry.branches,
            heads=entry.heads,
            commit=commit,
            tree="/".join(works_of(commit)),
            tips=(commit,),
            commits=((commit,),),
        )

    def branch_moves(self, candidate: Candidate) -> tuple[BranchMove, ...]:
        if not self._scenario.update_branch:
            return ()
        return tuple(
            BranchMove(link.branches[0], link.heads[0], link.tips[0])
            for link in candidate.links
            if link.heads != link.tips
        )

    def push_branches(self, moves: Sequence[BranchMove]) -> BranchesMoved | BranchHasMoved | Unreachable:
        if moves and self.is_down:
            return Unreachable("no route to host")
        ahead = [
            move.branch for move in moves if self.heads.get(move.branch) not in (move.before, move.after)
        ]
        if ahead:
            return BranchHasMoved(tuple(ahead))
        self.heads.update({move.branch: move.after for move in moves})
        return BranchesMoved(tuple(moves))

    def publish(self, candidate: Candidate) -> PublishResult:
        if self.is_down:
            return Unreachable("no route to host")
        if self.tip != candidate.base:
            return TargetHasMoved(self.tip)
        if any(name_of(work_of(link.commit)) in self._scenario.faults.refused for link in candidate.links):
            return PushRefused(Coded(Reason.PUSH_REFUSED, "hook declined"))
        answer = self._answers.popleft() if self._answers else "said"
        if answer != "dropped":
            self.target.append(candidate.commit)
        return Published(self.tip, candidate.tree) if answer == "said" else Undecided("no answer")

    def what_became_of(self, candidate: Candidate) -> PublishResult:
        if self.is_down:
            return Unreachable("no route to host")
        if candidate.commit in self.target:
            return Published(self.tip, candidate.tree)
        return Undecided("no answer") if self.tip == candidate.base else TargetHasMoved(self.tip)

    def _stamped(self, commit: Oid) -> Oid:
        self._stamps += 1
        return f"{commit}~{self._stamps}" if self._scenario.restamps else commit


class Landing(Struct, frozen=True):
    candidate: Candidate
    was_tested: bool
    """The very commit had passed a retest, or its tree where that is enough."""
    tip_before: Oid


class EndedEntry(Struct, frozen=True):
    entry: Entry
    reason: Coded
    tip: Oid
    """Of the target, as the gate had seen it."""
    heads: Mapping[Branch, Oid]


class Story(Struct):
    """What happened, for claims."""

    plans: list[tuple[Action, ...]] = field(default_factory=list)
    started_while_paused: list[Action] = field(default_factory=list)
    landings: list[Landing] = field(default_factory=list)
    sent_back: list[EndedEntry] = field(default_factory=list)
    held: list[EndedEntry] = field(default_factory=list)
    admitted: dict[Branch, tuple[int, Priority]] = field(default_factory=dict)
    """The place among the admissions, and the priority, when it was first queued."""
    emergencies: dict[Branch, int] = field(default_factory=dict)
    """And how many landings there had been when the gate first saw it."""
    disturbed: set[Branch] = field(default_factory=set)
    """Entries that were deferred, pinned anew, queued again."""
    most_running: int = 0
    most_on_trial: int = 0
    """Entries of the longest candidate that was ever started."""
    retests: int = 0
    deaths: int = 0
    rounds: int = 0
    is_over: bool = False


class Gate:
    """The driver's loop; what it does in each round is the driver's, line by line, with one process alive."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.remote = Remote(scenario)
        self.story = Story()
        self.state = RepositoryState()
        self._policy = scenario.policy
        self._events = sorted(scenario.events, key=lambda dated: dated[0])
        self._moment = 0
        self._now = NOW
        self._trials: dict[Oid, Trial] = {}
        self._running: dict[Oid, int] = {}
        self._passed: dict[Oid, Pass] = {}
        """By tree."""
        self._passed_commits: set[tuple[Oid, bool]] = set()
        """And whether it was the reduced command that they passed."""
        self._obstacles: tuple[Obstacle, ...] = ()
        self._tip: Oid = "m"
        self._heads: Mapping[Branch, Oid] = {}
        self._asked: frozenset[Branch] = frozenset()
        self._trouble: str | None = None
        self._distrusts = True
        self._rival = False
        self._free_slots: int | None = None
        self._lost_lease = False
        self._planned_paused = False
        self._planned_slots: int | None = None
        self._planned_emergencies: frozenset[EntryId] = frozenset()
        """What becomes one while it lands already has been planned as what it was."""

    def run(self, *, most_rounds: int) -> Story:
        """Until nothing is left that can move without a person, and nobody does anything any more."""
        while not self.story.is_over and self.story.rounds < most_rounds:
            self.story.rounds += 1
            try:
                self._pass_time(self._round())
            except DiedError:
                self._take_over()
        return self.story

    def _take_over(self) -> None:
        """What the next engine finds: the store, the journal and the remote."""
        self.story.deaths += 1
        self._trials.clear()
        self._running.clear()
        self._obstacles, self._heads, self._asked = (), {}, frozenset()
        self._trouble, self._distrusts, self._lost_lease = None, True, False
        self._reconcile()

    def _pass_time(self, wait: Wait | None) -> None:
        quiet = wait is not None and wait.why in (Why.IDLE, Why.NEEDS_A_PERSON)
        self.story.is_over = quiet and not self._events and self._is_seen()
        self._now += ROUND
        if wait is not None and wait.until is not None:
            self._now = max(self._now, wait.until)

    def _is_seen(self) -> bool:
        return not self._distrusts and self._heads == self.remote.heads and self._tip == self.remote.tip

    def _tick(self) -> None:
        self._moment += 1
        while self._events and self._events[0][0] <= self._moment:
            self._happen(self._events.pop(0)[1])

    def _happen(self, event: Event) -> None:  # noqa: C901 - one flat case per event
        match event:
            case Enqueue(branch=branch, priority=priority):
                self._enqueue(branch, priority)
            case Emergency(branch=branch):
                self._say_emergency(event)
            case AuthorPush(branch=branch):
                self.remote.push_as_author(branch)
            case Delete(branch=branch):
                self.remote.heads.pop(branch, None)
            case ForeignPush(name=name):
                self.remote.push_as_somebody(name)
            case Switch(what="outage", on=on):
                self.remote.is_down = on
            case Switch(what="lease of another", on=on):
                self._lost_lease, self._rival = on, on
            case Switch(what="no slot", on=on):
                self._free_slots = 0 if on else None
            case Crash():
                raise DiedError
            case Switch(what=what, on=on):
                pause = Pause(by="ada@box", reason="release day", at=self._now, now=what == "pause now")
                self.state = replace(self.state, pause=pause if on else None)
            case _:
                assert_never(event)

    def _enqueue(self, branch: Branch, priority: Priority) -> None:
        head = self.remote.heads.get(branch)
        if head is None:
            return
        proposal = queueing.Proposal(branches=(branch,), heads=(head,), priority=priority)
        self.state, answer = queueing.admit(self.state, proposal, now=self._now)
        assert isinstance(answer, queueing.Admitted)
        if branch in self.story.admitted:
            self.story.disturbed.add(branch)
        self.story.admitted.setdefault(branch, (len(self.story.admitted), priority))

    def _say_emergency(self, event: Emergency) -> None:
        head = self.remote.heads.get(event.branch)
        if head is None:
            return
        said = model.Emergency(
            by="ada@box", reason="login is down", at=self._now, through_pause=event.through_pause
        )
        proposal = queueing.Proposal(branches=(event.branch,), heads=(head,), emergency=said)
        self.state, answer = queueing.admit(self.state, proposal, now=self._now)
        assert isinstance(answer, queueing.Admitted)
        self.story.disturbed.add(event.branch)
        self.story.admitted.setdefault(event.branch, (len(self.story.admitted), Priority.NORMAL))

    def _round(self) -> Wait | None:
        self._tick()
        self._poll()
        if self._lost_lease:
            self._give_up_the_lease()
        if self._distrusts or self.story.rounds % self.scenario.looks_every == 0 or not self._has_all_heads():
            self._look()
        self._keep_standing()
        self._planned_slots = self._free_slots
        self._planned_paused = self.state.pause is not None and not self._has_one_through_pauses()
        entries = self.state.entries.values()
        self._planned_emergencies = frozenset(e.id for e in entries if e.emergency is not None)
        for key in self._planned_emergencies:
            self.story.emergencies.setdefault(self.state.entries[key].branch, len(self.story.landings))
        actions = plan(self._view(), self._policy)
        self.story.plans.append(actions)
        waits = [self._perform(action) for action in actions]
        self._reconcile()
        return next((wait for wait in waits if wait is not None), None)

    def _view(self) -> View:
        return View(
            now=self._now,
            tip=self._tip,
            heads=self._heads,
            queue=queueing.order(self.state.entries.values()),
            trials=tuple(self._trials.values()),
            obstacles=self._obstacles,
            pause=self.state.pause,
            landing=self.state.landing,
            lease_of_another=lease("grace") if self._rival else None,
            trouble=self._trouble,
            window=self.state.window.size if self.state.window else None,
            free_slots=self._free_slots,
            passed=self._passed if self.scenario.remembers else {},
        )

    def _poll(self) -> None:
        for commit in list(self._running):
            self._running[commit] -= 1
            if self._running[commit] > 0:
                continue
            del self._running[commit]
            trial, works, faults = self._trials[commit], works_of(commit), self.scenario.faults
            is_red = faults.are_red(works) or faults.is_flake(works, reds=trial.reds)
            if not is_red:
                self._passed_commits.add((commit, trial.reduced))
            if not is_red and not trial.reduced:
                self._passed[trial.candidate.tree] = Pass(commit=commit, at=self._now, log="r1.log")
            reason = Coded(Reason.RETEST_FAILED, "exit code 1") if is_red else None
            verdict = Verdict.RED if is_red else Verdict.GREEN
            reds = trial.reds + is_red
            self._trials[commit] = Trial(trial.candidate, verdict, reason, reds, trial.reduced)
            self._distrusts = True

    def _has_all_heads(self) -> bool:
        return self._branches() <= self._asked

    def _branches(self) -> frozenset[Branch]:
        return frozenset(branch for entry in self.state.entries.values() for branch in entry.branches)

    def _look(self) -> None:
        seen = self.remote.fetch()
        self._distrusts, self._asked = False, self._branches()
        if isinstance(seen, Unreachable):
            self._trouble = seen.message
            return
        self._trouble, self._heads = None, seen.heads
        assert seen.tip is not None
        moved, self._tip = seen.tip != self._tip, seen.tip
        worn = [self.state.entries[key] for key in self._on_trial() if moved and key in self.state.entries]
        self._put(*(replace(entry, contended=entry.contended + 1) for entry in worn))

    def _keep_standing(self) -> None:
        self._trials = {
            commit: trial
            for commit, trial in self._trials.items()
            if commit in self._running or self._tip in _ends(trial.candidate)
        }
        known = {self._tip} | {end for trial in self._trials.values() for end in _ends(trial.candidate)}
        self._obstacles = tuple(obstacle for obstacle in self._obstacles if obstacle.onto in known)

    def _give_up_the_lease(self) -> None:
        self._lost_lease = False
        self._running.clear()
        self._trials.clear()
        self._obstacles = ()
        flying = tuple(entry for entry in self.state.entries.values() if entry.state.in_flight)
        self._defer(flying, Coded(Reason.LEASE_LOST, "an operator released it"))

    def _perform(self, action: Action) -> Wait | None:  # noqa: C901, PLR0912 - one flat case per action
        match action:
            case Wait():
                return action
            case CatchUp():
                self._catch_up(action)
            case TakeResult(candidate=candidate):
                self._found(candidate, Verdict.GREEN, None)
            case StartRetest():
                self._start_retest(action)
            case StopRetest(candidate=candidate):
                self._running.pop(candidate.commit, None)
                self._trials.pop(candidate.commit, None)
            case Land(candidate=candidate):
                self._land(candidate)
                self._distrusts = True
            case Decide(landing=landing):
                return self._decide(landing)
            case SendBack(entry=entry, reason=reason):
                self.story.sent_back.append(EndedEntry(entry, reason, self._tip, dict(self._heads)))
                self._end(entry, lifecycle.send_back(entry, reason, now=self._now))
                if reason.code in RED:
                    self._adapt(windowing.halved)
            case Hold(entry=entry, reason=reason):
                self.story.held.append(EndedEntry(entry, reason, self._tip, dict(self._heads)))
                self._end(entry, lifecycle.hold(entry, reason, now=self._now))
            case Defer(entries=entries, reason=reason):
                self._defer(entries, reason)
            case PinAnew(entry=entry, heads=heads):
                self._exchange(entry, lifecycle.pin_anew(entry, heads, now=self._now))
            case TakeUp(entry=entry, heads=heads):
                self._exchange(entry, lifecycle.take_up(entry, heads, now=self._now))
            case PauseItself() | HandOver() | RecordMerge() | TakeBack():
                raise AssertionError("nobody rewinds this target, and nobody else merges")
            case _:
                assert_never(action)
        return None

    def _catch_up(self, action: CatchUp) -> None:
        self._tick()
        if self._rival:
            return
        self._enter(tuple(entry.id for entry in action.entries), EntryState.CATCHING_UP)
        self._note_start(action)
        links = list(action.built)
        for entry in action.entries[len(links) :]:
            onto = links[-1].commit if links else action.base
            link = self.remote.catch_up(entry, onto)
            if isinstance(link, Clash):
                self._obstacles = (*self._obstacles, Obstacle(entry, onto, link.reason))
                break
            links.append(link)
        if links:
            candidate = Candidate(base=action.base, links=tuple(links))
            # The very commit may be known from another chain: it may be under test, or the remote refused it.
            known = self._trials.get(candidate.commit, Trial(candidate, Verdict.BUILT))
            self._trials[candidate.commit] = replace(known, candidate=candidate)

    def _start_retest(self, action: StartRetest) -> None:
        candidate = action.candidate
        if self._rival:
            return
        self._note_start(action)
        assert candidate.commit not in self._running
        assert self._planned_slots is None
        if self._free_slots is not None:
            return  # The others took it since.
        self._running[candidate.commit] = self.scenario.durations[
            self.story.retests % len(self.scenario.durations)
        ]
        self.story.retests += 1
        self.story.most_on_trial = max(self.story.most_on_trial, len(candidate.links))
        known = self._trials.get(candidate.commit)
        reds = known.reds if known is not None and known.reduced == action.reduced else 0
        running = Trial(candidate, Verdict.RUNNING, reds=reds, reduced=action.reduced)
        self._trials[candidate.commit] = running
        self.story.most_running = max(self.story.most_running, len(self._running))
        self._enter(candidate.entries, EntryState.TESTING)

    def _has_one_through_pauses(self) -> bool:
        said = (entry.emergency for entry in self.state.entries.values())
        return any(one is not None and one.through_pause for one in said)

    def _note_start(self, action: Action) -> None:
        if self._planned_paused:
            self.story.started_while_paused.append(action)

    def _land(self, candidate: Candidate) -> None:
        self._enter(candidate.entries, EntryState.LANDING)
        self._tick()
        if self._rival:
            return
        moves = self.remote.branch_moves(candidate)
        self._remember_own_pushes(moves)
        match self.remote.push_branches(moves):
            case BranchHasMoved():
                self._trials.pop(candidate.commit, None)
                return
            case Unreachable(message=message):
                self._found(candidate, Verdict.VOID, Coded(Reason.REMOTE_UNREACHABLE, message))
                return
            case BranchesMoved():
                pass
        if all(self._is_pinned(link) for link in candidate.links):
            intent = LandingIntent(candidate=candidate, token=1, started_at=self._now)
            self.state = replace(self.state, landing=intent)
            self._tick()
            before, result = self.remote.tip, self.remote.publish(candidate)
            if self.remote.tip == candidate.commit != before:
                vouched = self.scenario.remembers and candidate.tree in self._passed
                was_tested = self._was_tested(candidate) or (vouched and not self._is_emergency(candidate))
                self.story.landings.append(Landing(candidate, was_tested, before))
            self._tick()
            self._settle(intent, result, asked_again=False)

    def _was_tested(self, candidate: Candidate) -> bool:
        """By its own command."""
        return (candidate.commit, self._is_emergency(candidate)) in self._passed_commits

    def _is_emergency(self, candidate: Candidate) -> bool:
        is_one = any(key in self._planned_emergencies for key in candidate.entries)
        assert not is_one or len(candidate.entries) == 1, "an emergency lands alone"
        return is_one

    def _decide(self, intent: LandingIntent) -> Wait | None:
        self._distrusts = True
        if not self._rival:
            self._settle(intent, self.remote.what_became_of(intent.candidate), asked_again=True)
        return None if self.state.landing is None else Wait(why=Why.UNDECIDED)

    def _settle(self, intent: LandingIntent, result: PublishResult, *, asked_again: bool) -> None:
        candidate = intent.candidate
        match result:
            case Published(tip=tip):
                landed = [link.entry for link in candidate.links if self._is_pinned(link)]
                self.state = replace(queueing.take_out(self.state, landed), landing=None)
                self._tip = tip
                self._adapt(windowing.grown)
            case TargetHasMoved():
                self.state = replace(self.state, landing=None)
                self._trials.pop(candidate.commit, None)
            case PushRefused(reason=reason):
                self.state = replace(self.state, landing=None)
                self._found(candidate, Verdict.RED, reason)
            case Undecided(detail=detail) if asked_again and self._now - intent.started_at >= GRACE:
                self.state = replace(self.state, landing=None)
                self._found(candidate, Verdict.VOID, Coded(Reason.REMOTE_UNREACHABLE, detail))
            case Undecided() | Unreachable():
                pass

    def _found(self, candidate: Candidate, verdict: Verdict, reason: Coded | None) -> None:
        known = self._trials.get(candidate.commit)
        reduced = known is not None and known.reduced
        self._trials[candidate.commit] = Trial(candidate, verdict, reason, reduced=reduced)

    def _is_pinned(self, link: Link) -> bool:
        entry = self.state.entries.get(link.entry)
        return entry is not None and entry.heads == link.heads

    def _remember_own_pushes(self, moves: tuple[BranchMove, ...]) -> None:
        tips = {move.branch: move.after for move in moves}
        known = [entry for entry in self.state.entries.values() if entry.branch in tips]
        self._put(*(replace(entry, pushed=(*entry.pushed, tips[entry.branch])) for entry in known))

    def _defer(self, entries: tuple[Entry, ...], reason: Coded) -> None:
        for entry in entries:
            self._end(entry, lifecycle.defer(entry, reason, most=MOST_DEFERRALS, now=self._now))

    def _end(self, before: Entry, after: Entry) -> None:
        self._exchange(before, after)
        self._trials = {
            commit: trial
            for commit, trial in self._trials.items()
            if commit in self._running or trial.candidate.entries[-1] != before.id
        }
        self._obstacles = tuple(known for known in self._obstacles if known.entry.id != before.id)

    def _adapt(self, step: Callable[[Window | None, Policy], Window]) -> None:
        if self.scenario.adapts:
            self.state = replace(self.state, window=step(self.state.window, self._policy))

    def _exchange(self, before: Entry, after: Entry) -> None:
        self.story.disturbed.add(before.branch)
        now = self.state.entries.get(before.id)
        if now is not None and now.heads == before.heads:
            said = after.emergency if now.emergency == before.emergency else now.emergency
            self._put(replace(after, rank=now.rank, priority=now.priority, emergency=said))

    def _on_trial(self) -> frozenset[EntryId]:
        return frozenset(key for trial in self._trials.values() for key in trial.candidate.entries)

    def _reconcile(self) -> None:
        # In a pause that has come to rest nobody is on trial: what is known of them is kept.
        wait = plan(self._view(), self._policy)[0] if self.state.pause is not None else None
        at_rest = isinstance(wait, Wait) and wait.why is Why.PAUSED
        busy = (frozenset() if at_rest else self._on_trial()) | set(
            self.state.landing.candidate.entries if self.state.landing else ()
        )
        entries = self.state.entries.values()
        idle = tuple(e.id for e in entries if e.state.in_flight and e.id not in busy)
        self._enter(idle, EntryState.QUEUED)

    def _enter(self, ids: tuple[EntryId, ...], state: EntryState) -> None:
        live = [self.state.entries[key] for key in ids if key in self.state.entries]
        movable = [entry for entry in live if not entry.state.needs_a_person]
        self._put(*(lifecycle.enter(entry, state, now=self._now) for entry in movable))

    def _put(self, *entries: Entry) -> None:
        self.state = queueing.put(self.state, *entries)


def _ends(candidate: Candidate) -> tuple[Oid, ...]:
    return (candidate.base, *(link.commit for link in candidate.links))
