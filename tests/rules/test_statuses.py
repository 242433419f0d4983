"""What a forge is told of commits: the facts of a journal as statuses."""

import pytest
from msgspec.structs import replace

from mergetui.cleaning import redact
from mergetui.events import (
    BranchesPushed,
    CatchUpStarted,
    CaughtUp,
    Ended,
    Enqueued,
    Event,
    HandedOver,
    HeadMoved,
    RetestEnded,
    RetestStarted,
    Retried,
    TakenBack,
    TakenUp,
)
from mergetui.masking import Mask
from mergetui.model import Candidate, Entry, Priority
from mergetui.outcome import Run
from mergetui.reason import Coded, Reason
from mergetui.statuses import LONGEST, Status, Statuses
from tests.rules.build import FAILED, NOW, TIP, chain, entry

A, B = entry("a"), entry("b")
BOTH = chain(TIP, A, B)
ALONE = chain(TIP, A)


def queued(known: Entry) -> Enqueued:
    return Enqueued(repo="shop", at=NOW, branches=known.branches, heads=known.heads, priority=Priority.NORMAL)


def caught_up(candidate: Candidate) -> CaughtUp:
    return CaughtUp(repo="shop", at=NOW, branches=branches(candidate), candidate=candidate)


def branches(candidate: Candidate) -> tuple[str, ...]:
    return tuple(branch for link in candidate.links for branch in link.branches)


def red(candidate: Candidate, reason: Coded | None = FAILED) -> RetestEnded:
    return RetestEnded(
        repo="shop",
        at=NOW,
        branches=branches(candidate),
        commit=candidate.commit,
        reason=reason,
        seconds=1.0,
        log="r1.log",
    )


def ended(outcome: str, *, reason: Coded | None = None, landed: str | None = None) -> Ended:
    run = Run(
        id="a.1",
        repo="shop",
        branches=("a",),
        outcome=outcome,  # type: ignore[arg-type]
        reason=reason,
        landed_commit=landed,
        started_at=NOW,
        finished_at=NOW,
    )
    return Ended(repo="shop", at=NOW, run=run)


def hear(*facts: Event, mask: Mask = redact) -> tuple[Status, ...]:
    """The statuses of the last fact, after all others."""
    statuses = Statuses(mask)
    return [statuses.hear(fact) for fact in facts][-1]


def said(*facts: Event) -> dict[str, str]:
    return {status.commit: f"{status.state}: {status.description}" for status in hear(*facts)}


def test_a_queued_branch_is_pending_on_its_head() -> None:
    assert said(queued(A)) == {"a.1": "pending: queued"}


def test_every_branch_of_a_stack_is_told() -> None:
    stack = entry("top", branches=("low", "top"), heads=("l.1", "t.1"))
    assert said(queued(stack)) == {"l.1": "pending: queued", "t.1": "pending: queued"}


@pytest.mark.parametrize(
    "fact",
    [
        HeadMoved(repo="shop", at=NOW, branches=("a",), heads=("a.2",)),
        TakenUp(repo="shop", at=NOW, branches=("a",), heads=("a.2",), retry=1),
    ],
)
def test_a_new_head_is_pending_instead_of_the_old_one(fact: Event) -> None:
    assert said(queued(A), fact) == {"a.2": "pending: queued"}


def test_another_try_is_pending_again() -> None:
    retried = Retried(repo="shop", at=NOW, branches=("a",))
    assert said(queued(A), ended("sent-back", reason=FAILED), retried) == {"a.1": "pending: queued"}


def test_a_head_is_tested_from_the_catch_up_on() -> None:
    started = CatchUpStarted(repo="shop", at=NOW, branches=("a",), onto=TIP)
    assert said(queued(A), started) == {"a.1": "running: testing"}


def test_an_entry_is_tested_with_those_ahead_of_it() -> None:
    assert said(caught_up(BOTH)) == {
        "a.1": "running: testing",
        "b.1": "running: testing with a",
        BOTH.commit: "running: testing with a",
    }


def test_a_retest_tells_as_its_catch_up_did() -> None:
    started = RetestStarted(
        repo="shop", at=NOW, branches=("a", "b"), commit=BOTH.commit, command="test", log="r1.log"
    )
    assert said(caught_up(BOTH), started) == said(caught_up(BOTH))


def test_only_the_candidate_may_be_unknown_to_the_forge() -> None:
    assert {s.commit for s in hear(caught_up(BOTH)) if not s.is_published} == {BOTH.commit}


def test_a_head_that_is_the_candidate_is_told_once() -> None:
    same = Candidate(base=TIP, links=(replace(ALONE.links[0], commit="a.1"),))
    assert [s.is_published for s in hear(caught_up(same))] == [True]


def test_a_red_retest_of_one_entry_fails_its_head() -> None:
    assert said(caught_up(ALONE), red(ALONE)) == {
        "a.1": "failure: retest-failed: exit code 1",
        ALONE.commit: "failure: retest-failed: exit code 1",
    }


def test_a_red_retest_of_several_entries_blames_none_of_them() -> None:
    assert set(said(caught_up(BOTH), red(BOTH))) == {BOTH.commit}


@pytest.mark.parametrize("reason", [None, Coded(Reason.INTERRUPTED, "paused")])
def test_a_retest_without_a_verdict_against_it_fails_nothing(reason: Coded | None) -> None:
    assert not said(caught_up(ALONE), red(ALONE, reason))


@pytest.mark.parametrize(
    ("outcome", "expected"),
    [
        ("sent-back", "failure: conflict: app.py"),
        ("deferred", "pending: deferred: conflict: app.py"),
        ("held", "error: held: conflict: app.py"),
        ("broken", "error: broken: conflict: app.py"),
        ("dequeued", "dequeued: dequeued"),
    ],
)
def test_an_ending_is_told_with_its_reason(outcome: str, expected: str) -> None:
    assert said(queued(A), ended(outcome, reason=Coded(Reason.CONFLICT, "app.py"))) == {"a.1": expected}


def test_a_landing_is_told_on_the_head_and_on_what_has_landed() -> None:
    landed = "0123456789abcdef"
    told = "success: landed as 0123456789"
    assert said(queued(A), ended("landed", landed=landed)) == {"a.1": told, landed: told}


def test_a_commit_that_the_gate_pushed_hears_what_its_branch_comes_to() -> None:
    pushed = BranchesPushed(repo="shop", at=NOW, branches=("a",), commits=("a.up",))
    told = said(queued(A), caught_up(ALONE), pushed, ended("landed", landed="a.up"))
    assert told == dict.fromkeys(("a.1", "a.up"), "success: landed as a.up")


def test_a_head_that_the_gate_pushed_does_not_silence_the_authors_own() -> None:
    pushed = BranchesPushed(repo="shop", at=NOW, branches=("a",), commits=("a.up",))
    again = chain("m2", entry("a", heads=("a.up",)))
    told = said(queued(A), caught_up(ALONE), pushed, caught_up(again), ended("landed", landed="a.up"))
    assert set(told) == {"a.1", "a.up"}


def test_a_detail_is_masked_and_stays_text() -> None:
    reason = Coded(Reason.RETEST_FAILED, "key is hush-hush\nand \x1b[31mred")
    [status] = hear(queued(A), ended("sent-back", reason=reason), mask=Mask(("hush-hush",)))
    assert status.description == "retest-failed: key is *** and ␛[31mred"


def test_a_long_detail_is_cut() -> None:
    [status] = hear(queued(A), ended("sent-back", reason=Coded(Reason.RETEST_FAILED, "x" * 10_000)))
    assert len(status.description) == LONGEST


def test_what_is_known_of_branches_does_not_grow_for_ever() -> None:
    statuses = Statuses(redact)
    for number in range(2_000):
        statuses.hear(queued(entry(f"b{number}")))
    assert not statuses.hear(Retried(repo="shop", at=NOW, branches=("b0",)))


def handed_over(kind: type[HandedOver] | type[TakenBack], **fields: object) -> HandedOver | TakenBack:
    told = {"repo": "shop", "at": NOW, "branches": ("a",), "commit": ALONE.commit, **fields}
    return kind(**told)  # type: ignore[arg-type]


def test_what_waits_to_be_merged_by_somebody_else_is_green_until_it_is_taken_back() -> None:
    statuses = Statuses(Mask())
    for fact in (queued(A), caught_up(ALONE)):
        statuses.hear(fact)
    over = statuses.hear(handed_over(HandedOver, base=TIP, token=1, until=NOW))
    assert {(status.commit, status.state) for status in over} == {
        (A.heads[0], "success"),
        (ALONE.commit, "success"),
    }
    back = statuses.hear(handed_over(TakenBack))
    assert {status.state for status in back} == {"pending"}
