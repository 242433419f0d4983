"""When memory that only cycles hold is taken back."""

import gc
from collections.abc import Callable, Iterator

import pytest
from textual.app import App
from textual.timer import Timer

from mergetui.tui.collecting import QUIET, Collecting


class Started(Timer):
    """A timer of an app that does not run, and how often it began anew."""

    def __init__(self, interval: float, callback: Callable[[], object]) -> None:
        super().__init__(App[None](), interval, callback=callback)
        self.interval, self.callback, self.resets = interval, callback, 0

    def reset(self) -> None:
        self.resets += 1


class Circle:
    def __init__(self) -> None:
        self.itself = self


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    before = gc.get_threshold()
    yield
    gc.set_threshold(*before)


def begun() -> tuple[Collecting, Started]:
    timers = list[Started]()

    def every(interval: float, callback: Callable[[], object]) -> Timer:
        timers.append(Started(interval, callback))
        return timers[0]

    collecting = Collecting()
    collecting.begin(every)
    return collecting, timers[0]


def test_all_is_collected_when_no_key_came_for_a_while() -> None:
    _, timer = begun()
    circle = Circle()
    seen = [each for each in gc.get_objects() if each is circle]
    assert len(seen) == 1
    seen.clear()
    del circle
    assert timer.interval == QUIET
    timer.callback()
    assert not any(type(each) is Circle for each in gc.get_objects())


def test_a_key_puts_it_off() -> None:
    collecting, timer = begun()
    collecting.put_off()
    assert timer.resets == 1


def test_a_key_before_the_beginning_puts_nothing_off() -> None:
    Collecting().put_off()


def test_of_itself_a_full_collection_comes_seldom_but_it_comes() -> None:
    begun()
    assert gc.isenabled()
    assert gc.get_threshold()[2] == 500
