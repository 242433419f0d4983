"""The target, its commits and retests, with the truth about them; and the judge of what a strategy does.

A strategy asks for commits, retests and landings and is told what a gate is told. What it lands is judged
here, by what was really tested and by what is really so, never by what it says of itself.
"""

from collections.abc import Iterable, Iterator, Mapping, Set
from random import Random
from typing import Literal, TypeAlias

from msgspec import Struct

from mergetui.model import Oid
from mergetui.simulation.traces import Arrival, Trace

ROOT: Oid = "c0"
"""Where the target stands at the beginning."""
Fate: TypeAlias = Literal["landed", "sent-back"]


class End(Struct, frozen=True, gc=False):
    """What became of a change, and when."""

    fate: Fate
    at: float


class Played(Struct, frozen=True, kw_only=True):
    """What a strategy made of a trace."""

    ends: tuple[End | None, ...]
    """By change; None: it never ended."""
    retests: int
    untested: int
    """Changes that landed in a commit that had not passed, or that was not made on the tip."""
    unfair: int
    """Changes sent back that were good, alone and with all that had landed before."""


class _Commit(Struct, frozen=True, gc=False):
    change: int
    onto: Oid
    is_bad: bool


class World:
    def __init__(self, trace: Trace) -> None:
        self.trace = trace
        self.tip = ROOT
        self.landed: set[int] = set()
        self._conflicts = _pairs((n, a.conflicts_with) for n, a in enumerate(trace.arrivals))
        self._breaks = _pairs((n, a.breaks_with) for n, a in enumerate(trace.arrivals))
        self._made: dict[tuple[Oid, int], Oid] = {}
        self._commits: dict[Oid, _Commit] = {}
        self._passed: set[Oid] = set()
        self._tries: dict[int, int] = {}
        self._ends: list[End | None] = [None] * len(trace.arrivals)
        self._retests = self._untested = self._unfair = 0

    def put(self, change: int, onto: Oid) -> Oid | None:
        """The commit of the change on top of `onto`; None: it conflicts."""
        if (known := self._made.get((onto, change))) is not None:
            return known
        arrival = self._arrival(change)
        if arrival.clashes or self._meets(self._conflicts, change, onto):
            return None
        bad = onto in self._commits and self._commits[onto].is_bad
        bad = bad or arrival.red or self._meets(self._breaks, change, onto)
        commit = self._made[onto, change] = f"c{len(self._commits) + 1}"
        self._commits[commit] = _Commit(change, onto, bad)
        return commit

    def start(self, commit: Oid) -> float:
        """Begin a retest; the seconds that it will take."""
        self._retests += 1
        return self._arrival(self._commits[commit].change).seconds

    def finish(self, commit: Oid) -> bool:
        """Whether the retest that ends now passed."""
        known = self._commits[commit]
        passed = not known.is_bad and not self._flakes(known.change)
        if passed:
            self._passed.add(commit)
        return passed

    def land(self, commit: Oid, *, at: float) -> None:
        changes = tuple(self._ahead(commit))
        stands = self._stands_on_the_tip(commit)
        if not stands or commit not in self._passed:
            self._untested += max(len(changes), 1)
        for change in changes:
            self._ends[change] = End("landed", at)
        self.landed.update(changes)
        self.tip = commit

    def send_back(self, change: int, *, at: float) -> None:
        self._unfair += self.is_good(change)
        self._ends[change] = End("sent-back", at)

    def is_good(self, change: int) -> bool:
        """Alone, and with all that has landed so far."""
        arrival = self._arrival(change)
        partners = self._conflicts.get(change, _NONE) | self._breaks.get(change, _NONE)
        return not arrival.red and not arrival.clashes and partners.isdisjoint(self.landed)

    def played(self) -> Played:
        return Played(
            ends=tuple(self._ends), retests=self._retests, untested=self._untested, unfair=self._unfair
        )

    def _arrival(self, change: int) -> Arrival:
        return self.trace.arrivals[change]

    def _meets(self, pairs: Mapping[int, Set[int]], change: int, onto: Oid) -> bool:
        partners = pairs.get(change)
        if partners is None:
            return False
        return not partners.isdisjoint(self.landed) or not partners.isdisjoint(self._ahead(onto))

    def _ahead(self, commit: Oid) -> Iterator[int]:
        """The changes of the commit and of those under it that have not landed, the latest first."""
        while (known := self._commits.get(commit)) is not None and known.change not in self.landed:
            yield known.change
            commit = known.onto

    def _stands_on_the_tip(self, commit: Oid) -> bool:
        while commit != self.tip and commit in self._commits:
            commit = self._commits[commit].onto
        return commit == self.tip

    def _flakes(self, change: int) -> bool:
        """Drawn for every try of a change by itself: another strategy's tries have the same luck."""
        if not self.trace.flake:
            return False
        nth = self._tries[change] = self._tries.get(change, 0) + 1
        chance = Random(f"{self.trace.seed}/{change}/{nth}")
        return chance.random() < self.trace.flake


_NONE: Set[int] = frozenset()


def _pairs(found: Iterable[tuple[int, int | None]]) -> Mapping[int, Set[int]]:
    """Both ways round: whichever of two comes second is the one at fault."""
    pairs: dict[int, set[int]] = {}
    for one, other in found:
        if other is not None:
            pairs.setdefault(one, set()).add(other)
            pairs.setdefault(other, set()).add(one)
    return pairs
