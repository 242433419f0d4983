"""What is worked out of a queue before it is shown."""

import pytest

from mergetui.model import Entry, EntryState, Priority
from mergetui.reason import Coded, Reason
from mergetui.tui.listed import listed
from tests.tui.fakes import entry

CART = entry(1, "feat/Cart", author="ana", state=EntryState.TESTING)
LOGIN = entry(2, "fix/login", author="joe")
DEPS = entry(3, "chore/deps", author="renovate", state=EntryState.SENT_BACK)


def by_id(*entries: Entry) -> dict[str, Entry]:
    return {entry.id: entry for entry in entries}


def test_places_follow_the_order_in_which_entries_are_served() -> None:
    known = listed(by_id(DEPS, LOGIN, CART))
    assert known.queue == (CART, LOGIN, DEPS)
    assert known.places == {CART.id: 1, LOGIN.id: 2, DEPS.id: 3}


def test_what_flies_and_what_moves_is_counted() -> None:
    known = listed(by_id(CART, LOGIN, DEPS))
    assert known.flying == (CART,)
    assert known.moving == 2


@pytest.mark.parametrize(
    ("wanted", "let_through"),
    [
        ("", [CART, LOGIN, DEPS]),
        ("cart", [CART]),
        ("CART", [CART]),
        ("joe", [LOGIN]),
        ("sent-back", [DEPS]),
        ("e", [CART, LOGIN, DEPS]),
        ("nothing like it", []),
    ],
)
def test_a_filter_looks_at_branch_author_and_state(wanted: str, let_through: list[Entry]) -> None:
    assert listed(by_id(CART, LOGIN, DEPS)).holding(wanted) == [entry.id for entry in let_through]


def test_a_filter_that_goes_on_looks_only_at_what_it_let_through_before() -> None:
    assert listed(by_id(CART, LOGIN, DEPS)).holding("e", among=[DEPS.id]) == [DEPS.id]


def test_columns_are_told_what_they_have_to_hold() -> None:
    plain, urgent = listed(by_id(LOGIN)), entry(4, "hotfix", author="", priority=Priority.URGENT)
    reasoned = entry(5, "b", author="x", reason=Coded(Reason.CONFLICT, "a.py"))
    assert (plain.longest, plain.is_special, plain.has_reasons) == ((9, 3), False, False)
    assert listed(by_id(urgent)).is_special
    assert listed(by_id(reasoned)).has_reasons


def test_an_empty_queue_is_listed_too() -> None:
    assert listed({}).longest == (0, 0)
    assert listed({}).moving == 0
