"""The console in a tmux pane, as an operator has it open all day."""

from collections.abc import Iterator
from functools import partial
from itertools import cycle
from pathlib import Path

import pytest

from tests.adapters.waiting import eventually
from tests.tui.house import OPERATOR, House
from tests.tui.terminals import HAS_TMUX, Tmux

pytestmark = pytest.mark.skipif(not HAS_TMUX, reason="tmux is not installed")

DETACH = "\x02d"
"""tmux's own keys."""


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    house = House(tmp_path)
    yield house
    house.go_on()


@pytest.fixture
def tmux(tmp_path: Path) -> Iterator[Tmux]:
    tmux = Tmux(tmp_path, {"MERGETUI_OPERATOR": OPERATOR})
    yield tmux
    tmux.close()


def step(tmux: Tmux, house: House) -> None:
    """Until lines of the retest arrive."""
    tmux.type(house.command)
    eventually(lambda: tmux.shows("press a"), within=15)
    tmux.press("s")
    eventually(lambda: tmux.shows("Next step"), within=15)
    tmux.press_until("s", lambda: house.under_test() is not None)
    eventually(lambda: tmux.shows("line one"), within=15)


def land_and_quit(tmux: Tmux, house: House) -> None:
    """A console that works draws what has landed, and obeys its keys."""
    house.go_on()
    eventually(lambda: tmux.shows("queue is empty"), within=15)
    tmux.press_until("q", tmux.is_at_the_prompt)
    assert tmux.modes() == tmux.before
    assert house.endings() == ["landed"]


@pytest.mark.soak
def test_step_watch_release_by_force_and_quit(tmux: Tmux, house: House) -> None:
    step(tmux, house)
    assert "alternate_on=1 cursor_flag=0 mouse_any_flag=1" in tmux.modes()[0]
    tmux.press("f")
    eventually(lambda: tmux.shows("Force-release lease #1"))
    tmux.press("Tab")
    tmux.press_until("Space", lambda: tmux.shows("type the holder's name, ana"))
    tmux.press_and_move("Tab")
    tmux.press("a n a")
    eventually(lambda: tmux.shows("give a reason"))
    tmux.press_and_move("Tab")
    tmux.press("h u n g")
    eventually(lambda: tmux.shows("Release is on"))
    tmux.press("Tab Tab")
    tmux.press_until("Space", house.was_released)
    eventually(lambda: tmux.shows("the lease was taken away") and tmux.shows("lease lost"), within=15)
    tmux.press_until("q", tmux.is_at_the_prompt)
    assert tmux.modes() == tmux.before


@pytest.mark.soak
def test_a_client_that_detaches_and_attaches_again_finds_it_alive(tmux: Tmux, house: House) -> None:
    step(tmux, house)
    for columns, rows in ((100, 30), (80, 24), (140, 50)):
        client = tmux.attach(columns, rows)
        eventually(partial(client.shows, "line one"))
        client.press(DETACH)
        eventually(lambda: tmux.clients() == 0)
        eventually(client.has_ended)
        client.close()
    land_and_quit(tmux, house)


@pytest.mark.soak
def test_a_client_whose_connection_breaks_takes_nothing_with_it(tmux: Tmux, house: House) -> None:
    step(tmux, house)
    client = tmux.attach()
    eventually(lambda: client.shows("line one"))
    client.hang_up()
    eventually(lambda: tmux.clients() == 0)
    client.close()
    land_and_quit(tmux, house)


@pytest.mark.soak
def test_a_storm_of_sizes_is_survived(tmux: Tmux, house: House) -> None:
    step(tmux, house)
    widths, heights = cycle(range(20, 251, 23)), cycle(range(5, 81, 15))
    for _ in range(100):
        tmux.take_size(next(widths), next(heights))
    tmux.take_size(120, 40)
    eventually(lambda: tmux.shows("1 Repositories") and tmux.shows("line one"))
    land_and_quit(tmux, house)


@pytest.mark.soak
def test_a_shell_comes_and_goes(tmux: Tmux, house: House) -> None:
    step(tmux, house)
    tmux.press("x")
    eventually(lambda: tmux.shows("exit goes back"), within=15)
    assert "alternate_on=0 cursor_flag=1 mouse_any_flag=0" in tmux.modes()[0]
    tmux.type(("git", "rev-parse", "HEAD"))
    eventually(lambda: tmux.shows(f"\n{house.under_test()}\n"))
    tmux.type(("exit",))
    eventually(lambda: tmux.shows("back from the shell"))
    land_and_quit(tmux, house)
