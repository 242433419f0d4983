"""An emergency goes ahead of everything: tables of the plan and the order, and what ends it."""

from datetime import timedelta

import pytest
from msgspec.structs import replace

from mergetui.actions import (
    CatchUp,
    Defer,
    Land,
    SendBack,
    StartRetest,
    StopRetest,
    TakeBack,
    TakeResult,
    Wait,
    Why,
)
from mergetui.driver.endings import exchanged
from mergetui.lifecycle import defer, pin_anew, try_again
from mergetui.model import Emergency, Entry, EntryState, Pass, Priority
from mergetui.planning import plan
from mergetui.queueing import Proposal, admit, move, order, rest_of
from mergetui.reason import Coded, Reason
from mergetui.state import Handover
from mergetui.view import Policy
from tests.rules.build import (
    FAILED,
    MINUTE,
    NOW,
    PAUSE,
    TIP,
    built,
    chain,
    entry,
    green,
    lease,
    red,
    running,
    state,
    view,
)

SAID = Emergency(by="ada@box", reason="login is down", at=NOW)
THROUGH = replace(SAID, through_pause=True)
A, B = entry("a", rank=1), entry("b", rank=2)
E = entry("e", rank=3, emergency=SAID)
E_THROUGH = replace(E, emergency=THROUGH)
HURRIED = Policy(batch=2, parallel=2, has_reduced_command=True)
PAUSE_NOW = replace(PAUSE, now=True)


def by_reduced(trial: object) -> object:
    return replace(trial, reduced=True)  # type: ignore[type-var]


PLANS = {
    "it is caught up alone": (view(E, A, B), CatchUp((E,), TIP, ())),
    "it is tested by the reduced command": (
        view(E, A, trials=(built(TIP, E),)),
        StartRetest(chain(TIP, E), reduced=True),
    ),
    "it interrupts what runs": (
        view(E, A, trials=(running(TIP, A),)),
        StopRetest(chain(TIP, A), "an emergency goes first: e"),
    ),
    "its own full retest is interrupted too": (
        view(E, A, trials=(running(TIP, E),)),
        StopRetest(chain(TIP, E), "an emergency goes first: e"),
    ),
    "the full command's green is not its own": (
        view(E, A, trials=(green(TIP, E),)),
        StartRetest(chain(TIP, E), reduced=True),
    ),
    "the full command's red is not its own": (
        view(E, A, trials=(red(TIP, E),)),
        StartRetest(chain(TIP, E), reduced=True),
    ),
    "green by its own command it lands": (
        view(E, A, trials=(by_reduced(green(TIP, E)),)),
        Land(chain(TIP, E)),
    ),
    "red by its own command it is sent back": (
        view(E, A, trials=(by_reduced(red(TIP, E)),)),
        SendBack(E, FAILED),
    ),
    "its word is not believed of an ordinary entry": (
        view(A, trials=(by_reduced(green(TIP, A)),)),
        StartRetest(chain(TIP, A)),
    ),
    "what passed before does not spare it its own": (
        view(E, trials=(built(TIP, E),), passed={f"tree of {TIP}/e.1": Pass(commit="x", at=NOW, log="r1")}),
        StartRetest(chain(TIP, E), reduced=True),
    ),
    "a pause lets it wait and what runs end": (
        view(E, A, pause=PAUSE, trials=(running(TIP, A),)),
        Wait(why=Why.TESTING),
    ),
    "a pause holds it up": (view(E, pause=PAUSE), Wait(why=Why.PAUSED, detail="release day")),
    "a pause lets it end when it runs": (
        view(E, A, pause=PAUSE, trials=(by_reduced(running(TIP, E)),)),
        Wait(why=Why.TESTING),
    ),
    "a pause that stops all stops it": (
        view(E, pause=PAUSE_NOW, trials=(by_reduced(running(TIP, E)),)),
        StopRetest(chain(TIP, E), "paused: release day"),
    ),
    "it goes through a pause": (view(E_THROUGH, A, pause=PAUSE_NOW), CatchUp((E_THROUGH,), TIP, ())),
    "the second goes through the pause that holds the first up": (
        view(E, entry("f", emergency=THROUGH), pause=PAUSE),
        CatchUp((entry("f", emergency=THROUGH),), TIP, ()),
    ),
    "a remote that is down lets what runs end": (
        view(E, A, trouble="down", trials=(running(TIP, A),)),
        Wait(why=Why.TESTING),
    ),
    "a remote that is down defers it": (
        view(E, A, trouble="down"),
        Defer((E, A), Coded(Reason.REMOTE_UNREACHABLE, "down")),
    ),
    "one that rests lets others go on": (
        view(A, replace(E, state=EntryState.DEFERRED, available_at=NOW + MINUTE)),
        CatchUp((A,), TIP, ()),
    ),
    "a lease of another defers it": (
        view(E, lease_of_another=lease("grace")),
        Defer((E,), Coded(Reason.LEASE_BUSY, "held by grace@box pid 7")),
    ),
}


@pytest.mark.parametrize(("seen", "first"), PLANS.values(), ids=PLANS)
def test_what_is_planned_for_it(seen: object, first: object) -> None:
    policy = replace(HURRIED, batch=1)
    assert plan(seen, policy)[0] == first  # type: ignore[arg-type]


def test_a_repository_that_lost_its_reduced_command_tests_it_alone_with_the_full_one() -> None:
    seen = view(E, A, trials=(built(TIP, E),))
    assert plan(seen, Policy(batch=2)) == (StartRetest(chain(TIP, E)),)


def test_it_is_judged_where_there_is_only_a_reduced_command() -> None:
    only = Policy(has_command=False, has_reduced_command=True)
    assert plan(view(E, trials=(built(TIP, E),)), only) == (StartRetest(chain(TIP, E), reduced=True),)


def test_what_passed_spares_an_ordinary_entry_still() -> None:
    passed = Pass(commit="x", at=NOW, log="r1")
    seen = view(A, trials=(built(TIP, A),), passed={f"tree of {TIP}/a.1": passed})
    assert plan(seen, Policy()) == (TakeResult(chain(TIP, A), passed),)


def handed_over(*entries: Entry) -> Handover:
    return Handover(candidate=chain(TIP, *entries), token=1, since=NOW, until=NOW + timedelta(hours=1))


def test_what_was_handed_over_is_taken_back_for_it() -> None:
    external = Policy(external=True, has_reduced_command=True)
    handover = handed_over(A)
    assert plan(view(E, A, handover=handover), external) == (TakeBack(handover, None),)
    (waits,) = plan(view(E, A, handover=handover, pause=PAUSE), external)
    assert isinstance(waits, Wait)
    (merged,) = plan(view(E, A, handover=handed_over(E)), external)
    assert isinstance(merged, Wait)


def test_it_is_served_before_what_is_urgent_and_what_runs() -> None:
    urgent = entry("u", rank=1, priority=Priority.URGENT, state=EntryState.TESTING)
    second = entry("f", rank=4, emergency=SAID)
    assert order([A, urgent, second, E]) == (E, second, urgent, A)


@pytest.mark.parametrize(
    ("heads", "stays"), [(("e.1",), True), (("mine",), True), (("e.2",), False)], ids=["same", "own", "new"]
)
def test_it_is_one_for_the_commits_that_it_was_said_of(heads: tuple[str, ...], stays: bool) -> None:
    known = replace(E, pushed=("mine",))
    assert (pin_anew(known, heads, now=NOW).emergency is not None) == stays
    assert (try_again(known, heads=heads, now=NOW).emergency is not None) == stays


def test_an_entry_that_is_queued_becomes_one_and_stays_one() -> None:
    said = Proposal(branches=("a",), heads=("a.1",), emergency=SAID)
    hurried, _ = admit(state(A, B), said, now=NOW)
    assert hurried.entries["a"].emergency == SAID
    again, _ = admit(hurried, Proposal(branches=("a",), heads=("a.1",)), now=NOW)
    assert again.entries["a"].emergency == SAID


def test_what_is_moved_to_its_place_takes_nothing_of_its_haste() -> None:
    urgent = replace(E, priority=Priority.URGENT)
    moved = move(state(urgent, A, B), "b", to=1)
    assert moved is not None
    assert (moved.entries["b"].priority, moved.entries["b"].emergency) == (Priority.NORMAL, None)
    assert [known.id for known in order(moved.entries.values())] == ["e", "b", "a"]


def test_rest_is_reached_when_nothing_is_under_way_and_nobody_holds_the_lease() -> None:
    testing = replace(A, state=EntryState.TESTING)
    assert rest_of(state(testing, B)).branches == ("a",)
    assert [rest_of(one).is_reached for one in (state(A), state(testing), state(A, lease=lease("ada")))] == [
        True,
        False,
        False,
    ]


def test_what_is_said_while_an_entry_ends_is_not_lost() -> None:
    """The driver ends what it has planned for; an operator may have spoken since."""
    ended = defer(A, FAILED, most=3, now=NOW)
    after = exchanged(state(replace(A, emergency=SAID)), A, ended)
    assert (after.entries["a"].state, after.entries["a"].emergency) == (EntryState.DEFERRED, SAID)
    renewed = exchanged(state(E), E, pin_anew(E, ("e.2",), now=NOW))
    assert renewed.entries["e"].emergency is None
