"""Whole worlds: whatever others do, and at whatever moment, these claims hold of what the plan leads to."""

from itertools import combinations
from math import ceil

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
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


def played(scenario: Scenario) -> tuple[Gate, Story]:
    gate = Gate(scenario)
    return gate, gate.run(most_rounds=most_rounds(scenario))


# Without shrinking: a world that never ends takes minutes to shrink, and reads well enough as it is.
many = settings(
    max_examples=70,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow],
)


@many
@given(scenarios())
def test_nothing_untested_lands(scenario: Scenario) -> None:
    gate, story = played(scenario)
    assert all(landing.was_tested for landing in story.landings)
    assert all(landing.candidate.base == landing.tip_before for landing in story.landings)
    assert not any(scenario.faults.are_red(works_of(landing.candidate.commit)) for landing in story.landings)
    assert len(set(works_of(gate.remote.tip))) == len(works_of(gate.remote.tip)), "landed twice"


@many
@given(hurried_worlds())
def test_a_good_emergency_is_the_next_to_land(scenario: Scenario) -> None:
    _, story = played(scenario)
    landed = [tuple(link.branches[0] for link in one.candidate.links) for one in story.landings]
    for branch, before in story.emergencies.items():
        had_landed = any(branch in together for together in landed[:before])
        assert had_landed or landed[before] == (branch,)


@many
@given(hurried_worlds())
def test_whoever_an_emergency_interrupts_still_lands(scenario: Scenario) -> None:
    gate, _ = played(scenario)
    good = set(scenario.branches) - scenario.faults.red
    assert good <= {name_of(work) for work in works_of(gate.remote.tip)}


@many
@given(scenarios())
def test_what_was_in_the_target_stays_there(scenario: Scenario) -> None:
    gate, _ = played(scenario)
    assert all(
        after.startswith(f"{before}/")
        for before, after in zip(gate.remote.target, gate.remote.target[1:], strict=False)
    )


@many
@given(scenarios())
def test_whoever_was_first_lands_first(scenario: Scenario) -> None:
    _, story = played(scenario)
    landed = [link.branches[0] for landing in story.landings for link in landing.candidate.links]
    undisturbed = [branch for branch in landed if branch not in story.disturbed]
    assert not [
        (early, late)
        for late, early in combinations(undisturbed, 2)
        if story.admitted[early] < story.admitted[late] and is_no_less(early, late, story)
    ]


@many
@given(scenarios())
def test_every_good_entry_lands(scenario: Scenario) -> None:
    gate, story = played(scenario)
    deleted = {event.branch for _, event in scenario.events if isinstance(event, Delete)}
    good = {b for b in story.admitted if not scenario.faults.touch(b) and b not in deleted}
    assert good <= {name_of(work) for work in works_of(gate.remote.tip)}


@many
@given(scenarios())
def test_it_ends_with_a_person_or_with_an_empty_queue(scenario: Scenario) -> None:
    gate, story = played(scenario)
    assert story.is_over
    assert gate.state.landing is None
    assert {entry.state for entry in gate.state.entries.values()} <= {EntryState.SENT_BACK, EntryState.HELD}


@many
@given(scenarios())
def test_a_plan_says_something_and_waits_for_one_thing(scenario: Scenario) -> None:
    _, story = played(scenario)
    assert all(story.plans)
    assert not [p for p in story.plans if len(p) > 1 and any(isinstance(action, Wait) for action in p)]


@many
@given(scenarios())
def test_no_more_retests_run_than_may(scenario: Scenario) -> None:
    assert played(scenario)[1].most_running <= scenario.policy.parallel


@many
@given(scenarios())
def test_nothing_is_started_while_the_repository_is_paused(scenario: Scenario) -> None:
    assert played(scenario)[1].started_while_paused == []


@many
@given(scenarios())
def test_an_entry_is_sent_back_for_a_fault_of_its_own(scenario: Scenario) -> None:
    _, story = played(scenario)
    assert [ended for ended in story.sent_back if not is_its_own(ended, scenario.faults)] == []


@many
@given(scenarios())
def test_only_an_author_who_pushed_too_often_is_held(scenario: Scenario) -> None:
    _, story = played(scenario)
    assert all(ended.entry.retries == scenario.policy.max_retries for ended in story.held)
    assert all(ended.entry.state is EntryState.SENT_BACK for ended in story.held)


@many
@given(scenarios())
def test_no_candidate_is_longer_than_what_may_be_on_trial(scenario: Scenario) -> None:
    most = windowing.most(scenario.policy)
    assert played(scenario)[1].most_on_trial <= most


@many
@given(quiet_worlds())
def test_whatever_the_strategy_the_same_entries_land(scenario: Scenario) -> None:
    serial = replace(scenario, policy=Policy())
    assert set(works_of(played(scenario)[0].remote.tip)) == set(works_of(played(serial)[0].remote.tip))


@many
@given(quiet_worlds())
def test_retests_are_bounded(scenario: Scenario) -> None:
    """Those of a world without reds; and a search for each red one, with all slots in every step.

    Of what is tested behind a red one, no more is lost than once all slots.
    """
    unhedged = replace(scenario, policy=replace(scenario.policy, hedge=False))
    assert played(unhedged)[1].retests <= most_unhedged(unhedged)


@many
@given(quiet_worlds())
def test_hedges_are_bounded(scenario: Scenario) -> None:
    """Without each entry one for everybody behind it, and anew after a red one; and those that gave way.

    Each of these gave way to a retest of the line.
    """
    entries, reds = len(scenario.branches), len(scenario.faults.red)
    hedged = replace(scenario, policy=replace(scenario.policy, hedge=True))
    most_hedges = (1 + reds) * entries * (entries - 1) // 2
    assert played(hedged)[1].retests <= 2 * most_unhedged(hedged) + most_hedges


@many
@given(quiet_worlds())
def test_without_a_red_one_no_candidate_is_tested_twice(scenario: Scenario) -> None:
    """So a retest for each entry at most, where slots are free for all; and one for each batch at least."""
    green = replace(scenario, faults=Faults(), policy=replace(scenario.policy, hedge=False))
    batches = ceil(len(green.branches) / green.policy.batch)
    assert batches <= played(green)[1].retests <= most_without_reds(green)


@many
@given(scenarios(enabled=False))
def test_a_disabled_gate_lands_all_that_fits_without_a_retest(scenario: Scenario) -> None:
    gate, story = played(scenario)
    fits = {b for b in story.admitted if not scenario.faults.touch(b)}
    deleted = {event.branch for _, event in scenario.events if isinstance(event, Delete)}
    assert story.most_running == 0
    assert story.is_over
    assert fits - deleted <= {name_of(work) for work in works_of(gate.remote.tip)}


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
