"""Which entries the checks are asked about, and what is kept of their answers."""

from typing import Any

import pytest
from msgspec.structs import replace

from mergetui.adapters.clock import SystemClock
from mergetui.adapters.memory import MemoryJournal, MemoryStore
from mergetui.checks.ruling import Cleared, Ruling, Unanswered
from mergetui.driver.bench import Bench
from mergetui.driver.checking import Checked, Checking
from mergetui.driver.record import Record
from mergetui.events import Cleared as ClearedFact
from mergetui.events import Event, HeldUp
from mergetui.model import Entry
from mergetui.ports import Stand
from mergetui.reason import HeldBack
from mergetui.state import RepositoryState
from mergetui.view import Policy, Verdict
from tests.rules.build import CLASHED, FAILED, NOW, chain, entry, view

WAITS = HeldBack(check="odd", reason="not yet")
MANY = tuple(entry(f"e{number}") for number in range(8))


class Said:
    """The checks of a repository, by what they say of entries and of everything."""

    names: tuple[str, ...] = ("odd",)

    def __init__(self) -> None:
        self.of: dict[str, Ruling] = {}
        self.whole: HeldBack | Unanswered | Cleared = Cleared()
        self.asked: list[tuple[str, Stand | None]] = []

    def of_everything(self) -> HeldBack | Unanswered | Cleared:
        return self.whole

    def of_entry(self, entry: Entry, *, tip: str | None, stand: Stand | None = None) -> Ruling:
        assert tip == "m"
        self.asked.append((entry.id, stand))
        return self.of.get(entry.id, Cleared())

    def has_news(self) -> bool:
        return False


class Office:
    """The checking of one repository."""

    def __init__(self) -> None:
        clock = SystemClock()
        self.heard: list[Event] = []
        self.said = Said()
        self.bench = Bench(None, monotonic=clock.monotonic, judge=_unasked)  # type: ignore[arg-type]
        self.store = MemoryStore()
        self.record = Record(
            repo="shop",
            by="ada@box",
            store=self.store,
            journal=MemoryJournal(),
            clock=clock,
            emit=self.heard.append,
        )
        self.checking = self.checking_for(Policy())

    def look(self, *entries: Entry, policy: Policy | None = None) -> Checked:
        """A round with this queue; what was stored of its entries stays stored."""
        known = self.store.read().entries

        def put(state: RepositoryState) -> tuple[RepositoryState, None]:
            return replace(state, entries={one.id: known.get(one.id, one) for one in entries}), None

        self.store.change(put)
        checking = self.checking_for(policy) if policy else self.checking
        state = self.store.read()
        return checking.look(view(*state.entries.values()), state)

    def checking_for(self, policy: Policy) -> Checking:
        return Checking(self.record, self.said, self.bench, policy=policy)


def _unasked(_: object) -> Any:
    raise AssertionError("nothing is tested here")


@pytest.fixture
def office() -> Office:
    return Office()


A, B = entry("a"), entry("b")


def test_as_many_are_asked_about_as_could_be_taken_next_and_the_rest_has_to_wait(office: Office) -> None:
    checked = office.look(*MANY, policy=Policy(batch=2, parallel=2))
    assert [key for key, _ in office.said.asked] == ["e0", "e1", "e2", "e3", "e4"]
    assert set(checked.held_back) == {"e5", "e6", "e7"}
    assert office.heard == []


def test_those_that_wait_leave_their_place_in_the_questions_to_others(office: Office) -> None:
    office.said.of = {"e0": WAITS, "e1": WAITS}
    office.look(*MANY)
    assert [key for key, _ in office.said.asked] == ["e0", "e1", "e2", "e3"]


def test_those_that_conflict_leave_their_place_in_the_questions_to_others(office: Office) -> None:
    office.bench.met(MANY[1], "m/e0", CLASHED)
    office.look(*MANY)
    assert [key for key, _ in office.said.asked] == ["e0", "e1", "e2"]


def test_what_is_not_answered_yet_is_passed_over_and_nothing_goes_before_it(office: Office) -> None:
    office.said.of = {"a": Unanswered("odd")}
    checked = office.look(A, B)
    assert checked.unanswered == frozenset("a")
    assert set(checked.held_back) == {"a"}
    assert office.store.read().entries["a"].held_back is None


def test_what_is_under_test_is_not_asked_about(office: Office) -> None:
    office.bench.built(chain("m", A))
    office.look(A, B)
    assert [key for key, _ in office.said.asked] == ["b"]


def test_what_is_green_is_asked_about_where_it_stands(office: Office) -> None:
    office.bench.vouch(chain("m", A, B), "earlier")
    office.look(A, B)
    assert office.said.asked == [("a", Stand("m", "m/a.1")), ("b", Stand("m/a.1", "m/a.1/b.1"))]


def test_without_a_retest_what_is_built_is_asked_about_where_it_stands(office: Office) -> None:
    office.bench.built(chain("m", A))
    office.look(A, policy=Policy(enabled=False))
    assert office.said.asked == [("a", Stand("m", "m/a.1"))]


def test_what_is_red_is_not_asked_about(office: Office) -> None:
    office.bench.found(chain("m", A), Verdict.RED, FAILED)
    office.look(A)
    assert office.said.asked == []


def test_what_waits_is_stored_and_told_once_and_so_is_its_end(office: Office) -> None:
    office.said.of = {"a": WAITS}
    office.look(A, B)
    office.look(A, B)
    assert office.store.read().entries["a"].held_back == WAITS
    office.said.of = {}
    office.look(A, B)
    assert office.store.read().entries["a"].held_back is None
    assert [type(fact) for fact in office.heard] == [HeldUp, ClearedFact]


def test_in_a_freeze_no_entry_is_asked_about_and_each_is_as_it_was(office: Office) -> None:
    office.said.of = {"a": WAITS}
    office.look(A)
    office.said.whole = HeldBack(check="freeze", reason="release", until=NOW)
    asked = len(office.said.asked)
    assert office.look(A) == Checked(frozen=office.said.whole)
    assert len(office.said.asked) == asked
    stored = office.store.read()
    assert (stored.frozen, stored.entries["a"].held_back) == (office.said.whole, WAITS)


def test_until_the_whole_repository_is_answered_for_nothing_goes_on(office: Office) -> None:
    office.said.whole = Unanswered("freeze")
    assert office.look(A, B) == Checked(unanswered=frozenset("ab"))
    assert office.store.read().frozen is None


def test_what_checks_said_goes_with_them(office: Office) -> None:
    office.said.of, office.said.whole = {"a": WAITS}, Cleared()
    office.look(A)
    office.said.names, office.said.of = (), {}
    later = office.checking_for(Policy())
    assert not later.is_idle
    state = office.store.read()
    later.look(view(*state.entries.values()), state)
    assert office.store.read().entries["a"].held_back is None
    assert later.is_idle


def test_a_pin_that_changed_meanwhile_is_another_question(office: Office) -> None:
    office.said.of = {"a": WAITS}
    office.look(A)
    state = office.store.read()
    moved = replace(state.entries["a"], heads=("a.2",), held_back=None)
    office.store.change(lambda known: (replace(known, entries={"a": moved}), None))
    office.said.of = {"a": HeldBack(check="odd", reason="another")}
    office.checking.look(view(*state.entries.values()), state)
    assert office.store.read().entries["a"].held_back is None
