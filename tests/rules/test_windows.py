"""When a freeze holds, and when it ends: over nights, weekends and changes of the clocks."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mergetui.checks import CheckView, Pass, Waits
from mergetui.checks.freeze import Freeze, FreezeWindow
from mergetui.checks.windows import Window, end_of, parse_window, span_at, zone_of
from tests.rules.test_checks import seen

BERLIN = ZoneInfo("Europe/Berlin")
ZONES = [ZoneInfo(name) for name in ("Europe/Berlin", "America/St_Johns", "Australia/Lord_Howe", "UTC")]
SECOND = timedelta(seconds=1)


def freeze(begins: str, ends: str, zone: str = "Europe/Berlin") -> Freeze:
    return Freeze(zone=zone, windows=(FreezeWindow(begins=begins, ends=ends, reason="release"),))


def at(text: str) -> CheckView:
    """A wall time in Berlin, or an instant."""
    moment = datetime.fromisoformat(text)
    local = moment if moment.tzinfo else moment.replace(tzinfo=BERLIN)
    return seen(now=local.astimezone(UTC))


@pytest.mark.parametrize(
    ("window", "now", "until"),
    [
        (("2026-12-24 18:00", "2026-12-27"), "2026-12-24 17:59:59", None),
        (("2026-12-24 18:00", "2026-12-27"), "2026-12-24 18:00", "2026-12-27 00:00"),
        (("2026-12-24 18:00", "2026-12-27"), "2026-12-26 23:59:59", "2026-12-27 00:00"),
        (("2026-12-24 18:00", "2026-12-27"), "2026-12-27 00:00", None),
        (("fri 18:00", "mon 08:00"), "2026-11-20 17:59", None),
        (("fri 18:00", "mon 08:00"), "2026-11-22 03:00", "2026-11-23 08:00"),
        (("fri 18:00", "mon 08:00"), "2026-11-23 08:00", None),
        (("23:00", "01:00"), "2026-11-20 00:30", "2026-11-20 01:00"),
        (("23:00", "01:00"), "2026-11-20 23:30", "2026-11-21 01:00"),
        (("23:00", "01:00"), "2026-11-20 12:00", None),
        (("12:00", "13:00"), "2026-11-20 12:30", "2026-11-20 13:00"),
        # The clocks go back: 02:30 comes twice, and the window lasts until the second one is over.
        (("01:00", "02:30"), "2026-10-25T00:45+00:00", "2026-10-25T01:30+00:00"),
        (("02:30", "04:00"), "2026-10-25T00:30+00:00", "2026-10-25T03:00+00:00"),
        # They go forward: there is no 02:30.
        (("02:30", "04:00"), "2026-03-29T01:00+00:00", "2026-03-29T02:00+00:00"),
        (("22:00", "02:30"), "2026-03-29T00:59+00:00", "2026-03-29T01:30+00:00"),
    ],
)
def test_a_window_holds_in_the_wall_time_of_its_zone(
    window: tuple[str, str], now: str, until: str | None
) -> None:
    expected = Waits("release", at(until).now) if until else Pass()
    assert freeze(*window).ask(at(now)) == expected


def test_windows_that_follow_on_each_other_end_together() -> None:
    windows = (
        FreezeWindow(begins="fri 18:00", ends="mon 08:00", reason="weekend"),
        FreezeWindow(begins="2026-11-23 07:00", ends="2026-11-23 20:00", reason="release"),
    )
    said = Freeze(zone="Europe/Berlin", windows=windows).ask(at("2026-11-21 12:00"))
    assert said == Waits("weekend", at("2026-11-23 20:00").now)


def test_a_freeze_without_an_end_says_none() -> None:
    windows = (
        FreezeWindow(begins="00:00", ends="12:00", reason="morning"),
        FreezeWindow(begins="12:00", ends="00:00", reason="evening"),
    )
    assert Freeze(windows=windows).ask(at("2026-11-21 09:00")) == Waits("morning", None)


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"zone": "Mars/Olympus"}, "zone = 'Mars/Olympus'; allowed: an IANA time zone"),
        ({"zone": "../passwd"}, "zone = '../passwd'; allowed: an IANA time zone"),
        ({"zone": "America"}, "zone = 'America'; allowed: an IANA time zone"),
        ({"windows": ()}, "windows = \\[\\]; allowed: at least one"),
        ({"begins": "18:00", "ends": "mon 08:00"}, "begins = '18:00', ends = 'mon 08:00'; allowed: "),
        ({"begins": "18:00", "ends": "18:00"}, "a beginning and a later end"),
        ({"begins": "25:00", "ends": "18:00"}, "a beginning and a later end"),
        ({"begins": "foo 18:00", "ends": "mon 18:00"}, "a beginning and a later end"),
        ({"begins": "2026-02-02", "ends": "2026-02-01"}, "a beginning and a later end"),
        ({"begins": "2026-02-01T00:00Z", "ends": "2026-02-02T00:00Z"}, "a beginning and a later end"),
        ({"reason": " "}, "reason = ''; allowed: why"),
    ],
)
def test_windows_without_a_meaning_are_refused(settings: dict[str, str], told: str) -> None:
    window = {"begins": "18:00", "ends": "19:00", "reason": "release"}
    given = {key: value for key, value in settings.items() if key in window}
    others = {key: value for key, value in settings.items() if key not in window}
    with pytest.raises(ValueError, match=told):
        Freeze(**{"windows": (FreezeWindow(**{**window, **given}),), **others})  # type: ignore[arg-type]


clocks = st.times().map(lambda clock: f"{clock:%H:%M}")
days = st.sampled_from(["mon", "tue", "wed", "thu", "fri", "sat", "sun"])
pairs = st.one_of(
    st.tuples(clocks, clocks),
    st.tuples(st.builds("{} {}".format, days, clocks), st.builds("{} {}".format, days, clocks)),
).filter(lambda pair: pair[0] != pair[1])
windows = pairs.map(lambda pair: parse_window(*pair))
near_a_change = st.sampled_from([date(2026, 3, 29), date(2026, 10, 25), date(2026, 3, 8), date(2026, 4, 5)])
instants = st.builds(
    lambda day, offset: datetime.combine(day, time(), UTC) + timedelta(minutes=offset),
    near_a_change | st.dates(date(2020, 1, 1), date(2030, 1, 1)),
    st.integers(-3000, 3000),
)


@given(windows, st.sampled_from(ZONES), instants)
def test_until_is_the_end_and_not_before(window: Window, zone: ZoneInfo, now: datetime) -> None:
    span = span_at(window, zone, now)
    for moment in (span.begins, span.ends - SECOND) if span else ():
        assert span_at(window, zone, moment) is not None
    end = end_of([window], zone, now)
    assert end is None or span_at(window, zone, end) is None
    assert end is None or (end > now) == (span is not None)


@given(windows, st.sampled_from(ZONES), instants)
def test_whenever_the_clock_on_the_wall_is_inside_it_holds(
    window: Window, zone: ZoneInfo, now: datetime
) -> None:
    local = now.astimezone(zone)
    wall = timedelta(hours=local.hour, minutes=local.minute, seconds=local.second)
    period = timedelta(days=1)
    if type(window).__name__ == "Weekly":
        wall, period = wall + timedelta(days=local.weekday()), timedelta(weeks=1)
    inside = (wall - window.begins) % period < (window.ends - window.begins) % period  # type: ignore[operator]
    assert not inside or span_at(window, zone, now) is not None


def test_the_zones_of_this_machine_are_known() -> None:
    assert zone_of("Europe/Berlin") == BERLIN
