"""Changes as they come to a gate, and what is true of them; drawn from chances.

Times are seconds from the beginning of the trace. A change is known by its number in the trace.
"""

from collections.abc import Iterator
from math import exp, log
from random import Random

from msgspec import Struct

PARTNERS = 20
"""What a change conflicts or breaks with is one of so many before it."""
_Z95 = 1.6448536269514722
"""So many standard deviations above the mean are 95 of 100 of a normal distribution."""


class Arrival(Struct, frozen=True, kw_only=True, gc=False):
    """One change, when it comes, and what is wrong with it."""

    at: float
    seconds: float
    """What a retest takes of a candidate that ends with it."""
    red: bool = False
    """Its retest fails, whatever else is there."""
    clashes: bool = False
    """It conflicts with the target as it is when its turn comes."""
    conflicts_with: int | None = None
    """An earlier change whose lines it touches."""
    breaks_with: int | None = None
    """An earlier change that it is red with, though both are green without the other."""


class Trace(Struct, frozen=True, kw_only=True):
    """Changes in the order in which they come."""

    arrivals: tuple[Arrival, ...]
    flake: float = 0.0
    """Chance that a retest is red though nothing is wrong."""
    seed: int = 1
    """Of the flakes."""


class RetestTime(Struct, frozen=True, kw_only=True):
    """Lognormal between these two; always the same if they are."""

    p50: float
    p95: float

    @property
    def sigma(self) -> float:
        return log(self.p95 / self.p50) / _Z95

    @property
    def mean(self) -> float:
        return self.p50 * exp(self.sigma**2 / 2)


class Chances(Struct, frozen=True, kw_only=True):
    """What a trace is drawn from; shares are 0 to 1, of all changes."""

    changes: int = 10_000
    per_second: float
    red: float = 0.0
    conflict: float = 0.0
    together: float = 0.0
    flake: float = 0.0
    retest: RetestTime
    seed: int = 1


def rate_at(load: float, *, slots: int, retest: RetestTime) -> float:
    """Changes per second that keep so much of the slots busy when each takes one retest."""
    return load * slots / retest.mean


def drawn(chances: Chances) -> Trace:
    """The same chances and seed give the same trace; arrivals are a Poisson process."""
    arrivals = tuple(_arrivals(chances, Random(chances.seed)))
    return Trace(arrivals=arrivals, flake=chances.flake, seed=chances.seed)


def _arrivals(chances: Chances, chance: Random) -> Iterator[Arrival]:
    now = 0.0
    for number in range(chances.changes):
        now += chance.expovariate(chances.per_second)
        # Everything is drawn for every change, so that another share alone changes nothing else.
        red, conflict, together = chance.random(), chance.random(), chance.random()
        first, second = _partner(number, chance), _partner(number, chance)
        yield Arrival(
            at=now,
            seconds=chances.retest.p50 * exp(chances.retest.sigma * chance.gauss(0, 1)),
            red=red < chances.red,
            conflicts_with=first if conflict < chances.conflict else None,
            breaks_with=second if together < chances.together else None,
        )


def _partner(number: int, chance: Random) -> int | None:
    back = 1 + int(chance.random() * PARTNERS)
    return number - back if back <= number else None
