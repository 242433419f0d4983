"""How a row of the enqueue picker is divided: what matters most comes first, the branch never gives way."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from mergetui import cleaning
from mergetui.model import Instant
from mergetui.tui.sight_words import APART, UNKNOWN, apart, badge, brief_age
from mergetui.tui.sights import BranchSight
from mergetui.tui.widgets.cells import fit

_BRANCH = (24, 40)
"""The fewest and the most cells that are kept for a branch, before there are any for a column."""
_WHOLE_AUTHOR = 20
"""The most cells for an author, of those that no branch needs."""
_BRIEFLY = {UNKNOWN: "not yet", APART: "unrelated"}


class Column(NamedTuple):
    name: str
    width: int
    """Cells, the space before it included."""


_IN_ORDER_SHOWN = ("apart", "age", "author", "forecast", "note", "commit")
_BY_IMPORTANCE = (
    Column("forecast", 12),
    Column("note", 7),
    Column("apart", 10),
    Column("age", 5),
    Column("author", 11),
    Column("commit", 9),
)


def columns(width: int, longest: int) -> tuple[Column, ...]:
    """Those that there is room for beside the longest branch, from left to right."""
    least, most = _BRANCH
    room, chosen = width - min(max(longest, least), most), dict[str, Column]()
    for column in _BY_IMPORTANCE:
        if column.width > room:
            break
        room -= column.width
        chosen[column.name] = column
    spare = width - max(longest, least) - sum(column.width for column in chosen.values())
    if "author" in chosen and spare > 0:
        author = chosen["author"]
        chosen["author"] = author._replace(width=min(author.width + spare, _WHOLE_AUTHOR))
    return tuple(chosen[name] for name in _IN_ORDER_SHOWN if name in chosen)


def cells(
    shown: Iterable[Column], sight: BranchSight | None, *, note: str, commit: str, now: Instant
) -> Iterator[str]:
    """What stands in the columns; `note` and `commit` are known at once."""
    seen = sight or BranchSight()
    texts = {
        "forecast": forecast_words(seen),
        "note": note,
        "apart": apart(seen.distance),
        "age": brief_age(seen.latest.at, now) if seen.latest else "",
        "author": cleaning.name(seen.latest.author) if seen.latest else "",
        "commit": commit,
    }
    for column in shown:
        yield " " + fit(texts[column.name], column.width - 1)


def forecast_words(sight: BranchSight) -> str:
    """Glyph and word; a branch without a commit of its own has nothing that could clash."""
    if sight.distance is not None and sight.distance.ahead == 0:
        return "– 0 ahead"
    shown = badge(sight.forecast)
    return f"{shown.glyph} {_BRIEFLY.get(shown.word, shown.word)}"
