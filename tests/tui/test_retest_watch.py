"""The retest pane over entries that have no log."""

from pathlib import Path

from mergetui.model import EntryState
from tests.tui.fakes import World, entry, queue_of
from tests.tui.seat import play, seated


def test_over_entries_without_a_log_it_names_the_one_under_the_cursor(tmp_path: Path) -> None:
    untested = World(tmp_path, {"shop": queue_of(entry(1, "feat/a"), entry(2, "feat/b"))})

    async def scene() -> None:
        async with seated(untested) as seat:
            await seat.until_seen("4 Retest · feat/a")
            await seat.press("j")
            await seat.until_seen("4 Retest · feat/b")
            assert "4 Retest · feat/a" not in seat.screen

    play(scene())


def test_its_words_are_those_of_the_entry_under_the_cursor(tmp_path: Path) -> None:
    back = entry(2, "feat/b", state=EntryState.CATCHING_UP)
    world = World(tmp_path, {"shop": queue_of(entry(1, "feat/a"), back)})

    async def scene() -> None:
        async with seated(world) as seat:
            await seat.select("feat/a")
            await seat.until_seen("not tested yet")
            await seat.select("feat/b")
            await seat.until_seen("caught up first, then tested")

    play(scene())
