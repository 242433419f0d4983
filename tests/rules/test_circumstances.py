"""What a landing hangs on, link by link."""

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from mergetui.circumstances import broken_by, circumstances, slow_span, usual_span
from mergetui.events import Broken, CaughtUp, Enqueued, Event, LeaseReleased
from mergetui.model import Entry, EntryState, Priority
from mergetui.outcome import Run
from mergetui.reason import HeldBack
from mergetui.repository import Repository
from mergetui.state import Advance, Pause, RepositoryState, Sighting
from mergetui.verdict import Knowledge
from mergetui.view import Output, Policy
from tests.rules.build import FAILED, MINUTE, NOW, TIP, chain, entry, holder, lease, state

SHOP = Repository(name="shop", remote="git@example.org:shop.git", retest="make test")
A = entry("a", enqueued_at=NOW - 4 * MINUTE, behind=2)
TESTING = entry("b", state=EntryState.TESTING, state_since=NOW - timedelta(seconds=252))
BACK = entry("d", state=EntryState.SENT_BACK, reason=FAILED)
RESTING = entry("c", state=EntryState.DEFERRED, available_at=NOW + MINUTE, reason=FAILED)
SEEN = Sighting(at=NOW - timedelta(seconds=4), tip=TIP)
DOWN = Sighting(at=NOW - MINUTE, tip=TIP, failing_since=NOW - 3 * MINUTE, trouble="no route to host")
BROKE = Broken(repo="shop", at=NOW, detail="git is not installed")


def says(about: str, known: RepositoryState, **fields: Any) -> str:
    return told(about, known, **fields)[0]


def told(about: str, known: RepositoryState, **fields: Any) -> tuple[str, bool]:
    """What is said about it, and whether it holds everything up."""
    given = {"repository": SHOP, "state": known, "policy": Policy(), "now": NOW, **fields}
    links = {link.about: link for link in circumstances(Knowledge(**given))}
    return links[about].says, links[about].blocks


def test_the_chain_is_walked_in_the_order_in_which_a_person_looks() -> None:
    links = circumstances(
        Knowledge(repository=SHOP, state=state(A), policy=Policy(), now=NOW, lack="No space left on device")
    )
    assert [link.about for link in links] == [
        "disk",
        "lease",
        "pause",
        "remote",
        "engine",
        "head",
        "retest",
        "next",
    ]


def test_a_lease_says_who_for_what_and_how_long_it_lasts() -> None:
    held = lease("ada", 7, renewed_at=NOW - timedelta(seconds=6), expires_at=NOW + timedelta(seconds=84))
    assert says("lease", state(lease=held)) == "#7 ada@box pid 7 for a, renewed 6s ago, 1m24s left"
    assert says("lease", state()) == "free"


def test_a_lease_that_is_kept_for_a_merge_says_so_whether_its_holder_lives_or_not() -> None:
    kept = lease("ada", 7, awaits_merge=True, expires_at=NOW + MINUTE)
    told = says("lease", state(lease=kept), holder_is_dead=True)
    assert told.endswith("for a, kept until it is merged, 1m00s left")
    late = lease("ada", 7, awaits_merge=True, expires_at=NOW - MINUTE)
    assert says("lease", state(lease=late)).endswith("stale: it waits to be merged for too long")


def test_a_stale_lease_says_why_it_is() -> None:
    held = lease("ada", 7, renewed_at=NOW - 3 * MINUTE, expires_at=NOW - MINUTE)
    assert says("lease", state(lease=held)).endswith("stale: not renewed for 3m00s")
    dead = says("lease", state(lease=held), holder_is_dead=True)
    assert dead.endswith("the holder is dead: the next engine takes it over")


def test_a_pause_holds_everything_up_until_it_is_over() -> None:
    pause = Pause(by="ada@box", reason="lunch", at=NOW - MINUTE, until=NOW + 65 * MINUTE)
    assert told("pause", state(pause=pause)) == ("by ada@box for 1m00s, 1h05m left: lunch", True)
    over = Pause(by="ada@box", reason="lunch", at=NOW - MINUTE, until=NOW)
    assert told("pause", state(pause=over)) == ("none", False)


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        (None, ("never looked at yet", False)),
        (SEEN, (f"main at {TIP[:10]}, looked at 4s ago", False)),
        (DOWN, ("down for 3m00s: no route to host", True)),
        (Sighting(at=NOW), ("main at gone, looked at 0s ago", True)),
    ],
)
def test_the_remote_says_what_is_known_and_how_old_that_is(
    seen: Sighting | None, expected: tuple[str, bool]
) -> None:
    assert told("remote", state(seen=seen)) == expected


def test_somebody_has_to_advance_it() -> None:
    working = Advance(holder=holder("ada"), mode="auto", since=NOW - MINUTE)
    assert told("engine", state(advance=working)) == ("ada@box pid 7 advances it (auto) for 1m00s", False)
    assert told("engine", state()) == ("nobody advances it", True)
    broken = says("engine", state(), broken="git is not installed")
    assert broken == "nobody advances it; the last one failed: git is not installed"


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        ([], ("the queue is empty", True)),
        ([BACK], ("no entry can move", True)),
        ([BACK, A], ("a is queued for 4m00s, 2 behind", False)),
        ([TESTING, A], ("b is testing for 4m12s", False)),
    ],
)
def test_the_head_is_the_first_that_can_move(entries: list[Entry], expected: tuple[str, bool]) -> None:
    assert told("head", state(*entries)) == expected


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        (None, "runs for 4m12s of about 6m00s, has printed nothing"),
        (Output(bytes=9, at=NOW - timedelta(seconds=3)), "runs for 4m12s of about 6m00s, last output 3s ago"),
        (
            Output(bytes=9, at=NOW - 6 * MINUTE),
            "runs for 4m12s of about 6m00s, last output 6m00s ago of 10m00s allowed",
        ),
    ],
)
def test_a_retest_says_how_far_it_is_and_how_long_it_has_been_silent(
    output: Output | None, expected: str
) -> None:
    assert says("retest", state(TESTING), output=output, usual=6 * MINUTE) == expected


def test_without_a_retest_it_is_said_whether_there_could_be_one() -> None:
    assert told("retest", state(A)) == ("none runs", False)
    assert told("retest", state(A), policy=Policy(has_command=False)) == ("no command is configured", True)


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        ([], "nothing until a branch is queued"),
        ([BACK], "nothing until an author pushes or an operator acts"),
        ([TESTING], "nothing else is queued"),
        ([TESTING, RESTING], "c in 1m00s"),
        ([RESTING, A], "a as soon as it is its turn"),
    ],
)
def test_the_next_is_told_with_its_time(entries: list[Entry], expected: str) -> None:
    assert says("next", state(*entries)) == expected


def test_the_usual_span_is_the_median_of_what_landed() -> None:
    runs = [_run(minutes, "landed") for minutes in (1, 9, 2, 1, 9)] + [_run(60, "sent-back")]
    assert usual_span(runs) == 2 * MINUTE
    assert usual_span(runs[5:]) is None


def test_of_few_the_usual_span_is_the_last_one_and_nothing_is_told_of_the_slow_ones() -> None:
    runs = [_run(minutes, "landed") for minutes in (1, 9, 3, 4)]
    assert (usual_span(runs), slow_span(runs)) == (4 * MINUTE, None)
    assert slow_span([*runs, _run(2, "landed")]) == 9 * MINUTE


@pytest.mark.parametrize(
    ("since", "expected"),
    [
        ([], "git is not installed"),
        ([LeaseReleased(repo="shop", at=NOW, token=1)], "git is not installed"),
        (
            [Enqueued(repo="shop", at=NOW, branches=("a",), heads=(TIP,), priority=Priority.NORMAL)],
            "git is not installed",
        ),
        ([CaughtUp(repo="shop", at=NOW, branches=("a",), candidate=chain(TIP, A))], None),
    ],
)
def test_a_failure_of_the_gate_is_told_until_it_works_again(since: list[Event], expected: str | None) -> None:
    assert broken_by([BROKE, *since]) == expected


def _run(minutes: int, outcome: Any) -> Run:
    return Run(
        id=f"e{minutes}.1",
        repo="shop",
        branches=("a",),
        outcome=outcome,
        started_at=NOW,
        finished_at=NOW + minutes * MINUTE,
    )


CHECKED = Repository(name="shop", remote="r", retest="make test", checks=("freeze", "size"))
HELD = HeldBack(check="size", reason="too large")
FREEZE = HeldBack(check="freeze", reason="release day", until=NOW + 65 * MINUTE)


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        (state(A), ("nothing waits for freeze, size", False)),
        (state(A, frozen=FREEZE), ("freeze: release day, 1h05m left", True)),
        (state(replace(A, held_back=HELD)), ("a waits for size: too large", True)),
        (state(replace(A, held_back=HELD), TESTING), ("a waits for size: too large", False)),
        (
            state(replace(A, held_back=HELD), replace(RESTING, held_back=HELD)),
            ("a waits for size: too large; 1 more wait", True),
        ),
    ],
)
def test_checks_say_what_waits_for_them(known: RepositoryState, expected: tuple[str, bool]) -> None:
    assert told("checks", known, repository=CHECKED) == expected
