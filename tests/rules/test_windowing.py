import pytest

from mergetui.state import Window
from mergetui.view import Policy
from mergetui.windowing import grown, halved

POLICY = Policy(batch=2, parallel=4)


@pytest.mark.parametrize(
    ("before", "after"), [(None, 8), (Window(size=3), 4), (Window(size=8), 8), (Window(size=50), 8)]
)
def test_a_landing_widens_it_by_one_up_to_what_may_be_tested(before: Window | None, after: int) -> None:
    assert grown(before, POLICY).size == after


@pytest.mark.parametrize(
    ("before", "after"), [(None, 4), (Window(size=3), 1), (Window(size=1), 1), (Window(size=50), 4)]
)
def test_a_red_one_halves_it_and_one_is_left(before: Window | None, after: int) -> None:
    assert halved(before, POLICY).size == after
