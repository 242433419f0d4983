from collections.abc import Callable
from threading import Event

from mergetui.tui.scout import Scout
from tests.tui.until import until


def scout(
    find: Callable[[str], str | None], told: Callable[[], object] = lambda: None, *, again_after: float = 60
) -> Scout[str, str | None]:
    return Scout(find, told, is_whole=lambda answer: answer is not None, again_after=again_after)


def test_what_is_wanted_is_answered_in_order_and_once() -> None:
    asked: list[str] = []
    told: list[int] = []

    def find(question: str) -> str:
        asked.append(question)
        return question.upper()

    one = scout(find, lambda: told.append(len(asked)))
    one.want(["a", "b"])
    until(lambda: len(told) == 2)
    one.want(["b", "c"])
    until(lambda: len(told) == 3)
    one.end()
    assert asked == ["a", "b", "c"]
    assert one.found == {"a": "A", "b": "B", "c": "C"}


def test_what_is_wanted_now_comes_before_what_was_wanted_before() -> None:
    asked: list[str] = []
    go_on = Event()

    def find(question: str) -> str:
        asked.append(question)
        go_on.wait(10)
        return question

    one = scout(find)
    one.want(["a", "b", "c"])
    until(lambda: asked == ["a"])
    one.want(["z"])
    go_on.set()
    until(lambda: "z" in one.found)
    one.end()
    assert asked == ["a", "z"]


def test_what_is_not_known_yet_is_asked_again_and_holds_up_nobody() -> None:
    known: dict[str, str] = {"b": "B"}
    one = scout(known.get, again_after=0.001)
    one.want(["a", "b"])
    until(lambda: one.found == {"a": None, "b": "B"})
    known["a"] = "A"
    until(lambda: one.found["a"] == "A")
    one.end()


def test_a_question_that_breaks_ends_no_other() -> None:
    def find(question: str) -> str:
        if question == "bad":
            raise OSError("no")
        return question

    one = scout(find)
    one.want(["bad", "good"])
    until(lambda: one.found == {"good": "good"})
    one.end()
