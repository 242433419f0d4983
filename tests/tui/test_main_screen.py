import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from textual.events import Paste
from textual.screen import Screen

from mergetui.adapters.presence import OpenConsole
from mergetui.events import Dequeued, Enqueued, LeaseForced, Moved, PauseBegun, PauseEnded, Retried
from mergetui.model import EntryState, Priority
from mergetui.queueing import put, take_out
from mergetui.reason import Coded, Reason
from mergetui.state import Advance, Pause, RepositoryState
from mergetui.tui.keys import help_rows
from mergetui.tui.screens.dialog import Choice
from mergetui.tui.screens.enqueue import EnqueuePicker
from mergetui.tui.screens.entry import EntryView
from mergetui.tui.screens.force_release import Agreed, ForceRelease
from mergetui.tui.screens.forecast import ForecastView
from mergetui.tui.screens.help import HelpView
from mergetui.tui.screens.log_view import LogView
from mergetui.tui.screens.pause import PauseChoice, PauseForm
from mergetui.tui.screens.quit import QuitQuestion
from mergetui.tui.screens.step import StepPreview
from mergetui.tui.screens.text_view import TextView
from mergetui.tui.screens.why import WhyView
from mergetui.tui.widgets.lease_pane import LeasePane
from mergetui.worker import Standing
from tests.tui.fakes import NOON, World, entry, holder, lease, queue_of
from tests.tui.seat import play, seated

HOSTILE = "feat/[/bold]\x1b]52;c;aGk=\x07\u202e[@click=app.quit]x"
SEEN = "feat/[/bold]␛]52;c;aGk=␇‹U+202E›"


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def idle(tmp_path: Path, **fields: object) -> World:
    """One repository whose three entries wait."""
    entries = (entry(1, "feat/a"), entry(2, "feat/b"), entry(3, "feat/c"))
    return World(tmp_path, {"shop": queue_of(*entries, **fields), "api": queue_of()})


def kinds(world: World) -> list[type]:
    return [type(fact) for fact in world.facts()[1:]]


def test_a_step_shows_its_commands_and_a_second_s_does_it(tmp_path: Path) -> None:
    async def scene() -> None:
        async with seated(idle(tmp_path)) as seat:
            await seat.press("s")
            await seat.until_asked(StepPreview)
            await seat.until_seen("git push COMMIT:refs/heads/main")
            assert seat.world.engine.wanted == []
            await seat.press("s")
            await seat.until(lambda: seat.world.engine.wanted == [("shop", "step")])

    play(scene())


def test_the_key_that_answers_a_question_does_nothing_beneath_it(tmp_path: Path) -> None:
    async def scene() -> None:
        async with seated(idle(tmp_path)) as seat:
            await seat.press("w")
            await seat.until_asked(WhyView)
            await seat.until_seen("auto-advance is off")
            await seat.press("a")
            await seat.until_seen("auto ▸ shop")
            assert seat.world.engine.wanted == [("shop", "auto")]

    play(scene())


def test_auto_goes_on_and_off(tmp_path: Path) -> None:
    async def scene() -> None:
        async with seated(idle(tmp_path)) as seat:
            await seat.press("a")
            await seat.until_seen("auto ▸ shop")
            await seat.press("a")
            await seat.until(lambda: seat.world.engine.wanted == [("shop", "auto"), ("shop", None)])
            await seat.press("A")
            await seat.until_seen("auto ▸ shop, api")

    play(scene())


def test_auto_off_lets_the_retest_end_first(world: World) -> None:
    async def scene() -> None:
        async with seated(world, start_auto=True) as seat:
            await seat.until_seen("auto ▸ shop, api, docs")
            seat.world.engine.wanted.clear()
            await seat.press("a")
            await seat.until_seen("shop (ending)")
            assert (seat.world.engine.wanted, seat.world.engine.finishing) == ([], ["shop"])
            seat.world.change(lambda state: take_out(state, ["e1"]))
            await seat.until(lambda: seat.world.engine.wanted == [("shop", None)])

    play(scene())


def test_pause_asks_for_a_reason_and_the_same_key_resumes(tmp_path: Path) -> None:
    async def scene() -> None:
        async with seated(idle(tmp_path)) as seat:
            await seat.press("p")
            await seat.until_asked(PauseForm)
            seat.app.screen.dismiss(PauseChoice(reason="freeze", until=None, now=False))
            await seat.until(lambda: seat.world.state().pause is not None)
            await seat.until_seen("‖ freeze")
            await seat.press("p")
            await seat.until(lambda: seat.world.state().pause is None)
            assert kinds(seat.world) == [PauseBegun, PauseEnded]
            await seat.until_said("resumed")
            await seat.press("u")
            await seat.until(lambda: seat.world.state().pause is not None)

    play(scene())


def test_dequeue_and_undo_put_the_entry_back_where_it_was(world: World) -> None:
    async def scene() -> None:
        async with seated(world) as seat:
            before = seat.world.queue()
            await seat.select("fix/login")
            await seat.press("d")
            await seat.until(lambda: "fix/login" not in seat.world.queue())
            await seat.until_said("u takes it back")
            await seat.press("u")
            await seat.until(lambda: seat.world.queue() == before)
            assert kinds(seat.world)[0] is Dequeued
            assert kinds(seat.world)[-1] is Enqueued

    play(scene())


def test_what_is_too_old_cannot_be_undone(world: World) -> None:
    async def scene() -> None:
        async with seated(world) as seat:
            await seat.select("fix/login")
            await seat.press("d")
            await seat.until_said("u takes it back")
            seat.world.clock.pass_by(timedelta(seconds=11))
            await seat.press("u")
            await seat.until_said("there is nothing to undo")
            assert "fix/login" not in seat.world.queue()

    play(scene())


def test_retry_takes_up_what_was_sent_back(world: World) -> None:
    async def scene() -> None:
        async with seated(world) as seat:
            seat.world.refs.known["chore/deps"] = "e" * 40
            await seat.select("chore/deps")
            await seat.press("r")
            await seat.until(lambda: seat.world.state().entries["e5"].state is EntryState.QUEUED)
            assert seat.world.state().entries["e5"].heads == ("e" * 40,)
            assert Retried in kinds(seat.world)
            await seat.until_said("another try")
            await seat.press("u")
            await seat.until(lambda: seat.world.state().entries["e5"].state is EntryState.SENT_BACK)

    play(scene())


def test_a_remote_that_is_down_refuses_a_retry_in_words(world: World) -> None:
    async def scene() -> None:
        async with seated(world) as seat:
            seat.world.refs.down = "no route to [host]"
            await seat.select("chore/deps")
            await seat.press("r")
            await seat.until_said("the remote cannot be reached: no route to [host]")
            assert kinds(seat.world) == []

    play(scene())


def test_marked_entries_move_together_and_keep_their_order(tmp_path: Path) -> None:
    async def scene() -> None:
        async with seated(idle(tmp_path)) as seat:
            await seat.press("m", "m", "J")
            await seat.until(lambda: seat.world.queue() == ["feat/c", "feat/a", "feat/b"])
            assert Moved in kinds(seat.world)
            await seat.until_said("feat/a is number")
            await seat.press("u")
            await seat.until(lambda: seat.world.queue() == ["feat/a", "feat/b", "feat/c"])

    play(scene())


def test_priority_goes_up_and_down(tmp_path: Path) -> None:
    async def scene() -> None:
        async with seated(idle(tmp_path)) as seat:
            await seat.select("feat/c")
            await seat.press("+")
            await seat.until(lambda: seat.world.queue()[0] == "feat/c")
            await seat.until_seen("high")
            assert seat.queue.current == "e3"
            await seat.press("-")
            await seat.until(lambda: seat.world.state().entries["e3"].priority is Priority.NORMAL)

    play(scene())


def test_the_selection_follows_its_entry_when_the_queue_changes(world: World) -> None:
    async def scene() -> None:
        async with seated(world) as seat:
            await seat.select("feat/search")
            urgent = entry(9, "fix/fire", priority=Priority.URGENT)
            seat.world.change(lambda state: put(take_out(state, ["e2"]), urgent))
            await seat.until_seen("fix/fire")
            assert seat.queue.current == "e4"
            await seat.press("d")
            await seat.until(lambda: "feat/search" not in seat.world.queue())
            assert "fix/fire" in seat.world.queue()

    play(scene())


def test_the_filter_shows_what_fits_and_esc_shows_all(world: World) -> None:
    async def scene() -> None:
        async with seated(world) as seat:
            await seat.press("slash")
            await seat.until_seen("filter the queue:")
            await seat.press(*"feat")
            assert seat.queue.keys == ("e1", "e4", "e6")
            await seat.press("enter")
            await seat.until_seen("/feat: 3 of 6")
            assert seat.focus == "queue"
            await seat.press("escape")
            assert len(seat.queue.keys) == 6

    play(scene())


def test_a_filter_that_nothing_fits_says_how_to_get_back(world: World) -> None:
    async def scene() -> None:
        async with seated(world) as seat:
            await seat.press("slash")
            await seat.until_seen("filter the queue:")
            await seat.press(*"zzz")
            await seat.until_seen("esc shows all")
            await seat.press("escape")
            assert len(seat.queue.keys) == 6

    play(scene())


def test_digits_focus_the_panes(world: World) -> None:
    async def scene() -> None:
        async with seated(world) as seat:
            for digit, pane in (("1", "repositories"), ("3", "lease"), ("4", "retest"), ("2", "queue")):
                await seat.press(digit)
                assert seat.focus == pane

    play(scene())


def test_a_lease_pane_folds_what_is_long_while_it_has_room(tmp_path: Path) -> None:
    held = replace(lease(), branches=("feat/a-long-name", "feat/another-long-name"))

    async def scene() -> None:
        async with seated(crowded(tmp_path, queue_of(lease=held))) as seat:
            pane = seat.main.query_one(LeasePane)
            shown = [pane.render_line(row).text.strip() for row in range(pane.size.height)]
            assert shown[1:4] == ["for feat/a-long-name,", "feat/another-long-name:", "testing"]

    play(scene())


def crowded(directory: Path, shop: RepositoryState) -> World:
    """So many repositories that the lease has no more than its least rows."""
    return World(directory, {"shop": shop} | {f"repo-{number}": queue_of() for number in range(12)})


def test_a_lease_pane_gives_its_longest_line_the_rows_that_are_left(tmp_path: Path) -> None:
    held = replace(lease(), branches=tuple(f"feat/with-a-name-of-its-own-{n}" for n in range(20)))

    async def scene() -> None:
        async with seated(crowded(tmp_path, queue_of(lease=held))) as seat:
            pane = seat.main.query_one(LeasePane)
            shown = [pane.render_line(row).text.rstrip() for row in range(pane.size.height)]
            assert shown[-1].strip() == "renewed 6s ago, 1:24 left"
            assert shown[-2].endswith("…")
            assert all(shown)

    play(scene())


def test_a_lease_pane_without_room_says_how_to_see_the_rest(tmp_path: Path) -> None:
    pause = Pause(by="ana@buildbox", reason="word " * 60, at=NOON)

    async def scene() -> None:
        async with seated(crowded(tmp_path, queue_of(lease=lease(), pause=pause))) as seat:
            seat.main.show_others([OpenConsole(holder=holder(name), since=NOON) for name in "abc"])
            await seat.until_seen("… enter shows all 11 lines")

    play(scene())


def test_an_entry_that_is_sent_back_untested_is_not_told_to_be_stepped(tmp_path: Path) -> None:
    reason = Coded(Reason.NOTHING_TO_LAND, "the branch changes nothing")

    async def scene() -> None:
        world = World(tmp_path, {"shop": queue_of(entry(1, "a", state=EntryState.SENT_BACK, reason=reason))})
        async with seated(world) as seat:
            await seat.until_seen("not tested: nothing to land: the branch changes nothing")
            assert "not tested yet" not in seat.screen

    play(scene())


def test_another_repository_is_shown_when_its_row_is_selected(world: World) -> None:
    async def scene() -> None:
        async with seated(world) as seat:
            await seat.press("1", "j")
            await seat.until_seen("2 Queue · api")
            await seat.until_seen("feat/v2")
            await seat.press("right_curly_bracket")
            await seat.until_seen("queue is empty: e enqueues a branch")

    play(scene())


def test_z_zooms_and_esc_goes_back(world: World) -> None:
    async def scene() -> None:
        async with seated(world) as seat:
            await seat.press("4", "z")
            assert "2 Queue" not in seat.screen
            assert "4 Retest · feat/cart" in seat.screen
            await seat.press("escape")
            assert "2 Queue" in seat.screen

    play(scene())


def test_a_resize_keeps_the_selection_and_folds_the_side(world: World) -> None:
    async def scene() -> None:
        async with seated(world) as seat:
            await seat.select("feat/search")
            for size in ((80, 24), (60, 20), (1, 1), (200, 60), (120, 40)):
                await seat.pilot.resize_terminal(*size)
                await seat.pilot.pause()
                assert seat.queue.current == "e4"
            assert "1 Repositories" in seat.screen

    play(scene())


def test_in_a_small_terminal_nothing_is_unreachable(world: World) -> None:
    async def scene() -> None:
        async with seated(world, size=(80, 24)) as seat:
            assert "1 Repositories" not in seat.screen
            assert "1 shop 1/3  main 9f3c2a1" in seat.screen
            await seat.press("3")
            assert "renewed 6s ago, 1:24 left" in seat.screen
            await seat.press("1")
            assert "1 Repositories" in seat.screen
            await seat.press("j", "enter")
            await seat.until_seen("2 Queue · api")
            assert seat.focus == "queue"

    play(scene())


@pytest.mark.sampled("feat/cart", "das*")
@pytest.mark.parametrize("burst", ["feat/cart", "sapd", "dddddddddd", "das+-KJ"])
def test_keys_faster_than_a_hand_do_nothing(world: World, burst: str) -> None:
    async def scene() -> None:
        async with seated(world) as seat:
            before = seat.world.state()
            await seat.press_at_once(*burst)
            await seat.until_said("faster than a hand")
            assert seat.world.state() == before
            assert seat.world.engine.wanted == []
            assert seat.app.screen is seat.main

    play(scene())


def test_hostile_names_are_shown_as_text(tmp_path: Path) -> None:
    told = Coded(Reason.CONFLICT, "[red]\x1b[2Ja.py")
    back = entry(1, HOSTILE, author="\x1b[31meve", state=EntryState.SENT_BACK, reason=told)
    held = replace(lease("[/]\x1bmallory"), branches=(HOSTILE,))
    states = {"shop": queue_of(back, lease=held), "api": queue_of()}

    async def scene() -> None:
        async with seated(World(tmp_path, states), size=(200, 60)) as seat:
            assert SEEN in seat.screen
            assert "\x1b" not in seat.screen
            assert "[red]␛[2Ja.py" in seat.screen
            assert "[/]␛mallory@buildbox" in seat.screen
            await seat.press("d")
            await seat.until_said(SEEN)
            await seat.press("u")
            await seat.until(lambda: len(seat.world.state().entries) == 1)

    play(scene())


def test_y_copies_the_cleaned_name(tmp_path: Path) -> None:
    async def scene() -> None:
        async with seated(World(tmp_path, {"shop": queue_of(entry(1, HOSTILE))})) as seat:
            await seat.press("y")
            await seat.until(lambda: seat.app.clipboard.startswith(SEEN))
            assert "\x1b" not in seat.app.clipboard

    play(scene())


def test_a_viewer_is_told_who_works_on_the_repository(tmp_path: Path) -> None:
    advance = Advance(holder=holder("joe", 77), mode="auto", since=NOON)

    async def scene() -> None:
        async with seated(idle(tmp_path, advance=advance)) as seat:
            await seat.press("s")
            await seat.until_said("joe@buildbox pid 77 works on shop")
            assert seat.app.screen is seat.main
            await seat.press("a")
            await seat.until_said("joe@buildbox pid 77 works on shop")
            assert seat.world.engine.wanted == []

    play(scene())


def test_who_was_killed_at_work_is_in_nobodys_way(tmp_path: Path) -> None:
    joe = holder("joe", 77)
    world = idle(tmp_path, advance=Advance(holder=joe, mode="auto", since=NOON))
    world.wiring.fake_processes.dead.add(joe)

    async def scene() -> None:
        async with seated(world) as seat:
            await seat.until_seen("auto-advance is off")
            await seat.press("a")
            await seat.until(lambda: seat.world.engine.wanted == [("shop", "auto")])

    play(scene())


def test_force_release_commits_by_the_token_that_was_shown(world: World) -> None:
    async def scene() -> None:
        async with seated(world) as seat:
            await seat.press("f")
            await seat.until_asked(ForceRelease)
            seat.world.change(lambda state: replace(state, lease=lease("joe", token=18)))
            seat.app.screen.dismiss(Agreed(lease=lease(), stale=False, reason="it hangs"))
            await seat.until_said("refused")
            held = seat.world.state().lease
            assert held is not None
            assert held.token == 18
            assert LeaseForced not in kinds(seat.world)

    play(scene())


def test_a_stale_lease_that_was_renewed_meanwhile_is_not_released(tmp_path: Path) -> None:
    async def scene() -> None:
        stale = lease("joe", renewed=200)
        async with seated(idle(tmp_path, lease=stale)) as seat:
            await seat.press("f")
            await seat.until_asked(ForceRelease)
            seat.world.change(lambda state: replace(state, lease=lease("joe", renewed=2)))
            seat.app.screen.dismiss(Agreed(lease=stale, stale=True, reason="it is gone"))
            await seat.until_said("renewed 2s ago: refused")
            assert seat.world.state().lease is not None

    play(scene())


def test_force_release_frees_the_lease_and_writes_down_why(tmp_path: Path) -> None:
    async def scene() -> None:
        stale = lease("joe", renewed=200)
        async with seated(idle(tmp_path, lease=stale)) as seat:
            await seat.press("f")
            await seat.until_asked(ForceRelease)
            seat.app.screen.dismiss(Agreed(lease=stale, stale=True, reason="joe is on holiday"))
            await seat.until(lambda: seat.world.state().lease is None)
            await seat.until(lambda: LeaseForced in kinds(seat.world))

    play(scene())


def test_an_open_question_follows_the_lease_and_ends_with_its_token(world: World) -> None:
    async def scene() -> None:
        async with seated(world) as seat:
            await seat.press("f")
            await seat.until_asked(ForceRelease)
            await seat.until_seen("tests/test_cart.py ..........")
            renewed = replace(lease(), phase="landing", renewed_at=NOON - timedelta(seconds=2))
            seat.world.change(lambda state: replace(state, lease=renewed))
            await seat.until_seen("renewed     2s ago")
            assert "phase       landing" in seat.screen
            seat.world.change(lambda state: replace(state, lease=lease("joe", token=18)))
            await seat.until_seen("lease #17 is over, #18 holds now")
            assert seat.app.screen.query_one("#release", Choice).disabled

    play(scene())


def test_force_release_waits_for_no_remote(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    held = threading.Event()
    monkeypatch.setattr(world.refs, "heads", lambda _: held.wait(10))

    async def scene() -> None:
        async with seated(world) as seat:
            await seat.select("feat/export")
            await seat.press("r", "f")
            await seat.until_asked(ForceRelease)
            held.set()

    play(scene())


def test_enqueue_picks_from_the_remote(tmp_path: Path) -> None:
    async def scene() -> None:
        async with seated(idle(tmp_path)) as seat:
            await seat.press("e")
            await seat.until_asked(EnqueuePicker)
            await seat.until_seen("feat/new")
            await seat.press("enter")
            await seat.until(lambda: "feat/new" in seat.world.queue())
            await seat.until_seen("feat/new")

    play(scene())


def test_looking_keys_open_what_is_under_the_cursor(world: World) -> None:
    async def scene() -> None:
        async with seated(world) as seat:
            looks: list[tuple[str, type[Screen[Any]]]] = [
                ("enter", EntryView),
                ("w", WhyView),
                ("c", ForecastView),
                ("l", LogView),
                ("at", TextView),
                ("question_mark", HelpView),
            ]
            for key, kind in looks:
                await seat.press(key)
                await seat.until_asked(kind)
                await seat.press("escape")
                await seat.until(lambda: seat.app.screen is seat.main)

    play(scene())


def test_the_help_of_a_pane_begins_with_its_own_acts_and_ends_with_its_moves(world: World) -> None:
    async def scene() -> None:
        async with seated(world) as seat:
            await seat.press("2")
            own, *_, last = help_rows(seat.main)
            assert (own, last) == (("m", "mark (also space)"), ("G", "last (also end)"))
            await seat.press("4")
            own, *_, last = help_rows(seat.main)
            assert (own, last) == (("F", "follow"), ("→", "right (also >)"))

    play(scene())


def test_help_is_searched_by_what_a_key_is_called(world: World) -> None:
    async def scene() -> None:
        async with seated(world) as seat:
            await seat.press("question_mark")
            await seat.until_asked(HelpView)
            await seat.press(*"quit")
            await seat.until_seen("▸ q           quit: leave the console")

    play(scene())


def test_a_key_has_one_name_everywhere(world: World) -> None:
    async def scene() -> None:
        async with seated(world) as seat:
            await seat.press("4")
            assert ("enter", "whole line") in help_rows(seat.main)
            assert "enter line" in seat.screen.splitlines()[-1]

    play(scene())


def test_at_80_columns_the_footer_of_the_log_is_whole_and_shows_hits_when_there_are(world: World) -> None:
    async def scene() -> None:
        async with seated(world, size=(80, 24)) as seat:
            await seat.press("4")
            await seat.until_seen(
                " E error  F follow  enter line  y copy  z zoom  / search  ? help  : palette"
            )
            await seat.press("slash", *"invoices", "enter")
            await seat.until_seen(
                " n next hit  N previous hit  E error  F follow  / search  ? help  : palette"
            )

    play(scene())


def test_a_long_target_does_not_hide_the_lease_of_a_narrow_console(tmp_path: Path) -> None:
    async def scene() -> None:
        world = World(
            tmp_path, {"shop": queue_of(lease=lease())}, target="release/of-the-year-with-a-long-name"
        )
        async with seated(world, size=(60, 24)) as seat:
            await seat.until(lambda: "release/" in seat.screen.splitlines()[1])
            assert seat.screen.splitlines()[1].rstrip().endswith("3 ana@buildbox 1:24")

    play(scene())


def test_slash_searches_when_the_log_is_focused(world: World) -> None:
    async def scene() -> None:
        async with seated(world) as seat:
            await seat.press("4", "slash")
            await seat.until_seen("search the log:")
            await seat.press(*"invoices", "enter")
            await seat.until_seen("line 11 of 12")
            assert seat.focus == "retest"
            assert len(seat.queue.keys) == 6

    play(scene())


def test_a_narrow_queue_cuts_the_verdict_and_keeps_the_key_that_helps(tmp_path: Path) -> None:
    async def scene() -> None:
        async with seated(World(tmp_path, {"shop": queue_of(red)}), size=(60, 20)) as seat:
            await seat.until_seen("… · press r")

    red = entry(1, "feat/a", state=EntryState.SENT_BACK, reason=Coded(Reason.RETEST_FAILED, "exit code 1"))
    play(scene())


def test_a_retest_that_has_printed_nothing_says_whether_it_still_runs(tmp_path: Path) -> None:
    (tmp_path / "r1.log").touch()
    silent = entry(1, "a", state=EntryState.TESTING, log=str(tmp_path / "r1.log"), state_since=NOON)

    async def scene() -> None:
        async with seated(World(tmp_path, {"shop": queue_of(silent)})) as seat:
            await seat.until_seen("it runs, and has printed nothing yet")
            seat.world.change(lambda state: _sent_back(state, Coded(Reason.RETEST_HUNG, "silent for 10m")))
            await seat.until_seen("the log is empty")

    play(scene())


def test_a_red_retest_leaves_the_log_at_its_first_error(world: World, tmp_path: Path) -> None:
    async def scene() -> None:
        async with seated(world) as seat:
            await seat.until_seen("4 Retest · feat/cart · 18% · 4m12s of about 23m · following")
            with (tmp_path / "r17.log").open("a") as log:
                log.write("E   AssertionError: 1 != 2\n" + "more\n" * 60)
            red = Coded(Reason.RETEST_FAILED, "exit code 1")
            seat.world.change(lambda state: _sent_back(state, red))
            await seat.until_seen("line 13 of 73")
            assert "AssertionError" in seat.screen

    play(scene())


def test_old_data_says_how_old_it_is(world: World) -> None:
    async def scene() -> None:
        async with seated(world) as seat:
            assert "remote seen" not in seat.screen
            seat.world.clock.pass_by(timedelta(minutes=2))
            await seat.until_seen("remote seen 2m06s ago")
            assert seat.queue.has_class("-stale")

    play(scene())


def test_a_banner_says_that_auto_stopped_itself(world: World) -> None:
    async def scene() -> None:
        async with seated(world) as seat:
            seat.world.engine.standings["api"] = Standing(stopped_itself="the lease was taken away")
            await seat.until_seen("api stopped advancing: the lease was taken away · a resumes")
            await seat.press("exclamation_mark")
            await seat.until_asked(TextView)

    play(scene())


def test_quitting_with_nothing_running_leaves_at_once(tmp_path: Path) -> None:
    async def scene() -> None:
        async with seated(idle(tmp_path)) as seat:
            await seat.press("q")
            await seat.until(lambda: seat.app._exit)
            assert seat.world.engine.stopped

    play(scene())


def test_quitting_with_a_retest_running_asks(world: World) -> None:
    async def scene() -> None:
        async with seated(world, start_auto=True) as seat:
            await seat.until_seen("auto ▸ shop")
            await seat.press("q")
            await seat.until_asked(QuitQuestion)
            await seat.until_seen("shop: feat/cart")
            seat.app.screen.dismiss("wait")
            await seat.until_seen("shop (ending)")
            assert not seat.world.engine.stopped
            seat.world.change(lambda state: take_out(state, ["e1"]))
            await seat.until(lambda: seat.app._exit)
            assert seat.world.engine.stopped

    play(scene())


def test_a_key_acts_on_what_was_under_the_cursor_when_it_was_pressed(world: World) -> None:
    async def scene() -> None:
        async with seated(world) as seat:
            await seat.select("fix/login")
            await seat.press_at_once("d", "j", "j")
            await seat.until(lambda: "fix/login" not in seat.world.queue())
            assert len(seat.world.queue()) == 5

    play(scene())


def test_a_paste_does_nothing(world: World) -> None:
    async def scene() -> None:
        async with seated(world) as seat:
            before = seat.world.state()
            seat.app.post_message(Paste("sapd\nq\n"))
            await seat.press("j")
            assert seat.app.screen is seat.main
            assert seat.world.state() == before

    play(scene())


def test_the_focus_leaves_a_pane_that_is_folded_away(world: World) -> None:
    async def scene() -> None:
        async with seated(world) as seat:
            await seat.press("1")
            await seat.pilot.resize_terminal(80, 24)
            await seat.until(lambda: seat.focus == "queue")

    play(scene())


def test_a_name_that_is_no_key_is_told(tmp_path: Path) -> None:
    async def scene() -> None:
        async with seated(World(tmp_path, keys={"atuo": "o", "log.follow": "f12"})) as seat:
            await seat.until_said("[keys] knows no atuo")

    play(scene())


def test_a_remapped_key_acts(tmp_path: Path) -> None:
    async def scene() -> None:
        entries = queue_of(entry(1, "feat/a"))
        async with seated(World(tmp_path, {"shop": entries}, keys={"auto": "o"})) as seat:
            await seat.until_seen("o auto")
            await seat.press("o")
            await seat.until_seen("auto ▸ shop")

    play(scene())


def test_a_clash_of_keys_is_told(tmp_path: Path) -> None:
    async def scene() -> None:
        async with seated(World(tmp_path, keys={"auto": "o", "dequeue": "o"})) as seat:
            await seat.until_said("[keys] gives one key to several")

    play(scene())


def test_the_palette_lists_the_acts(world: World) -> None:
    async def scene() -> None:
        async with seated(world) as seat:
            await seat.press("colon")
            await seat.until_seen("force-release")
            await seat.press(*"git comm", "enter")
            await seat.until_asked(TextView)

    play(scene())


def _sent_back(state: RepositoryState, reason: Coded) -> RepositoryState:
    flying = state.entries["e1"]
    return put(state, replace(flying, state=EntryState.SENT_BACK, reason=reason))
