"""The figures of a simulation for people and for scripts."""

from collections.abc import Iterator, Mapping
from math import log
from typing import Any

from msgspec.structs import asdict

from mergetui.simulation.figures import Figures

_BAR = 56
"""Cells of the longest bar."""
_HEADS = f"{'p50':>8}{'p95':>8}{'p99':>8}{'p50':>9}{'p95':>7}{'p99':>7}"


def table(told: Mapping[str, Figures], oracle: Figures) -> Iterator[str]:
    width = max(len(name) for name in told) + 2
    yield f"{'':<{width}}{'turnaround, minutes':>24}{'times the oracle':>23}{'landed':>10}{'retests':>9}"
    yield f"{'':<{width}}{_HEADS}{'per hour':>10}{'per l.':>9}{'untested':>10}{'unfair':>8}"
    for name, figures in told.items():
        yield f"{name:<{width}}{_row(figures, oracle)}"


def notes(told: Mapping[str, Figures], oracle: Figures) -> Iterator[str]:
    for name, figures in told.items():
        if is_overrun(figures, oracle):
            yield (
                f"{name} cannot keep up: {figures.backlog:,} changes waited when the last one came, and its "
                "turnaround grows with the length of the trace"
            )


def is_overrun(figures: Figures, oracle: Figures) -> bool:
    """One change in twenty waits at the end, and far more than must."""
    changes = len(figures.lengths) + figures.unended
    return figures.backlog > max(changes / 20, 3 * oracle.backlog)


def bars(told: Mapping[str, Figures]) -> Iterator[str]:
    """To the p50, the p95 and the p99, on a logarithmic scale from the least p50 on."""
    spans = [figures.turnaround for figures in told.values()]
    least = min((span.p50 for span in spans if span.p50), default=0.0)
    most = max((span.p99 for span in spans), default=0.0)
    if not least:
        return
    width = max(len(name) for name in told) + 2
    yield f"{'':<{width}}█ to the p50, ▓ to the p95, ░ to the p99; each doubling is as long as the one before"
    for name, figures in told.items():
        ends = [
            _cells(part, least, most)
            for part in (figures.turnaround.p50, figures.turnaround.p95, figures.turnaround.p99)
        ]
        yield f"{name:<{width}}{'█' * ends[0]}{'▓' * (ends[1] - ends[0])}{'░' * (ends[2] - ends[1])}"


def minutes(seconds: float) -> str:
    return _short(seconds / 60, 1 if seconds >= 60 else 2)


def fields(name: str, figures: Figures, oracle: Figures) -> dict[str, Any]:
    return {
        "strategy": name,
        "turnaround": asdict(figures.turnaround),
        "times_the_oracle": asdict(figures.turnaround.over(oracle.turnaround)),
        "landed": figures.landed,
        "sent_back": figures.sent_back,
        "unended": figures.unended,
        "landed_per_hour": figures.landed_per_hour,
        "retests": figures.retests,
        "retests_per_landing": figures.retests_per_landing,
        "untested": figures.untested,
        "unfair": figures.unfair,
        "backlog": figures.backlog,
    }


def _row(figures: Figures, oracle: Figures) -> str:
    span, times = figures.turnaround, figures.turnaround.over(oracle.turnaround)
    minutes_of = "".join(f"{minutes(part):>8}" for part in (span.p50, span.p95, span.p99))
    ratios = f"{_short(times.p50, 2):>9}{_short(times.p95, 2):>7}{_short(times.p99, 2):>7}"
    each = "-" if figures.retests_per_landing is None else f"{figures.retests_per_landing:.2f}"
    counts = f"{figures.untested:>10,}{figures.unfair:>8,}"
    return f"{minutes_of}{ratios}{figures.landed_per_hour:>10.1f}{each:>9}{counts}"


def _short(number: float, digits: int = 1) -> str:
    return f"{number:.{digits}f}" if number < 100 else f"{number:,.0f}"


def _cells(part: float, least: float, most: float) -> int:
    """At least one, so that everything shows."""
    if most <= least or part <= least:
        return 1
    return 1 + round(log(part / least) / log(most / least) * (_BAR - 1))
