"""How often a log that grows is drawn."""

import pytest

from mergetui.tui.pace import Pace

PAGE = 10


@pytest.mark.parametrize(
    ("new", "left_out"),
    [
        ([1, 1, 1], [False, False, False]),
        ([PAGE, PAGE], [False, False]),
        ([PAGE + 1, 2 * PAGE, PAGE + 1, 2 * PAGE], [True, False, True, False]),
        ([PAGE + 1, 0, PAGE + 1], [True, False, True]),
    ],
)
def test_of_a_rush_every_second_look_is_left_out(new: list[int], left_out: list[bool]) -> None:
    pace = Pace()
    assert [pace.leaves_out(lines, page=PAGE) for lines in new] == left_out
