"""Which names fit what was typed, and where: bounded work for any name, for authors choose the names."""

import re
from collections.abc import Sequence

from textual.fuzzy import FuzzySearch

_MOST_SCORED = 500
"""Nobody reads the order of more hits than this: then the literal ones come first, that is all."""


def rank(query: str, names: Sequence[str]) -> list[int]:
    """Indices of the names that hold the letters of `query` in order, the best first."""
    if not query:
        return list(range(len(names)))
    pattern = _in_order(query)
    hits = [index for index, name in enumerate(names) if pattern.match(name)]
    if len(hits) > _MOST_SCORED:
        literal = query.lower()
        return sorted(hits, key=lambda index: literal not in names[index].lower())
    search = FuzzySearch()
    return sorted(hits, key=lambda index: -_score(search, query, names[index]))


def places(query: str, name: str) -> Sequence[int]:
    """Offsets in `name` of the letters of `query`; none if it does not fit.

    `FuzzySearch.match` tries every way to place them, which a name of many like letters makes endless:
    here the letters stand together, or each as far left as it can.
    """
    wanted, text = query.lower(), name.lower()
    if not wanted or len(text) != len(name):
        return ()
    if (start := text.find(wanted)) >= 0:
        return range(start, start + len(wanted))
    found: list[int] = []
    for letter in wanted:
        position = text.find(letter, found[-1] + 1 if found else 0)
        if position < 0:
            return ()
        found.append(position)
    return found


def _score(search: FuzzySearch, query: str, name: str) -> float:
    offsets = places(query, name)
    return search.score(name, offsets) if offsets else 0.0


def _in_order(query: str) -> re.Pattern[str]:
    letters = (re.escape(letter) for letter in query)
    return re.compile("".join(f"[^{letter}]*+{letter}" for letter in letters), re.IGNORECASE | re.DOTALL)
