"""What strategies make of changes; the truth is known, and the judge is not the planner."""

from itertools import product

import pytest
from hypothesis import Phase, given, settings

from mergetui.simulation.figures import figures
from mergetui.simulation.planned import Setting, play
from mergetui.simulation.strategies import Field, Strategy, for_slots, played
from mergetui.simulation.traces import Trace, drawn
from mergetui.simulation.world import ROOT, Played, World
from tests.simulation.build import arrival, chances, field, settings_of_the_plan, trace, traces

EVERY = tuple(Strategy)
ONE_BY_ONE = (Strategy.SERIAL, Strategy.SPECULATION)
"""They give every change a retest of its own, as the oracle does."""

# Without shrinking: traces are small enough to be read as they are.
few = settings(max_examples=20, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])


def landed(told: Played) -> list[int]:
    return [change for change, end in enumerate(told.ends) if end is not None and end.fate == "landed"]


def ends(told: Played) -> list[float]:
    return [end.at for end in told.ends if end is not None]


def all_played(trace: Trace, field: Field) -> list[Played]:
    return [played(strategy, trace, field) for strategy in EVERY]


@few
@given(traces(), settings_of_the_plan())
def test_nothing_lands_untested_or_is_sent_back_unfairly_and_everything_ends(
    trace: Trace, ours: Setting
) -> None:
    told = all_played(trace, field(3, ours=ours))
    assert [(one.untested, one.unfair) for one in told] == [(0, 0)] * len(EVERY)
    assert all(None not in one.ends for one in told)


@few
@given(traces(pairs=False), settings_of_the_plan())
def test_where_the_order_does_not_matter_all_land_the_same(trace: Trace, ours: Setting) -> None:
    good = [change for change, one in enumerate(trace.arrivals) if not (one.red or one.clashes)]
    assert [landed(one) for one in all_played(trace, field(3, ours=ours))] == [good] * len(EVERY)


@few
@given(traces(), settings_of_the_plan())
def test_the_order_is_kept_so_all_land_the_same_of_any_pair(trace: Trace, ours: Setting) -> None:
    first, *others = [landed(one) for one in all_played(trace, field(3, ours=ours))]
    assert others == [first] * len(others)


@few
@given(traces(), settings_of_the_plan())
def test_the_plan_sees_no_more_in_the_whole_queue_than_in_what_it_can_reach(
    trace: Trace, ours: Setting
) -> None:
    assert play(trace, ours, slots=3) == play(trace, ours, slots=3, sees_all=True)


def test_a_queue_that_grows_for_ever_is_planned_the_same_from_its_head_alone() -> None:
    found = drawn(chances(changes=120, per_second=0.02, red=0.1, conflict=0.05))
    for batch, parallel in product((1, 3), (1, 4)):
        ours = Setting(batch=batch, parallel=parallel, adaptive=True)
        assert play(found, ours, slots=3) == play(found, ours, slots=3, sees_all=True)


@pytest.mark.parametrize("strategy", EVERY)
def test_the_same_seed_gives_the_same_result(strategy: Strategy) -> None:
    one, other = (drawn(chances(red=0.05, conflict=0.02, together=0.02, flake=0.05)) for _ in range(2))
    assert played(strategy, one, field()) == played(strategy, other, field())


def test_another_seed_gives_another_result() -> None:
    one, other = (played(Strategy.OURS, drawn(chances(red=0.05, seed=seed)), field()) for seed in (1, 2))
    assert one != other


def test_serial_without_reds_has_exactly_one_retest_per_landing() -> None:
    told = figures(found := drawn(chances()), played(Strategy.SERIAL, found, field()))
    assert told.retests_per_landing == 1
    assert told.landed == len(found.arrivals)


@pytest.mark.sampled("*-4-0.02", "*-16-0.1")
@pytest.mark.parametrize("red", [0.0, 0.02, 0.1])
@pytest.mark.parametrize("slots", [4, 16])
@pytest.mark.parametrize("strategy", ONE_BY_ONE)
def test_no_strategy_with_a_retest_for_each_is_faster_than_the_oracle(
    strategy: Strategy, slots: int, red: float
) -> None:
    found = drawn(chances(red=red, conflict=0.01, together=0.005, per_second=0.8 * slots / 360))
    told, oracle = (
        figures(found, played(one, found, field(slots))).turnaround for one in (strategy, Strategy.ORACLE)
    )
    assert told.p50 >= oracle.p50
    assert told.p95 >= oracle.p95


def test_every_strategy_is_at_best_as_fast_as_the_oracle_that_has_slots_to_spare() -> None:
    found = drawn(chances(red=0.02, conflict=0.01, per_second=20 / 3600))
    oracle, *others = [figures(found, told).turnaround.p50 for told in all_played(found, field(64))]
    assert min(others) >= oracle


def test_the_oracle_tests_each_change_once_and_the_slots_at_the_same_time() -> None:
    found = trace(arrival(0), arrival(0, red=True), arrival(0), arrival(1, conflicts_with=0))
    told = played(Strategy.ORACLE, found, field(2))
    assert ends(told) == [10, 10, 20, 1]
    assert told.retests == 3


def test_the_oracle_lands_a_change_with_a_later_one_whose_retest_ends_before() -> None:
    found = trace(arrival(0, seconds=50.0), arrival(1))
    assert ends(played(Strategy.ORACLE, found, field(2))) == [11, 11]


def test_a_fixed_batch_waits_for_the_one_before_and_is_halved_when_it_is_red() -> None:
    found = trace(arrival(0), arrival(1), arrival(2), arrival(3, red=True), arrival(4))
    told = played(Strategy.BATCH, found, field(batch=8))
    # The first alone; the other four, red; two of them; two, red; the red one; the last.
    assert ends(told) == [10, 30, 30, 50, 60]
    assert told.retests == 6


def test_a_fixed_batch_ends_before_a_conflict_inside_it() -> None:
    found = trace(arrival(0), arrival(0, conflicts_with=0), arrival(0))
    assert ends(played(Strategy.BATCH, found, field(batch=8))) == [10, 10, 20]


def test_speculation_tests_on_without_a_red_one() -> None:
    found = trace(arrival(0), arrival(0, red=True), arrival(0))
    assert ends(played(Strategy.SPECULATION, found, field(3))) == [10, 10, 20]


def test_the_plan_sees_those_that_move_up_behind_a_red_one() -> None:
    found = trace(arrival(0, seconds=25.0), arrival(0, red=True), arrival(0), arrival(0))
    told = play(found, Setting(parallel=2), slots=2)
    assert ends(told) == [25, 25, 25, 35]


def test_a_conflict_leaves_the_retest_of_those_ahead_as_it_is() -> None:
    told = played(Strategy.SPECULATION, trace(arrival(0), arrival(1, conflicts_with=0)), field(2))
    assert ends(told) == [10, 10]
    assert told.retests == 1


def test_those_behind_a_conflict_are_tested_at_once() -> None:
    found = trace(arrival(0), arrival(0, conflicts_with=0), arrival(0))
    assert ends(played(Strategy.SPECULATION, found, field(2))) == [10, 10, 10]


def test_the_plan_sees_those_that_move_up_behind_conflicts() -> None:
    """As far as it can reach are two changes, and as many more as it is tested without."""
    behind = (arrival(0, conflicts_with=0), arrival(0, conflicts_with=0), arrival(0))
    told = play(trace(arrival(0, seconds=25.0), *behind), Setting(parallel=2), slots=2)
    assert ends(told) == [25, 25, 25, 25]


def test_where_slots_are_free_a_red_one_costs_nobody_in_its_batch_a_second_retest() -> None:
    found = trace(*(arrival(0) for _ in range(3)), arrival(0, red=True))
    told = play(found, Setting(batch=4, parallel=4), slots=4)
    assert (ends(told), told.retests) == ([10] * 4, 4)


def test_what_is_stopped_ends_nothing() -> None:
    """The third change's first retest has the red one in it, and would have ended at 25."""
    found = trace(arrival(0, red=True), arrival(0, seconds=25.0))
    told = played(Strategy.SPECULATION, found, field(2))
    assert ends(told) == [10, 35]
    assert told.retests == 3


def test_what_was_hedged_against_a_red_one_need_not_begin_anew() -> None:
    found = trace(arrival(0, red=True), arrival(1), arrival(2))
    plain, hedged = (play(found, Setting(parallel=6, hedge=hedge), slots=6) for hedge in (False, True))
    assert ends(plain) == [10, 20, 20]
    assert ends(hedged) == [10, 11, 12]


def test_where_no_slot_is_left_a_hedge_changes_nothing() -> None:
    found = trace(*(arrival(0, red=number == 1) for number in range(8)))
    plain, hedged = (play(found, Setting(parallel=2, hedge=hedge), slots=2) for hedge in (False, True))
    assert ends(plain) == ends(hedged)


def test_no_more_retests_run_than_there_are_slots() -> None:
    found = trace(*(arrival(0) for _ in range(8)))
    told = play(found, Setting(parallel=8), slots=2)
    assert ends(told) == [10, 10, 20, 20, 30, 30, 40, 40]


def test_a_doubted_red_is_tested_again() -> None:
    found = drawn(chances(changes=200, flake=0.1, seed=3))
    strict, doubting = (play(found, Setting(retries=retries), slots=1) for retries in (0, 2))
    assert strict.unfair > doubting.unfair
    assert doubting.retests > len(found.arrivals)


def test_a_red_one_is_doubted_so_often_and_then_goes() -> None:
    told = play(trace(arrival(0, red=True)), Setting(retries=2), slots=1)
    assert (ends(told), told.retests, told.unfair) == ([30], 3, 0)


def test_adapting_tests_less_at_the_same_time_after_a_red_one() -> None:
    found = drawn(chances(red=0.2, per_second=0.02))
    fixed, adapting = (play(found, Setting(parallel=8, adaptive=how), slots=8) for how in (False, True))
    assert adapting.retests < fixed.retests


def test_the_default_setting_fits_the_slots() -> None:
    assert [for_slots(slots).parallel for slots in (1, 4, 64)] == [1, 4, 64]


# The judge, and strategies that it has to catch.


def cheating(found: Trace) -> Played:
    """Lands all that it can put on the target, and never tests anything."""
    world = World(found)
    for change, came in enumerate(found.arrivals):
        commit = world.put(change, world.tip)
        if commit is not None:
            world.land(commit, at=came.at)
        else:
            world.send_back(change, at=came.at)
    return world.played()


def test_a_strategy_that_lands_untested_is_caught() -> None:
    told = figures(found := drawn(chances(red=0.1)), cheating(found))
    assert told.untested == told.landed == len(found.arrivals)
    assert told.breaks_a_promise(flaky=True)


def test_what_is_sent_back_unfairly_breaks_a_promise_unless_retests_are_flaky() -> None:
    world = World(found := trace(arrival(0)))
    world.send_back(0, at=1)
    told = figures(found, world.played())
    assert told.breaks_a_promise(flaky=False)
    assert not told.breaks_a_promise(flaky=True)


def test_what_never_ends_breaks_a_promise() -> None:
    told = figures(found := trace(arrival(0)), World(found).played())
    assert (told.unended, told.breaks_a_promise(flaky=False)) == (1, True)


def test_an_honest_strategy_breaks_none() -> None:
    found = drawn(chances(red=0.1))
    told = [figures(found, one) for one in all_played(found, field())]
    assert not any(one.breaks_a_promise(flaky=False) for one in told)


def test_turnarounds_are_by_nearest_rank_and_a_backlog_is_what_had_not_ended() -> None:
    found = trace(*(arrival(0) for _ in range(20)))
    told = figures(found, play(found, Setting(), slots=1))
    assert (told.turnaround.p50, told.turnaround.p95, told.turnaround.p99) == (100, 190, 200)
    assert (told.backlog, told.landed_per_hour) == (20, 360)


def test_the_judge_counts_what_lands_without_a_retest() -> None:
    world = World(trace(arrival(0), arrival(0)))
    first = world.put(0, ROOT) or ""
    world.land(world.put(1, first) or "", at=1)
    assert world.played().untested == 2


def test_the_judge_counts_what_lands_while_its_retest_is_red() -> None:
    world = World(trace(arrival(0, red=True)))
    commit = world.put(0, ROOT) or ""
    world.start(commit)
    assert not world.finish(commit)
    world.land(commit, at=1)
    assert world.played().untested == 1


def test_the_judge_counts_what_passed_on_another_target_than_it_lands_on() -> None:
    world = World(trace(arrival(0), arrival(0, breaks_with=0)))
    first, second = world.put(0, ROOT) or "", world.put(1, ROOT) or ""
    assert world.finish(first)
    assert world.finish(second)
    world.land(first, at=1)
    world.land(second, at=1)
    assert world.played().untested == 1


def test_the_judge_counts_a_good_change_that_is_sent_back() -> None:
    world = World(trace(arrival(0), arrival(0, breaks_with=0)))
    world.send_back(1, at=1)
    assert world.played().unfair == 1


def test_the_judge_lets_a_change_go_that_breaks_with_what_landed() -> None:
    world = World(trace(arrival(0), arrival(0, breaks_with=0)))
    commit = world.put(0, ROOT) or ""
    world.finish(commit)
    world.land(commit, at=1)
    world.send_back(1, at=1)
    assert world.played().unfair == 0


def test_of_two_that_break_together_the_later_one_is_red_whichever_it_is() -> None:
    world = World(trace(arrival(0), arrival(0, breaks_with=0)))
    assert not world.finish(world.put(0, world.put(1, ROOT) or "") or "")
