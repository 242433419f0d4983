"""Traces in a line each; a retest takes ten seconds."""

from typing import Any

from hypothesis import strategies as st

from mergetui.simulation.planned import Setting
from mergetui.simulation.strategies import Field
from mergetui.simulation.traces import Arrival, Chances, RetestTime, Trace

SECONDS = 10.0
SIX_MINUTES = RetestTime(p50=360.0, p95=360.0)


def arrival(at: float, **fields: Any) -> Arrival:
    return Arrival(**{"at": at, "seconds": SECONDS, **fields})


def trace(*arrivals: Arrival, **fields: Any) -> Trace:
    return Trace(arrivals=arrivals, **fields)


def chances(**fields: Any) -> Chances:
    """Twenty an hour."""
    return Chances(**{"changes": 200, "per_second": 20 / 3600, "retest": SIX_MINUTES, **fields})


def field(slots: int = 4, **fields: Any) -> Field:
    return Field(**{"slots": slots, "batch": 4, "ours": Setting(batch=2, parallel=slots), **fields})


@st.composite
def traces(draw: st.DrawFn, *, pairs: bool = True) -> Trace:
    """Up to a dozen changes; without pairs it does not matter which of them comes first."""
    times = sorted(draw(st.lists(st.integers(0, 60), min_size=1, max_size=12)))
    return trace(*(draw(_arrivals(number, float(at), pairs=pairs)) for number, at in enumerate(times)))


@st.composite
def _arrivals(draw: st.DrawFn, number: int, at: float, *, pairs: bool) -> Arrival:
    nobody = st.none()
    earlier = st.one_of(nobody, nobody, st.integers(0, number - 1)) if pairs and number else nobody
    return arrival(
        at,
        seconds=draw(st.sampled_from((10.0, 10.0, 25.0))),
        red=draw(st.sampled_from((False, False, False, True))),
        clashes=draw(st.sampled_from((False, False, False, False, True))),
        conflicts_with=draw(earlier),
        breaks_with=draw(earlier),
    )


def settings_of_the_plan() -> st.SearchStrategy[Setting]:
    return st.builds(
        Setting,
        batch=st.integers(1, 4),
        parallel=st.integers(1, 4),
        adaptive=st.booleans(),
        hedge=st.booleans(),
        retries=st.integers(0, 1),
    )
