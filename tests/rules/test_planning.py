from datetime import timedelta

import pytest
from msgspec.structs import replace

from mergetui.actions import (
    Action,
    CatchUp,
    Decide,
    Defer,
    Hold,
    Land,
    PauseItself,
    PinAnew,
    SendBack,
    StartRetest,
    StopRetest,
    TakeBack,
    TakeResult,
    TakeUp,
    Wait,
    Why,
)
from mergetui.model import EntryState, Pass
from mergetui.planning import plan
from mergetui.prospects import futures, standing
from mergetui.reason import Coded, HeldBack, Reason
from mergetui.state import Handover, LandingIntent, Pause
from mergetui.view import Obstacle, Policy, View
from tests.rules.build import (
    CLASHED,
    FAILED,
    MINUTE,
    NO_ANSWER,
    NOW,
    PAUSE,
    TIP,
    built,
    chain,
    entry,
    green,
    heads,
    lease,
    red,
    running,
    view,
    void,
)

A, B, C, D, E = (entry(name) for name in "abcde")
SERIAL = Policy()
PAUSE_NOW = Pause(by="ada@box", reason="release day", at=NOW, now=True)
TESTING = Wait(why=Why.TESTING)
EXTERNAL = Policy(external=True)
HANDED_OVER = Handover(candidate=chain(TIP, A), token=1, since=NOW, until=NOW + MINUTE)
AWAITING = Wait(why=Why.AWAITING_MERGE, detail="a", until=NOW + MINUTE)


@pytest.mark.parametrize(
    ("seen", "actions"),
    [
        pytest.param(view(), [Wait(why=Why.IDLE)], id="an empty queue is idle"),
        pytest.param(view(A, B), [CatchUp((A,), TIP, ())], id="the first in line is caught up"),
        pytest.param(view(A, B, trials=(built(TIP, A),)), [StartRetest(chain(TIP, A))], id="built: retested"),
        pytest.param(view(A, B, trials=(running(TIP, A),)), [TESTING], id="running: waited for"),
        pytest.param(view(A, B, trials=(green(TIP, A),)), [Land(chain(TIP, A))], id="green: landed"),
        pytest.param(view(A, B, trials=(red(TIP, A),)), [SendBack(A, FAILED)], id="red: sent back"),
        pytest.param(
            view(A, B, trials=(void(TIP, A),)), [Defer((A,), NO_ANSWER)], id="no answer: nobody is at fault"
        ),
        pytest.param(view(B, tip="m/a.1"), [CatchUp((B,), "m/a.1", ())], id="landed: the next one"),
    ],
)
def test_the_serial_gate_takes_one_entry_after_the_other(seen: View, actions: list[Action]) -> None:
    assert plan(seen, SERIAL) == tuple(actions)


def test_a_target_that_moved_costs_a_new_catch_up_and_a_new_retest() -> None:
    seen = view(A, tip="m/x1", trials=(green(TIP, A),))
    assert plan(seen, SERIAL) == (CatchUp((A,), "m/x1", ()),)


def test_a_retest_on_a_target_that_moved_is_stopped() -> None:
    seen = view(A, tip="m/x1", trials=(running(TIP, A),))
    assert plan(seen, SERIAL) == (StopRetest(chain(TIP, A), "it is no longer next in line"),)


def test_a_target_that_moves_too_often_defers_the_first_in_line() -> None:
    worn = entry("a", contended=3)
    reason = Coded(Reason.CONTENDED, "the target moved 3 times under it")
    assert plan(view(worn, B), Policy(max_contention=2)) == (Defer((worn,), reason),)
    assert plan(view(worn, B), Policy(max_contention=3)) == (CatchUp((worn,), TIP, ()),)


def test_a_green_candidate_lands_however_often_the_target_moved_before() -> None:
    worn = entry("a", contended=3)
    assert plan(view(worn, trials=(green(TIP, worn),)), Policy(max_contention=2)) == (Land(chain(TIP, worn)),)


def test_an_entry_that_conflicts_with_the_target_is_sent_back() -> None:
    assert plan(view(A, B, obstacles=(Obstacle(A, TIP, CLASHED),)), SERIAL) == (SendBack(A, CLASHED),)


def test_a_conflict_with_an_older_target_says_nothing() -> None:
    seen = view(A, tip="m/x1", obstacles=(Obstacle(A, TIP, CLASHED),))
    assert plan(seen, SERIAL) == (CatchUp((A,), "m/x1", ()),)


def test_a_conflict_of_an_older_head_says_nothing() -> None:
    obstacle = Obstacle(entry("a", heads=("a.0",)), TIP, CLASHED)
    assert plan(view(A, obstacles=(obstacle,)), SERIAL) == (CatchUp((A,), TIP, ()),)


def test_an_entry_that_conflicts_with_one_ahead_waits_for_it() -> None:
    seen = view(A, B, trials=(running(TIP, A),), obstacles=(Obstacle(B, "m/a.1", CLASHED),))
    assert plan(seen, Policy(parallel=3)) == (TESTING,)


def test_behind_an_entry_that_conflicts_the_line_is_tested_without_it() -> None:
    seen = view(A, B, C, trials=(running(TIP, A),), obstacles=(Obstacle(B, "m/a.1", CLASHED),))
    assert plan(seen, Policy(parallel=3)) == (CatchUp((A, C), TIP, chain(TIP, A).links),)


def test_the_line_is_tested_without_all_that_are_not_decided() -> None:
    conflicting = (Obstacle(B, "m/a.1", CLASHED), Obstacle(D, "m/a.1/c.1", CLASHED))
    seen = view(A, B, C, D, E, trials=(running(TIP, A), running(TIP, A, C)), obstacles=conflicting)
    assert plan(seen, Policy(parallel=3)) == (CatchUp((A, C, E), TIP, chain(TIP, A, C).links),)


def test_one_that_conflicts_behind_a_red_one_is_tried_without_that() -> None:
    trials = (running(TIP, A), red(TIP, A, B), green(TIP, A, B, C), running(TIP, A, C))
    seen = view(A, B, C, D, trials=trials, obstacles=(Obstacle(D, "m/a.1/b.1/c.1", CLASHED),))
    assert plan(seen, Policy(parallel=3)) == (CatchUp((A, C, D), TIP, chain(TIP, A, C).links),)


def test_what_is_green_without_one_that_conflicts_does_not_land_ahead_of_it() -> None:
    trials = (running(TIP, A), green(TIP, A, C))
    seen = view(A, B, C, trials=trials, obstacles=(Obstacle(B, "m/a.1", CLASHED),))
    assert plan(seen, Policy(parallel=2)) == (TESTING,)


def test_what_is_tested_without_one_that_conflicts_runs_on_while_that_is_sent_back() -> None:
    without, clash = running(TIP, A, C), Obstacle(B, "m/a.1", CLASHED)
    landed = view(B, C, tip="m/a.1", trials=(without,), obstacles=(clash,))
    assert plan(landed, Policy(parallel=2)) == (SendBack(B, CLASHED),)
    decided = view(C, tip="m/a.1", trials=(without,))
    assert plan(decided, Policy(parallel=2)) == (TESTING,)


def test_one_that_conflicts_is_first_when_those_ahead_were_sent_back() -> None:
    seen = view(B, C, trials=(green(TIP, A, C),), obstacles=(Obstacle(B, "m/a.1", CLASHED),))
    assert plan(seen, Policy(parallel=2)) == (CatchUp((B,), TIP, ()),)


def test_a_batch_ends_before_an_entry_that_conflicts_with_one_ahead() -> None:
    clash = Obstacle(C, "m/a.1/b.1", CLASHED)
    seen = view(A, B, C, D, trials=(built(TIP, A, B),), obstacles=(clash,))
    assert plan(seen, Policy(batch=4)) == (StartRetest(chain(TIP, A, B)),)


def test_what_waited_for_the_one_ahead_is_sent_back_when_that_has_landed() -> None:
    seen = view(B, tip="m/a.1", obstacles=(Obstacle(B, "m/a.1", CLASHED),))
    assert plan(seen, SERIAL) == (SendBack(B, CLASHED),)


def test_what_waited_for_the_one_ahead_is_caught_up_when_that_was_sent_back() -> None:
    gone = entry("a", state=EntryState.SENT_BACK, reason=FAILED)
    seen = view(B, gone, obstacles=(Obstacle(B, "m/a.1", CLASHED),))
    assert plan(seen, SERIAL) == (CatchUp((B,), TIP, ()),)


@pytest.mark.parametrize(
    ("known", "actions"),
    [
        pytest.param([], [CatchUp((A, B, C, D), TIP, ())], id="the whole batch first"),
        pytest.param([green(TIP, A, B, C, D)], [Land(chain(TIP, A, B, C, D))], id="green: all of it lands"),
        pytest.param(
            [red(TIP, A, B, C, D)], [CatchUp((A, B), TIP, chain(TIP, A, B).links)], id="red: half of it"
        ),
        pytest.param(
            [red(TIP, A, B, C, D), green(TIP, A, B)], [Land(chain(TIP, A, B))], id="a green half lands"
        ),
        pytest.param(
            [red(TIP, A, B, C, D), red(TIP, A, B)],
            [CatchUp((A,), TIP, chain(TIP, A).links)],
            id="a red half is halved",
        ),
        pytest.param(
            [red(TIP, A, B, C, D), red(TIP, A, B), red(TIP, A)], [SendBack(A, FAILED)], id="the culprit"
        ),
    ],
)
def test_the_culprit_of_a_red_batch_is_found_by_bisection(known: list[object], actions: list[Action]) -> None:
    assert plan(view(A, B, C, D, E, trials=tuple(known)), Policy(batch=4)) == tuple(actions)


def test_the_search_goes_on_where_a_green_half_has_landed() -> None:
    seen = view(C, D, E, tip="m/a.1/b.1", trials=(red(TIP, A, B, C, D),))
    longer = chain("m/a.1/b.1", C, D).links
    assert plan(seen, Policy(batch=4)) == (CatchUp((C,), "m/a.1/b.1", longer[:1]),)


def test_the_one_whose_predecessors_have_landed_is_at_fault() -> None:
    seen = view(C, D, tip="m/a.1/b.1", trials=(red(TIP, A, B, C),))
    assert plan(seen, Policy(batch=4)) == (SendBack(C, FAILED),)


@pytest.mark.parametrize(
    ("waiting", "policy", "lengths"),
    [
        pytest.param(4, Policy(batch=4, parallel=1), (4,), id="one slot: the whole batch"),
        pytest.param(3, Policy(batch=4, parallel=1), (3,), id="one slot: all that wait"),
        pytest.param(4, Policy(batch=4, parallel=4), (1, 2, 3, 4), id="a slot for each: one by one"),
        pytest.param(5, Policy(batch=4, parallel=2), (1, 5), id="shared out among the slots"),
        pytest.param(8, Policy(batch=4, parallel=4), (1, 2, 4, 8), id="one by one in front"),
        pytest.param(8, Policy(batch=3, parallel=3), (2, 5, 8), id="as far as all are reached"),
        pytest.param(8, Policy(batch=2, parallel=2), (2, 4), id="never more than a batch"),
    ],
)
def test_batches_are_only_as_long_as_slots_are_short(
    waiting: int, policy: Policy, lengths: tuple[int, ...]
) -> None:
    row = [entry(name) for name in "abcdefgh"[:waiting]]
    every = [built(TIP, *row[:length]) for length in range(1, waiting + 1)]
    started = tuple(StartRetest(chain(TIP, *row[:length])) for length in lengths)
    assert plan(view(*row, trials=tuple(every)), policy) == started


def test_slots_that_others_have_make_batches_longer() -> None:
    row = (A, B, C, D)
    seen = view(*row, trials=tuple(built(TIP, *row[:k]) for k in (1, 2, 3, 4)), free_slots=1)
    assert plan(seen, Policy(batch=4, parallel=4)) == (StartRetest(chain(TIP, *row)),)


def test_slots_that_others_have_do_not_search_a_culprit() -> None:
    shorter = [built(TIP, *(A, B, C, D)[:k]) for k in (1, 2, 3)]
    seen = view(A, B, C, D, trials=(red(TIP, A, B, C, D), *shorter), free_slots=1)
    assert plan(seen, Policy(batch=4, parallel=3)) == (StartRetest(chain(TIP, A, B)),)


def test_a_batch_that_runs_is_tested_in_parts_when_a_slot_is_free() -> None:
    seen = view(A, B, trials=(running(TIP, A, B), built(TIP, A)))
    assert plan(seen, Policy(batch=2, parallel=2)) == (StartRetest(chain(TIP, A)),)


def test_as_many_retests_search_the_culprit_as_may_run_at_once() -> None:
    shorter = [built(TIP, *(A, B, C, D)[:k]) for k in (1, 2, 3)]
    seen = view(A, B, C, D, trials=(red(TIP, A, B, C, D), *shorter))
    started = tuple(StartRetest(chain(TIP, *(A, B, C, D)[:k])) for k in (1, 2, 3))
    assert plan(seen, Policy(batch=4, parallel=3)) == started


def test_retests_longer_than_a_red_candidate_are_stopped_and_their_place_used() -> None:
    seen = view(A, B, C, trials=(red(TIP, A, B), running(TIP, A, B, C), built(TIP, A)))
    assert plan(seen, Policy(parallel=2)) == (StopRetest(chain(TIP, A, B, C), "a shorter candidate is red"),)
    stopped = view(A, B, C, trials=(red(TIP, A, B), built(TIP, A)))
    assert plan(stopped, Policy(parallel=2))[0] == StartRetest(chain(TIP, A))


def test_a_search_starts_no_more_retests_than_may_run_at_once() -> None:
    row = [entry(name) for name in "abcdefgh"]
    shorter = [built(TIP, *row[:k]) for k in (3, 6)]
    seen = view(*row, trials=(red(TIP, *row), running(TIP, *row[:4]), *shorter))
    assert plan(seen, Policy(batch=4, parallel=2)) == (StartRetest(chain(TIP, *row[:3])),)


def test_a_longer_green_candidate_does_not_excuse_a_shorter_red_one() -> None:
    seen = view(A, B, trials=(red(TIP, A), green(TIP, A, B)))
    assert plan(seen, Policy(parallel=2)) == (SendBack(A, FAILED),)


def test_speculation_goes_on_from_what_is_built() -> None:
    seen = view(A, B, C, trials=(running(TIP, A),))
    assert plan(seen, Policy(parallel=2)) == (CatchUp((A, B), TIP, chain(TIP, A).links),)


def test_no_entry_is_put_on_the_same_commit_twice_in_one_plan() -> None:
    built_twice = [
        action for action in plan(view(A, B, C), Policy(parallel=3)) if isinstance(action, CatchUp)
    ]
    assert built_twice == [CatchUp((A,), TIP, ())]


def test_what_is_built_is_retested_while_the_next_one_is_caught_up() -> None:
    seen = view(A, B, trials=(built(TIP, A),))
    assert plan(seen, Policy(parallel=2)) == (
        StartRetest(chain(TIP, A)),
        CatchUp((A, B), TIP, chain(TIP, A).links),
    )


def test_speculation_lands_the_first_green_and_leaves_the_others_running() -> None:
    seen = view(A, B, C, trials=(green(TIP, A), running(TIP, A, B), running(TIP, A, B, C)))
    assert plan(seen, Policy(parallel=3)) == (Land(chain(TIP, A)),)


def test_what_runs_on_top_of_the_landed_one_still_counts() -> None:
    trials = (green(TIP, A), running(TIP, A, B), running(TIP, A, B, C))
    seen = view(B, C, tip="m/a.1", trials=trials)
    assert standing(seen, futures(seen, Policy())) == trials[1:]
    assert plan(seen, Policy(parallel=2)) == (TESTING,)


def test_a_candidate_lands_from_where_the_target_stands_by_now() -> None:
    seen = view(B, tip="m/a.1", trials=(green(TIP, A, B),))
    assert plan(seen, SERIAL) == (Land(chain("m/a.1", B)),)


def test_the_longest_green_candidate_lands() -> None:
    seen = view(A, B, C, trials=(green(TIP, A), green(TIP, A, B), running(TIP, A, B, C)))
    assert plan(seen, Policy(parallel=3)) == (Land(chain(TIP, A, B)),)


def test_no_more_retests_are_started_than_may_run_at_once() -> None:
    seen = view(A, B, C, trials=(running(TIP, A), running(TIP, A, B), built(TIP, A, B, C)))
    assert plan(seen, Policy(parallel=2)) == (TESTING,)


def test_a_paused_repository_starts_nothing() -> None:
    wait = Wait(why=Why.PAUSED, detail="release day")
    assert plan(view(A, pause=PAUSE), SERIAL) == (wait,)
    assert plan(view(A, pause=PAUSE, trials=(built(TIP, A),)), SERIAL) == (wait,)
    assert plan(view(A, B, pause=PAUSE, trials=(red(TIP, A, B),)), Policy(batch=2)) == (wait,)


def test_a_paused_repository_sends_nothing_back_and_defers_nothing() -> None:
    wait = (Wait(why=Why.PAUSED, detail="release day"),)
    assert plan(view(A, pause=PAUSE, trouble="no route to host"), SERIAL) == wait
    assert plan(view(A, pause=PAUSE, obstacles=(Obstacle(A, TIP, CLASHED),)), SERIAL) == wait


@pytest.mark.parametrize(
    ("trial", "actions"),
    [
        (running(TIP, A), [TESTING]),
        (green(TIP, A), [Land(chain(TIP, A))]),
        (red(TIP, A), [SendBack(A, FAILED)]),
    ],
)
def test_a_paused_repository_finishes_what_runs(trial: object, actions: list[Action]) -> None:
    seen = view(A, B, pause=PAUSE, trials=(trial,))
    assert plan(seen, Policy(parallel=2)) == tuple(actions)


def test_pause_now_stops_what_runs() -> None:
    seen = view(A, pause=PAUSE_NOW, trials=(running(TIP, A),))
    assert plan(seen, SERIAL) == (StopRetest(chain(TIP, A), "paused: release day"),)


def test_a_pause_that_is_over_pauses_nothing() -> None:
    over = Pause(by="ada@box", reason="lunch", at=NOW - MINUTE, until=NOW)
    assert plan(view(A, pause=over), SERIAL) == (CatchUp((A,), TIP, ()),)


def test_a_pause_says_until_when() -> None:
    pause = Pause(by="ada@box", reason="lunch", at=NOW, until=NOW + MINUTE)
    assert plan(view(A, pause=pause), SERIAL) == (Wait(why=Why.PAUSED, detail="lunch", until=NOW + MINUTE),)


def test_an_unreachable_remote_defers_the_line() -> None:
    resting = entry("c", state=EntryState.DEFERRED, available_at=NOW + MINUTE)
    seen = view(A, B, resting, trouble="no route to host")
    assert plan(seen, SERIAL) == (Defer((A, B), Coded(Reason.REMOTE_UNREACHABLE, "no route to host")),)


def test_what_runs_ends_before_an_unreachable_remote_defers_it() -> None:
    assert plan(view(A, trouble="no route to host", trials=(running(TIP, A),)), SERIAL) == (TESTING,)


def test_nothing_is_started_while_the_remote_is_unreachable() -> None:
    seen = view(A, B, trouble="no route to host", trials=(running(TIP, A), built(TIP, A, B)))
    assert plan(seen, Policy(parallel=2)) == (TESTING,)


def test_an_unreachable_remote_says_nothing_about_branches() -> None:
    (action,) = plan(view(A, trouble="no route to host", heads={}), SERIAL)
    assert action == Defer((A,), Coded(Reason.REMOTE_UNREACHABLE, "no route to host"))


def test_a_lease_of_another_defers_the_line() -> None:
    seen = view(A, B, lease_of_another=lease("grace"))
    assert plan(seen, SERIAL) == (Defer((A, B), Coded(Reason.LEASE_BUSY, "held by grace@box pid 7")),)


def test_a_lease_of_another_stops_what_runs() -> None:
    seen = view(A, lease_of_another=lease("grace"), trials=(running(TIP, A),))
    assert plan(seen, SERIAL) == (StopRetest(chain(TIP, A), "the lease was lost"),)


def test_a_green_candidate_does_not_land_under_the_lease_of_another() -> None:
    seen = view(A, lease_of_another=lease("grace"), trials=(green(TIP, A),))
    assert plan(seen, SERIAL) == (Defer((A,), Coded(Reason.LEASE_BUSY, "held by grace@box pid 7")),)


@pytest.mark.parametrize("at_work", [EntryState.QUEUED, EntryState.TESTING, EntryState.DEFERRED])
def test_a_head_that_moved_is_pinned_anew(at_work: EntryState) -> None:
    known = entry("a", state=at_work, available_at=None)
    assert plan(view(known, heads={"a": "a.2"}), SERIAL) == (PinAnew(known, ("a.2",)),)


def test_what_was_tested_of_an_older_head_does_not_land() -> None:
    pinned = entry("a", heads=("a.2",))
    assert plan(view(pinned, trials=(green(TIP, A),)), SERIAL) == (CatchUp((pinned,), TIP, ()),)


def test_a_stack_is_pinned_anew_as_a_whole() -> None:
    stack = entry("a", branches=("a", "b"), heads=("a.1", "b.1"))
    seen = view(stack, heads={"a": "a.1", "b": "b.2"})
    assert plan(seen, SERIAL) == (PinAnew(stack, ("a.1", "b.2")),)


@pytest.mark.parametrize("at_work", [EntryState.QUEUED, EntryState.TESTING, EntryState.DEFERRED])
def test_an_entry_whose_branch_is_gone_is_sent_back(at_work: EntryState) -> None:
    known = entry("a", state=at_work)
    assert plan(view(known, heads={}), SERIAL) == (SendBack(known, Coded(Reason.BRANCH_GONE, "a is gone")),)


def test_an_entry_that_waits_for_a_person_is_not_sent_back_again() -> None:
    known = entry("a", state=EntryState.SENT_BACK, reason=Coded(Reason.BRANCH_GONE, "a is gone"))
    assert plan(view(known, heads={}), SERIAL) == (Wait(why=Why.NEEDS_A_PERSON),)


def test_a_branch_that_came_back_as_it_was_is_taken_up_again() -> None:
    known = entry("a", state=EntryState.SENT_BACK, reason=Coded(Reason.BRANCH_GONE, "a is gone"))
    assert plan(view(known), SERIAL) == (TakeUp(known, ("a.1",)),)


def test_an_entry_is_taken_up_again_when_its_author_pushes_until_that_was_often_enough() -> None:
    once, twice = (entry("a", state=EntryState.SENT_BACK, reason=FAILED, retries=n) for n in (1, 2))
    told = Coded(Reason.RETEST_FAILED, "its author pushed again after 2 retries; retry it by hand")
    assert plan(view(once, heads={"a": "a.2"}), SERIAL) == (TakeUp(once, ("a.2",)),)
    assert plan(view(twice, heads={"a": "a.2"}), SERIAL) == (Hold(twice, told),)


def test_without_retries_a_push_to_a_sent_back_branch_holds_it() -> None:
    known = entry("a", state=EntryState.SENT_BACK, reason=FAILED)
    (action,) = plan(view(known, heads={"a": "a.2"}), Policy(max_retries=0))
    assert isinstance(action, Hold)


def test_what_is_held_is_left_to_an_operator() -> None:
    known = entry("a", state=EntryState.HELD, reason=FAILED)
    assert plan(view(known, heads={"a": "a.2"}), SERIAL) == (Wait(why=Why.NEEDS_A_PERSON),)


def test_the_gates_own_push_does_not_take_an_entry_up_again() -> None:
    known = entry("a", state=EntryState.SENT_BACK, reason=FAILED, pushed=("m/a.1",))
    assert plan(view(known, heads={"a": "m/a.1"}), SERIAL) == (Wait(why=Why.NEEDS_A_PERSON),)


def test_a_disabled_repository_lands_what_is_built_without_a_retest() -> None:
    assert plan(view(A, trials=(built(TIP, A),)), Policy(enabled=False)) == (Land(chain(TIP, A)),)


def test_a_disabled_repository_needs_no_command() -> None:
    assert plan(view(A), Policy(enabled=False, has_command=False)) == (CatchUp((A,), TIP, ()),)


def test_a_repository_without_a_command_waits_for_one() -> None:
    assert plan(view(A), Policy(has_command=False)) == (Wait(why=Why.NO_COMMAND),)


def test_a_landing_that_is_undecided_is_decided_before_anything_else() -> None:
    intent = LandingIntent(candidate=chain(TIP, A), token=1, started_at=NOW)
    rewound = Coded(Reason.CONTENDED, "main was rewound")
    seen = view(
        A, B, landing=intent, pause=PAUSE_NOW, rewound=rewound, heads={}, trials=(running(TIP, A, B),)
    )
    assert plan(seen, SERIAL) == (Decide(intent),)


def test_a_target_that_was_rewound_pauses_the_repository() -> None:
    rewound = Coded(Reason.CONTENDED, "main was rewound")
    assert plan(view(A, rewound=rewound, trials=(green(TIP, A),)), SERIAL) == (PauseItself(rewound),)


def test_a_repository_that_is_paused_does_not_pause_itself_again() -> None:
    rewound = Coded(Reason.CONTENDED, "main was rewound")
    assert plan(view(A, rewound=rewound, pause=PAUSE), SERIAL) == (
        Wait(why=Why.PAUSED, detail="release day"),
    )


def test_deferred_entries_are_waited_for_until_the_first_is_due() -> None:
    times = (NOW + 2 * MINUTE, NOW + MINUTE)
    late, soon = (entry(str(at), state=EntryState.DEFERRED, available_at=at) for at in times)
    assert plan(view(late, soon), SERIAL) == (Wait(why=Why.DEFERRED, until=NOW + MINUTE),)


def test_a_deferred_entry_is_worked_on_when_it_is_due() -> None:
    due = entry("a", state=EntryState.DEFERRED, available_at=NOW)
    assert plan(view(due), SERIAL) == (CatchUp((due,), TIP, ()),)


def test_a_deferred_entry_holds_nobody_up() -> None:
    resting = entry("a", state=EntryState.DEFERRED, available_at=NOW + timedelta(seconds=1))
    assert plan(view(resting, B), SERIAL) == (CatchUp((B,), TIP, ()),)


@pytest.mark.parametrize("stuck", [EntryState.HELD, EntryState.SENT_BACK])
def test_what_waits_for_a_person_holds_nobody_up(stuck: EntryState) -> None:
    assert plan(view(B, entry("a", state=stuck, reason=FAILED)), SERIAL) == (CatchUp((B,), TIP, ()),)


def test_a_retest_whose_entry_was_taken_out_is_stopped() -> None:
    seen = view(B, heads=heads(B), trials=(running(TIP, A),))
    assert plan(seen, SERIAL) == (StopRetest(chain(TIP, A), "it is no longer next in line"),)


def test_the_last_retest_is_stopped_when_the_queue_is_empty() -> None:
    assert plan(view(trials=(running(TIP, A),)), SERIAL) == (
        StopRetest(chain(TIP, A), "it is no longer next in line"),
    )


def test_behind_a_red_entry_that_is_not_decided_the_line_is_tested_without_it() -> None:
    seen = view(A, B, C, trials=(running(TIP, A), red(TIP, A, B)))
    assert plan(seen, Policy(parallel=2)) == (CatchUp((A, C), TIP, chain(TIP, A).links),)


def test_those_ahead_of_a_red_entry_are_tested_once_for_both_lines() -> None:
    seen = view(A, B, C, trials=(built(TIP, A), red(TIP, A, B)))
    without = CatchUp((A, C), TIP, chain(TIP, A).links)
    assert plan(seen, Policy(parallel=2)) == (StartRetest(chain(TIP, A)), without)


def test_what_is_tested_without_it_stands_when_it_is_sent_back() -> None:
    without = running(TIP, A, C)
    before = view(A, B, C, trials=(running(TIP, A), red(TIP, A, B), without))
    after = view(A, C, trials=(running(TIP, A), without))
    assert without in standing(before, futures(before, Policy()))
    assert plan(after, Policy(parallel=2)) == (TESTING,)


def test_what_is_green_without_it_does_not_land_before_it_is_decided() -> None:
    seen = view(A, B, C, trials=(running(TIP, A), red(TIP, A, B), green(TIP, A, C)))
    assert not [action for action in plan(seen, Policy(parallel=2)) if isinstance(action, Land)]


def test_a_tree_that_has_passed_is_not_tested_again() -> None:
    candidate = chain(TIP, A)
    earlier = Pass(commit="c0ffee", at=NOW, log="r1.log")
    seen = replace(view(A, trials=(built(TIP, A),)), passed={candidate.tree: earlier})
    assert plan(seen, Policy()) == (TakeResult(candidate, earlier),)


def test_a_tree_that_was_red_since_is_tested_again() -> None:
    candidate = chain(TIP, A)
    doubted = replace(red(TIP, A), reds=1)
    earlier = Pass(commit="c0ffee", at=NOW, log="r1.log")
    seen = replace(view(A, trials=(doubted,)), passed={candidate.tree: earlier})
    assert plan(seen, Policy(retries=1)) == (StartRetest(candidate),)


def test_a_red_one_goes_when_it_was_doubted_often_enough() -> None:
    seen = view(A, trials=(replace(red(TIP, A), reds=2),))
    assert plan(seen, Policy(retries=1)) == (SendBack(A, FAILED),)


def test_without_a_slot_it_waits_and_says_so() -> None:
    seen = replace(view(A, trials=(built(TIP, A),)), free_slots=0)
    assert plan(seen, Policy()) == (Wait(why=Why.NO_SLOT),)


def test_the_window_bounds_how_many_entries_are_on_trial() -> None:
    trials = (running(TIP, A), built(TIP, A, B))
    assert plan(replace(view(A, B, trials=trials), window=1), Policy(parallel=2)) == (TESTING,)
    assert plan(view(A, B, trials=trials), Policy(parallel=2)) == (StartRetest(chain(TIP, A, B)),)


HELD = HeldBack(check="size", reason="not yet", until=NOW + MINUTE)
FROZEN = HeldBack(check="freeze", reason="release", until=NOW + MINUTE)
SAYS_NO = Coded(Reason.CHECK_REFUSED, "size: too large")
IN_A_FREEZE = Wait(why=Why.FROZEN, detail="freeze: release", until=NOW + MINUTE)
BEING_ASKED = Wait(why=Why.HELD_BACK, detail="a waits for the answers of checks", is_brief=True)


@pytest.mark.parametrize(
    ("seen", "actions"),
    [
        pytest.param(view(A, B, held_back={"a": HELD}), [CatchUp((B,), TIP, ())], id="passed over"),
        pytest.param(
            view(A, B, trials=(green(TIP, A),), held_back={"a": HELD}),
            [CatchUp((B,), TIP, ())],
            id="green, and passed over",
        ),
        pytest.param(
            view(A, held_back={"a": HELD}),
            [Wait(why=Why.HELD_BACK, detail="a waits for size: not yet", until=NOW + MINUTE)],
            id="nobody else: waited for",
        ),
        pytest.param(view(A, B, refused={"a": SAYS_NO}), [SendBack(A, SAYS_NO)], id="refused: sent back"),
        pytest.param(
            view(A, B, trials=(green(TIP, A),), refused={"a": SAYS_NO}),
            [SendBack(A, SAYS_NO)],
            id="green, and refused: sent back",
        ),
        pytest.param(
            view(A, B, held_back={"a": HELD}, unanswered=frozenset("a")), [BEING_ASKED], id="not answered yet"
        ),
        pytest.param(
            view(A, B, trials=(green(TIP, A),), unanswered=frozenset("a")),
            [BEING_ASKED],
            id="green, not answered yet",
        ),
        pytest.param(
            view(A, B, trials=(running(TIP, B),), held_back={"a": HELD}, unanswered=frozenset("a")),
            [TESTING],
            id="what runs goes on while an answer is awaited",
        ),
        pytest.param(view(A, frozen=FROZEN), [IN_A_FREEZE], id="a freeze: nothing is started"),
        pytest.param(
            view(A, B, trials=(running(TIP, A),), frozen=FROZEN), [TESTING], id="a freeze: what runs goes on"
        ),
        pytest.param(
            view(A, B, trials=(green(TIP, A),), frozen=FROZEN), [IN_A_FREEZE], id="a freeze: nothing lands"
        ),
        pytest.param(
            view(A, B, trials=(red(TIP, A),), frozen=FROZEN),
            [SendBack(A, FAILED)],
            id="a freeze: what is red is sent back",
        ),
        pytest.param(
            view(A, B, trials=(built(TIP, A),), frozen=FROZEN),
            [IN_A_FREEZE],
            id="a freeze: built and no more",
        ),
        pytest.param(view(frozen=FROZEN), [Wait(why=Why.IDLE)], id="a freeze of nothing is idle"),
    ],
)
def test_checks_hold_up_what_they_are_about(seen: View, actions: list[Action]) -> None:
    assert plan(seen, SERIAL) == tuple(actions)


def test_what_somebody_else_merges_is_checked_before_it_is_handed_over() -> None:
    external = Policy(external=True)
    assert plan(view(A, trials=(green(TIP, A),), frozen=FROZEN), external) == (IN_A_FREEZE,)


def test_an_outage_takes_nothing_back_that_waits_to_be_merged() -> None:
    seen = view(A, tip="m/x1", heads={}, handover=HANDED_OVER, trouble="no route to host")
    assert plan(seen, EXTERNAL) == (AWAITING,)


def test_authors_are_heard_while_another_entry_waits_to_be_merged() -> None:
    seen = view(A, B, heads={"a": "a.1", "b": "b.2"}, handover=HANDED_OVER)
    assert plan(seen, EXTERNAL) == (PinAnew(B, ("b.2",)),)


def test_what_was_pinned_anew_since_is_taken_back() -> None:
    seen = view(entry("a", heads=("a.2",)), heads={"a": "a.1"}, handover=HANDED_OVER)
    assert plan(seen, EXTERNAL) == (TakeBack(HANDED_OVER, None),)


def test_what_waited_too_long_to_be_merged_is_waited_for_without_a_time() -> None:
    seen = view(A, handover=replace(HANDED_OVER, until=NOW))
    assert plan(seen, EXTERNAL) == (replace(AWAITING, until=None),)
