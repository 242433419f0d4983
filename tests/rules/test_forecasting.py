from mergetui.forecasting import Pairing, ahead_of
from mergetui.model import EntryState
from tests.tui.fakes import TIP, entry, oid


def test_every_entry_is_paired_with_the_target_and_with_each_other_once() -> None:
    spots = Pairing(TIP, (entry(1, "a"), entry(2, "b"), entry(3, "c"))).spots()
    pairs = list(dict.fromkeys(spots.values()))
    assert pairs == [
        (TIP, oid(1)),
        (TIP, oid(2)),
        (TIP, oid(3)),
        (oid(1), oid(2)),
        (oid(1), oid(3)),
        (oid(2), oid(3)),
    ]
    assert spots["e1", "e3"] == spots["e3", "e1"] == (oid(1), oid(3))
    assert ("e1", "e1") not in spots


def test_without_a_tip_only_the_entries_are_compared() -> None:
    assert list(Pairing(None, (entry(1, "a"), entry(2, "b"))).spots()) == [("e2", "e1"), ("e1", "e2")]
    assert Pairing(TIP, ()).spots() == {}


def test_a_stack_stands_for_its_last_branch() -> None:
    stack = entry(1, "a", branches=("a", "b"), heads=(oid(8), oid(9)))
    assert Pairing(TIP, (stack,)).spots() == {("e1", None): (TIP, oid(9))}


def test_what_needs_a_person_is_not_ahead_of_anybody() -> None:
    queue = (entry(1, "a"), entry(2, "b", state=EntryState.HELD), entry(3, "c"), entry(4, "d"))
    assert [other.branch for other in ahead_of("e3", queue)] == ["a"]
    assert ahead_of("e1", queue) == ()
