"""What may come of a queue: the lines of entries that may be served, and what the trials say of them.

With entries e1..en in line, candidate k is e1..ek caught up in a row: a candidate contains all shorter ones.
"""

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from mergetui.model import Candidate, Entry, EntryId, EntryState, Instant, Link, Oid
from mergetui.reason import Coded
from mergetui.view import Policy, Trial, Verdict, View

_Work: TypeAlias = tuple[EntryId, tuple[Oid, ...]]
"""An entry as it was pinned."""


class Stretch(Struct, frozen=True, gc=False):
    """A trial that stands on the target's tip, without what has landed of it, and the work that is in it."""

    trial: Trial
    works: tuple[_Work, ...]


class Future(Struct, frozen=True, kw_only=True):
    """A line of entries that may come to be served, and what the trials say of its prefixes, by length."""

    line: tuple[Entry, ...]
    decided: int = 0
    """Entries at its head whose prefixes belong to the future before."""
    trials: Mapping[int, Trial]
    red: int | None
    """The shortest red one."""
    green: Candidate | None
    """The longest green one ahead of it."""
    void: Trial | None
    reach: int
    """How many entries can be put in a row; the next one conflicts with them, or with the target itself."""
    obstacle: Coded | None

    @property
    def undecided(self) -> int | None:
        """The place in the line of the entry that is likely to go.

        It is the one that a red prefix ends with, for those ahead of it would have to be red; or else the
        one that conflicts, for those ahead of it are likely to land.
        """
        if self.red is not None:
            return self.red - 1
        return self.reach if self.reach < len(self.line) else None

    def has_to_test(self, length: int) -> bool:
        """Nothing is known of the prefix yet, and nothing runs that will tell."""
        trial = self.trials.get(length)
        return trial is None or trial.verdict is Verdict.BUILT

    @classmethod
    def of(
        cls, view: View, policy: Policy, line: tuple[Entry, ...], stretches: Sequence[Stretch]
    ) -> "Future":
        longest = max((len(stretch.works) for stretch in stretches), default=0)
        works = tuple((entry.id, entry.heads) for entry in line[:longest])
        trials = {len(s.works): s.trial for s in stretches if works[: len(s.works)] == s.works}
        red = min((k for k, trial in trials.items() if trial.verdict is Verdict.RED), default=None)
        good = (Verdict.GREEN,) if policy.enabled else (Verdict.GREEN, Verdict.BUILT)
        green = [k for k, t in trials.items() if t.verdict in good and (red is None or k < red)]
        reach, obstacle = _reach(view, line, trials)
        return cls(
            line=line,
            trials=trials,
            red=red,
            green=trials[max(green)].candidate if green else None,
            void=next((trial for trial in trials.values() if trial.verdict is Verdict.VOID), None),
            reach=reach,
            obstacle=obstacle,
        )


def futures(view: View, policy: Policy) -> tuple[Future, ...]:
    """What may become of the entries in line, the likeliest last."""
    return unfolded(view, policy, in_line(view), stretches(view, policy))


def unfolded(
    view: View, policy: Policy, line: tuple[Entry, ...], known: Sequence[Stretch]
) -> tuple[Future, ...]:
    """The line as it is; then, while there is one that is not decided, the line without it, and so on.

    What is tested without it goes on when it is sent back, and cannot land before. It keeps its place: it
    is tried again when those ahead of it are not what they were.
    """
    found = [Future.of(view, policy, line, known)]
    while (place := found[-1].undecided) is not None:
        line = found[-1].line
        without = Future.of(view, policy, (*line[:place], *line[place + 1 :]), known)
        found.append(replace(without, decided=place))
    return tuple(found)


def stretches(view: View, policy: Policy) -> tuple[Stretch, ...]:
    """Of all trials; those that do not stand on the tip are of no use."""
    return tuple(
        Stretch(
            Trial(
                Candidate(base=view.tip or "", links=links), _judged(trial, policy), trial.reason, trial.reds
            ),
            tuple((link.entry, link.heads) for link in links),
        )
        for trial in view.trials
        if (links := _links_on(trial.candidate, view.tip))
    )


def standing(view: View, ahead: tuple[Future, ...]) -> tuple[Trial, ...]:
    """Not those that are longer than a red one: its last entry is in them, and goes."""
    useful = {
        trial.candidate.commit
        for future in ahead
        for length, trial in future.trials.items()
        if future.red is None or length <= future.red
    }
    return tuple(trial for trial in view.trials if trial.candidate.commit in useful)


def _judged(trial: Trial, policy: Policy) -> Verdict:
    """A red that is still doubted says nothing yet; one that no retest gave is not doubted."""
    doubted = trial.verdict is Verdict.RED and 0 < trial.reds <= policy.retries
    return Verdict.BUILT if doubted else trial.verdict


def longest_chain(trials: Mapping[int, Trial], most: int) -> tuple[Link, ...]:
    """The longest standing chain, cut to `most` entries: a candidate contains all shorter ones."""
    chains = [trial.candidate.links[:most] for trial in trials.values()]
    return max(chains, key=len, default=())


def _reach(view: View, line: tuple[Entry, ...], trials: Mapping[int, Trial]) -> tuple[int, Coded | None]:
    chain = longest_chain(trials, len(line))
    ends = {view.tip: 0} | {link.commit: k for k, link in enumerate(chain, start=1)}
    for obstacle in view.obstacles:
        at = ends.get(obstacle.onto)
        if at is not None and at < len(line) and _same_work(line[at], obstacle.entry):
            return at, obstacle.reason
    return len(line), None


def _links_on(candidate: Candidate, tip: Oid | None) -> tuple[Link, ...]:
    """Those that stand on the tip; none if the candidate does not."""
    if candidate.base == tip:
        return candidate.links
    ends = [link.commit for link in candidate.links]
    return candidate.links[ends.index(tip) + 1 :] if tip in ends else ()


def _same_work(entry: Entry, other: Entry) -> bool:
    return entry.id == other.id and entry.heads == other.heads


def in_line(view: View) -> tuple[Entry, ...]:
    """The entries that may be worked on now."""
    queued, now, held = EntryState.QUEUED, view.now, view.held_back
    return tuple(
        entry
        for entry in view.queue
        if (entry.state is queued or not (entry.state.needs_a_person or rests(entry, now)))
        and entry.id not in held
    )


def rests(entry: Entry, now: Instant) -> bool:
    return entry.state is EntryState.DEFERRED and entry.available_at is not None and entry.available_at > now
