"""Proofs as a rule: a made-up past, what git would say of it, and what is edited into either."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct
from msgspec.structs import replace

from mergetui.events import (
    CaughtUp,
    Ended,
    Event,
    Fact,
    LandingStarted,
    LeaseForced,
    LeaseGranted,
    RetestEnded,
    RetestStarted,
)
from mergetui.landings import find, landings, work_of_the_gate
from mergetui.outcome import BranchOutcome
from mergetui.proving import Arrival, Commit, History, Proof, past_the_gate, prove, question
from mergetui.reason import Coded, Reason
from tests.rules.build import FAILED, NOW, chain, entry
from tests.rules.landed import facts

SIZES = st.lists(st.integers(1, 4), min_size=1, max_size=6)
"""Entries per landing."""


class Past(Struct, frozen=True, kw_only=True):
    """A journal and the history that belongs to it."""

    events: tuple[Event, ...]
    history: History

    def proofs(self) -> tuple[Proof, ...]:
        return prove(landings(self.events), self.history)

    def failures(self) -> dict[str, list[str]]:
        """By branch: the claims that do not hold."""
        return {p.run.branches[0]: [claim.claim for claim in p.failures] for p in self.proofs()}

    def edited(self, change: Callable[[Any], Any]) -> "Past":
        """Every fact changed by `change`, which is given its builtin fields' holder; None cuts it out."""
        changed = (change(event) for event in self.events)
        return replace(self, events=tuple(event for event in changed if event is not None))

    def with_commit(self, oid: str, commit: Commit) -> "Past":
        return replace(self, history=replace(self.history, commits={**self.history.commits, oid: commit}))


def past(*sizes: int) -> Past:
    """Landings of so many entries each, one after the other, each under a lease of its own."""
    events, commits, line, tip = list[Event](), {"m": Commit("t", ())}, list[Arrival](), "m"
    for token, size in enumerate(sizes, start=1):
        candidate = chain(tip, *(entry(f"b{token}{letter}") for letter in "abcd"[:size]))
        events += facts(candidate, token)
        for link in candidate.links:
            commits[link.commit] = Commit(link.tree, (tip,))
            line.insert(0, arrival(link.commit))
            tip = link.commit
    history = History(target="main", tip=tip, commits=commits, line=tuple(line))
    return Past(events=tuple(events), history=history)


def arrival(commit: str, author: str = "Ada") -> Arrival:
    return Arrival(commit=commit, author=author, at=NOW, subject="x")


def of_run(**fields: object) -> Callable[[Any], Any]:
    """Edit the rows of the history."""
    return lambda fact: replace(fact, run=replace(fact.run, **fields)) if isinstance(fact, Ended) else fact


def of(kind: type[Fact], **fields: object) -> Callable[[Any], Any]:
    return lambda fact: replace(fact, **fields) if isinstance(fact, kind) else fact


def of_links(**fields: object) -> Callable[[Any], Any]:
    """Edit what was caught up, but for the commit it came to."""

    def edit(fact: Any) -> Any:
        if not isinstance(fact, CaughtUp):
            return fact
        links = tuple(replace(link, **fields) for link in fact.candidate.links)
        return replace(fact, candidate=replace(fact.candidate, links=links))

    return edit


def without(kind: type) -> Callable[[Any], Any]:
    return lambda fact: None if isinstance(fact, kind) else fact


@given(SIZES)
def test_every_honest_past_is_proven(sizes: list[int]) -> None:
    known = past(*sizes)
    claims = [claim for proof in known.proofs() for claim in proof.claims]
    assert {claim.holds for claim in claims} == {True}
    assert len(claims) == 5 * sum(sizes)
    assert past_the_gate(work_of_the_gate(known.events), known.history) == ()


@pytest.mark.parametrize(
    ("edit", "fails"),
    [
        (of_run(tested_tree="other"), ["tree"]),
        (of_run(landed_tree="other"), ["tree"]),
        (of_run(tested_commit="other"), ["tested"]),
        (of_run(base="other"), ["base"]),
        (of_run(token=9), ["token"]),
        (of_run(landed_commit=None), ["in-target", "tested", "token"]),
        (of_run(landed_commit="other"), ["in-target", "tested", "token"]),
        (of_run(changes=(BranchOutcome("a", "committed", ("other",)),)), ["base"]),
        (of(RetestEnded, reason=FAILED), ["tested"]),
        (of(RetestEnded, commit="other"), ["tested"]),
        (of_links(tree="other"), ["tree"]),
        (of_links(commits=(("other",),)), ["base"]),
        (of(LandingStarted, base="other"), ["base"]),
        (of(LandingStarted, token=9), ["token"]),
        (of(LeaseGranted, token=9), ["token"]),
        (without(RetestStarted), ["tested"]),
        (without(RetestEnded), ["tested"]),
        (without(CaughtUp), ["base"]),
        (without(LeaseGranted), ["token"]),
        (without(LandingStarted), ["tested", "token"]),
    ],
)
def test_what_is_not_as_it_was_fails_the_claim_that_rests_on_it(
    edit: Callable[[Any], Any], fails: Sequence[str]
) -> None:
    assert past(1).edited(edit).failures() == {"b1a": fails}


@pytest.mark.parametrize(
    ("commit", "fails"),
    [
        (Commit("other", ("m",)), ["tree"]),
        (Commit("tree of m/b1a.1", ("other",)), ["base"]),
        (Commit("tree of m/b1a.1", ()), ["base"]),
        (Commit("tree of m/b1a.1", ("m", "other")), ["base"]),
    ],
    ids=["another tree", "another parent", "no parent", "a parent that nobody queued"],
)
def test_what_git_says_otherwise_fails_the_claim(commit: Commit, fails: list[str]) -> None:
    assert past(1).with_commit("m/b1a.1", commit).failures() == {"b1a": fails}


def test_a_landing_of_which_no_catch_up_is_told_has_no_known_base() -> None:
    untold = past(1).edited(without(CaughtUp)).edited(of_run(changes=()))
    assert untold.failures() == {"b1a": ["base"]}


def test_a_merge_of_the_queued_head_stands_on_the_base() -> None:
    merged = Commit("tree of m/b1a.1", ("m", "b1a.1"))
    assert past(1).with_commit("m/b1a.1", merged).failures() == {"b1a": []}


def test_a_commit_that_slipped_into_a_batch_is_told_by_every_run_of_it() -> None:
    slipped = Commit("tree of m/b1a.1/b1b.1", ("slipped",))
    assert past(2).with_commit("m/b1a.1/b1b.1", slipped).failures() == {"b1a": ["base"], "b1b": ["base"]}


@given(SIZES, st.data())
def test_a_landing_that_the_target_lost_fails_alone(sizes: list[int], data: st.DataObject) -> None:
    known = past(*sizes)
    lost = data.draw(st.sampled_from(landings(known.events))).commit
    kept = {oid: commit for oid, commit in known.history.commits.items() if oid != lost}
    edited = replace(known, history=replace(known.history, commits=kept))
    failed = {proof.run.landed_commit for proof in edited.proofs() if not proof.holds}
    assert failed == {lost}


@given(SIZES, st.data())
def test_a_higher_token_before_a_landing_fails_that_landing(sizes: list[int], data: st.DataObject) -> None:
    known = past(*sizes)
    token = data.draw(st.integers(1, len(sizes)))
    kind = data.draw(st.sampled_from(["granted", "granted again", "forced"]))
    place = next(n for n, f in enumerate(known.events) if isinstance(f, LandingStarted) and f.token == token)
    taken: Any = {
        "granted": LeaseGranted(repo="shop", at=NOW, token=token + 50, branches=()),
        "granted again": LeaseGranted(repo="shop", at=NOW, token=token, branches=()),
        "forced": LeaseForced(repo="shop", at=NOW, token=token, holder="x", reason="y"),
    }[kind]
    edited = replace(known, events=(*known.events[:place], taken, *known.events[place:]))
    by_token = {proof.run.token: [claim.claim for claim in proof.failures] for proof in edited.proofs()}
    assert by_token[token] == ["token"]
    assert all(by_token[earlier] == [] for earlier in range(1, token))


def test_a_token_that_is_lost_after_the_push_began_was_current() -> None:
    known = past(1)
    forced = LeaseForced(repo="shop", at=NOW, token=1, holder="x", reason="y")
    edited = replace(known, events=(*known.events[:-1], forced, known.events[-1]))
    assert edited.failures() == {"b1a": []}


def test_a_retest_after_the_landing_began_comes_too_late() -> None:
    known = past(1)
    granted, caught_up, started, passed, landing, end = known.events
    edited = replace(known, events=(granted, caught_up, started, landing, passed, end))
    assert edited.failures() == {"b1a": ["tested"]}


def test_the_latest_retest_counts() -> None:
    known = past(1)
    granted, caught_up, started, passed, *rest = known.events
    red = replace(passed, reason=FAILED)
    red_last = (granted, caught_up, started, passed, started, red, *rest)
    green_last = (granted, caught_up, started, red, started, passed, *rest)
    assert replace(known, events=red_last).failures() == {"b1a": ["tested"]}
    assert replace(known, events=green_last).failures() == {"b1a": []}


def test_another_engine_that_lost_its_lease_takes_no_proof_away() -> None:
    """It tested the same commit, was interrupted, and wrote down a landing that it was not let into."""
    known = past(1, 1)
    rest, [granted, caught_up, started, passed, landing, end] = known.events[:6], known.events[6:]
    theirs = replace(started, log="r0.log")
    interrupted = replace(passed, log="r0.log", reason=Coded(Reason.INTERRUPTED, "the lease was lost"))
    refused = replace(landing, token=1)
    for order in ([passed, interrupted], [interrupted, passed]):
        both = (*rest, granted, caught_up, theirs, started, *order, refused, landing, refused, end)
        assert replace(known, events=both).failures() == {"b1a": [], "b2a": []}


def test_two_landings_in_the_target_that_claim_one_base_are_both_told() -> None:
    known = past(1, 1)
    [first, second] = landings(known.events)
    rival = replace(second.run, base="m")
    longer = chain("m", entry("b1a"), entry("b2a"))
    edited = known.edited(
        lambda fact: (
            replace(fact, run=rival)
            if isinstance(fact, Ended) and fact.run.id == rival.id
            else replace(fact, base="m")
            if isinstance(fact, LandingStarted)
            else replace(fact, candidate=longer)
            if isinstance(fact, CaughtUp) and fact.candidate.commit == second.commit
            else fact
        )
    )
    assert first.run.base == "m"
    assert edited.failures() == {"b1a": ["base"], "b2a": ["base"]}


def test_what_was_tested_ahead_is_proven_from_where_it_landed() -> None:
    """Two entries tested as one candidate, the first of which landed before it."""
    known = past(1, 1)
    ahead = chain("m", entry("b1a"), entry("b2a"))
    second = ahead.commit
    edited = known.edited(
        lambda fact: (
            replace(fact, candidate=ahead)
            if isinstance(fact, CaughtUp) and fact.candidate.commit == second
            else fact
        )
    )
    assert edited.failures() == {"b1a": [], "b2a": []}


def test_what_landed_untested_was_promised_nothing_but_must_be_there() -> None:
    untested = past(1).edited(of_run(tested_commit=None, tested_tree=None))
    [proof] = untested.proofs()
    said = {claim.claim: claim.holds for claim in proof.claims}
    assert said == {"in-target": True, "tree": None, "tested": None, "base": True, "token": True}
    assert untested.edited(of_run(landed_tree="other")).failures() == {"b1a": ["tree"]}


def test_a_run_that_is_told_twice_counts_once_unless_the_words_differ() -> None:
    known = past(1)
    again = replace(known, events=(*known.events, known.events[-1]))
    other = replace(known, events=(*known.events, of_run(landed_tree="other")(known.events[-1])))
    assert len(again.proofs()) == 1
    assert [proof.holds for proof in other.proofs()] == [True, False]


def test_every_commit_that_landed_is_asked_for_once() -> None:
    known = past(2, 1)
    asked = question(landings(known.events))
    assert asked.commits == ("m/b1a.1", "m/b1a.1/b1b.1", "m/b1a.1/b1b.1/b2a.1")
    assert asked.since == ("m", "m/b1a.1/b1b.1")


def test_what_the_gate_did_not_land_went_past_it() -> None:
    known = past(2)
    stranger = arrival("x", "Mallory")
    history = replace(known.history, line=(stranger, *known.history.line))
    assert past_the_gate(work_of_the_gate(known.events), history) == (stranger,)


@given(SIZES)
def test_a_landing_that_is_not_written_down_yet_did_not_go_past_the_gate(sizes: list[int]) -> None:
    known = past(*sizes)
    latest = max(place for place, fact in enumerate(known.events) if isinstance(fact, LandingStarted))
    work = work_of_the_gate(known.events[: latest + 1])
    assert past_the_gate(work, known.history) == ()


@pytest.mark.parametrize(
    ("word", "found"),
    [("b1a", ["1"]), ("m/b1a.1/", ["1", "1", "2"]), ("m/b1a.1/b1b.1/", ["2"]), ("m/b", [])],
)
def test_a_landing_is_found_by_its_branch_or_by_four_digits(word: str, found: list[str]) -> None:
    told = landings(past(2, 1).events)
    assert [str(landing.run.token) for landing in find(told, word)] == found


def test_a_branch_that_landed_twice_means_its_latest_landing() -> None:
    known = past(1, 1).edited(of_run(branches=("again",)))
    assert [landing.run.token for landing in find(landings(known.events), "again")] == [2]
