"""The table of docs/reliability.md and the tests that say they prove it, held against each other."""

import re
from pathlib import Path

_TESTS = Path(__file__).parent.parent
_PAGE = _TESTS.parent / "docs" / "reliability.md"
_CLAIMED = re.compile(r"mark\.fault\((\d+)\)")
_ROW = re.compile(r"^\| (\d+) \|", re.MULTILINE)


def test_every_row_of_the_page_has_a_test_and_every_test_a_row() -> None:
    sources = (path.read_text() for path in _TESTS.rglob("test_*.py"))
    claimed = {int(row) for source in sources for row in _CLAIMED.findall(source)}
    assert claimed == {int(row) for row in _ROW.findall(_PAGE.read_text())}
