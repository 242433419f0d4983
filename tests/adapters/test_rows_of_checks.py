"""What is stored of checks: it comes back as it was, and what cannot be is left out."""

from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from mergetui.adapters.rows import ENTRIES, SINGLES, read_tables
from mergetui.adapters.tinydb_store import TinyDBStore
from mergetui.model import Approval
from mergetui.reason import HeldBack
from tests.rules.build import NOW, entry, state

HELD = HeldBack(check="size", reason="not yet", until=NOW + timedelta(hours=1))


def test_what_waits_and_who_gave_a_word_comes_back_as_it_was(tmp_path: Path) -> None:
    store = TinyDBStore(tmp_path / "shop", token_floor=lambda: 0)
    word = Approval(by="ada@box", check=None, heads=("a.1",), at=NOW)
    known = state(entry("a", held_back=HELD, approvals=(word,)), frozen=HELD)
    store.change(lambda _: (known, None))
    assert TinyDBStore(tmp_path / "shop", token_floor=lambda: 0).read() == known
    store.change(lambda old: (replace(old, frozen=None), None))
    assert store.read().frozen is None


@pytest.mark.parametrize(
    "row", [{}, {"check": "size"}, {"check": "x", "reason": "y", "until": "2026-01-01T00:00:00"}]
)
def test_a_freeze_that_cannot_be_is_none(row: dict[str, str]) -> None:
    reading = read_tables({ENTRIES: {}, SINGLES: {"frozen": row}})
    assert reading.state.frozen is None
    assert [bad.key for bad in reading.bad] == ["frozen"]


def test_an_entry_that_waits_until_no_time_is_left_out() -> None:
    held = {"check": "x", "reason": "y", "until": "2026-01-01T00:00:00"}
    row = {"id": "a", "branches": ["a"], "heads": ["a.1"], "enqueued_at": NOW.isoformat(), "held_back": held}
    reading = read_tables({ENTRIES: {"a": row}, SINGLES: {}})
    assert reading.state.entries == {}
    assert [bad.why for bad in reading.bad] == ["until without a time zone"]
