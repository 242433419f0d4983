"""Windows of a calendar, in the wall time of a zone: once, every week, every day.

An hour that a change of the clocks skips or repeats counts so that the window is longer.
"""

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import TypeAlias
from zoneinfo import ZoneInfo

from msgspec import Struct

from mergetui.model import Instant

ALLOWED = "'2026-12-24 18:00' for once, 'fri 18:00' for every week or '18:00' for every day"


class Once(Struct, frozen=True):
    """Wall times, without a zone."""

    begins: datetime
    ends: datetime


class Weekly(Struct, frozen=True):
    """Since Monday, 0:00."""

    begins: timedelta
    ends: timedelta


class Daily(Struct, frozen=True):
    """Since 0:00."""

    begins: timedelta
    ends: timedelta


Window: TypeAlias = Once | Weekly | Daily


class Span(Struct, frozen=True):
    """One time that a window comes round; `ends` is not in it."""

    begins: Instant
    ends: Instant


def parse_window(begins: str, ends: str) -> Window:
    """ValueError says what is allowed."""
    match _parse(begins), _parse(ends):
        case (datetime() as first, datetime() as last) if first < last:
            return Once(first, last)
        case ((int() as day, time() as first), (int() as other, time() as last)) if (day, first) != (
            other,
            last,
        ):
            return Weekly(timedelta(days=day) + _since(first), timedelta(days=other) + _since(last))
        case (time() as first, time() as last) if first != last:
            return Daily(_since(first), _since(last))
        case _:
            told = "a beginning and a later end of one form"
            raise ValueError(f"begins = {begins!r}, ends = {ends!r}; allowed: {told}: {ALLOWED}")


def zone_of(name: str) -> ZoneInfo:
    """ValueError when there is no such zone on this machine."""
    try:
        return ZoneInfo(name)
    except (LookupError, OSError, ValueError) as error:
        allowed = (
            "an IANA time zone such as 'Europe/Berlin' (without a database of zones: pip install tzdata)"
        )
        raise ValueError(f"zone = {name!r}; allowed: {allowed}") from error


def span_at(window: Window, zone: ZoneInfo, now: Instant) -> Span | None:
    """The time of the window in which `now` is, the one that ends last; None when it is in none."""
    spans = (Span(min(_instants(a, zone)), max(_instants(b, zone))) for a, b in _around(window, zone, now))
    return max((span for span in spans if span.begins <= now < span.ends), key=_end, default=None)


_MOST = 1000


def end_of(windows: Iterable[Window], zone: ZoneInfo, now: Instant) -> Instant | None:
    """When none of them holds any more, `now` if none does; None when that cannot be seen."""
    known = tuple(windows)
    for _ in range(_MOST):
        spans = [span for window in known if (span := span_at(window, zone, now))]
        if not spans:
            return now
        now = max(map(_end, spans))
    return None


def _end(span: Span) -> Instant:
    return span.ends


def _around(window: Window, zone: ZoneInfo, now: Instant) -> Iterator[tuple[datetime, datetime]]:
    """Wall times of every time of the window that could have to do with `now`."""
    today = now.astimezone(zone).date()
    match window:
        case Once(begins=begins, ends=ends):
            yield begins, ends
        case Daily():
            yield from _turns(window, today, timedelta(days=1))
        case Weekly():
            yield from _turns(window, today - timedelta(days=today.weekday()), timedelta(weeks=1))


def _turns(window: Daily | Weekly, day: date, period: timedelta) -> Iterator[tuple[datetime, datetime]]:
    length = (window.ends - window.begins) % period
    first = datetime.combine(day, time()) + window.begins
    for turn in (-2, -1, 0, 1):
        begins = first + turn * period
        yield begins, begins + length


def _instants(wall: datetime, zone: ZoneInfo) -> tuple[Instant, Instant]:
    """Two when the clocks change over it (PEP 495): it comes twice, or is skipped and lies on either side."""
    first, second = (wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    return first, second


def _parse(text: str) -> datetime | tuple[int, time] | time | None:
    if found := re.fullmatch(r"(?:(\w{3}) )?(\d{1,2}:\d{2})", text.strip().lower()):
        day, clock = found.groups()
        try:
            said = datetime.strptime(clock, "%H:%M").time()
        except ValueError:
            return None
        if day is None:
            return said
        return (_DAYS.index(day), said) if day in _DAYS else None
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    return None if moment.tzinfo else moment


_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def _since(clock: time) -> timedelta:
    return timedelta(hours=clock.hour, minutes=clock.minute)
