from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from textual.screen import ModalScreen

from mergetui.model import EntryState
from mergetui.reason import Coded, Reason
from mergetui.tui.screens.help import HelpView
from mergetui.tui.screens.log_view import LogView
from mergetui.tui.screens.pause import PauseChoice, PauseForm
from mergetui.tui.screens.quit import QuitQuestion
from mergetui.tui.screens.step import StepPreview
from mergetui.tui.screens.text_view import FoldedLines, TextView, folded
from tests.tui.asking import (
    HOSTILE,
    NOW,
    OID,
    SEEN,
    Hands,
    Host,
    picture,
    play,
)
from tests.tui.modals import (
    HELP,
    STEP,
    alive,
    answer_of,
    entry,
    entry_view,
    picker,
    quit_question,
    shows,
    stale,
    why,
)


@pytest.mark.sampled("picker-*", "alive-*", "why-*", "quit_question-*")
@pytest.mark.parametrize(
    ("modal", "refusal"),
    [
        (picker, None),
        (stale, None),
        (alive, None),
        (lambda: PauseForm("shop", True), None),
        (lambda: StepPreview("shop", STEP), False),
        (why, None),
        (lambda: HelpView("Keys", HELP), None),
        (quit_question, None),
        (lambda: entry_view(picture(entry())), None),
        (lambda: TextView("Commands", STEP), None),
        (lambda: LogView(None, "feat/cart"), None),
    ],
)
def test_escape_answers_no(modal: Callable[[], ModalScreen[Any]], refusal: object) -> None:
    assert answer_of(modal(), lambda hands: hands.press("escape")) == [refusal]


@pytest.mark.parametrize(
    "modal", [quit_question, lambda: LogView(None, "feat/cart"), lambda: TextView("x", STEP)]
)
def test_a_burst_of_answers_counts_once(modal: Callable[[], ModalScreen[Any]]) -> None:
    assert answer_of(modal(), lambda hands: hands.paste(*["escape"] * 4)) == [None]


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "run.log"
    lines = [f"tests/test_{number}.py ....... ok" for number in range(60)]
    lines[20] = "FAILED tests/test_cart.py - assert 3 == 4"
    lines[40] = f"{'x' * 120}{HOSTILE}"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


# Pause


def test_a_pause_needs_only_a_reason() -> None:
    async def act(hands: Hands) -> None:
        await hands.type("freeze")
        await hands.press("enter")

    assert answer_of(PauseForm("shop", False), act) == [PauseChoice("freeze", None, False)]


@pytest.mark.sampled("turns1-*")
@pytest.mark.parametrize(("turns", "now"), [((), False), (("down",), True), (("space", "up"), False)])
def test_what_runs_is_finished_or_stopped(turns: tuple[str, ...], now: bool) -> None:
    async def act(hands: Hands) -> None:
        await hands.type("freeze")
        await hands.press("tab", *"2h", "tab", *turns, "enter")

    assert answer_of(PauseForm("shop", True), act) == [PauseChoice("freeze", timedelta(hours=2), now)]


def test_a_pause_says_in_place_what_is_wrong() -> None:
    async def act(hands: Hands) -> None:
        await hands.press("tab", *"soon", "enter")
        assert "a reason is required" in hands.screen
        assert hands.focus == "pause-reason"
        await hands.press(*"x", "enter")
        assert "soon is not a duration such as '90s', '30m' or '1h30m'" in hands.screen
        assert hands.focus == "pause-until"

    assert answer_of(PauseForm("shop", False), act) == []


# Lines


@pytest.mark.parametrize("width", [60, 80, 120])
def test_a_line_that_is_folded_loses_nothing(width: int) -> None:
    line = "".join(f"{number:04}" for number in range(200))

    async def act(hands: Hands) -> None:
        shown = hands.app.screen.query_one(FoldedLines)
        rows = [shown.render_line(y).text.rstrip() for y in range(shown.size.height)]
        assert (line * 30).startswith("".join(rows))
        assert len("".join(rows)) > width

    answer_of(TextView("Commands", [line] * 30), act, size=(width, 24))


# Step, why, help, quit


def test_a_second_s_does_the_step() -> None:
    async def act(hands: Hands) -> None:
        await hands.look()
        await hands.press("enter", "space", "j")
        assert hands.answers == []
        await hands.press("s")

    assert answer_of(StepPreview("shop", STEP), act) == [True]


def test_a_paste_does_no_step() -> None:
    app = Host(StepPreview("shop", STEP))

    async def scene() -> None:
        async with app.run_test() as pilot:
            hands = Hands(app, pilot)
            app.pop_screen()
            early = hands.paste
            app.push_screen(app.modal, app.answers.append)
            await early("s", "s", "s")
            assert app.answers == []

    play(scene())


def test_the_key_that_helps_closes_the_verdict() -> None:
    async def act(hands: Hands) -> None:
        await hands.look()
        await hands.press("e", "enter", "f")

    assert answer_of(why(), act) == ["f"]


def test_a_verdict_names_its_key_before_the_command() -> None:
    shows(why(), "f force-release, or in a shell: mergetui lease release shop --token 17")


def test_what_a_landing_hangs_on_is_folded_under_itself() -> None:
    modal = why(blocked_by="word " * 30)

    async def act(hands: Hands) -> None:
        await hands.look()
        rows = [row for row in hands.screen.splitlines() if "word word" in row]
        assert len(rows) > 1
        assert len({row.index("word") for row in rows[1:]}) == 1
        assert rows[1].index("word") == rows[0].index("by ana")

    answer_of(modal, act, size=(80, 40))


@pytest.mark.parametrize("width", [60, 80, 120, 200])
def test_the_keys_of_a_log_are_whole_and_end_with_how_to_close_it(width: int) -> None:
    async def act(hands: Hands) -> None:
        await hands.until(lambda: hands.screen.rstrip().endswith("esc close"))
        last = hands.screen.splitlines()[-1]
        assert last.startswith(" / search · n N hits · E error")

    answer_of(LogView(None, "feat/cart"), act, size=(width, 24))


def test_a_verdict_without_a_key_only_closes() -> None:
    async def act(hands: Hands) -> None:
        await hands.look()
        await hands.press("f", "enter", "space")

    assert answer_of(why(key=""), act) == []
    shows(why(says=HOSTILE), SEEN)


@pytest.mark.parametrize(
    ("keys", "answer"),
    [(("enter",), "s"), (("down", "enter"), "p"), ((*"lease", "enter"), "f"), (("?", "enter"), "?")],
)
def test_help_runs_what_it_lists(keys: tuple[str, ...], answer: str) -> None:
    async def act(hands: Hands) -> None:
        await hands.look()
        for key in keys:
            await hands.press(key)
            await hands.rest()

    assert answer_of(HelpView("Keys", HELP), act) == [answer]


def test_help_without_a_hit_runs_nothing() -> None:
    async def act(hands: Hands) -> None:
        await hands.look()
        await hands.type("zzz")
        await hands.press("enter")
        assert "no key does that" in hands.screen

    assert answer_of(HelpView("Keys", HELP), act) == []


@pytest.mark.sampled("leave")
@pytest.mark.parametrize("answer", ["wait", "leave", "stop"])
def test_quitting_takes_one_of_three_ways(answer: str) -> None:
    async def act(hands: Hands) -> None:
        assert hands.focus == "cancel"
        await hands.press("q", "enter", "enter")
        await hands.decide(answer)

    assert answer_of(quit_question(), act) == [answer]


def test_a_paste_does_not_quit() -> None:
    async def act(hands: Hands) -> None:
        await hands.paste("q", "down", "space", "enter", "space", "down", "space", "y", "s", "space")

    assert answer_of(quit_question(), act) == []
    shows(QuitQuestion([HOSTILE]), SEEN)


# Entry, text, log


def test_an_entry_is_shown_in_full() -> None:
    async def act(hands: Hands) -> None:
        for text in (
            f"feat/base  {OID}",
            f"feat/cart  {OID[::-1]}",
            "sent back, 4m00s ago, at 2026-03-04 13:58:11 UTC",
            "its author pushes a mend",
            "conflict: setup.cfg, src/app.py",
            "Ana Lima",
            "joe@desk, 3h00m ago",
            "high",
            "logs/e1.1.log",
        ):
            assert text in hands.screen

    answer_of(entry_view(picture(entry())), act)


@pytest.mark.sampled("fields2-*", "fields5-*", "fields7-*")
@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"state": EntryState.QUEUED}, "it is the next one; nobody advances shop"),
        ({"state": EntryState.CATCHING_UP}, "a retest, once it stands on the tip of main"),
        ({"state": EntryState.TESTING}, "it lands on main if the retest is green"),
        ({"state": EntryState.LANDING}, "the remote decides on the push"),
        ({"state": EntryState.AWAITING_MERGE}, "somebody merges it"),
        (
            {"state": EntryState.DEFERRED, "available_at": NOW + timedelta(seconds=20)},
            "again in 20s, at 14:02:31",
        ),
        ({"state": EntryState.HELD}, "an operator decides"),
        ({"author": HOSTILE}, SEEN),
        ({"reason": Coded(Reason.CONFLICT, HOSTILE)}, SEEN),
        ({"id": "e2"}, "it is not in the queue of shop any more"),
    ],
)
def test_an_entry_says_what_comes_next(fields: dict[str, Any], says: str) -> None:
    shows(entry_view(picture(entry(**fields))), says)


def test_an_entry_waits_for_those_before_it() -> None:
    first = entry(id="e0", state=EntryState.QUEUED, branches=("feat/x",), heads=(OID,))
    second = entry(state=EntryState.QUEUED, rank=1)
    shows(entry_view(picture(first, second)), "its turn comes after 1 before it")


def test_lines_are_folded_never_cut() -> None:
    assert folded("abcdefg", 3) == ["abc", "def", "g"]
    assert folded("", 3) == [""]
    assert folded("漢字漢", 4) == ["漢字", "漢"]
    assert "".join(folded("漢" * 20_000, 7)) == "漢" * 20_000
    shows(TextView("Commands", [HOSTILE]), SEEN)


@pytest.mark.parametrize(
    ("line", "rows"),
    [
        ("git push origin main", ["git push ", "origin ", "main"]),
        ("git push", ["git push"]),
        ("Björn Åkesson", ["Björn ", "Åkesson"]),
        ("a " + "b" * 20, ["a bbbbbbbb", "b" * 10, "b" * 2]),
    ],
)
def test_a_folded_line_breaks_after_words(line: str, rows: list[str]) -> None:
    assert folded(line, 10) == rows


def test_a_long_text_scrolls() -> None:
    async def act(hands: Hands) -> None:
        assert "line 90" not in hands.screen
        await hands.press("G")
        await hands.until(lambda: "line 99" in hands.screen)
        await hands.press("g")
        await hands.until(lambda: "line 0 " in hands.screen)

    answer_of(TextView("Commands", [f"line {number}" for number in range(100)]), act)


def test_a_log_is_searched_and_left_step_by_step(log: Path) -> None:
    async def act(hands: Hands) -> None:
        await hands.until(lambda: "following · 60" in hands.screen)
        await hands.press("/")
        await hands.type("test_7.")
        await hands.press("enter")
        await hands.until(lambda: "line 8 of 60" in hands.screen)
        await hands.press("E")
        await hands.until(lambda: "line 21 of 60" in hands.screen)
        await hands.press("F")
        await hands.until(lambda: "following · 60" in hands.screen)
        await hands.press("/", "escape")
        await hands.press("escape")
        assert hands.answers == []
        await hands.press("escape")

    assert answer_of(LogView(log, "feat/cart"), act) == [None]


def test_enter_shows_a_line_whole(log: Path) -> None:
    async def act(hands: Hands) -> None:
        await hands.until(lambda: "following · 60" in hands.screen)
        await hands.press("/")
        await hands.type("xxx")
        await hands.press("enter")
        await hands.until(lambda: "line 41 of 60" in hands.screen)
        await hands.press("enter")
        await hands.until(lambda: "Line 41" in hands.screen)
        whole = "".join(row.strip(" │") for row in hands.screen.splitlines())
        assert "x[/bold][@click=app.exit]x‹U+202E›gnp" in whole
        await hands.press("escape")
        assert hands.app.screen is hands.modal

    answer_of(LogView(log, "feat/cart"), act)


def test_without_a_log_it_says_so() -> None:
    shows(LogView(None, HOSTILE), "no log yet")
