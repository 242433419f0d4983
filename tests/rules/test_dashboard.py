"""The dashboard asks for what there is."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mergetui.measures import COUNTED, SEEN, Measure

DASHBOARD = Path(__file__).parents[2] / "contrib" / "grafana" / "mergetui.json"
QUERY = re.compile(r"(mergetui_\w+)(?:\{([^}]*)\})?")


def of_a_series(measure: Measure) -> dict[str, set[str]]:
    """The names that its series have, with the labels of each."""
    labels = {"repo"} | ({measure.label} if measure.label else set())
    if measure.kind != "histogram":
        return {measure.name: labels}
    return {
        f"{measure.name}_bucket": labels | {"le"},
        f"{measure.name}_sum": labels,
        f"{measure.name}_count": labels,
    }


KNOWN = {name: labels for measure in (*COUNTED, *SEEN) for name, labels in of_a_series(measure).items()}


def queries() -> Iterator[str]:
    board: Any = json.loads(DASHBOARD.read_text())
    for panel in board["panels"]:
        yield from (target["expr"] for target in panel["targets"])
    yield from (known["query"]["query"] for known in board["templating"]["list"] if known["type"] == "query")


def test_every_metric_of_the_dashboard_exists() -> None:
    asked = {name for query in queries() for name, _ in QUERY.findall(query)}
    assert asked - KNOWN.keys() == set()
    assert len(asked) > 20


def test_every_query_matches_and_groups_by_labels_that_its_metric_has() -> None:
    strangers = [
        (query, label)
        for query in queries()
        for name, matchers in QUERY.findall(query)
        for label in [
            *re.findall(r"(\w+)\s*[=!]", matchers),
            *(label.strip() for by in re.findall(r"by \(([^)]*)\)", query) for label in by.split(",")),
        ]
        if label not in KNOWN[name]
    ]
    assert strangers == []


def test_every_value_that_a_query_names_is_one_that_the_label_can_have() -> None:
    values = {measure.label: {*measure.values} for measure in (*COUNTED, *SEEN) if measure.values}
    named = [
        (label, value)
        for query in queries()
        for label, said in re.findall(r'(\w+)\s*[=!]~?\s*"([a-z|-]+)"', query)
        for value in said.split("|")
    ]
    assert [(label, value) for label, value in named if value not in values[label]] == []
    assert named


def test_every_legend_names_labels_that_are_left_after_grouping() -> None:
    board = json.loads(DASHBOARD.read_text())
    targets = [target for panel in board["panels"] for target in panel["targets"]]
    lost = [
        target["legendFormat"]
        for target in targets
        for label in re.findall(r"\{\{(\w+)\}\}", target["legendFormat"])
        if label not in re.split(r"[ ,]+", re.findall(r"by \(([^)]*)\)", target["expr"])[0])
    ]
    assert lost == []


def test_no_two_panels_lie_on_each_other() -> None:
    board = json.loads(DASHBOARD.read_text())
    cells = [
        (x, y)
        for at in (panel["gridPos"] for panel in board["panels"])
        for x in range(at["x"], at["x"] + at["w"])
        for y in range(at["y"], at["y"] + at["h"])
    ]
    assert len(cells) == len(set(cells))
