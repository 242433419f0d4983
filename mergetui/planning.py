"""What to do next, as a pure function of what is true; printed instead of performed, it answers `why`.

With entries e1..en in line, candidate k is e1..ek caught up in a row. The plan knows which of them are
green, red, running or built.

- The longest green one ahead of the shortest red one lands; nothing else does.
- The first in line goes if it is red or conflicts with the target itself; nobody else does.
- Slots go to the line as it is, and then to what may become of it (`prospects.futures`): without a red one,
  to batches that share out those in line; with one, to the search for the culprit ahead of it.
- Where the operator hedges, slots that are left go to the line without one of it (`hedging`).
- What can no longer land is stopped.
"""

from collections.abc import Iterator, Sequence
from math import ceil

from mergetui.actions import (
    Action,
    CatchUp,
    Decide,
    Defer,
    HandOver,
    Land,
    PauseItself,
    SendBack,
    StartRetest,
    StopRetest,
    TakeResult,
    Wait,
    Why,
)
from mergetui.emergencies import at_hand, first_emergency, is_paused
from mergetui.handovers import awaiting
from mergetui.hedging import Hedge, giving_way, hedges, worthwhile
from mergetui.model import Candidate, Entry
from mergetui.news import news
from mergetui.prospects import Future, futures, longest_chain, rests, standing
from mergetui.reason import Coded, HeldBack, Reason
from mergetui.state import Pause
from mergetui.view import Policy, Trial, Verdict, View


def plan(view: View, policy: Policy) -> tuple[Action, ...]:
    """The next actions, in order; never empty, and `Wait` alone when there is nothing to do."""
    if view.landing is not None:
        return (Decide(view.landing),)
    if view.rewound is not None and not is_paused(view):
        return (PauseItself(view.rewound),)
    if view.handover is not None:
        return awaiting(view, view.handover, policy)
    if told := news(view, policy) or _refused(view):
        return told
    running, view = view.trials, at_hand(view, policy)
    ahead = futures(view, policy)
    spare = hedges(view, policy, ahead)
    if stops := _stops(view, (*ahead, *(future for hedge in spare for future in hedge.futures)), running):
        return stops
    if not ahead[0].line or (_begins_nothing(view) and not standing(view, ahead)):
        return (_nothing_to_do(view),)
    if reason := _cannot_work(view):
        return (Defer(ahead[0].line, reason),)
    return _advance(view, policy, ahead, spare)


def _advance(
    view: View, policy: Policy, ahead: tuple[Future, ...], spare: tuple[Hedge, ...]
) -> tuple[Action, ...]:
    sure = ahead[0]
    if sure.green and (wait := _checking(view, sure.green)):
        return (wait,)
    if sure.green:
        return (HandOver(sure.green) if policy.external else Land(sure.green),)
    if sure.void:
        return (Defer(sure.line[: len(sure.void.candidate.links)], sure.void.reason or _NO_ANSWER),)
    if sure.red == 1:
        return (SendBack(sure.line[0], sure.trials[1].reason or _NO_ANSWER),)
    if sure.reach == 0:
        return (SendBack(sure.line[0], sure.obstacle or _NO_ANSWER),)
    if sure.line[0].contended > policy.max_contention:
        return (Defer(sure.line[:1], _contended(sure.line[0])),)
    return _tests(view, policy, ahead, spare) or (_testing(view),)


def _tests(
    view: View, policy: Policy, ahead: tuple[Future, ...], spare: tuple[Hedge, ...]
) -> tuple[Action, ...]:
    """What is tested next: first what is likeliest to be served."""
    if _begins_nothing(view) or view.trouble is not None:
        return ()
    if policy.enabled and not (policy.has_command or view.reduced):
        return (Wait(why=Why.NO_COMMAND),)
    running, free = _slots(view, policy)
    wanted = [
        (future, length)
        for future in ahead
        for length in _lengths(future, policy.batch, view.window, slots=max(running + free, 1))
        if length > future.decided and future.has_to_test(length)
    ]
    if spared := tuple(_spared(view, wanted)):
        return spared
    if wanted and not running and free <= 0:
        return (Wait(why=Why.NO_SLOT),)
    if yielded := giving_way(spare)[: max(len(wanted) - free, 0)]:
        return tuple(StopRetest(trial.candidate, _SLOT_WANTED) for trial in yielded)
    return tuple(_starts(view, [*wanted, *worthwhile(spare)][: max(free, 0)]))


def _slots(view: View, policy: Policy) -> tuple[int, int]:
    """Retests that run, and how many may be started besides; below zero: so many others wait for a slot."""
    running = sum(trial.verdict is Verdict.RUNNING for trial in view.trials)
    free = max(policy.parallel - running, 0)
    return running, free if view.free_slots is None else min(free, view.free_slots)


def _spared(view: View, wanted: Sequence[tuple[Future, int]]) -> Iterator[Action]:
    """What has passed before is not tested again, unless it was red since."""
    for future, length in wanted:
        trial = future.trials.get(length)
        earlier = view.passed.get(trial.candidate.tree) if trial and not trial.reds else None
        if trial and earlier:
            yield TakeResult(trial.candidate, earlier)


def _starts(view: View, wanted: Sequence[tuple[Future, int]]) -> Iterator[Action]:
    """One catch-up at a time: the next goes on from it.

    Rebased twice, an entry is two commits, and what was tested on top of the one is lost when the other
    lands.
    """
    catches_up = False
    for future, length in wanted:
        trial = future.trials.get(length)
        if trial is not None:
            yield StartRetest(trial.candidate, view.reduced)
        elif not catches_up:
            catches_up = True
            chain = longest_chain(future.trials, length)
            yield CatchUp(future.line[:length], view.tip or "", chain)


def _lengths(future: Future, batch: int, window: int | None, *, slots: int) -> list[int]:
    """How long the candidates should be that are tested now, the most wanted first.

    The entries are shared out among the slots: up to `batch` are tested together, and one by one as far from
    the front as the slots go, for what is behind a red one has to be tested again anyway. Ahead of a red one
    its culprit is searched: a bisection, or more parts with more slots.
    """
    if future.red is None:
        most = min(future.reach, batch * slots, future.reach if window is None else window)
        used = min(slots, most)
        ends = range(1, used + 1)
        return [max(k + (most - used) * k**3 // used**3, most - batch * (used - k)) for k in ends]
    parts = min(slots, future.red - 1)
    cuts = {ceil(future.red * i / (parts + 1)) for i in range(1, parts + 1)}
    return sorted(cuts & set(range(1, future.red)))


def _stops(view: View, ahead: tuple[Future, ...], trials: tuple[Trial, ...]) -> tuple[Action, ...]:
    """Of all `trials`, retests whose answer no longer matters; every one when an operator says stop now."""
    running = [trial for trial in trials if trial.verdict is Verdict.RUNNING]
    if is_paused(view) and view.pause is not None and view.pause.now:
        return tuple(StopRetest(t.candidate, _paused(view.pause)) for t in running)
    if view.lease_of_another is not None:
        return tuple(StopRetest(t.candidate, "the lease was lost") for t in running)
    kept = standing(view, ahead)
    in_line = {trial.candidate.commit for future in ahead for trial in future.trials.values()}
    passed_by = _passed_by(view)
    return tuple(
        StopRetest(t.candidate, passed_by or (_RED_INSIDE if t.candidate.commit in in_line else _OUT_OF_LINE))
        for t in running
        if t not in kept
    )


def _passed_by(view: View) -> str | None:
    """Why what runs has lost its place in the line, where something else than the line says so."""
    if (first := first_emergency(view)) is not None:
        return f"an emergency goes first: {first.branch}"
    return _paused(view.pause) if is_paused(view) and view.pause is not None else None


def _paused(pause: Pause) -> str:
    return f"paused: {pause.reason}"


def _cannot_work(view: View) -> Coded | None:
    """Why the entries in line are deferred; what runs is left to end first."""
    if any(trial.verdict is Verdict.RUNNING for trial in view.trials):
        return None
    if view.lease_of_another is not None:
        return Coded(Reason.LEASE_BUSY, f"held by {view.lease_of_another.holder}")
    if view.trouble is not None:
        return Coded(Reason.REMOTE_UNREACHABLE, view.trouble)
    return None


def _begins_nothing(view: View) -> bool:
    """While an answer is awaited, too: what it is about may come first."""
    return is_paused(view) or view.frozen is not None or bool(view.unanswered)


def _refused(view: View) -> tuple[Action, ...]:
    return tuple(SendBack(entry, view.refused[entry.id]) for entry in view.queue if entry.id in view.refused)


def _checking(view: View, candidate: Candidate) -> Wait | None:
    """What a green candidate waits for besides its turn."""
    if view.frozen is not None:
        return _held_up(Why.FROZEN, view.frozen)
    return _asking(view) if view.unanswered & set(candidate.entries) else None


def _asking(view: View) -> Wait:
    branch = next(entry.branch for entry in view.queue if entry.id in view.unanswered)
    return Wait(why=Why.HELD_BACK, detail=f"{branch} waits for the answers of checks", is_brief=True)


def _held_up(why: Why, held: HeldBack, branch: str = "") -> Wait:
    about = f"{branch} waits for {held.check}" if branch else held.check
    return Wait(why=why, detail=f"{about}: {held.reason}", until=held.until)


def _nothing_to_do(view: View) -> Wait:
    if is_paused(view) and view.pause is not None:
        return Wait(why=Why.PAUSED, detail=view.pause.reason, until=view.pause.until)
    if view.frozen is not None and any(not entry.state.needs_a_person for entry in view.queue):
        return _held_up(Why.FROZEN, view.frozen)
    if view.unanswered:
        return _asking(view)
    held = [entry for entry in view.queue if entry.id in view.held_back]
    if held:
        return _held_up(Why.HELD_BACK, view.held_back[held[0].id], held[0].branch)
    times = [entry.available_at for entry in view.queue if entry.available_at and rests(entry, view.now)]
    if times:
        return Wait(why=Why.DEFERRED, until=min(times))
    return Wait(why=Why.NEEDS_A_PERSON if view.queue else Why.IDLE)


def _testing(view: View) -> Wait:
    running = any(trial.verdict is Verdict.RUNNING for trial in view.trials)
    return Wait(why=Why.TESTING) if running else _nothing_to_do(view)


_RED_INSIDE = "a shorter candidate is red"
_OUT_OF_LINE = "it is no longer next in line"
_SLOT_WANTED = "its slot is wanted for the line"
_NO_ANSWER = Coded(Reason.INTERNAL, "no reason was given")


def _contended(entry: Entry) -> Coded:
    return Coded(Reason.CONTENDED, f"the target moved {entry.contended} times under it")
