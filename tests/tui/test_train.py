"""The train as an operator meets it: the candidates side by side, their logs, and what was thrown away."""

import os
from pathlib import Path

import pytest
from msgspec.structs import replace

from mergetui.events import Event
from mergetui.model import EntryState
from mergetui.queueing import take_out
from mergetui.reason import Coded, Reason
from mergetui.tui.screens.log_view import LogView
from mergetui.tui.screens.train import TrainView
from mergetui.tui.train_sight import TrainSight, percents
from mergetui.tui.widgets.log_pane import LogPane
from mergetui.tui.widgets.train_list import TrainList
from mergetui.tui.widgets.train_strip import _shared
from tests.rules.rails import RED
from tests.tui.boarding import AB, ABC, A, Boarding
from tests.tui.fakes import World, queue_of
from tests.tui.seat import Seat, play, seated

HOSTILE = "feat/[/bold]\x1b]52;c;aGk=\x07x"
SHORTER_RED = "a shorter candidate is red"


@pytest.fixture
def boarding(tmp_path: Path) -> Boarding:
    return Boarding(tmp_path)


def caption(seat: Seat) -> str:
    return str(seat.main.query_one(LogPane).border_title)


def row(seat: Seat, *parts: str) -> bool:
    """Whether one row of the screen has them all."""
    return any(all(part in line for part in parts) for line in seat.screen.splitlines())


async def opened(seat: Seat) -> TrainView:
    await seat.press("T")
    await seat.until(lambda: isinstance(seat.app.screen, TrainView))
    view = seat.app.screen
    assert isinstance(view, TrainView)
    return view


def test_each_candidate_has_a_row_with_its_progress_and_what_it_assumes(boarding: Boarding) -> None:
    async def scene() -> None:
        async with seated(boarding.world) as seat:
            await seat.until(lambda: row(seat, "▶ testing", "feat/b", "12% · 2m00s", "after feat/a"))
            assert row(seat, "▸ ▶ testing", "feat/a", "41% · 4m00s", "on 9f3c2a1")
            assert row(seat, "▶ testing", "feat/c", "1m00s", "after feat/a + feat/b")

    play(scene())


def test_without_room_the_candidates_are_one_line(boarding: Boarding) -> None:
    async def scene() -> None:
        async with seated(boarding.world, size=(80, 24)) as seat:
            await seat.until_seen("▶ 3 testing  ▸1 feat/a 41% · 2 +feat/b 12% · 3 +feat/c")

    play(scene())


def test_without_room_a_long_name_does_not_hide_the_other_candidates() -> None:
    each = [("1 ", "feat/" + "x" * 90, " 41%"), ("▸2 +", "feat/b", " 12%"), ("3 +", "y" * 40, "")]
    shown = _shared(each, 60)
    assert shown.startswith("1 feat/x")
    assert "… 41% · ▸2 +feat/b 12% · 3 +yyy" in shown
    assert len(shown) <= 60


def test_every_entry_shows_the_progress_of_the_candidate_that_tells_of_it(boarding: Boarding) -> None:
    async def scene() -> None:
        async with seated(boarding.world) as seat:
            await seat.until(lambda: row(seat, " 1 ▶ feat/a", "41% · 4m00s"))
            await seat.until(lambda: row(seat, " 2 ▶ feat/b", "12% · 2m00s"))
            assert row(seat, " 3 ▶ feat/c", "1m00s")

    play(scene())


def test_the_brackets_switch_the_log_that_is_shown(boarding: Boarding) -> None:
    async def scene() -> None:
        async with seated(boarding.world) as seat:
            await seat.until_seen("of a alone")
            assert "4 Retest 1/3 · feat/a · " in caption(seat)
            await seat.press("right_square_bracket")
            await seat.until_seen("of a and b")
            assert "4 Retest 2/3 · feat/a + feat/b · 12% · 2m00s" in caption(seat)
            await seat.press("left_square_bracket", "left_square_bracket")
            await seat.until_seen("of all three")
            assert "4 Retest 3/3 · feat/a + feat/b + feat/c" in caption(seat)

    play(scene())


def test_the_cursor_chooses_the_candidate_that_tells_of_its_entry(boarding: Boarding) -> None:
    async def scene() -> None:
        async with seated(boarding.world) as seat:
            await seat.select("feat/c")
            await seat.until_seen("of all three")
            await seat.press("right_square_bracket")
            await seat.until_seen("of a alone")
            await seat.press("k")
            await seat.until_seen("of a and b")

    play(scene())


def test_the_chosen_log_stays_when_another_candidate_lands(boarding: Boarding) -> None:
    async def scene() -> None:
        async with seated(boarding.world) as seat:
            await seat.press("right_square_bracket", "right_square_bracket")
            await seat.until_seen("of all three")
            boarding.tell(boarding.rail.ended(A), boarding.rail.over(A))
            boarding.world.change(lambda state: take_out(state, ["e1"]))
            await seat.until(lambda: "4 Retest 2/2 · feat/b + feat/c" in caption(seat))
            assert "of all three" in seat.screen

    play(scene())


def test_the_chosen_log_that_is_thrown_away_stays_and_says_why(boarding: Boarding) -> None:
    async def scene() -> None:
        async with seated(boarding.world) as seat:
            await seat.press("left_square_bracket")
            await seat.until_seen("of all three")
            boarding.tell(boarding.rail.ended(AB, RED), boarding.rail.stopped(ABC, SHORTER_RED))
            await seat.until(lambda: f"4 Retest · thrown away: {SHORTER_RED} · feat/a" in caption(seat))
            assert "of all three" in seat.screen
            await seat.press("right_square_bracket")
            await seat.until_seen("of a alone")

    play(scene())


def test_a_chosen_log_that_ended_gives_way_when_nothing_runs_that_ran_beside_it(boarding: Boarding) -> None:
    async def scene() -> None:
        rail = boarding.rail
        async with seated(boarding.world) as seat:
            await seat.press("left_square_bracket")
            await seat.until_seen("of all three")
            boarding.tell(rail.stopped(ABC, SHORTER_RED, ago=9), rail.stopped(A, "x"), rail.stopped(AB, "x"))
            await seat.until(lambda: "thrown away" in caption(seat))
            boarding.tell(rail.started(A, ago=1))
            await seat.until_seen("of a alone")
            assert "4 Retest · feat/a" in caption(seat)

    play(scene())


def test_the_strip_tells_what_gave_way_to_those_that_run(boarding: Boarding) -> None:
    async def scene() -> None:
        async with seated(boarding.world) as seat:
            boarding.tell(boarding.rail.stopped(ABC, SHORTER_RED))
            await seat.until(
                lambda: row(seat, "− thrown away feat/a + feat/b + feat/c", SHORTER_RED, "5s ago")
            )

    play(scene())


def test_a_candidate_without_a_red_entry_says_so(boarding: Boarding) -> None:
    async def scene() -> None:
        rail, without = boarding.rail, "feat/a feat/c"
        async with seated(boarding.world) as seat:
            boarding.tell(rail.ended(AB, RED), rail.stopped(ABC, SHORTER_RED))
            boarding.tell(rail.built(without, ago=3), rail.started(without, ago=3))
            await seat.until(lambda: row(seat, "▶ testing", "feat/c", "after feat/a, without feat/b"))
            await opened(seat)
            await seat.press("j")
            await seat.until(
                lambda: row(seat, "without", "feat/b, for feat/a + feat/b is red: retest failed")
            )

    play(scene())


def test_a_hedge_says_against_whom_it_is(boarding: Boarding) -> None:
    async def scene() -> None:
        rail, hedge = boarding.rail, "feat/a feat/c"
        async with seated(boarding.world) as seat:
            boarding.tell(rail.built(hedge, ago=3), rail.started(hedge, ago=3))
            await seat.until(lambda: row(seat, "▶ testing", "feat/c", "after feat/a, in case feat/b is red"))
            await opened(seat)
            await seat.press("j", "j")
            await seat.until(lambda: row(seat, "without", "feat/b, in case it is red"))

    play(scene())


def test_an_entry_that_is_red_behind_another_says_so_in_the_queue(boarding: Boarding) -> None:
    async def scene() -> None:
        async with seated(boarding.world) as seat:
            boarding.tell(boarding.rail.ended(AB, RED), boarding.rail.stopped(ABC, SHORTER_RED))
            await seat.until(lambda: row(seat, " 2 ✗ feat/b", " red ", "behind feat/a"))
            assert not row(seat, " 2 ✗ feat/b", "testing")

    play(scene())


def test_an_entry_that_is_red_behind_another_says_so_in_full(boarding: Boarding) -> None:
    async def scene() -> None:
        async with seated(boarding.world, size=(200, 60)) as seat:
            boarding.tell(boarding.rail.ended(AB, RED), boarding.rail.stopped(ABC, SHORTER_RED))
            await seat.select("feat/b")
            await seat.until(lambda: row(seat, "state", "✗ red behind feat/a"))
            await seat.press("enter")
            await seat.until(lambda: row(seat, "state", "red behind feat/a"))
            assert "it is at fault only if those ahead of it are green" in seat.screen

    play(scene())


def test_a_candidate_that_landed_with_a_longer_one_stands_on_nothing(boarding: Boarding) -> None:
    async def scene() -> None:
        async with seated(boarding.world) as seat:
            boarding.tell(boarding.rail.over(A), boarding.rail.stopped(A, "it is no longer next in line"))
            await opened(seat)
            await seat.press("G")
            await seat.until(lambda: row(seat, "commit", ", landed with a longer candidate"))
            assert "✓ landed: a longer candidate was green first" in seat.screen
            assert "no longer next in line" not in seat.screen

    play(scene())


def test_a_doubted_candidate_counts_its_reds(boarding: Boarding) -> None:
    async def scene() -> None:
        async with seated(boarding.world) as seat:
            boarding.tell(boarding.rail.ended(A, RED), boarding.rail.started(A, ago=2))
            await seat.until(lambda: row(seat, "▶ testing", "feat/a", ", 1 red"))

    play(scene())


def test_when_all_are_over_the_strip_goes_and_the_console_stays(boarding: Boarding) -> None:
    async def scene() -> None:
        async with seated(boarding.world) as seat:
            await seat.until_seen("after feat/a + feat/b")
            boarding.tell(*(boarding.rail.stopped(line, "paused: freeze") for line in (ABC, AB)))
            await seat.until(lambda: row(seat, "▶ testing", "feat/a", "on 9f3c2a1"))
            boarding.tell(boarding.rail.stopped(A, "paused: freeze"))
            await seat.until(lambda: "thrown away: paused: freeze" in caption(seat))
            assert "on 9f3c2a1" not in seat.screen

    play(scene())


def test_on_one_line_those_that_were_thrown_away_are_counted(boarding: Boarding) -> None:
    async def scene() -> None:
        async with seated(boarding.world, size=(80, 24)) as seat:
            boarding.tell(boarding.rail.stopped(ABC, SHORTER_RED))
            await seat.until_seen("▶ 2 testing  − 1 thrown away  ▸1 feat/a 41% · 2 +feat/b 12%")

    play(scene())


@pytest.mark.parametrize("key", ["left_square_bracket", "right_square_bracket"])
def test_with_one_candidate_the_brackets_say_why_they_do_nothing(boarding: Boarding, key: str) -> None:
    async def scene() -> None:
        async with seated(boarding.world) as seat:
            boarding.tell(*(boarding.rail.stopped(line, "x") for line in (ABC, AB)))
            await seat.until(lambda: caption(seat).startswith("4 Retest · feat/a · "))
            await seat.press(key)
            await seat.until_said("only one candidate is under test")

    play(scene())


def test_with_none_under_test_the_brackets_say_so(tmp_path: Path) -> None:
    async def scene() -> None:
        async with seated(World(tmp_path, {"shop": queue_of()})) as seat:
            await seat.press("right_square_bracket")
            await seat.until_said("nothing is under test on shop")

    play(scene())


def test_the_braces_go_from_repository_to_repository(boarding: Boarding) -> None:
    async def scene() -> None:
        async with seated(boarding.world) as seat:
            await seat.press("right_curly_bracket")
            await seat.until_seen("2 Queue · api")
            assert "after feat/a" not in seat.screen
            await seat.press("left_curly_bracket")
            await seat.until_seen("after feat/a")

    play(scene())


def test_of_a_dead_engine_nothing_is_under_test(boarding: Boarding) -> None:
    boarding.world.change(lambda state: replace(state, advance=None))

    async def scene() -> None:
        async with seated(boarding.world) as seat:
            assert "after feat/a" not in seat.screen
            await opened(seat)
            await seat.until_seen("nothing under test")
            assert row(seat, "− thrown away", "feat/a", "the engine that ran it is gone")

    play(scene())


def test_the_whole_train_is_a_screen(boarding: Boarding) -> None:
    async def scene() -> None:
        boarding.tell(boarding.rail.stopped("feat/a feat/x", "it is no longer next in line", ago=90))
        async with seated(boarding.world) as seat:
            await opened(seat)
            await seat.until_seen("Train · shop · 3 under test · 1 thrown away lately")
            assert row(seat, "▸ ▶ testing", "feat/a", "41% · 4m00s", "on 9f3c2a1")
            assert row(seat, "▶ testing", "feat/a + feat/b", "12% · 2m00s", "after feat/a")
            assert row(seat, "− thrown away feat/a + feat/x", "1m30s ago", "it is no longer next in line")
            await seat.press("escape")
            await seat.until(lambda: seat.app.screen is seat.main)

    play(scene())


def test_enter_opens_the_log_of_a_candidate_that_runs_and_of_one_that_ended(boarding: Boarding) -> None:
    async def scene() -> None:
        boarding.tell(boarding.rail.stopped(ABC, SHORTER_RED))
        async with seated(boarding.world) as seat:
            await opened(seat)
            await seat.until_seen(SHORTER_RED)
            await seat.press("j", "enter")
            await seat.until_seen("of a and b")
            assert isinstance(seat.app.screen, LogView)
            await seat.press("escape", "j", "enter")
            await seat.until_seen("of all three")
            assert f"feat/a + feat/b + feat/c · thrown away: {SHORTER_RED}" in seat.screen

    play(scene())


def test_the_screen_follows_what_happens_and_the_cursor_stays_on_its_candidate(boarding: Boarding) -> None:
    async def scene() -> None:
        async with seated(boarding.world) as seat:
            view = await opened(seat)
            await seat.until_seen("3 under test")
            await seat.press("G")
            rows = view.query_one(TrainList)
            one = rows.candidate
            boarding.tell(boarding.rail.stopped(A, "x", ago=1), boarding.rail.stopped(ABC, SHORTER_RED))
            await seat.until_seen("1 under test")
            assert one is not None
            assert rows.candidate is not None
            assert (rows.candidate.commit, rows.candidate.log) == (one.commit, one.log)
            assert row(seat, "▸ − thrown away", SHORTER_RED)

    play(scene())


def test_an_empty_train_says_what_to_press(tmp_path: Path) -> None:
    async def scene() -> None:
        async with seated(World(tmp_path, {"shop": queue_of()})) as seat:
            await opened(seat)
            await seat.until_seen("nothing was under test yet: esc, then a goes on by itself")

    play(scene())


def test_a_cached_candidate_is_told_as_such(boarding: Boarding) -> None:
    async def scene() -> None:
        boarding.tell(boarding.rail.spared("feat/d", "e" * 40))
        async with seated(boarding.world) as seat:
            await opened(seat)
            await seat.until(lambda: row(seat, "= cached", "feat/d", "its tree passed as eeeeeee"))

    play(scene())


def test_names_of_others_are_cleaned_and_reasons_hold_no_secret(boarding: Boarding) -> None:
    secret = Coded(Reason.RETEST_FAILED, "exit code 1: https://ana:hunter2@example.org/x")

    async def scene() -> None:
        rail = boarding.rail
        boarding.tell(rail.started(HOSTILE, log="/nowhere"), rail.ended("feat/z", secret))
        async with seated(boarding.world) as seat:
            await seat.until_seen("feat/[/bold]␛]52;c;aGk=␇x")
            await opened(seat)
            await seat.until_seen("feat/[/bold]␛]52;c;aGk=␇x")
            assert "hunter2" not in seat.screen
            assert "https://***@example.org" in seat.screen

    play(scene())


def test_the_journal_is_read_on_from_where_it_was_read_last(boarding: Boarding) -> None:
    heard: list[Event] = [boarding.rail.built(A), boarding.rail.started(A)]
    facts: list[tuple[Event, ...]] = [tuple(heard)]
    sight = TrainSight(lambda: facts[-1])
    first = sight.read()
    assert sight.read() is first
    facts.append((*facts[-1], boarding.rail.ended(A)))
    assert (len(first.running), len(sight.read().running)) == (1, 0)


def test_another_journal_is_read_anew(boarding: Boarding) -> None:
    rail = boarding.rail
    facts: list[tuple[Event, ...]] = [(rail.built(A), rail.started(A))]
    sight = TrainSight(lambda: facts[-1])
    sight.read()
    facts.append((rail.built(AB), rail.started(AB), rail.ended(AB)))
    assert [one.commit for one in sight.read().judged] == [rail.commit(AB)]
    assert sight.read().running == ()


def test_logs_that_say_nothing_of_how_far_they_are_or_are_none_are_left_out(
    boarding: Boarding, tmp_path: Path
) -> None:
    running = boarding.world.bridge.train("shop").running
    os.mkfifo(tmp_path / "pipe")
    strange = [replace(running[0], commit="f" * 40, log=str(tmp_path / name)) for name in ("pipe", "none")]
    Path(running[2].log).write_bytes(b"\xff\xfe\n" * 9_000 + b"x [ 77%]\n")
    assert percents([*running, *strange]) == {
        running[0].commit: 41,
        running[1].commit: 12,
        running[2].commit: 77,
    }


def test_an_entry_that_is_not_under_test_has_no_progress(boarding: Boarding) -> None:
    async def scene() -> None:
        async with seated(boarding.world) as seat:
            await seat.until(lambda: row(seat, " 2 ▶ feat/b", "12%"))
            boarding.enter("feat/b", EntryState.QUEUED)
            await seat.until(lambda: row(seat, " · feat/b", "queued"))
            assert not row(seat, " · feat/b", "12%")

    play(scene())
