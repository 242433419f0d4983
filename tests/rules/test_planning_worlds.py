"""Whole worlds: whatever others do, and at whatever moment, these claims hold of what the plan leads to."""

from collections.abc import Callable
from itertools import combinations, pairwise
from math import ceil

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from msgspec import Struct
from msgspec.structs import replace

from mergetui import windowing
from mergetui.actions import Wait
from mergetui.model import EntryState, Priority
from mergetui.reason import Reason
from mergetui.view import Policy
from tests.rules.world import (
    AuthorPush,
    Crash,
    Delete,
    Emergency,
    EndedEntry,
    Enqueue,
    Event,
    Faults,
    ForeignPush,
    Gate,
    Scenario,
    Story,
    Switch,
    Switchable,
    name_of,
    work_of,
    works_of,
)

BRANCHES = ("a", "b", "c", "d", "e", "f")
STRANGERS = ("x1", "x2", "x3")
SWITCHES: tuple[Switchable, ...] = ("pause", "pause now", "outage", "lease of another", "no slot")
LONGEST_RETEST = 4


def most_rounds(scenario: Scenario) -> int:
    """Each entry is caught up, halved out of its batch, tested, landed; each event may undo all of that."""
    tries = LONGEST_RETEST * (1 + scenario.policy.retries)
    return (12 + tries) * (1 + len(scenario.branches)) * (1 + len(scenario.events))


@st.composite
def faults(draw: st.DrawFn, branches: tuple[str, ...], *, doubted: bool) -> Faults:
    """The last branch is always good, so that something can land; a flake is one where red is doubted."""
    suspects = st.sampled_from(branches[:-1] or ("nobody",))
    pair: st.SearchStrategy[frozenset[str]] = st.builds(
        frozenset, st.tuples(suspects, st.sampled_from(branches[:-1] + STRANGERS))
    )
    pairs = st.frozensets(pair.filter(lambda two: len(two) == 2), max_size=1)
    some, one = st.frozensets(suspects, max_size=2), st.frozensets(suspects, max_size=1)
    fixed = st.just(frozenset[str]())
    flaky = st.frozensets(st.sampled_from(branches)) if doubted else fixed
    return draw(
        st.builds(
            Faults, red=some, mended=some, red_together=pairs, conflicts=pairs, refused=one, flaky=flaky
        )
    )


@st.composite
def windows(draw: st.DrawFn) -> list[tuple[int, Event]]:
    """Something that begins, and ends a while later."""
    what = draw(st.sampled_from(SWITCHES))
    begin, lasts = draw(st.integers(1, 40)), draw(st.integers(1, 12))
    return [(begin, Switch(what, on=True)), (begin + lasts, Switch(what, on=False))]


def dated(events: st.SearchStrategy[Event]) -> st.SearchStrategy[tuple[int, Event]]:
    return st.tuples(st.integers(2, 60), events)


@st.composite
def scenarios(draw: st.DrawFn, *, enabled: bool = True) -> Scenario:
    branches = BRANCHES[: draw(st.integers(1, len(BRANCHES)))]
    names = st.sampled_from(branches)
    priorities = st.sampled_from((Priority.NORMAL, Priority.NORMAL, Priority.HIGH, Priority.URGENT))
    arrivals = [(draw(st.sampled_from((1, 1, 1, 15))), Enqueue(b, draw(priorities))) for b in branches]
    pushes = draw(st.lists(dated(st.builds(AuthorPush, names)), max_size=3))
    again = draw(st.lists(dated(st.builds(Enqueue, names, st.just(Priority.NORMAL))), max_size=1))
    gone = draw(st.lists(dated(st.builds(Delete, names)), max_size=1))
    moments = draw(st.lists(st.integers(1, 60), max_size=len(STRANGERS)))
    foreign = [(moment, ForeignPush(name)) for moment, name in zip(moments, STRANGERS, strict=False)]
    retries = draw(st.integers(0, 2))
    deaths = [(moment, Crash()) for moment in draw(st.lists(st.integers(1, 60), max_size=2))]
    hurries = draw(st.lists(dated(st.builds(Emergency, names, st.booleans())), max_size=2))
    spans = [event for window in draw(st.lists(windows(), max_size=2)) for event in window]
    return Scenario(
        policy=Policy(
            enabled=enabled,
            batch=draw(st.integers(1, 5)),
            parallel=draw(st.integers(1, 4)),
            hedge=draw(st.booleans()),
            retries=retries,
            max_retries=draw(st.integers(0, 2)),
            max_contention=draw(st.integers(1, 3)),
            has_reduced_command=enabled,
        ),
        branches=branches,
        faults=draw(faults(branches, doubted=retries > 0)),
        events=(*arrivals, *pushes, *again, *gone, *foreign, *deaths, *hurries, *spans),
        durations=tuple(draw(st.lists(st.integers(1, LONGEST_RETEST), min_size=1, max_size=4))),
        answers=tuple(draw(st.lists(st.sampled_from(("said", "said", "lost", "dropped")), max_size=3))),
        looks_every=draw(st.integers(1, 3)),
        update_branch=draw(st.booleans()),
        restamps=draw(st.booleans()),
        remembers=draw(st.booleans()),
        adapts=draw(st.booleans()),
    )


@st.composite
def quiet_worlds(draw: st.DrawFn) -> Scenario:
    """All is queued at once, nobody interferes, and what is red is red wherever it stands."""
    branches = tuple("abcdefghijkl"[: draw(st.integers(1, 12))])
    return Scenario(
        policy=Policy(
            batch=draw(st.integers(1, 8)), parallel=draw(st.integers(1, 5)), hedge=draw(st.booleans())
        ),
        branches=branches,
        faults=Faults(red=draw(st.frozensets(st.sampled_from(branches)))),
        events=tuple((1, Enqueue(branch, Priority.NORMAL)) for branch in branches),
        durations=tuple(draw(st.lists(st.integers(1, LONGEST_RETEST), min_size=1, max_size=4))),
        restamps=draw(st.booleans()),
    )


@st.composite
def hurried_worlds(draw: st.DrawFn) -> Scenario:
    """A quiet world, a few strangers' pushes and a crash in it, and one good branch that cannot wait."""
    world = draw(quiet_worlds())
    branches = world.branches[:-1] or world.branches
    red = world.faults.red & set(branches[:-1])
    good = draw(st.sampled_from([branch for branch in world.branches if branch not in red]))
    hurry = (draw(st.integers(1, 30)), Emergency(good))
    moments = draw(st.lists(st.integers(1, 40), max_size=2))
    foreign = [(moment, ForeignPush(name)) for moment, name in zip(moments, STRANGERS, strict=False)]
    deaths = [(moment, Crash()) for moment in draw(st.lists(st.integers(1, 40), max_size=1))]
    policy = replace(world.policy, has_reduced_command=True)
    events = (*world.events, hurry, *foreign, *deaths)
    return replace(world, policy=policy, faults=Faults(red=red), events=events)


class World(Struct, frozen=True):
    """What was drawn, and what came of it."""

    scenario: Scenario
    gate: Gate
    story: Story

    @property
    def landed(self) -> set[str]:
        return {name_of(work) for work in works_of(self.gate.remote.tip)}

    @property
    def good(self) -> set[str]:
        """Branches with nothing against them, of those that were queued and are there."""
        scenario = self.scenario
        deleted = {event.branch for _, event in scenario.events if isinstance(event, Delete)}
        return {b for b in self.story.admitted if not scenario.faults.touch(b) and b not in deleted}


def played(scenario: Scenario) -> World:
    gate = Gate(scenario)
    return World(scenario, gate, gate.run(most_rounds=most_rounds(scenario)))


def some(scenarios: st.SearchStrategy[Scenario], *, how_many: int) -> list[World]:
    """Worlds that are played once, however many claims are made of them."""
    worlds: list[World] = []

    # Without shrinking: a world that never ends takes minutes to shrink, and reads well enough as it is.
    @settings(
        max_examples=how_many,
        deadline=None,
        phases=[Phase.generate],
        database=None,
        suppress_health_check=[HealthCheck.too_slow],
    )
    @given(scenarios)
    def play(scenario: Scenario) -> None:
        worlds.append(played(scenario))

    play()
    return worlds


def several(few: int, *, many: int) -> list[object]:
    """A few worlds in every run of the suite, many in the soak runs."""
    return [pytest.param(few, id="few"), pytest.param(many, id="many", marks=pytest.mark.soak)]


@pytest.fixture(scope="module", params=several(50, many=150))
def worlds(request: pytest.FixtureRequest) -> list[World]:
    return some(scenarios(), how_many=request.param)


@pytest.fixture(scope="module", params=several(40, many=100))
def hurried(request: pytest.FixtureRequest) -> list[World]:
    return some(hurried_worlds(), how_many=request.param)


@pytest.fixture(scope="module", params=several(40, many=100))
def quiet(request: pytest.FixtureRequest) -> list[World]:
    return some(quiet_worlds(), how_many=request.param)


@pytest.fixture(scope="module", params=several(25, many=70))
def disabled(request: pytest.FixtureRequest) -> list[World]:
    return some(scenarios(enabled=False), how_many=request.param)


def those_without(worlds: list[World], claim: Callable[[World], bool]) -> list[Scenario]:
    """The worlds in which the claim does not hold."""
    return [world.scenario for world in worlds if not claim(world)]


def test_nothing_untested_lands(worlds: list[World]) -> None:
    def tested(world: World) -> bool:
        landings, faults = world.story.landings, world.scenario.faults
        return all(landing.was_tested for landing in landings) and not any(
            faults.are_red(works_of(landing.candidate.commit)) for landing in landings
        )

    assert those_without(worlds, tested) == []


def test_what_lands_stands_on_the_target_as_it_was(worlds: list[World]) -> None:
    def on_the_tip(world: World) -> bool:
        return all(landing.candidate.base == landing.tip_before for landing in world.story.landings)

    assert those_without(worlds, on_the_tip) == []


def test_nothing_lands_twice(worlds: list[World]) -> None:
    def once(world: World) -> bool:
        works = works_of(world.gate.remote.tip)
        return len(set(works)) == len(works)

    assert those_without(worlds, once) == []


def test_a_good_emergency_is_the_next_to_land(hurried: list[World]) -> None:
    def next_to_land(world: World) -> bool:
        story = world.story
        landed = [tuple(link.branches[0] for link in one.candidate.links) for one in story.landings]
        return all(
            any(branch in together for together in landed[:before]) or landed[before] == (branch,)
            for branch, before in story.emergencies.items()
        )

    assert those_without(hurried, next_to_land) == []


def test_whoever_an_emergency_interrupts_still_lands(hurried: list[World]) -> None:
    def all_good(world: World) -> bool:
        return set(world.scenario.branches) - world.scenario.faults.red <= world.landed

    assert those_without(hurried, all_good) == []


def test_what_was_in_the_target_stays_there(worlds: list[World]) -> None:
    def only_grows(world: World) -> bool:
        return all(after.startswith(f"{before}/") for before, after in pairwise(world.gate.remote.target))

    assert those_without(worlds, only_grows) == []


def test_whoever_was_first_lands_first(worlds: list[World]) -> None:
    def in_order(world: World) -> bool:
        story = world.story
        landed = [link.branches[0] for landing in story.landings for link in landing.candidate.links]
        undisturbed = [branch for branch in landed if branch not in story.disturbed]
        return not any(
            story.admitted[early] < story.admitted[late] and is_no_less(early, late, story)
            for late, early in combinations(undisturbed, 2)
        )

    assert those_without(worlds, in_order) == []


def test_every_good_entry_lands(worlds: list[World]) -> None:
    assert those_without(worlds, lambda world: world.good <= world.landed) == []


def test_it_ends_with_a_person_or_with_an_empty_queue(worlds: list[World]) -> None:
    def at_rest(world: World) -> bool:
        state = world.gate.state
        left = {entry.state for entry in state.entries.values()}
        return (
            world.story.is_over and state.landing is None and left <= {EntryState.SENT_BACK, EntryState.HELD}
        )

    assert those_without(worlds, at_rest) == []


def test_a_plan_says_something_and_waits_for_one_thing(worlds: list[World]) -> None:
    def clear(world: World) -> bool:
        return all(
            len(plan) == 1 or (len(plan) > 1 and not any(isinstance(action, Wait) for action in plan))
            for plan in world.story.plans
        )

    assert those_without(worlds, clear) == []


def test_no_more_retests_run_than_may(worlds: list[World]) -> None:
    assert those_without(worlds, lambda w: w.story.most_running <= w.scenario.policy.parallel) == []


def test_nothing_is_started_while_the_repository_is_paused(worlds: list[World]) -> None:
    assert those_without(worlds, lambda world: world.story.started_while_paused == []) == []


def test_an_entry_is_sent_back_for_a_fault_of_its_own(worlds: list[World]) -> None:
    def own_faults(world: World) -> bool:
        return all(is_its_own(ended, world.scenario.faults) for ended in world.story.sent_back)

    assert those_without(worlds, own_faults) == []


def test_only_an_author_who_pushed_too_often_is_held(worlds: list[World]) -> None:
    def too_often(world: World) -> bool:
        most = world.scenario.policy.max_retries
        return all(
            ended.entry.retries == most and ended.entry.state is EntryState.SENT_BACK
            for ended in world.story.held
        )

    assert those_without(worlds, too_often) == []


def test_no_candidate_is_longer_than_what_may_be_on_trial(worlds: list[World]) -> None:
    def short(world: World) -> bool:
        return world.story.most_on_trial <= windowing.most(world.scenario.policy)

    assert those_without(worlds, short) == []


def test_whatever_the_strategy_the_same_entries_land(quiet: list[World]) -> None:
    def as_one_by_one(world: World) -> bool:
        return world.landed == played(replace(world.scenario, policy=Policy())).landed

    assert those_without(quiet, as_one_by_one) == []


def test_retests_are_bounded(quiet: list[World]) -> None:
    """Those of a world without reds; and a search for each red one, with all slots in every step.

    Of what is tested behind a red one, no more is lost than once all slots.
    """

    def bounded(world: World) -> bool:
        unhedged = hedging(world.scenario, hedge=False)
        return played(unhedged).story.retests <= most_unhedged(unhedged)

    assert those_without(quiet, bounded) == []


def test_hedges_are_bounded(quiet: list[World]) -> None:
    """Without each entry one for everybody behind it, and anew after a red one; and those that gave way.

    Each of these gave way to a retest of the line.
    """

    def bounded(world: World) -> bool:
        hedged = hedging(world.scenario, hedge=True)
        entries, reds = len(hedged.branches), len(hedged.faults.red)
        most_hedges = (1 + reds) * entries * (entries - 1) // 2
        return played(hedged).story.retests <= 2 * most_unhedged(hedged) + most_hedges

    assert those_without(quiet, bounded) == []


def test_without_a_red_one_no_candidate_is_tested_twice(quiet: list[World]) -> None:
    """So a retest for each entry at most, where slots are free for all; and one for each batch at least."""

    def once(world: World) -> bool:
        green = replace(hedging(world.scenario, hedge=False), faults=Faults())
        batches = ceil(len(green.branches) / green.policy.batch)
        return batches <= played(green).story.retests <= most_without_reds(green)

    assert those_without(quiet, once) == []


def test_a_disabled_gate_lands_all_that_fits_without_a_retest(disabled: list[World]) -> None:
    def lands_all(world: World) -> bool:
        story = world.story
        return story.most_running == 0 and story.is_over and world.good <= world.landed

    assert those_without(disabled, lands_all) == []


def hedging(scenario: Scenario, *, hedge: bool) -> Scenario:
    return replace(scenario, policy=replace(scenario.policy, hedge=hedge))


def most_unhedged(scenario: Scenario) -> int:
    policy, reds = scenario.policy, len(scenario.faults.red)
    steps = 1
    while (policy.parallel + 1) ** steps < windowing.most(policy):
        steps += 1
    return most_without_reds(scenario) + reds * policy.parallel * (steps + 1)


def most_without_reds(scenario: Scenario) -> int:
    """Retests: one for each batch; where there is more than one slot, at most one for each entry."""
    entries, policy = len(scenario.branches), scenario.policy
    return ceil(entries / policy.batch) if policy.parallel == 1 else entries


def is_no_less(early: str, late: str, story: Story) -> bool:
    """Whether the one that was queued first is at least as urgent."""
    order = list(Priority)
    return order.index(story.admitted[early][1]) <= order.index(story.admitted[late][1])


def is_its_own(ended: EndedEntry, faults: Faults) -> bool:
    """Whether the entry cannot land on the target as it was, while the target was fine without it."""
    ahead, work = works_of(ended.tip), work_of(ended.entry.heads[0])
    return {
        Reason.RETEST_FAILED: faults.are_red((*ahead, work)) and not faults.are_red(ahead),
        Reason.CONFLICT: faults.clash(work, ahead),
        Reason.ALREADY_LANDED: work in ahead,
        Reason.PUSH_REFUSED: name_of(work) in faults.refused,
        Reason.BRANCH_GONE: ended.entry.branch not in ended.heads,
    }[ended.reason.code]
