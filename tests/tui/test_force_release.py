from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from textual.widgets import Input

from mergetui.model import Lease
from mergetui.tui.screens.dialog import Choice
from mergetui.tui.screens.force_release import Acknowledge, Agreed, ForceRelease
from tests.tui.asking import (
    HOSTILE,
    NOW,
    SEEN,
    Hands,
    ago,
    lease,
)
from tests.tui.modals import alive, answer_of, shows, stale


async def fill(hands: Hands, name: str, reason: str) -> None:
    hands.modal.query_one("#force-name", Input).focus()
    await hands.type(name)
    await hands.press("enter")
    await hands.type(reason)


def answers(modal: ForceRelease, act: Callable[[Hands], Any]) -> list[Agreed]:
    return [answer for answer in answer_of(modal, act) if isinstance(answer, Agreed)]


def is_armed(hands: Hands) -> bool:
    return not hands.modal.query_one("#release", Choice).disabled


def test_a_stale_lease_is_released_by_name_reason_and_button() -> None:
    async def act(hands: Hands) -> None:
        await fill(hands, "ana", " build box is down ")
        await hands.decide("release")

    assert [agreed.reason for agreed in answers(stale(), act)] == ["build box is down"]


def test_a_click_on_release_is_deliberate() -> None:
    async def act(hands: Hands) -> None:
        await fill(hands, "ana", "down")
        await hands.pilot.click("#release")

    assert [agreed.reason for agreed in answers(stale(), act)] == ["down"]


def test_the_focus_starts_on_cancel() -> None:
    async def act(hands: Hands) -> None:
        assert hands.focus == "cancel"
        await hands.decide("cancel")

    assert answer_of(stale(), act) == [None]


def test_neither_enter_nor_the_opening_key_ever_confirms() -> None:
    async def act(hands: Hands) -> None:
        await fill(hands, "ana", "down")
        assert is_armed(hands)
        await hands.press(*["enter"] * 12)
        await hands.press("tab", "tab")
        for _ in range(8):
            hands.modal.query_one("#release", Choice).focus()
            await hands.press("f", "enter")

    assert answer_of(stale(), act) == []


@pytest.mark.sampled("joe-*", "*-give a reason")
@pytest.mark.parametrize(
    ("name", "reason", "missing"),
    [
        ("joe", "down", "type the holder's name, ana"),
        ("Ana", "down", "type the holder's name, ana"),
        ("ana ", "down", "type the holder's name, ana"),
        ("", "down", "type the holder's name, ana"),
        ("ana", "  ", "give a reason"),
    ],
)
def test_it_stays_off_and_says_what_is_missing(name: str, reason: str, missing: str) -> None:
    async def act(hands: Hands) -> None:
        await fill(hands, name, reason)
        assert not is_armed(hands)
        assert f"Release is off: {missing}" in hands.screen
        await hands.pilot.click("#release")

    assert answer_of(stale(), act) == []


def test_a_live_holder_needs_the_second_warning_first() -> None:
    async def act(hands: Hands) -> None:
        assert "ana is alive" in hands.screen
        await fill(hands, "ana", "I asked her")
        assert not is_armed(hands)
        hands.modal.query_one(Acknowledge).focus()
        await hands.press("f", "enter")
        assert not is_armed(hands)
        await hands.decide("force-ack")
        assert is_armed(hands)
        await hands.decide("release")

    (agreed,) = answers(alive(), act)
    assert (agreed.reason, agreed.lease.token, agreed.stale) == ("I asked her", 17, False)


def test_a_holder_that_comes_back_disarms_the_question() -> None:
    async def act(hands: Hands) -> None:
        await fill(hands, "ana", "down")
        assert is_armed(hands)
        assert isinstance(hands.modal, ForceRelease)
        hands.modal.show_lease(lease(renewed=NOW), stale=False, last_line="")
        await hands.until(lambda: "ana is alive" in hands.screen)
        assert not is_armed(hands)

    answer_of(stale(), act)


def test_another_lease_does_not_slip_into_the_question() -> None:
    async def act(hands: Hands) -> None:
        assert isinstance(hands.modal, ForceRelease)
        hands.modal.show_lease(lease("joe", renewed=NOW, token=18), stale=False, last_line="")
        await hands.press("tab")
        assert "joe" not in hands.screen

    answer_of(stale(), act)


@pytest.mark.parametrize(
    ("held", "says"),
    [
        (None, "lease #17 has been given back: nothing to release"),
        (lease("joe", renewed=NOW, token=18), "lease #17 is over, #18 holds now"),
    ],
)
def test_a_question_about_a_lease_that_is_over_cannot_be_confirmed(held: Lease | None, says: str) -> None:
    async def act(hands: Hands) -> None:
        assert isinstance(hands.modal, ForceRelease)
        await fill(hands, "ana", "down")
        hands.modal.show_lease(held, stale=True, last_line="")
        await hands.until(lambda: says in hands.screen)
        hands.modal.show_lease(lease(renewed=NOW), stale=True, last_line="")
        assert not is_armed(hands)
        await hands.pilot.click("#release")

    assert answer_of(stale(), act) == []


def test_a_paste_confirms_nothing() -> None:
    async def act(hands: Hands) -> None:
        await hands.paste("tab", *"ana", "tab", *"down", "tab", "tab", "space", "enter", "space", "f")
        await fill(hands, "ana", "down")
        assert is_armed(hands)
        await hands.paste("tab", "tab", "space", "enter", "space")
        hands.modal.query_one("#release", Choice).focus()
        await hands.paste("space", "space", "enter", "space")

    assert answer_of(stale(), act) == []


def test_what_the_holder_says_of_itself_is_shown_as_text() -> None:
    shows(stale(operator=HOSTILE), f"holder      {SEEN}@buildbox")
    shows(stale(last_line=HOSTILE), f"last line   {SEEN}")


def test_the_age_of_the_lease_ticks() -> None:
    times = [NOW]
    held = lease(renewed=ago(minutes=3))

    async def act(hands: Hands) -> None:
        assert "3m00s ago, stale for 1m30s" in hands.screen
        times.append(NOW + timedelta(seconds=40))
        await hands.until(lambda: "3m40s ago, stale for 2m10s" in hands.screen)

    answer_of(ForceRelease(held, stale=True, last_line="", now=lambda: times[-1]), act)
