"""What is tested on slots that nothing else wants: the line without one that is on trial.

Should that one be red, those behind it have been tested without it and need not begin anew; is it green, the
retest was in vain. Nothing lands by it: who is left out keeps its place until its own candidates decide.
"""

from collections.abc import Iterator, Sequence

from msgspec import Struct

from mergetui.emergencies import is_paused
from mergetui.model import Entry
from mergetui.prospects import Future, stretches, unfolded
from mergetui.view import Policy, Trial, Verdict, View

_WORTH = 6
"""A retest is worth its slot when one in so many of its entries are not tested without that one yet."""


class Hedge(Struct, frozen=True, kw_only=True):
    futures: tuple[Future, ...]
    """Of the line without the entry; the last is the likeliest."""
    place: int
    """Of the entry in the likeliest line with it."""
    length: int
    """Of the candidate that is tested next."""
    covered: int
    """Of the longest candidate that runs, or is green, without the entry."""

    @property
    def gain(self) -> int:
        """Entries that would be tested without it and are not yet."""
        return self.length - max(self.covered, self.place)

    @property
    def running(self) -> Iterator[tuple[int, Trial]]:
        """By how many entries are tested in it without the one."""
        for length, trial in self.futures[-1].trials.items():
            if length > self.place and trial.verdict is Verdict.RUNNING:
                yield length - self.place, trial


def hedges(view: View, policy: Policy, ahead: Sequence[Future]) -> tuple[Hedge, ...]:
    """One for each entry on trial with others behind it, what gains most first; none in a pause."""
    if not policy.hedge or is_paused(view):
        return ()
    known = stretches(view, policy)
    lines = ((place, _without(ahead, place)) for place in range(_on_trial(ahead[-1]) - 1))
    found = (_hedge(unfolded(view, policy, line, known), place, ahead[-1]) for place, line in lines)
    return tuple(sorted(found, key=lambda hedge: hedge.gain, reverse=True))


def worthwhile(found: Sequence[Hedge]) -> list[tuple[Future, int]]:
    """What should be tested if there are slots for it."""
    return [
        (hedge.futures[-1], hedge.length)
        for hedge in found
        if hedge.gain * _WORTH > hedge.length and hedge.futures[-1].has_to_test(hedge.length)
    ]


def giving_way(found: Sequence[Hedge]) -> list[Trial]:
    """Those that run, by what is lost least when they are stopped."""
    running = {trial.candidate.commit: (gain, trial) for hedge in found for gain, trial in hedge.running}
    return [trial for _, trial in sorted(running.values(), key=lambda pair: pair[0])]


def _without(ahead: Sequence[Future], place: int) -> tuple[Entry, ...]:
    """The line as it is, but for the entry at that place in the likeliest one."""
    line, left_out = ahead[0].line, ahead[-1].line[place]
    at = next(n for n, entry in enumerate(line) if entry is left_out)
    return (*line[:at], *line[at + 1 :])


def _hedge(futures: tuple[Future, ...], place: int, likely: Future) -> Hedge:
    told = (Verdict.RUNNING, Verdict.GREEN)
    covered = (k for k, trial in futures[-1].trials.items() if trial.verdict in told)
    return Hedge(
        futures=futures,
        place=place,
        length=min(_on_trial(likely) - 1, futures[-1].reach),
        covered=max(covered, default=0),
    )


def _on_trial(likely: Future) -> int:
    """Entries of the longest candidate that runs."""
    running = (k for k, trial in likely.trials.items() if trial.verdict is Verdict.RUNNING)
    return max(running, default=0)
