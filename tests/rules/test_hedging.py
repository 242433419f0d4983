from collections.abc import Callable

import pytest

from mergetui.actions import Action, CatchUp, Land, SendBack, StartRetest, StopRetest, Wait, Why
from mergetui.planning import plan
from mergetui.view import Obstacle, Policy, Trial, View
from tests.rules.build import (
    CLASHED,
    FAILED,
    PAUSE,
    TIP,
    built,
    chain,
    entry,
    green,
    red,
    running,
    view,
)

A, B, C, D, E = (entry(name) for name in "abcde")
TESTING = (Wait(why=Why.TESTING),)


def hedging(slots: int) -> Policy:
    return Policy(parallel=slots, hedge=True)


@pytest.mark.parametrize(
    ("seen", "slots", "actions"),
    [
        pytest.param(view(A, trials=(running(TIP, A),)), 2, TESTING, id="nobody is behind it"),
        pytest.param(
            view(A, B, trials=(running(TIP, A), running(TIP, A, B))),
            3,
            (CatchUp((B,), TIP, ()),),
            id="those behind it, without it",
        ),
        pytest.param(
            view(A, B, trials=(running(TIP, A), running(TIP, A, B), built(TIP, B))),
            3,
            (StartRetest(chain(TIP, B)),),
            id="caught up without it: tested",
        ),
        pytest.param(
            view(A, B, C, trials=tuple(running(TIP, *(A, B, C)[:k]) for k in (1, 2, 3))),
            4,
            (CatchUp((B, C), TIP, ()),),
            id="first without whom most are behind",
        ),
        pytest.param(
            view(A, B, C, trials=(*(running(TIP, *(A, B, C)[:k]) for k in (1, 2, 3)), running(TIP, B, C))),
            5,
            (CatchUp((A, C), TIP, chain(TIP, A).links),),
            id="then without the next one",
        ),
        pytest.param(
            view(A, B, trials=(running(TIP, A), running(TIP, A, B))), 2, TESTING, id="no slot is left"
        ),
    ],
)
def test_slots_that_are_left_test_the_line_without_one(
    seen: View, slots: int, actions: tuple[Action, ...]
) -> None:
    assert plan(seen, hedging(slots)) == actions


def test_nothing_is_hedged_where_nobody_asked_for_it() -> None:
    seen = view(A, B, trials=(running(TIP, A), running(TIP, A, B)))
    assert plan(seen, Policy(parallel=4)) == TESTING


def test_the_line_comes_before_a_hedge() -> None:
    seen = view(A, B, C, trials=(running(TIP, A), running(TIP, A, B), built(TIP, B), built(TIP, A, B, C)))
    assert plan(seen, hedging(3)) == (StartRetest(chain(TIP, A, B, C)),)


def test_a_hedge_gives_its_slot_to_the_line() -> None:
    seen = view(A, B, C, trials=(running(TIP, A), running(TIP, A, B), running(TIP, B)))
    assert plan(seen, hedging(3)) == (StopRetest(chain(TIP, B), "its slot is wanted for the line"),)


def test_the_hedge_that_gained_least_gives_way_first() -> None:
    row = (A, B, C)
    line = tuple(running(TIP, *row[:k]) for k in (1, 2, 3))
    seen = view(*row, D, trials=(*line, running(TIP, B, C), running(TIP, A, C)))
    assert plan(seen, hedging(5)) == (StopRetest(chain(TIP, A, C), "its slot is wanted for the line"),)


def test_no_more_hedges_give_way_than_the_line_has_use_for() -> None:
    line = tuple(running(TIP, *(A, B, C)[:k]) for k in (1, 2, 3))
    seen = view(A, B, C, trials=(*line, running(TIP, B, C), running(TIP, A, C)))
    assert plan(seen, hedging(5)) == TESTING


def test_a_hedge_gives_its_slot_to_another_repository_that_waits_for_one() -> None:
    seen = view(A, B, free_slots=-1, trials=(running(TIP, A), running(TIP, A, B), running(TIP, B)))
    assert plan(seen, hedging(3)) == (StopRetest(chain(TIP, B), "its slot is wanted for the line"),)


def test_the_line_gives_its_slot_to_nobody() -> None:
    seen = view(A, B, free_slots=-1, trials=(running(TIP, A), running(TIP, A, B)))
    assert plan(seen, hedging(3)) == TESTING


@pytest.mark.parametrize("known", [running, green])
def test_what_would_add_little_is_not_hedged_anew(known: Callable[..., Trial]) -> None:
    row = [entry(name) for name in "abcdefghij"]
    line = tuple(running(TIP, *row[: k + 1]) for k in range(10))
    covered = tuple(known(TIP, *row[:k], *row[k + 1 : 9]) for k in range(8))
    assert plan(view(*row, trials=(*line, *covered)), hedging(30)) == TESTING


def test_a_green_hedge_lands_nothing_while_the_one_left_out_is_on_trial() -> None:
    seen = view(A, B, trials=(running(TIP, A), running(TIP, A, B), green(TIP, B)))
    assert plan(seen, hedging(4)) == TESTING


def test_a_green_hedge_lands_once_the_one_left_out_was_sent_back() -> None:
    trials = (red(TIP, A), green(TIP, B))
    assert plan(view(A, B, trials=trials), hedging(4)) == (SendBack(A, FAILED),)
    assert plan(view(B, trials=trials), hedging(4)) == (Land(chain(TIP, B)),)


def test_a_hedge_is_stopped_when_the_one_left_out_has_landed() -> None:
    seen = view(B, tip="m/a.1", trials=(running(TIP, A, B), running(TIP, B)))
    assert plan(seen, hedging(4)) == (StopRetest(chain(TIP, B), "it is no longer next in line"),)


def test_who_conflicts_with_the_one_left_out_is_hedged_with() -> None:
    conflict = Obstacle(B, "m/a.1", CLASHED)
    seen = view(A, B, C, obstacles=(conflict,), trials=(running(TIP, A), running(TIP, A, C)))
    assert plan(seen, hedging(4)) == (CatchUp((B,), TIP, ()),)


def test_a_hedge_goes_as_far_as_those_in_it_fit_together() -> None:
    line = tuple(running(TIP, *(A, B, C)[:k]) for k in (1, 2, 3))
    seen = view(A, B, C, obstacles=(Obstacle(C, "m/b.1", CLASHED),), trials=(*line, built(TIP, B)))
    assert plan(seen, hedging(4)) == (StartRetest(chain(TIP, B)),)


def test_a_pause_waits_for_no_hedge() -> None:
    seen = view(A, B, pause=PAUSE, trials=(running(TIP, A), running(TIP, A, B), running(TIP, B)))
    assert plan(seen, hedging(3)) == (StopRetest(chain(TIP, B), "paused: release day"),)
