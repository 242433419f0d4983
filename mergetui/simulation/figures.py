"""What a strategy's part in a simulation comes to, in numbers."""

from collections.abc import Sequence
from math import ceil

from msgspec import Struct

from mergetui.simulation.traces import Trace
from mergetui.simulation.world import Played

HOUR = 3600.0


class Turnaround(Struct, frozen=True, kw_only=True):
    """Seconds from arrival to landing or sending back; so many of a hundred took no longer. Nearest rank."""

    p50: float = 0.0
    p95: float = 0.0
    p99: float = 0.0

    def over(self, other: "Turnaround") -> "Turnaround":
        """As multiples of the other."""
        return Turnaround(
            p50=_ratio(self.p50, other.p50),
            p95=_ratio(self.p95, other.p95),
            p99=_ratio(self.p99, other.p99),
        )


class Figures(Struct, frozen=True, kw_only=True):
    turnaround: Turnaround
    landed: int
    sent_back: int
    unended: int
    landed_per_hour: float
    """From the first arrival to the last end."""
    retests: int
    untested: int
    unfair: int
    backlog: int
    """Changes that had not ended when the last one came."""
    lengths: tuple[float, ...]
    """All turnarounds in seconds, the shortest first."""

    @property
    def retests_per_landing(self) -> float | None:
        return self.retests / self.landed if self.landed else None

    def breaks_a_promise(self, *, flaky: bool) -> bool:
        """Something landed untested, never ended, or was sent back for what no flake explains."""
        return bool(self.untested or self.unended or (self.unfair and not flaky))


def figures(trace: Trace, played: Played) -> Figures:
    ends = [(arrival.at, end) for arrival, end in zip(trace.arrivals, played.ends, strict=True) if end]
    lengths = tuple(sorted(end.at - at for at, end in ends))
    landed = sum(end.fate == "landed" for _, end in ends)
    first, last = (trace.arrivals[0].at, trace.arrivals[-1].at) if trace.arrivals else (0.0, 0.0)
    hours = (max((end.at for _, end in ends), default=0.0) - first) / HOUR
    return Figures(
        turnaround=_turnaround(lengths),
        landed=landed,
        sent_back=len(ends) - landed,
        unended=len(trace.arrivals) - len(ends),
        landed_per_hour=_ratio(landed, hours),
        retests=played.retests,
        untested=played.untested,
        unfair=played.unfair,
        backlog=sum(end is None or end.at > last for end in played.ends),
        lengths=lengths,
    )


def _turnaround(lengths: Sequence[float]) -> Turnaround:
    if not lengths:
        return Turnaround()
    p50, p95, p99 = (lengths[ceil(len(lengths) * part / 100) - 1] for part in (50, 95, 99))
    return Turnaround(p50=p50, p95=p95, p99=p99)


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else 0.0
