"""Checks asked beside the engine: what is believed how long, and what does not answer."""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import ClassVar, Literal

import pytest

from mergetui.adapters.asked_checks import MOST_AT_ONCE, AskedChecks
from mergetui.adapters.check_registry import LoadedCheck
from mergetui.checks import Answer, Check, CheckView, Pass, Refuses, Waits
from mergetui.checks.ruling import Cleared, Unanswered
from mergetui.model import Approval
from mergetui.ports import Stand
from mergetui.reason import Coded, HeldBack
from mergetui.repository import Repository
from tests.adapters.waiting import eventually
from tests.gate.gate import PushedClock
from tests.rules.build import MINUTE, NOW, entry
from tests.rules.test_checks import Told

A = entry("a")


class Desk:
    """Whoever answers for a check, and what was asked."""

    def __init__(self) -> None:
        self.seen: list[CheckView] = []
        self.says: Callable[[CheckView], Answer] = lambda _: Pass()
        self.open = threading.Event()
        self.open.set()

    def answer(self, view: CheckView) -> Answer:
        self.seen.append(view)
        self.open.wait(30)
        return self.says(view)


class Asking(Check, frozen=True, kw_only=True):
    desk: Desk

    def ask(self, view: CheckView) -> Answer:
        return self.desk.answer(view)


class AskingForAll(Asking, frozen=True, kw_only=True):
    concerns: ClassVar[Literal["entry", "repository"]] = "repository"


class World:
    def __init__(self, kind: type[Asking] = Asking) -> None:
        self.clock = PushedClock()
        self.desk = Desk()
        shop = Repository(name="shop", remote="r", checks=("odd",), fetch_interval=timedelta(seconds=15))
        loaded = LoadedCheck(name="odd", check=kind(desk=self.desk), seconds=10.0, origin="here")
        self.checks = AskedChecks(shop, [loaded], Told({}, {}), self.clock)

    def ask(self, **fields: object) -> object:
        """As a round begins."""
        self.checks.of_everything()
        return self.checks.of_entry(A, tip="m", **fields)  # type: ignore[arg-type]

    def later(self, seconds: float) -> None:
        self.clock.ahead += timedelta(seconds=seconds)


@pytest.fixture
def world() -> World:
    return World()


def test_a_check_sees_the_entry_and_where_it_stands(world: World) -> None:
    world.ask()
    world.ask(stand=Stand("m", "m/a"))
    before, after = world.desk.seen
    assert (before.repository, before.branches, before.heads, before.tip) == ("shop", ("a",), ("a.1",), "m")
    assert (before.base, before.candidate) == (None, None)
    assert (after.base, after.candidate) == ("m", "m/a")


def test_only_words_for_these_heads_and_this_check_are_seen() -> None:
    world = World()
    words = [("ada@box", "odd", A.heads), ("bob@box", None, A.heads), ("eve@box", "other", A.heads)]
    approvals = tuple(Approval(by=by, check=check, heads=heads, at=NOW) for by, check, heads in words)
    old = Approval(by="dan@box", check=None, heads=("a.0",), at=NOW)
    world.checks.of_everything()
    world.checks.of_entry(entry("a", approvals=(*approvals, old)), tip="m")
    assert world.desk.seen[0].approved_by == ("ada@box", "bob@box")


def test_a_yes_is_believed_for_a_moment_and_a_wait_for_an_interval(world: World) -> None:
    assert world.ask() == world.ask() == Cleared()
    assert len(world.desk.seen) == 1
    world.desk.says = lambda _: Waits("not yet")
    world.later(6)
    assert world.ask() == HeldBack(check="odd", reason="not yet")
    world.later(6)
    world.ask()
    assert len(world.desk.seen) == 2
    world.later(10)
    world.ask()
    assert len(world.desk.seen) == 3


def test_a_wait_is_asked_again_at_its_time(world: World) -> None:
    until = world.clock.now() + timedelta(seconds=2)
    world.desk.says = lambda _: Waits("not yet", until)
    assert world.ask() == HeldBack(check="odd", reason="not yet", until=until)
    world.desk.says = lambda _: Pass()
    world.later(3)
    assert world.ask() == Cleared()


def test_other_heads_are_another_question(world: World) -> None:
    world.ask()
    world.checks.of_entry(entry("a", heads=("a.2",)), tip="m")
    assert [view.heads for view in world.desk.seen] == [("a.1",), ("a.2",)]


def test_what_concerns_everything_is_not_believed_longer_than_a_round() -> None:
    world = World(AskingForAll)
    assert world.checks.of_everything() == Cleared()
    world.desk.says = lambda _: Refuses("never")
    assert world.checks.of_everything() == HeldBack(check="odd", reason="never")
    assert world.checks.of_entry(A, tip="m") == Cleared()


def test_an_answer_that_comes_late_is_news(world: World) -> None:
    world.desk.open.clear()
    assert world.ask() == Unanswered("odd")
    assert not world.checks.has_news()
    world.desk.open.set()
    eventually(world.checks.has_news)
    assert world.ask() == Cleared()
    assert len(world.desk.seen) == 1


def test_what_does_not_answer_in_time_waits_and_its_late_answer_counts(world: World) -> None:
    world.desk.open.clear()
    world.ask()
    world.later(10)
    assert world.checks.has_news()
    assert not world.checks.has_news()
    assert world.ask() == HeldBack(check="odd", reason="no answer within 10 s")
    world.desk.open.set()
    eventually(lambda: world.ask() == Cleared())


def test_while_it_is_asked_again_what_it_waited_for_still_holds(world: World) -> None:
    world.desk.says = lambda _: Waits("not yet")
    world.ask()
    world.desk.open.clear()
    world.later(16)
    assert world.ask() == HeldBack(check="odd", reason="not yet")
    world.desk.open.set()


def test_a_check_that_hangs_takes_so_many_threads_and_no_more(world: World) -> None:
    world.desk.open.clear()
    for number in range(MOST_AT_ONCE + 4):
        world.checks.of_entry(entry(f"b{number}"), tip="m")
    assert len(world.desk.seen) == MOST_AT_ONCE
    world.later(10)
    last = world.checks.of_entry(entry(f"b{MOST_AT_ONCE + 3}"), tip="m")
    assert last == HeldBack(check="odd", reason="no answer within 10 s")
    world.desk.open.set()


def test_one_that_has_answered_is_free_for_the_next(world: World) -> None:
    world.checks.of_everything()
    for number in range(2 * MOST_AT_ONCE):
        world.checks.of_everything()
        assert world.checks.of_entry(entry(f"b{number}"), tip="m") == Cleared()


def test_all_questions_of_a_round_together_hold_it_up_for_a_moment(world: World) -> None:
    world.desk.open.clear()
    began = world.clock.monotonic()
    world.checks.of_everything()
    for number in range(8):
        world.checks.of_entry(entry(f"b{number}"), tip="m")
    assert world.clock.monotonic() - began < 1.0
    world.desk.open.set()


def _exit(_: CheckView) -> Answer:
    raise SystemExit(3)


@pytest.mark.parametrize(
    ("says", "reason"),
    [
        (lambda _: 1 / 0, "it failed: ZeroDivisionError: division by zero"),
        (_exit, "it failed: SystemExit: 3"),
        (lambda _: True, "its answer is none: True"),
        (lambda _: None, "its answer is none: None"),
        (lambda _: Waits("x" * 600), "x" * 499 + "…"),
        (lambda _: Waits("at https://ada:secret@example.org/x"), "at https://***@example.org/x"),
    ],
    ids=["raises", "exits", "a bool", "nothing", "a long reason", "a password"],
)
def test_what_is_no_answer_waits(world: World, says: Callable[[CheckView], Answer], reason: str) -> None:
    world.desk.says = says
    said = world.ask()
    assert isinstance(said, HeldBack)
    assert (said.reason, said.until) == (reason, None)


@pytest.mark.parametrize("until", [NOW.replace(tzinfo=None), NOW - MINUTE], ids=["without a zone", "over"])
def test_a_time_that_will_not_come_is_none(world: World, until: datetime) -> None:
    world.desk.says = lambda _: Waits("soon", until)
    assert world.ask() == HeldBack(check="odd", reason="soon")


def test_a_no_has_its_code(world: World) -> None:
    world.desk.says = lambda _: Refuses("never")
    said = world.ask()
    assert isinstance(said, Coded)
    assert (said.code, said.detail) == ("check-refused", "odd: never")
