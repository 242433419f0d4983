"""The console's emergency: a question that is answered by name and with a reason, and what is shown of it."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from textual.widgets import Button, Input

from mergetui.events import Enqueued
from mergetui.model import Emergency, EntryState
from mergetui.state import Pause
from mergetui.tui.availability import Ground, why_not
from mergetui.tui.key_table import Bound
from mergetui.tui.screens.dialog import Choice
from mergetui.tui.screens.emergency import EmergencyQuestion, Hurry, Sent
from mergetui.tui.wording import notices, pauses
from tests.tui.asking import HOSTILE, Hands, Host, after
from tests.tui.fakes import NOON, World, ago, entry, queue_of
from tests.tui.modals import answer_of
from tests.tui.seat import play, seated

REDUCED = "make smoke"
HURRY = Hurry(branch="hotfix", command=REDUCED, interrupts=("feat/cart", "fix/login"))
PAUSED = replace(HURRY, pause="by ana@buildbox until 2024-05-17 18:00 UTC: release freeze")
SAID = Emergency(by="ana@buildbox", reason="login is down", at=NOON)


async def fill(hands: Hands, name: str, reason: str) -> None:
    hands.modal.query_one("#emergency-name", Input).focus()
    await hands.type(name)
    await hands.press("enter")
    await hands.type(reason)


def is_armed(hands: Hands) -> bool:
    return not hands.modal.query_one("#send", Choice).disabled


def test_it_is_sent_by_name_reason_and_button() -> None:
    async def act(hands: Hands) -> None:
        await fill(hands, "hotfix", " login is down ")
        await hands.decide("send")

    sent = Sent(reason="login is down", through_pause=False)
    assert answer_of(EmergencyQuestion(HURRY), act) == [sent]


@pytest.mark.sampled("hotfi-*", "hotfix-*")
@pytest.mark.parametrize(("name", "reason"), [("hotfi", "down"), ("hotfix", " "), ("", "")])
def test_without_name_or_reason_it_is_not_armed(name: str, reason: str) -> None:
    async def act(hands: Hands) -> None:
        await fill(hands, name, reason)
        assert not is_armed(hands)
        assert "it is off" in hands.screen

    assert answer_of(EmergencyQuestion(HURRY), act) == []


def test_a_press_that_comes_before_it_is_armed_sends_nothing() -> None:
    async def act(hands: Hands) -> None:
        send = hands.modal.query_one("#send", Choice)
        send.post_message(Button.Pressed(send))

    assert answer_of(EmergencyQuestion(HURRY), act) == []


def test_the_focus_starts_on_cancel_and_enter_only_moves_on() -> None:
    async def act(hands: Hands) -> None:
        assert hands.focus == "cancel"
        await hands.press("enter", "enter")
        assert hands.answers == []

    answer_of(EmergencyQuestion(HURRY), act)


def test_a_paste_of_everything_sends_nothing() -> None:
    async def act(hands: Hands) -> None:
        await hands.paste("tab", *"hotfix", "tab", *"down", "tab", "tab", "space", "space")
        assert hands.answers == []

    answer_of(EmergencyQuestion(HURRY), act)


def test_a_pause_is_gone_through_where_that_is_ticked() -> None:
    async def act(hands: Hands) -> None:
        await fill(hands, "hotfix", "login is down")
        await hands.decide("emergency-through")
        await hands.decide("send")

    sent = Sent(reason="login is down", through_pause=True)
    assert answer_of(EmergencyQuestion(PAUSED), act) == [sent]


def test_without_a_pause_nothing_is_asked_about_one() -> None:
    async def act(hands: Hands) -> None:
        assert "through the pause" not in hands.screen

    answer_of(EmergencyQuestion(HURRY), act)


def test_names_of_others_are_shown_as_text() -> None:
    async def act(hands: Hands) -> None:
        assert "\x1b" not in hands.screen

    answer_of(EmergencyQuestion(replace(HURRY, branch=HOSTILE, command=HOSTILE)), act)


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path, emergency_retest=REDUCED)


def test_the_key_asks_and_the_entry_goes_ahead(world: World) -> None:
    async def scene() -> None:
        async with seated(world) as seat:
            world.refs.known |= {
                branch: head
                for known in world.state().entries.values()
                for branch, head in zip(known.branches, known.heads, strict=True)
            }
            await seat.select("fix/login")
            await seat.press("I")
            await seat.until_asked(EmergencyQuestion)
            seat.app.screen.dismiss(Sent(reason="login is down", through_pause=False))
            await seat.until(lambda: seat.world.queue()[0] == "fix/login")
            await seat.until_seen("emergency of ana@buildbox: login is down")
            fact = seat.world.facts()[-1]
            assert isinstance(fact, Enqueued)
            assert fact.emergency is not None

    play(scene())


def test_without_a_reduced_command_the_key_says_what_is_missing(tmp_path: Path) -> None:
    world = World(tmp_path)
    picture = world.bridge.picture("shop")
    some = tuple(picture.state.entries.values())
    told = why_not("emergency", Ground(picture=picture, entries=some[:1]))
    assert told is not None
    assert "'emergency_retest' is missing" in told


def test_several_entries_are_no_emergency(world: World) -> None:
    picture = world.bridge.picture("shop")
    some = tuple(picture.state.entries.values())
    assert why_not("emergency", Ground(picture=picture, entries=some[:1])) is None
    assert why_not("emergency", Ground(picture=picture, entries=some[:2])) == "one emergency at a time"
    hurried = replace(some[0], state=EntryState.QUEUED, emergency=SAID)
    assert "already" in (why_not("emergency", Ground(picture=picture, entries=(hurried,))) or "")


def paused(tmp_path: Path, *states: EntryState, until_is_over: bool = False) -> World:
    pause = Pause(by="ana@buildbox", reason="freeze", at=ago(hours=1), until=NOON if until_is_over else None)
    entries = [entry(number, f"b{number}", state=state) for number, state in enumerate(states, start=1)]
    return World(tmp_path, {"shop": queue_of(*entries, pause=pause)})


@pytest.mark.parametrize(
    ("states", "told"),
    [
        ((EntryState.QUEUED,), "shop: paused by ana@buildbox: freeze · p resumes"),
        (
            (EntryState.TESTING, EntryState.LANDING, EntryState.QUEUED),
            "shop: draining, 2 left; paused by ana@buildbox: freeze · p resumes",
        ),
    ],
)
def test_the_banner_tells_of_a_pause_and_what_is_left(
    states: tuple[EntryState, ...], told: str, tmp_path: Path
) -> None:
    assert pauses(paused(tmp_path, *states).bridge.picture("shop")) == (told,)


def test_the_banner_names_the_keys_as_they_are_bound(tmp_path: Path) -> None:
    picture = paused(tmp_path, EntryState.QUEUED).bridge.picture("shop")
    bound = Bound({"pause": "ctrl+p", "auto": "f2"})
    assert [line.rpartition(" · ")[2] for line in pauses(picture, bound)] == ["^p resumes"]
    stopped = replace(picture, standing=replace(picture.standing, stopped_itself="the lease was taken away"))
    assert [line.rpartition(" · ")[2] for line in notices(stopped, bound)] == ["f2 resumes"]


def test_a_pause_whose_time_is_over_is_not_told(tmp_path: Path) -> None:
    world = paused(tmp_path, EntryState.QUEUED, until_is_over=True)
    assert pauses(world.bridge.picture("shop")) == ()


def test_the_repository_pane_counts_what_is_left(tmp_path: Path) -> None:
    async def scene() -> None:
        async with seated(paused(tmp_path, EntryState.TESTING, EntryState.TESTING)) as seat:
            await seat.until_seen("‖ drains")

    play(scene())


@pytest.fixture(autouse=True)
def _surroundings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    # The plugin sets this in the controlling process, too late for the workers of pytest-xdist.
    monkeypatch.setenv("TEXTUAL_SNAPSHOT_TEMPDIR", os.environ.get("TEXTUAL_SNAPSHOT_TEMPDIR", str(tmp_path)))


@pytest.mark.sampled("*-size0")
@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
@pytest.mark.parametrize("hurry", [HURRY, PAUSED], ids=["going", "paused"])
def test_the_question_looks_well(
    hurry: Hurry, size: tuple[int, int], snap_compare: Callable[..., Any]
) -> None:
    assert snap_compare(Host(EmergencyQuestion(hurry)), run_before=after(), terminal_size=size)
