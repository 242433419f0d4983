"""How far a retest has come: from its own percentage where it prints one, else from earlier runs."""

import re
from collections.abc import Iterable
from datetime import timedelta

from msgspec import Struct

_PERCENT = re.compile(r"\[ {0,2}(\d{1,3})%\]\s*$")
LATEST = 12
"""Lines from the end of a log that are looked at for a percentage."""
_TOO_EARLY = 5
"""Percent below which what has passed says little of what is to come."""


class Progress(Struct, frozen=True, kw_only=True):
    elapsed: timedelta
    percent: int | None = None
    about: timedelta | None = None
    """What the whole retest is expected to take."""
    under: timedelta | None = None
    """What 95 of 100 earlier ones stayed under; None where that is not known or not asked for."""
    is_last: bool = False
    """The estimate is what the last one took: there are too few for more."""


def percent_in(lines: Iterable[str]) -> int | None:
    """The first percentage that ends one of the lines, as pytest prints it; latest line first."""
    told = (int(found[1]) for line in lines if (found := _PERCENT.search(line)))
    return next((percent for percent in told if percent <= 100), None)


def progress(
    elapsed: timedelta, percent: int | None, usual: timedelta | None, slow: timedelta | None
) -> Progress:
    if percent is not None and percent >= _TOO_EARLY:
        return Progress(elapsed=elapsed, percent=percent, about=elapsed * 100 / percent)
    is_last = usual is not None and slow is None
    return Progress(
        elapsed=elapsed, percent=percent, about=usual, under=slow if usual else None, is_last=is_last
    )
