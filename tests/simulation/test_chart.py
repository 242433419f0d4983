"""The drawing: well-formed, a curve per strategy, untrusted names as text."""

from xml.etree import ElementTree

from mergetui.simulation.chart import svg
from mergetui.simulation.figures import Figures, figures
from mergetui.simulation.strategies import Strategy, played
from tests.simulation.build import arrival, field, trace

SPACE = "{http://www.w3.org/2000/svg}"


def told() -> dict[str, Figures]:
    found = trace(*(arrival(number) for number in range(20)))
    return {strategy: figures(found, played(strategy, found, field())) for strategy in Strategy}


def test_there_is_a_curve_and_a_name_for_each_strategy() -> None:
    drawing = ElementTree.fromstring(svg("twenty", told()))
    texts = {text.text for text in drawing.iter(f"{SPACE}text")}
    assert len(list(drawing.iter(f"{SPACE}polyline"))) == len(Strategy)
    assert {"twenty", *Strategy} <= texts


def test_curves_climb_to_all_inside_the_drawing() -> None:
    drawing = ElementTree.fromstring(svg("twenty", told()))
    for line in drawing.iter(f"{SPACE}polyline"):
        points = [tuple(map(float, point.split(","))) for point in line.attrib["points"].split()]
        assert points == sorted(points, key=lambda point: (point[0], -point[1]))
        assert all(0 <= x <= 760 and 0 <= y <= 420 for x, y in points)


def test_a_name_is_text_whatever_is_in_it() -> None:
    drawing = ElementTree.fromstring(svg("<script>&", {"<b>": told()["oracle"]}))
    assert {"<script>&", "<b>"} <= {text.text for text in drawing.iter(f"{SPACE}text")}


def test_it_can_be_read_in_light_and_in_dark() -> None:
    assert "prefers-color-scheme:dark" in svg("twenty", told())


def test_nothing_to_draw_is_a_drawing() -> None:
    empty = trace()
    known = figures(empty, played(Strategy.ORACLE, empty, field()))
    assert ElementTree.fromstring(svg("nothing", {"oracle": known})).tag == f"{SPACE}svg"
