"""How far a pytest run is, from its report log: a line of JSON per report, as pytest-reportlog writes it."""

import re

import msgspec
from msgspec import Struct, field

_COLLECTED = re.compile(
    r"^collected (\d{1,7}) items?(?: / .*?(\d{1,7}) selected)?|\[(\d{1,7}) items?\]$", re.M
)
_MOST = 200_000
"""Test nodes that are told apart: the file is written by what is tested."""


class Tally:
    """Test nodes, counted line by line; what is no report counts for nothing."""

    def __init__(self) -> None:
        self._finished: set[int] = set()
        self._listed: set[int] = set()
        self._collectors: set[int] = set()

    @property
    def finished(self) -> int:
        return len(self._finished)

    @property
    def collected(self) -> int:
        """As the reports themselves list them; pytest's own do not, up to version 9."""
        return len(self._listed - self._collectors)

    def add(self, line: bytes) -> None:
        if b"Report" not in line:
            return
        try:
            report = _LINE.decode(line)
        except (msgspec.MsgspecError, RecursionError, ValueError):
            return
        if report.kind == "TestReport" and report.when == "teardown":
            _put(self._finished, report.nodeid)
        elif report.kind == "CollectReport":
            _put(self._collectors, report.nodeid)
            for node in report.result or ():
                _put(self._listed, node.nodeid)

    def percent(self, collected: int | None) -> int | None:
        """`collected` is what is known from elsewhere; None while there is nothing to compare with."""
        total = self.collected or collected
        return min(100 * self.finished // total, 100) if total else None


def collected_in(output: str) -> int | None:
    """How many tests pytest, or pytest-xdist, said at the start of a run that it will run."""
    found = _COLLECTED.search(output)
    return int(found[2] or found[1] or found[3]) if found else None


class _Node(Struct, frozen=True):
    nodeid: str


class _Line(Struct, frozen=True):
    kind: str = field(name="$report_type")
    nodeid: str = ""
    when: str | None = None
    result: tuple[_Node, ...] | None = None


_LINE = msgspec.json.Decoder(_Line)


def _put(known: set[int], nodeid: str) -> None:
    # The id itself may be as long as a line, and there are many.
    if len(known) < _MOST:
        known.add(hash(nodeid))
