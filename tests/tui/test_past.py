"""History, statistics and the hand-over report, as an operator meets them."""

import threading
from collections.abc import Sequence
from pathlib import Path

import pytest
from msgspec.structs import replace
from rich.cells import cell_len
from textual.widgets import Sparkline

from mergetui.adapters.memory import MemoryJournal
from mergetui.events import Ended, Event
from mergetui.masking import Mask
from mergetui.reason import Coded, Reason
from mergetui.statistics import DAY, Statistics, statistics
from mergetui.tui.availability import Ground, why_not
from mergetui.tui.figures import BAR, bar, figures, pace
from mergetui.tui.run_rows import columns_for, fitting, run_rows
from mergetui.tui.screens.help import HelpView
from mergetui.tui.screens.history import HistoryView
from mergetui.tui.screens.log_view import LogView
from mergetui.tui.screens.report import ReportView
from mergetui.tui.screens.run import RunView
from mergetui.tui.screens.statistics import StatisticsView
from mergetui.tui.widgets.row_list import Cell
from mergetui.tui.widgets.run_list import RunList
from tests.tui.bygone import busy_past, remember, run
from tests.tui.fakes import NOON, World, ago, oid, queue_of
from tests.tui.seat import Seat, play, seated

HOSTILE = "feat/[/bold]\x1b]52;c;aGk=\x07\u202e[@click=app.quit]x"
SEEN = "feat/[/bold]␛]52;c;aGk=␇‹U+202E›"
SECRET = "ghp_" + "a1B2" * 9


@pytest.fixture
def world(tmp_path: Path) -> World:
    return remember(World(tmp_path, {"shop": queue_of(), "api": queue_of()}), busy_past())


async def history(seat: Seat) -> RunList:
    await seat.press("h")
    await seat.until(lambda: isinstance(seat.app.screen, HistoryView))
    await seat.until_seen("History · shop")
    return seat.app.screen.query_one(RunList)


def below(screen: str, word: str) -> list[str]:
    return [line for line in screen.splitlines() if word in line]


def test_the_history_has_every_run_the_newest_first_with_a_glyph_and_a_word(world: World) -> None:
    async def scene() -> None:
        async with seated(world) as seat:
            rows = await history(seat)
            assert rows.keys == (*(f"e{number}.1" for number in (1, 2, 3)), "e0.1", *_from(4, 16))
            assert "17 runs" in seat.screen
            assert "2024-05-17 13:32 ✓ landed    fix/login" in seat.screen
            (conflict,) = below(seat.screen, "13:02")
            assert "✗ sent back chore/deps" in conflict
            assert "conflict: setup.cfg, src/app.py" in conflict
            assert "6m00s" in conflict

    play(scene())


def _from(first: int, last: int) -> list[str]:
    return [f"e{number}.1" for number in range(first, last + 1)]


def test_a_digit_shows_one_outcome_and_esc_all_again(world: World) -> None:
    async def scene() -> None:
        async with seated(world) as seat:
            rows = await history(seat)
            await seat.press("2")
            assert "4 of 17 runs · sent back" in seat.screen
            assert rows.run_shown is not None
            assert rows.run_shown.outcome == "sent-back"
            await seat.press("6")
            assert "no run is like that: esc shows all" in seat.screen
            await seat.press("escape")
            assert len(rows.keys) == 17
            await seat.press("escape")
            await seat.until(lambda: seat.app.screen is seat.main)

    play(scene())


def test_text_is_looked_for_while_it_is_typed_and_esc_goes_back_step_by_step(world: World) -> None:
    async def scene() -> None:
        async with seated(world) as seat:
            rows = await history(seat)
            await seat.press("1", "/", *"LOGIN")
            assert "2 of 17 runs · landed · /LOGIN" in seat.screen
            await seat.press("enter", "j")
            assert rows.current == "e9.1"
            await seat.press("escape")
            assert rows.current == "e9.1"
            assert "7 of 17 runs · landed" in seat.screen
            await seat.press("escape", "escape")
            await seat.until(lambda: seat.app.screen is seat.main)

    play(scene())


def test_enter_shows_the_proof_and_l_the_log(world: World, tmp_path: Path) -> None:
    log = tmp_path / "r9.log"
    log.write_text("collected 212 items\n")
    remember(world, [Ended(repo="shop", at=NOON, run=run(0, "feat/late", log=str(log)))])

    async def scene() -> None:
        async with seated(world) as seat:
            await history(seat)
            await seat.press("enter")
            await seat.until_asked(RunView)
            for text in (oid(0), oid(500), oid(1), "#0", "feat/late: committed", "r9.log"):
                assert text in seat.screen
            assert "the tree that landed is the tree that was tested" in seat.screen
            await seat.press("l")
            await seat.until(lambda: isinstance(seat.app.screen, LogView))
            await seat.until_seen("collected 212 items")
            await seat.press("escape", "escape", "l")
            await seat.until_seen("collected 212 items")

    play(scene())


def test_a_run_without_a_retest_says_that_it_has_no_log(world: World) -> None:
    async def scene() -> None:
        async with seated(world) as seat:
            await history(seat)
            await seat.press("l")
            await seat.until_said("nothing was retested in this run")
            assert isinstance(seat.app.screen, HistoryView)
            await seat.press("enter")
            await seat.until_asked(RunView)
            await seat.press("l")
            await seat.until(lambda: seat.said.count("nothing was retested in this run") == 1)
            assert isinstance(seat.app.screen, RunView)

    play(scene())


def test_of_ten_thousand_runs_only_those_in_sight_are_painted(world: World) -> None:
    remember(world, (Ended(repo="shop", at=NOON, run=run(n, f"feat/{n}")) for n in range(20, 10_003)))

    async def scene() -> None:
        async with seated(world) as seat:
            rows = await history(seat)
            assert "10,000 runs" in seat.screen
            await seat.press("G")
            assert rows.current == "e10002.1"
            painted, cells = [], rows.cells

            def counted(key: str, width: int) -> Sequence[Cell]:
                painted.append(key)
                return cells(key, width)

            rows.cells = counted  # type: ignore[method-assign]
            await seat.press("1", "escape", "k", "g")
            assert 0 < len(painted) <= 12 * rows.size.height
            assert rows.current == "e1.1"

    play(scene())


@pytest.mark.parametrize(("text", "found"), [("Folded", 1), ("feat/7", 0)])
def test_a_filter_looks_only_at_what_was_folded_when_the_row_was_made(text: str, found: int) -> None:
    [row] = run_rows([run(7, "feat/7")])
    assert len(fitting([replace(row, sought="folded beforehand")], "landed", text)) == found


def test_names_and_reasons_of_others_are_cleaned_and_masked(world: World) -> None:
    reason = Coded(Reason.HOOK_REFUSED, f"{HOSTILE} {SECRET}")
    bad = run(0, HOSTILE, "sent-back", reason=reason, log="/x")
    remember(world, [Ended(repo="shop", at=NOON, run=bad)])

    async def scene() -> None:
        async with seated(world, size=(160, 40)) as seat:
            for keys, kind in (
                (("h",), HistoryView),
                (("enter",), RunView),
                (("escape", "escape", "H"), ReportView),
            ):
                await seat.press(*keys)
                await seat.until(lambda kind=kind: isinstance(seat.app.screen, kind))  # type: ignore[misc]
                await seat.until_seen(SEEN[:20] if kind is not ReportView else "Hand-over")
                assert SECRET not in seat.screen
                assert not set("\x1b\x07\u202e") & set(seat.screen)
            await seat.press("y")
            assert SECRET not in seat.app.clipboard
            assert f"`{SEEN}" in seat.app.clipboard

    play(scene())


def test_statistics_are_of_a_day_a_week_or_a_month(world: World) -> None:
    async def scene() -> None:
        async with seated(world) as seat:
            await seat.press("t")
            await seat.until_asked(StatisticsView)
            await seat.until_seen("▸ 24 h")
            for text in ("7 landed", "per hour", "in queue", "p95", "16 started", "4 red of 16 (25%)"):
                assert text in seat.screen
            for text in (
                "1 lost to",
                "2 retest-failed",
                "release freeze",
                "took #16 from joe@ci-2 pid 77",
            ):
                assert text in seat.screen
            assert len(seat.app.screen.query_one(Sparkline).data or ()) == 24
            await seat.press("3")
            assert "▸ 30 d" in seat.screen
            assert "per day" in seat.screen
            assert len(seat.app.screen.query_one(Sparkline).data or ()) == 30
            await seat.press("t")
            assert "▸ 24 h" in seat.screen
            await seat.press("escape")
            await seat.until(lambda: seat.app.screen is seat.main)

    play(scene())


def test_statistics_of_nothing_say_what_to_press(world: World) -> None:
    world.clock.pass_by(5 * DAY)

    async def scene() -> None:
        async with seated(world) as seat:
            await seat.press("t")
            await seat.until_asked(StatisticsView)
            await seat.until_seen("nothing has happened here in 24 h: 3 shows 30 d")
            await seat.press("2")
            assert "7 landed" in seat.screen

    play(scene())


def test_the_hand_over_is_read_and_copied(world: World) -> None:
    async def scene() -> None:
        async with seated(world) as seat:
            await seat.press("H")
            await seat.until_asked(ReportView)
            await seat.until_seen("# Hand-over: `shop`, `main`")
            await seat.press("y")
            await seat.until_said("copied: the report, as Markdown")
            assert seat.app.clipboard.startswith("# Hand-over: `shop`, `main`\n")
            assert "took lease 16 from `joe@ci-2 pid 77`: its host hangs" in seat.app.clipboard
            await seat.press("escape")
            await seat.until(lambda: seat.app.screen is seat.main)
            assert seat.world.engine.wanted == []

    play(scene())


def test_the_help_opens_them_too(world: World) -> None:
    async def scene() -> None:
        async with seated(world) as seat:
            await seat.press("?")
            await seat.until_asked(HelpView)
            await seat.press(*"proof")
            await seat.until_seen("▸ h")
            await seat.until_asked(HelpView)
            await seat.press("enter")
            await seat.until(lambda: isinstance(seat.app.screen, HistoryView))

    play(scene())


def test_the_palette_opens_them_too(world: World) -> None:
    async def scene() -> None:
        async with seated(world) as seat:
            await seat.press("colon", *"hand")
            await seat.until_seen("the hand-over report of")
            await seat.press("enter")
            await seat.until(lambda: isinstance(seat.app.screen, ReportView))

    play(scene())


@pytest.mark.sampled("h")
@pytest.mark.parametrize("key", ["h", "t", "H"])
def test_a_screen_is_there_before_what_it_shows_has_been_read(world: World, key: str) -> None:
    journal = SlowJournal(world.wiring.journals["shop"])
    world.bridge.desk("shop")._journal = journal

    async def scene() -> None:
        async with seated(world) as seat:
            journal.shut.clear()
            await seat.press(key)
            await seat.until_seen("reading ...")
            await seat.press("j", "G", "l", "y")
            journal.shut.set()
            await seat.until(lambda: "reading ..." not in seat.screen)
            await seat.press("escape")
            await seat.until(lambda: seat.app.screen is seat.main)

    play(scene())


@pytest.mark.sampled("h", "t")
@pytest.mark.parametrize("key", ["h", "t", "H"])
def test_what_cannot_be_read_is_said_where_it_was_asked_for(world: World, key: str) -> None:
    journal = SlowJournal(world.wiring.journals["shop"])
    world.bridge.desk("shop")._journal = journal

    async def scene() -> None:
        async with seated(world) as seat:
            journal.broken = True
            await seat.press(key)
            await seat.until_seen("cannot be read: the disk is gone")

    play(scene())


def test_an_open_history_goes_on_and_the_cursor_stays_on_its_run(world: World) -> None:
    async def scene() -> None:
        async with seated(world) as seat:
            rows = await history(seat)
            await seat.press("j", "j")
            chosen = rows.current
            remember(world, [Ended(repo="shop", at=NOON, run=run(17, "feat/late"))])
            world.change(lambda state: replace(state, serial=state.serial + 1))
            await seat.until_seen("18 runs")
            assert rows.keys[-1] == "e17.1"
            assert rows.current == chosen

    play(scene())


def test_open_statistics_go_on_in_the_span_that_is_shown(world: World) -> None:
    async def scene() -> None:
        async with seated(world) as seat:
            await seat.press("t")
            await seat.until_seen("7 landed")
            await seat.press("2")
            remember(world, [Ended(repo="shop", at=NOON, run=run(17, "feat/late"))])
            world.change(lambda state: replace(state, serial=state.serial + 1))
            await seat.until_seen("▸ 7 d")
            await seat.until_seen("8 landed")

    play(scene())


class SlowJournal(MemoryJournal):
    """Answers while it is not shut; then, if it is `broken`, that it cannot."""

    def __init__(self, facts: MemoryJournal) -> None:
        super().__init__()
        self._facts = facts
        self.shut = threading.Event()
        self.shut.set()
        self.broken = False

    def append(self, event: Event) -> None:
        self._facts.append(event)

    def read(self) -> Sequence[Event]:
        self.shut.wait(10)
        if self.broken:
            raise OSError("the disk is gone")
        return self._facts.read()


@pytest.mark.sampled("size0")
@pytest.mark.parametrize("size", [(20, 5), (60, 20)])
def test_no_terminal_is_too_small(world: World, size: tuple[int, int]) -> None:
    async def scene() -> None:
        async with seated(world, size=size) as seat:
            for key, kind in (("h", HistoryView), ("t", StatisticsView), ("H", ReportView)):
                await seat.press(key)
                await seat.until(lambda kind=kind: isinstance(seat.app.screen, kind))  # type: ignore[misc]
                await seat.press("G", "k", "escape")
                await seat.until(lambda: seat.app.screen is seat.main)

    play(scene())


@pytest.mark.parametrize("act", ["history", "statistics", "report"])
def test_there_is_no_past_before_a_repository_is_read(act: str) -> None:
    assert why_not(act, Ground()) == "no repository has been read yet"


def test_a_row_has_no_secret_to_show_or_to_find() -> None:
    (row,) = run_rows([run(0, "a", "sent-back", reason=Coded(Reason.HOOK_REFUSED, f"bad {SECRET}"))])
    assert row.told == "hook refused: bad ***"
    assert SECRET.casefold() not in row.sought


@pytest.mark.sampled("*-0", "*-?0", "*-1?0")
@pytest.mark.parametrize("width", range(0, 180, 3))
@pytest.mark.parametrize("longest", [0, 9, 60])
def test_columns_fill_the_width_and_leave_room_for_the_branch(width: int, longest: int) -> None:
    columns = columns_for(width, longest)
    assert min(columns) >= 0
    assert sum(columns) == width
    assert columns.branches >= min(longest + 1, 10, width // 2 - 7)


@pytest.mark.parametrize(
    ("part", "whole", "expected"),
    [(0, 9, 0), (1, 1000, 1), (1, 2, BAR // 2), (9, 9, BAR), (10, 9, BAR), (1, 0, 0)],
)
def test_a_bar_shows_anything_above_nothing_and_is_never_longer_than_whole(
    part: float, whole: float, expected: int
) -> None:
    shown = bar(part, whole)
    assert (shown.count("█"), cell_len(shown)) == (expected, BAR)


def numbers(world: World, days: int) -> Statistics:
    return statistics(world.facts(), since=NOON - days * DAY, now=NOON)


def test_the_pace_is_by_the_hour_for_a_day_and_by_the_day_for_more(world: World) -> None:
    hours, hourly = pace(numbers(world, 1))
    days, daily = pace(numbers(world, 7))
    assert (len(hours), sum(hours), hourly) == (
        24,
        7,
        "per hour, the oldest first: 0.3 on average, 2 at most",
    )
    assert (len(days), days[-1], daily) == (7, 7, "per day, the oldest first: 1.0 on average, 7 at most")


def test_reasons_in_the_figures_are_masked(world: World) -> None:
    (forced,) = numbers(world, 1).overrides
    told = replace(numbers(world, 1), overrides=(replace(forced, reason=f"see {SECRET}"),))
    rows = dict(figures(told))
    assert rows["overrides"].endswith("took #16 from joe@ci-2 pid 77: see ***")


def test_a_run_that_did_not_land_has_no_proof(world: World) -> None:
    bare = run(1, "a", "deferred", started_at=ago(minutes=40))

    async def scene() -> None:
        async with seated(world) as seat:
            seat.app.push_screen(RunView(bare, Mask()))
            await seat.until_seen("it did not land")
            assert "proof" not in seat.screen
            assert "none: it did not come to a landing" in seat.screen

    play(scene())
