"""What to do next, as a pure function of what is true; printed instead of performed, it answers `why`.

With entries e1..en in line, candidate k is e1..ek caught up in a row. The plan knows which of them are
green, red, running or built, and picks where to test next.
"""

from collections.abc import Mapping

from msgspec import Struct

from mergetui.actions import (
    Action,
    CatchUp,
    Decide,
    Defer,
    Hold,
    Land,
    PauseItself,
    PinAnew,
    SendBack,
    StartRetest,
    StopRetest,
    TakeUp,
    Wait,
    Why,
)
from mergetui.model import Candidate, Entry, EntryState, Instant, Link, Oid
from mergetui.reason import Coded, Reason
from mergetui.view import Policy, Trial, Verdict, View


def plan(view: View, policy: Policy) -> tuple[Action, ...]:
    """The next actions, in order; never empty, and `Wait` alone when there is nothing to do."""
    if view.landing is not None:
        return (Decide(view.landing),)
    if view.rewound is not None and not _is_paused(view):
        return (PauseItself(view.rewound),)
    if news := _news(view, policy):
        return news
    if stops := _stops(view):
        return stops
    line = _line(view)
    if not line or (_is_paused(view) and not standing(view)):
        return (_nothing_to_do(view),)
    if reason := _cannot_work(view):
        return (Defer(line, reason),)
    return _advance(view, policy, line)


def standing(view: View) -> tuple[Trial, ...]:
    """The trials that are still of use: their entries are next in line and the target stands under them."""
    line = _line(view)
    return tuple(trial for trial in view.trials if _rest(trial, view.tip, line) is not None)


def _advance(view: View, policy: Policy, line: tuple[Entry, ...]) -> tuple[Action, ...]:
    known = _Known.of(view, policy, line)
    if known.green:
        return (Land(known.green),)
    if known.void:
        return (Defer(line[: len(known.void.candidate.links)], known.void.reason or _NO_ANSWER),)
    if known.red == 1:
        return (SendBack(line[0], known.trials[1].reason or _NO_ANSWER),)
    if known.reach == 0:
        return (SendBack(line[0], known.obstacle or _NO_ANSWER),)
    if line[0].contended > policy.max_contention:
        return (Defer(line[:1], _contended(line[0])),)
    return _tests(view, policy, line, known) or (_testing(view),)


class _Known(Struct, frozen=True, kw_only=True):
    """What the trials say about the prefixes of the line, by the number of their entries."""

    trials: Mapping[int, Trial]
    red: int | None
    """The shortest red one."""
    green: Candidate | None
    """The longest green one ahead of it."""
    void: Trial | None
    reach: int
    """How many entries can be put in a row; the next one has to wait until those are settled."""
    obstacle: Coded | None

    @classmethod
    def of(cls, view: View, policy: Policy, line: tuple[Entry, ...]) -> "_Known":
        trials = {
            len(rest): Trial(Candidate(base=view.tip or "", links=rest), _judged(trial, policy), trial.reason)
            for trial in view.trials
            if (rest := _rest(trial, view.tip, line)) is not None
        }
        red = min((k for k, trial in trials.items() if trial.verdict is Verdict.RED), default=None)
        good = Verdict.GREEN if policy.enabled else Verdict.BUILT
        green = [
            k for k, t in trials.items() if t.verdict in (good, Verdict.GREEN) and (red is None or k < red)
        ]
        reach, obstacle = _reach(view, line, trials)
        return cls(
            trials=trials,
            red=red,
            green=trials[max(green)].candidate if green else None,
            void=next((trial for trial in trials.values() if trial.verdict is Verdict.VOID), None),
            reach=reach,
            obstacle=obstacle,
        )


def _judged(trial: Trial, policy: Policy) -> Verdict:
    """A red that is still doubted says nothing yet; one that no retest gave is not doubted."""
    doubted = trial.verdict is Verdict.RED and 0 < trial.reds <= policy.retries
    return Verdict.BUILT if doubted else trial.verdict


def _tests(view: View, policy: Policy, line: tuple[Entry, ...], known: _Known) -> tuple[Action, ...]:
    running = [k for k, trial in known.trials.items() if trial.verdict is Verdict.RUNNING]
    useless = [k for k in running if known.red is not None and k > known.red]
    stops = tuple(StopRetest(known.trials[k].candidate, "a shorter candidate is red") for k in useless)
    if _is_paused(view) or view.trouble is not None:
        return stops
    if policy.enabled and not policy.has_command:
        return stops or (Wait(why=Why.NO_COMMAND),)
    free = policy.parallel - (len(running) - len(useless))
    wanted = [k for k in _lengths(policy, known) if k not in running][: max(free, 0)]
    # One catch-up at a time: the next goes on from it. Rebased twice, an entry is two commits, and what
    # was tested on top of the one is lost when the other lands.
    later = [k for k in wanted if k not in known.trials][1:]
    return (*stops, *(_test(view, line, known, k) for k in wanted if k not in later))


def _lengths(policy: Policy, known: _Known) -> list[int]:
    """How long the candidates should be that are tested now, the most wanted first."""
    if known.red is None:
        steps = range(policy.batch, policy.batch * policy.parallel + 1, policy.batch)
        return sorted({min(k, known.reach) for k in steps})
    inner = known.red - 1
    parts = min(policy.parallel, inner)
    return sorted({-(-known.red * i // (parts + 1)) for i in range(1, parts + 1)} & set(range(1, known.red)))


def _test(view: View, line: tuple[Entry, ...], known: _Known, length: int) -> Action:
    trial = known.trials.get(length)
    if trial is not None:
        return StartRetest(trial.candidate)
    return CatchUp(line[:length], view.tip or "", _longest_chain(known.trials, length))


def _longest_chain(trials: Mapping[int, Trial], most: int) -> tuple[Link, ...]:
    """The longest standing chain, cut to `most` entries: a candidate contains all shorter ones."""
    chains = [trial.candidate.links[:most] for trial in trials.values()]
    return max(chains, key=len, default=())


def _reach(view: View, line: tuple[Entry, ...], trials: Mapping[int, Trial]) -> tuple[int, Coded | None]:
    chain = _longest_chain(trials, len(line))
    ends = {view.tip: 0} | {link.commit: k for k, link in enumerate(chain, start=1)}
    for obstacle in view.obstacles:
        at = ends.get(obstacle.onto)
        if at is not None and at < len(line) and _same_work(line[at], obstacle.entry):
            return at, obstacle.reason
    return len(line), None


def _rest(trial: Trial, tip: Oid | None, line: tuple[Entry, ...]) -> tuple[Link, ...] | None:
    """The links that are not in the target yet; None if the trial does not continue it with the line."""
    links = trial.candidate.links
    ends = [trial.candidate.base, *(link.commit for link in links)]
    if tip not in ends:
        return None
    rest = links[ends.index(tip) :]
    if not rest or len(rest) > len(line):
        return None
    matches = all(
        link.entry == entry.id and link.heads == entry.heads for link, entry in zip(rest, line, strict=False)
    )
    return rest if matches else None


def _same_work(entry: Entry, other: Entry) -> bool:
    return entry.id == other.id and entry.heads == other.heads


def _line(view: View) -> tuple[Entry, ...]:
    """The entries that may be worked on now."""
    return tuple(
        entry for entry in view.queue if not entry.state.needs_a_person and not _rests(entry, view.now)
    )


def _rests(entry: Entry, now: Instant) -> bool:
    return entry.state is EntryState.DEFERRED and entry.available_at is not None and entry.available_at > now


def _stops(view: View) -> tuple[Action, ...]:
    """Retests whose answer no longer matters; all of them when an operator says stop now."""
    running = [trial for trial in view.trials if trial.verdict is Verdict.RUNNING]
    if _is_paused(view) and view.pause is not None and view.pause.now:
        return tuple(StopRetest(t.candidate, f"paused: {view.pause.reason}") for t in running)
    if view.lease_of_another is not None:
        return tuple(StopRetest(t.candidate, "the lease was lost") for t in running)
    kept = standing(view)
    return tuple(StopRetest(t.candidate, "it is no longer next in line") for t in running if t not in kept)


def _cannot_work(view: View) -> Coded | None:
    """Why the entries in line are deferred; what runs is left to end first."""
    if any(trial.verdict is Verdict.RUNNING for trial in view.trials):
        return None
    if view.lease_of_another is not None:
        return Coded(Reason.LEASE_BUSY, f"held by {view.lease_of_another.holder}")
    if view.trouble is not None:
        return Coded(Reason.REMOTE_UNREACHABLE, view.trouble)
    return None


def _news(view: View, policy: Policy) -> tuple[Action, ...]:
    """What authors did to their branches since they were queued."""
    if view.trouble is not None or view.tip is None:
        return ()
    found = (_news_of(entry, view, policy) for entry in view.queue)
    return tuple(action for action in found if action is not None)


def _news_of(entry: Entry, view: View, policy: Policy) -> Action | None:
    gone = [branch for branch in entry.branches if branch not in view.heads]
    if gone:
        known = entry.state.needs_a_person
        return None if known else SendBack(entry, Coded(Reason.BRANCH_GONE, f"{gone[0]} is gone"))
    heads = tuple(view.heads[branch] for branch in entry.branches)
    came_back = entry.reason is not None and entry.reason.code is Reason.BRANCH_GONE
    match entry.state:
        case EntryState.HELD:
            return None
        case EntryState.SENT_BACK if not (came_back or _is_authors(entry, heads)):
            return None
        case EntryState.SENT_BACK if entry.retries < policy.max_retries:
            return TakeUp(entry, heads)
        case EntryState.SENT_BACK:
            return Hold(entry, _taken_up_enough(entry, policy))
        case _:
            return PinAnew(entry, heads) if heads != entry.heads else None


def _is_authors(entry: Entry, heads: tuple[Oid, ...]) -> bool:
    """Whether anybody but the gate itself moved the branches to `heads`."""
    return any(
        head != pinned and head not in entry.pushed for head, pinned in zip(heads, entry.heads, strict=True)
    )


def _is_paused(view: View) -> bool:
    return view.pause is not None and (view.pause.until is None or view.pause.until > view.now)


def _nothing_to_do(view: View) -> Wait:
    if _is_paused(view) and view.pause is not None:
        return Wait(why=Why.PAUSED, detail=view.pause.reason, until=view.pause.until)
    times = [entry.available_at for entry in view.queue if entry.available_at and _rests(entry, view.now)]
    if times:
        return Wait(why=Why.DEFERRED, until=min(times))
    return Wait(why=Why.NEEDS_A_PERSON if view.queue else Why.IDLE)


def _testing(view: View) -> Wait:
    running = any(trial.verdict is Verdict.RUNNING for trial in view.trials)
    return Wait(why=Why.TESTING) if running else _nothing_to_do(view)


_NO_ANSWER = Coded(Reason.INTERNAL, "no reason was given")


def _contended(entry: Entry) -> Coded:
    return Coded(Reason.CONTENDED, f"the target moved {entry.contended} times under it")


def _taken_up_enough(entry: Entry, policy: Policy) -> Coded:
    code = entry.reason.code if entry.reason else Reason.INTERNAL
    return Coded(code, f"its author pushed again after {policy.max_retries} retries; retry it by hand")
