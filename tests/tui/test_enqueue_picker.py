from threading import Event

import pytest

from mergetui.model import Priority
from mergetui.outcome import Unreachable
from mergetui.tui.screens.enqueue import Chosen
from mergetui.tui.screens.matching import places, rank
from tests.tui.asking import (
    HOSTILE,
    OID,
    SEEN,
    Hands,
)
from tests.tui.modals import BRANCHES, answer_of, picker, shows


async def loaded(hands: Hands) -> None:
    await hands.until(lambda: "not yet" in hands.screen)


def test_enter_enqueues_the_branch_under_the_cursor() -> None:
    async def act(hands: Hands) -> None:
        await loaded(hands)
        await hands.press("down", "enter")

    assert answer_of(picker(), act) == [Chosen(("feat/checkout",), Priority.NORMAL, False)]


def test_typing_filters_at_once() -> None:
    async def act(hands: Hands) -> None:
        await loaded(hands)
        await hands.type("fxsea")
        assert "feat/search" not in hands.screen
        await hands.press("enter")

    assert answer_of(picker(), act) == [Chosen(("fix/search",), Priority.NORMAL, False)]


def test_several_are_marked_across_filters_and_keep_the_order_of_their_marks() -> None:
    async def act(hands: Hands) -> None:
        await loaded(hands)
        await hands.type("login")
        await hands.press("space", *["backspace"] * 5, "space", "tab", "up", "space")
        await hands.press("ctrl+t", "ctrl+o", "enter")

    assert answer_of(picker(), act) == [Chosen(("feat/login", "feat/cart"), Priority.HIGH, True)]


def test_what_is_queued_already_is_said() -> None:
    async def act(hands: Hands) -> None:
        await loaded(hands)
        tails = [row.partition("not yet")[2] for row in hands.screen.splitlines() if "not yet" in row]
        assert ["queued" in tail for tail in tails] == [True, False, False, False, False]

    answer_of(picker(), act)


def test_nothing_blocks_while_the_remote_is_asked() -> None:
    answer = Event()

    def load() -> dict[str, str]:
        answer.wait(10)
        return BRANCHES

    async def act(hands: Hands) -> None:
        assert "asking the remote..." in hands.screen
        await hands.type("log")
        await hands.press("enter")
        assert hands.answers == []
        answer.set()
        await hands.until(lambda: "feat/login" in hands.screen)
        await hands.press("enter")

    chosen = answer_of(picker(load=load), act)
    assert chosen == [Chosen(("feat/login",), Priority.NORMAL, False)]


def test_a_remote_that_is_down_is_asked_again_with_r() -> None:
    answers: list[dict[str, str] | Unreachable] = [
        Unreachable(f"{HOSTILE} https://joe:secret@example.org: refused"),
        dict(BRANCHES),
    ]

    async def act(hands: Hands) -> None:
        await hands.until(lambda: "cannot be reached" in hands.screen)
        assert SEEN in hands.screen
        assert "secret" not in hands.screen
        await hands.press("enter", "r")
        await loaded(hands)
        await hands.press("enter")

    chosen = answer_of(picker(load=lambda: answers.pop(0)), act)
    assert chosen == [Chosen(("feat/cart",), Priority.NORMAL, False)]


def test_a_load_that_breaks_is_an_error_on_the_screen() -> None:
    def load() -> dict[str, str]:
        raise OSError("no git here")

    shows(picker(load=load), "OSError: no git here")


def test_closing_before_the_remote_answers_is_quiet() -> None:
    answer = Event()

    def load() -> dict[str, str]:
        answer.wait(10)
        return BRANCHES

    async def act(hands: Hands) -> None:
        await hands.press("escape")
        answer.set()

    assert answer_of(picker(load=load), act) == [None]


def test_a_hostile_branch_is_shown_as_text_and_answered_as_it_is() -> None:
    async def act(hands: Hands) -> None:
        await loaded(hands)
        assert SEEN[:36] in hands.screen
        await hands.press("enter")

    assert answer_of(picker({HOSTILE: OID}), act) == [Chosen((HOSTILE,), Priority.NORMAL, False)]


def test_ten_thousand_branches_are_drawn_a_screen_at_a_time() -> None:
    many = {f"feat/{number:05}": OID for number in range(10_000)}

    async def act(hands: Hands) -> None:
        await loaded(hands)
        await hands.type("9999")
        await hands.until(lambda: "feat/09999" in hands.screen)
        await hands.press("enter")

    assert answer_of(picker(many), act) == [Chosen(("feat/09999",), Priority.NORMAL, False)]


@pytest.mark.parametrize(
    ("query", "best"),
    [("", "feat/cart"), ("cart", "feat/cart"), ("FC", "feat/cart"), ("car", "feat/cart"), ("xx", None)],
)
def test_the_best_match_comes_first(query: str, best: str | None) -> None:
    names = ["feat/cart", "fix/scar", "feat/recall", "docs"]
    assert next((names[index] for index in rank(query, names)), None) == best


def test_a_name_made_to_be_slow_is_not() -> None:
    names = ["a" * 200 + "b"] * 400
    assert len(rank("a" * 90 + "b", names)) == 400
    assert places("ab", "xaxb") == [1, 3]
    assert places("i", "İi") == ()
