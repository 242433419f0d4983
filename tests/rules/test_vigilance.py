from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mergetui.events import Ended, Event, RetestEnded
from mergetui.model import Instant
from mergetui.outcome import Run
from mergetui.reason import Coded, Reason
from mergetui.repository import Gate
from mergetui.vigilance import Vigil, Watch, follow, why_stop
from tests.rules.build import NOW

HOUR = timedelta(hours=1)


def ended(branch: str, code: Reason | None = Reason.RETEST_FAILED, outcome: Any = "sent-back") -> Ended:
    reason = Coded(code, "") if code is not None else None
    run = Run(
        id="e1.1",
        repo="shop",
        branches=(branch,),
        outcome=outcome,
        reason=reason,
        started_at=NOW,
        finished_at=NOW,
    )
    return Ended(repo="shop", at=NOW, run=run)


def green(branch: str) -> RetestEnded:
    return RetestEnded(
        repo="shop", at=NOW, branches=(branch,), commit="c", reason=None, seconds=1.0, log="r1.log"
    )


def landed(branch: str) -> Ended:
    return ended(branch, None, "landed")


def after(facts: Iterable[Event]) -> Watch:
    watch = Watch(began=NOW)
    for fact in facts:
        watch = follow(watch, fact)
    return watch


def told(
    watch: Watch, caps: Gate, *, down: Instant | None = None, key: Instant | None = None, now: Instant = NOW
) -> str | None:
    return why_stop(watch, caps, unreachable_since=down, last_key=key, now=now)


RED = [ended(branch) for branch in "abc"]


@pytest.mark.parametrize(
    ("facts", "row"),
    [
        (RED, "abc"),
        ([*RED[:2], landed("z"), RED[2]], "c"),
        ([*RED[:2], green("z"), RED[2]], "c"),
        ([*RED[:2], ended("z", Reason.CONFLICT), RED[2]], "abc"),
        ([*RED[:2], ended("z", Reason.BRANCH_GONE), RED[2]], "abc"),
        ([*RED[:2], ended("z", Reason.REMOTE_UNREACHABLE, "deferred"), RED[2]], "abc"),
        ([*RED[:2], ended("z", Reason.RETEST_KILLED, "deferred")], "ab"),
        ([*RED[:2], ended("z", Reason.RETEST_FAILED, "held")], "ab"),
        ([RED[0], RED[1], RED[0], RED[0]], "ba"),
        ([ended("a", Reason.RETEST_TIMEOUT), ended("b", Reason.RETEST_HUNG)], "ab"),
        ([ended("a", Reason.OUTPUT_LIMIT), ended("b", Reason.RETEST_KILLED)], "ab"),
        ([], ""),
    ],
)
def test_the_row_is_of_different_entries_that_the_retest_sent_back(facts: Sequence[Event], row: str) -> None:
    assert [branches[-1] for branches in after(facts).red] == list(row)


@pytest.mark.parametrize(
    ("most", "sentence"),
    [
        (3, "3 entries in a row were sent back by the retest (a, b, c)"),
        (2, "3 entries in a row were sent back by the retest (a, b, c)"),
        (4, None),
        (0, None),
    ],
)
def test_so_many_in_a_row_are_enough(most: int, sentence: str | None) -> None:
    assert told(after(RED), Gate(auto_stop_red=most)) == sentence


def test_one_may_be_enough_and_many_are_not_all_named() -> None:
    caps = Gate(auto_stop_red=1)
    assert told(after(RED[:1]), caps) == "1 entry was sent back by the retest (a)"
    many = after(ended(f"feat/{number}") for number in range(9))
    assert str(told(many, caps)).endswith("(4 more, feat/4, feat/5, feat/6, feat/7, feat/8)")


@pytest.mark.parametrize(
    ("down", "later", "stops"),
    [
        (None, HOUR, False),
        (NOW, timedelta(minutes=14), False),
        (NOW, timedelta(minutes=15), True),
        (NOW - HOUR, timedelta(minutes=14), False),
        (NOW + HOUR, HOUR, False),
    ],
)
def test_a_remote_that_stays_away_is_waited_for_from_when_auto_began(
    down: Instant | None, later: timedelta, stops: bool
) -> None:
    sentence = told(Watch(began=NOW), Gate(), down=down, now=NOW + later)
    assert sentence == ("the remote could not be reached for 15m" if stops else None)


def test_a_remote_may_be_waited_for_for_ever() -> None:
    assert told(Watch(began=NOW), Gate(auto_stop_remote=None), down=NOW, now=NOW + 999 * HOUR) is None


@pytest.mark.parametrize(
    ("key", "later", "stops"),
    [
        (None, 7 * HOUR, False),
        (None, 8 * HOUR, True),
        (NOW - 9 * HOUR, 7 * HOUR, False),
        (NOW + HOUR, 8 * HOUR, False),
        (NOW + HOUR, 9 * HOUR, True),
    ],
)
def test_an_empty_chair_stops_it_only_when_that_is_wished(
    key: Instant | None, later: timedelta, stops: bool
) -> None:
    watch, now = Watch(began=NOW), NOW + later
    sentence = told(watch, Gate(auto_stop_unattended=8 * HOUR), key=key, now=now)
    assert sentence == ("nobody pressed a key in this console for 8h" if stops else None)
    assert told(watch, Gate(), key=key, now=now) is None


def test_when_it_begins_again_everything_counts_anew() -> None:
    now = [NOW]
    caps = Gate(auto_stop_unattended=HOUR)
    vigil = Vigil(caps, now=lambda: now[0], last_key=lambda: NOW)
    for fact in RED:
        vigil.hear(fact)
    now[0] += 2 * HOUR
    assert "in a row" in str(vigil.why_stop(NOW))
    vigil.begin()
    assert vigil.why_stop(NOW) is None
    now[0] += HOUR
    assert "the remote" in str(vigil.why_stop(NOW))
    assert "nobody" in str(vigil.why_stop(None))


facts = st.lists(
    st.builds(ended, st.sampled_from("abcd"), st.sampled_from(Reason), st.sampled_from(["sent-back", "held"]))
    | st.builds(landed, st.sampled_from("abcd"))
    | st.builds(green, st.sampled_from("abcd"))
)


@given(facts, st.integers(1, 5))
def test_what_happened_before_a_green_retest_never_stops_it(before: list[Event], most: int) -> None:
    assert told(after([*before, green("z")]), Gate(auto_stop_red=most)) is None


@given(facts, st.integers(0, 5))
def test_it_is_stopped_by_red_entries_alone_and_never_by_fewer_than_allowed(
    told_facts: list[Event], most: int
) -> None:
    row = after(told_facts).red
    assert len(row) == len(set(row))
    assert (told(after(told_facts), Gate(auto_stop_red=most)) is not None) == (0 < most <= len(row))
    sent_back = {f.run.branches for f in told_facts if isinstance(f, Ended) and f.run.outcome == "sent-back"}
    assert set(row) <= sent_back


@given(
    st.timedeltas(timedelta(), 20 * HOUR), st.timedeltas(timedelta(), 20 * HOUR), st.timedeltas(HOUR, HOUR)
)
def test_a_cause_that_lasts_says_the_same(first: timedelta, more: timedelta, cap: timedelta) -> None:
    caps, watch = Gate(auto_stop_remote=cap, auto_stop_unattended=cap), Watch(began=NOW)
    sentence = told(watch, caps, down=NOW, now=NOW + first)
    assert sentence in (None, told(watch, caps, down=NOW, now=NOW + first + more))
