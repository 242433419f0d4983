from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from mergetui.actions import Why
from mergetui.model import Entry, EntryState
from mergetui.reason import Coded, HeldBack, Reason
from mergetui.repository import Repository
from mergetui.state import Advance, Handover, LandingIntent, Pause, RepositoryState, Sighting
from mergetui.verdict import Knowledge, Verdict, explain
from mergetui.view import Policy
from tests.rules.build import FAILED, MINUTE, NOW, PAUSE, TIP, chain, entry, holder, lease, state

SHOP = Repository(name="shop", remote="git@example.org:shop.git", retest="make test")
SEEN = Sighting(at=NOW, tip=TIP)
DOWN = Sighting(at=NOW, tip=TIP, failing_since=NOW, trouble="no route to host")
GONE = Coded(Reason.BRANCH_GONE, "a is gone")
A = entry("a")
TESTING = entry("b", state=EntryState.TESTING, state_since=NOW - timedelta(seconds=252))
RESTING = entry("c", state=EntryState.DEFERRED, available_at=NOW + 65 * MINUTE, reason=FAILED)
BACK = entry("d", state=EntryState.SENT_BACK, reason=FAILED)
HELD = entry("e", state=EntryState.HELD, reason=FAILED)
LANDING = LandingIntent(candidate=chain(TIP, A), token=3, started_at=NOW)
WORKED_ON = Advance(holder=holder("ada"), mode="auto", since=NOW)


CHECKED = replace(SHOP, checks=("freeze", "size"))
FREEZE = HeldBack(check="freeze", reason="release day", until=NOW + 65 * MINUTE)
TOO_LARGE = HeldBack(check="size", reason="it is asked about")


def verdict(known: RepositoryState, **fields: Any) -> Verdict:
    return explain(
        Knowledge(**{"repository": SHOP, "state": known, "policy": Policy(), "now": NOW, **fields})
    )


AWAITING = entry("a", state=EntryState.AWAITING_MERGE)
HANDOVER = Handover(candidate=chain("m", AWAITING), token=7, since=NOW, until=NOW + MINUTE)


def told(*entries: Entry, **fields: Any) -> Verdict:
    """The verdict on a repository whose remote was seen to be well."""
    return verdict(state(*entries, **{"seen": SEEN, **fields}))


WORLDS = {
    Why.IDLE: told(),
    Why.PAUSED: told(A, pause=PAUSE),
    Why.TESTING: told(TESTING, lease=lease("ada")),
    Why.UNDECIDED: told(A, landing=LANDING),
    Why.AWAITING_MERGE: told(AWAITING, handover=HANDOVER, lease=lease("ada", 7)),
    Why.REMOTE_DOWN: told(A, seen=DOWN),
    Why.NO_COMMAND: verdict(state(A, seen=SEEN), policy=Policy(has_command=False)),
    Why.LEASE_BUSY: told(A, lease=lease("ada", 7)),
    Why.NEEDS_A_PERSON: told(BACK),
    Why.DEFERRED: told(RESTING, BACK),
    Why.NOT_ADVANCING: told(A),
    Why.FROZEN: verdict(state(A, seen=SEEN, frozen=FREEZE), repository=CHECKED),
    Why.HELD_BACK: verdict(state(replace(A, held_back=TOO_LARGE), seen=SEEN), repository=CHECKED),
    Why.ELSEWHERE: told(A, advance=WORKED_ON),
    Why.NO_SLOT: told(A, advance=replace(WORKED_ON, lacks_slot=True)),
    Why.NO_ROOM: verdict(state(A, seen=SEEN), lack="No space left on device: /state"),
    Why.BROKEN: verdict(state(A, seen=SEEN), broken="git is not installed"),
}


@pytest.mark.parametrize("why", Why)
def test_every_cause_has_a_sentence(why: Why) -> None:
    assert WORLDS[why].why is why
    assert WORLDS[why].says


@pytest.mark.parametrize("why", Why)
def test_every_cause_has_words_of_its_own(why: Why) -> None:
    assert why.value
    assert [other for other in Why if other.value == why.value] == [why]


@pytest.mark.parametrize(
    ("why", "says", "mend", "key"),
    [
        (Why.IDLE, "the queue is empty", "mergetui enqueue shop BRANCH", "e"),
        (Why.PAUSED, "paused by ada@box: release day", "mergetui resume shop", "p"),
        (Why.TESTING, "b is testing for 4m12s", "mergetui log shop --follow", "l"),
        (
            Why.AWAITING_MERGE,
            "a is green and waits to be merged for 0s",
            "merge it where it was proposed",
            "",
        ),
        (Why.UNDECIDED, "the remote has not said yet whether a landed", "", ""),
        (
            Why.REMOTE_DOWN,
            "the remote cannot be reached: no route to host",
            "git ls-remote git@example.org:shop.git",
            "",
        ),
        (
            Why.NO_COMMAND,
            "[repos.shop] has no retest command, so no candidate can be judged",
            "set 'retest' in the configuration",
            "",
        ),
        (
            Why.LEASE_BUSY,
            "ada@box pid 7 holds the lease #7",
            "mergetui lease release shop --reason TEXT --token 7",
            "f",
        ),
        (
            Why.NEEDS_A_PERSON,
            "1 sent back: each waits for its author to push, or for an operator",
            "mergetui retry shop BRANCH",
            "r",
        ),
        (Why.DEFERRED, "c is tried again in 1h05m: exit code 1", "mergetui retry shop BRANCH", "r"),
        (Why.FROZEN, "freeze: release day, until 2026-01-01 01:05 UTC", "", ""),
        (Why.HELD_BACK, "a waits for size: it is asked about", "", ""),
        (Why.NOT_ADVANCING, "nobody advances shop: auto-advance is off", "mergetui run shop", "a"),
        (Why.ELSEWHERE, "ada@box pid 7 works on it: the next step is due", "", ""),
        (
            Why.NO_SLOT,
            "every slot for retests is taken by other repositories: [gate] slots",
            "",
            "",
        ),
        (Why.NO_ROOM, "nothing can be written: No space left on device: /state", "mergetui doctor", ""),
        (Why.BROKEN, "the gate itself failed: git is not installed", "mergetui doctor", ""),
    ],
)
def test_a_verdict_says_what_it_is_and_what_helps(why: Why, says: str, mend: str, key: str) -> None:
    assert WORLDS[why] == Verdict(why=why, says=says, mend=mend, key=key)


def test_the_first_cause_of_the_chain_is_told() -> None:
    """Everything holds at once; from one verdict to the next, the one that was told is mended."""
    still = state(A, TESTING, RESTING, BACK, lease=lease("ada"), pause=PAUSE, seen=DOWN, advance=WORKED_ON)
    idle_ones = replace(still, entries=state(A, RESTING, BACK).entries)
    undecided = verdict(replace(still, landing=LANDING))
    in_flight = verdict(still)
    paused = verdict(idle_ones)
    busy = verdict(replace(idle_ones, pause=None))
    down = verdict(replace(idle_ones, pause=None, lease=None))
    due = told(A, RESTING, BACK, advance=WORKED_ON)
    alone = told(A, RESTING, BACK)
    deferred, needs_a_person, idle = told(RESTING, BACK), told(BACK), told()
    chain_of_causes = [undecided, in_flight, paused, busy, down, due, alone, deferred, needs_a_person, idle]
    assert [verdict.why for verdict in chain_of_causes] == [
        Why.UNDECIDED,
        Why.TESTING,
        Why.PAUSED,
        Why.LEASE_BUSY,
        Why.REMOTE_DOWN,
        Why.ELSEWHERE,
        Why.NOT_ADVANCING,
        Why.DEFERRED,
        Why.NEEDS_A_PERSON,
        Why.IDLE,
    ]


def test_what_a_dead_holder_left_in_flight_is_not_being_worked_on() -> None:
    assert (
        verdict(state(TESTING, seen=SEEN, lease=lease("ada")), holder_is_dead=True).why is Why.NOT_ADVANCING
    )


def test_a_holder_that_stopped_renewing_is_told() -> None:
    late = lease("ada", 7, expires_at=NOW)
    assert told(A, lease=late).says == "ada@box pid 7 holds the lease #7 and has not been renewed in time"


def test_a_pause_says_until_when() -> None:
    pause = Pause(by="ada@box", reason="lunch", at=NOW, until=NOW + 65 * MINUTE)
    assert told(A, pause=pause).says == "paused by ada@box until 2026-01-01 01:05 UTC: lunch"


def test_a_pause_that_is_over_is_not_told() -> None:
    over = Pause(by="ada@box", reason="lunch", at=NOW - MINUTE, until=NOW)
    assert told(A, pause=over).why is Why.NOT_ADVANCING


def test_several_entries_in_flight_are_counted() -> None:
    landing = entry("f", rank=1, state=EntryState.LANDING, state_since=NOW)
    assert told(TESTING, landing, lease=lease("ada")).says == "b and 1 more is testing for 4m12s"


def test_what_needs_a_person_is_counted() -> None:
    says = told(BACK, HELD, entry("f", state=EntryState.HELD, reason=FAILED)).says
    assert says == "1 sent back and 2 held: each waits for its author to push, or for an operator"


def test_the_entry_that_is_due_first_is_told() -> None:
    soon = entry("f", state=EntryState.DEFERRED, available_at=NOW + timedelta(seconds=9))
    assert told(RESTING, soon).says == "f is tried again in 9s"


def test_a_branch_that_is_gone_is_not_taken_for_one_that_came_back() -> None:
    gone = entry("a", state=EntryState.SENT_BACK, reason=GONE)
    assert told(gone).why is Why.NEEDS_A_PERSON
    assert told(gone, pause=PAUSE).why is Why.PAUSED


def test_an_entry_that_the_moving_target_wore_out_is_no_matter_of_the_lease() -> None:
    worn = entry("a", contended=11)
    assert told(worn).why is Why.NOT_ADVANCING
    assert verdict(state(worn, seen=SEEN, lease=lease("ada")), holder_is_dead=True).why is Why.NOT_ADVANCING


def test_a_freeze_says_itself_also_while_something_is_tested() -> None:
    known = state(TESTING, seen=SEEN, frozen=FREEZE, lease=lease("ada"))
    assert verdict(known, repository=CHECKED).why is Why.FROZEN


def test_what_a_check_said_counts_until_its_time_is_over_and_while_it_is_wanted() -> None:
    frozen = state(A, seen=SEEN, frozen=FREEZE)
    assert verdict(frozen, repository=CHECKED, now=NOW + 66 * MINUTE).why is Why.NOT_ADVANCING
    assert verdict(frozen).why is Why.NOT_ADVANCING
