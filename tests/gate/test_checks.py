"""What checks do to a queue on a real gate."""

from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from threading import Event

import pytest
from msgspec.structs import replace

from mergetui.actions import Why
from mergetui.adapters.clock import SystemClock
from mergetui.config_checks import parse_check
from mergetui.engine import Drain
from mergetui.events import CaughtUp, Cleared, HeldUp, RetestEnded, RetestStarted
from mergetui.verdict import Knowledge, explain
from mergetui.view import policy_of
from tests.gate.gate import TestGate
from tests.worlds.distributions import Shelf
from tests.worlds.forge_pages import TOKEN, ForgePages
from tests.worlds.remote import Remote

MakeGate = Callable[..., TestGate]

SMALL = {"checks": ("size",), "tables": {"size": {"lines": 3}}}
ASKS_ADA = {"checks": ("paths",), "tables": {"paths": {"owners": {"money/**": ["ada"]}}}}
BY_FILE = """
from pathlib import Path
from mergetui.checks import Check, Pass, Refuses, Waits

class ByFile(Check, frozen=True, kw_only=True):
    file: str

    def ask(self, view):
        said = Path(self.file).read_text()
        for line in said.splitlines():
            branch, answer, when = line.split()
            if branch == view.branch and when in ("always", "landing" if view.candidate else "catch-up"):
                return {"waits": Waits("not yet"), "refuses": Refuses("never")}[answer]
        return Pass()

class Raising(Check, frozen=True, kw_only=True):
    def ask(self, view):
        raise RuntimeError("no network")

class Hanging(Check, frozen=True, kw_only=True):
    def ask(self, view):
        import time
        time.sleep(3600)

class Slow(Check, frozen=True, kw_only=True):
    def ask(self, view):
        import time
        time.sleep(0.4)
        return Pass()

class Odd(Check, frozen=True, kw_only=True):
    def ask(self, view):
        return "yes"
"""


def freeze(*, begins: timedelta, lasts: timedelta) -> dict[str, object]:
    """Settings of a gate with a window relative to now, to the minute."""
    first = SystemClock().now() + begins
    last = first + lasts
    window = {"begins": f"{first:%Y-%m-%d %H:%M}", "ends": f"{last:%Y-%m-%d %H:%M}", "reason": "release"}
    return {"checks": ("freeze",), "tables": {"freeze": {"windows": [window]}}}


def why(gate: TestGate) -> str:
    known = Knowledge(
        repository=gate.repository,
        state=gate.state(),
        policy=policy_of(gate.repository, gate.caps),
        now=gate.clock.now(),
    )
    return explain(known).says


def test_a_change_that_is_too_large_is_sent_back_and_the_next_one_lands(
    remote: Remote, make_gate: MakeGate
) -> None:
    gate = make_gate(**SMALL)
    remote.propose("large", large="1\n2\n3\n4\n")
    remote.propose("small", small="1\n")
    gate.enqueue("large", "small")
    assert gate.drain().why is Why.NEEDS_A_PERSON
    assert gate.landed() == ["small"]
    assert gate.reason("large").code == "check-refused"
    assert gate.reason("large").detail == "size: it changes 4 lines; at most 3"
    assert not [fact for fact in gate.facts(CaughtUp) if "large" in fact.branches]


def test_a_stack_is_no_smaller_than_all_its_branches(remote: Remote, make_gate: MakeGate) -> None:
    gate = make_gate(**SMALL)
    remote.propose("below", below="1\n2\n3\n4\n")
    remote.propose("above", above="1\n")
    gate.enqueue("below", "above", stack=True)
    gate.drain()
    assert gate.reason("above").code == "check-refused"


def test_an_entry_that_waits_keeps_its_place_and_those_behind_it_land(
    remote: Remote, make_gate: MakeGate
) -> None:
    gate = make_gate(**ASKS_ADA)
    remote.propose("dear", {"money/pay": "1"})
    remote.propose("cheap", cheap="1")
    gate.enqueue("dear", "cheap")
    wait = gate.drain()
    assert (wait.why, gate.landed()) == (Why.HELD_BACK, ["cheap"])
    assert gate.entry("dear").state == "queued"
    told = "dear waits for paths: money/pay needs the word of ada: mergetui approve shop dear"
    assert (wait.detail, why(gate)) == (told, told)


def test_a_word_for_the_entry_lets_it_land(
    remote: Remote, make_gate: MakeGate, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = make_gate(**ASKS_ADA)
    remote.propose("dear", {"money/pay": "1"})
    gate.enqueue("dear")
    gate.drain()
    monkeypatch.setenv("MERGETUI_OPERATOR", "ada")
    gate.desk.approve("dear")
    gate.drain()
    assert gate.landed() == ["dear"]
    assert [fact.held.check for fact in gate.facts(HeldUp)] == ["paths"]
    assert [fact.check for fact in gate.facts(Cleared)] == ["paths"]


def test_somebody_elses_word_does_not_help(
    remote: Remote, make_gate: MakeGate, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = make_gate(**ASKS_ADA)
    remote.propose("dear", {"money/pay": "1"})
    gate.enqueue("dear")
    monkeypatch.setenv("MERGETUI_OPERATOR", "bob")
    gate.desk.approve("dear")
    assert gate.drain().why is Why.HELD_BACK


def test_a_word_is_for_the_heads_that_it_was_given_for(
    remote: Remote, make_gate: MakeGate, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = make_gate(**ASKS_ADA)
    remote.propose("dear", {"money/pay": "1"})
    gate.enqueue("dear")
    monkeypatch.setenv("MERGETUI_OPERATOR", "ada")
    gate.desk.approve("dear")
    remote.push("dear", {"money/pay": "a million"})
    assert gate.drain().why is Why.HELD_BACK


def test_a_word_outlives_the_gates_own_push_to_the_branch(
    remote: Remote, make_gate: MakeGate, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = make_gate(**ASKS_ADA)
    remote.propose("dear", {"money/pay": "1"})
    rival = remote.propose("rival", rival="1")
    gate.enqueue("dear")
    remote.push(other="1")
    monkeypatch.setenv("MERGETUI_OPERATOR", "ada")
    gate.desk.approve("dear")
    remote.point("rival", remote.commit("rival", ["main"], files={"rival": "2"}))
    remote.race(remote.commit("rival", ["main"], files={"rival": "3"}))
    gate.drain()
    assert rival != remote.tip()
    assert gate.landed() == ["dear"]


def test_it_is_asked_again_before_it_lands(remote: Remote, make_gate: MakeGate, shelf: Shelf) -> None:
    said = shelf.directory / "said"
    said.write_text("late refuses landing")
    shelf.bring("odds", BY_FILE, by_file="ByFile")
    gate = make_gate(checks=("by-file",), tables={"by-file": {"file": str(said)}})
    remote.propose("late", late="1")
    remote.propose("next", next="1")
    gate.enqueue("late", "next")
    gate.drain()
    assert gate.landed() == ["next"]
    assert len(gate.facts(RetestEnded)) == 2
    assert gate.reason("late").detail == "by-file: never"


def test_what_waits_when_it_could_land_lets_the_others_go_first(
    remote: Remote, make_gate: MakeGate, shelf: Shelf
) -> None:
    said = shelf.directory / "said"
    said.write_text("late waits landing")
    shelf.bring("odds", BY_FILE, by_file="ByFile")
    gate = make_gate(checks=("by-file",), tables={"by-file": {"file": str(said)}})
    remote.propose("late", late="1")
    remote.propose("next", next="1")
    gate.enqueue("late", "next")
    gate.drain()
    assert gate.landed() == ["next"]
    assert gate.state().lease is None
    said.write_text("")
    gate.later(seconds=60)
    gate.drain()
    assert gate.landed() == ["next", "late"]


def test_a_freeze_starts_nothing_and_says_until_when(remote: Remote, make_gate: MakeGate) -> None:
    gate = make_gate(**freeze(begins=-timedelta(hours=1), lasts=timedelta(hours=3)))
    remote.propose("feature", a="1")
    gate.enqueue("feature")
    wait = gate.drain()
    assert (wait.why, wait.detail) == (Why.FROZEN, "freeze: release")
    assert wait.until is not None
    assert gate.facts(RetestStarted) == []
    assert why(gate) == f"freeze: release, until {wait.until:%Y-%m-%d %H:%M} UTC"
    gate.later(hours=2, minutes=1)
    gate.drain()
    assert gate.landed() == ["feature"]
    assert gate.state().frozen is None


def test_a_freeze_that_begins_during_the_retest_stops_the_landing_and_nothing_is_lost(
    remote: Remote, make_gate: MakeGate
) -> None:
    gate = make_gate(**freeze(begins=timedelta(hours=1), lasts=timedelta(hours=3)))
    head = remote.propose("feature", a="1")
    gate.enqueue("feature")
    gate.when(RetestStarted, lambda: gate.later(hours=2))
    assert gate.driver.occupy("auto") is None
    gate.rounds_until(Why.FROZEN)
    assert remote.tip() == remote.first
    gate.later(hours=3)
    gate.rounds_until(Why.IDLE)
    gate.driver.leave()
    assert remote.tip() == head
    assert len(gate.facts(RetestStarted)) == 1


@pytest.mark.parametrize(
    ("thing", "detail"),
    [
        ("Raising", "feature waits for odd: it failed: RuntimeError: no network"),
        ("Odd", "feature waits for odd: its answer is none: 'yes'"),
    ],
)
def test_a_check_that_breaks_waits(
    remote: Remote, make_gate: MakeGate, shelf: Shelf, thing: str, detail: str
) -> None:
    shelf.bring("odds", BY_FILE, odd=thing)
    gate = make_gate(checks=("odd",))
    remote.propose("feature", a="1")
    gate.enqueue("feature")
    wait = gate.drain()
    assert (wait.why, wait.detail) == (Why.HELD_BACK, detail)
    assert gate.facts(CaughtUp) == []


def test_a_check_that_hangs_waits_and_holds_nobody_up_longer(
    remote: Remote, make_gate: MakeGate, shelf: Shelf
) -> None:
    shelf.bring("odds", BY_FILE, odd="Hanging")
    gate = make_gate(checks=("odd",), tables={"odd": {"timeout": "300ms"}})
    remote.propose("feature", a="1")
    gate.enqueue("feature")
    wait = gate.until(lambda wait: "no answer" in wait.detail)
    assert (wait.why, wait.detail) == (Why.HELD_BACK, "feature waits for odd: no answer within 0.3 s")
    assert gate.facts(CaughtUp) == []


def test_a_queue_is_not_drained_while_an_answer_is_to_come(
    remote: Remote, make_gate: MakeGate, shelf: Shelf
) -> None:
    shelf.bring("odds", BY_FILE, odd="Slow")
    gate = make_gate(checks=("odd",))
    remote.propose("feature", a="1")
    gate.enqueue("feature")
    drain = Drain(gate.driver, gate.clock, patience=timedelta(), stopping=Event())
    assert drain.run().why is Why.IDLE
    assert gate.landed() == ["feature"]


def test_a_status_that_the_forge_still_waits_for_is_waited_for(
    remote: Remote, make_gate: MakeGate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORGE_TOKEN", TOKEN)
    head = remote.propose("feature", a="1")
    with closing(ForgePages("gitea")) as forge:
        forge.put_status(head, "pending")
        gate = make_gate(checks=(), forge="hub", project="acme/shop")
        gate.forges["hub"] = replace(forge.table(), token_env="FORGE_TOKEN")
        gate.repository = replace(gate.repository, checks=("required-status",))
        gate.checks["required-status"] = parse_check("required-status", {"contexts": ["ci"]})
        gate.driver = gate.engine()
        gate.enqueue("feature")
        wait = gate.until(lambda wait: not wait.is_brief and wait.why is not Why.TESTING)
        assert wait.detail == f"feature waits for required-status: ci is not done with {head[:10]}"
        forge.put_status(head, "success")
        gate.later(seconds=60)
        gate.until(lambda wait: wait.why is Why.IDLE)
    assert remote.tip() == head
