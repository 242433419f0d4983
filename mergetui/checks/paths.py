"""`paths`: some files are changed only with somebody's word, given by `mergetui approve`.

A trailer in the commit would be the author's to write.
"""

import re
from collections.abc import Mapping

from msgspec import field

from mergetui.checks.check import Answer, Check, CheckView, Pass, Waits


class Paths(Check, frozen=True, kw_only=True):
    owners: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """By glob: whoever of these may give the word, as `name` or `name@host`."""

    def __post_init__(self) -> None:
        if not self.owners:
            raise ValueError("'owners' is missing; it says whose word which files need")
        for glob, people in self.owners.items():
            if not glob or not people or not all(people):
                raise ValueError(f"owners of {glob!r} = {list(people)}; allowed: a glob and names")

    def ask(self, view: CheckView) -> Answer:
        changes = view.changes()
        for glob, people in self.owners.items():
            pattern = _pattern(glob)
            touched = next((path for path in changes.paths if pattern.fullmatch(path)), None)
            if touched is None and changes.is_cut:
                touched = f"one of very many files, perhaps of {glob},"
            if touched is not None and not any(_is(by, people) for by in view.approved_by):
                told = f"{touched} needs the word of {' or '.join(people)}"
                return Waits(f"{told}: mergetui approve {view.repository} {view.branch}")
        return Pass()


def _is(operator: str, people: tuple[str, ...]) -> bool:
    return operator in people or operator.rpartition("@")[0] in people


def _pattern(glob: str) -> re.Pattern[str]:
    """`**` stands for any files below, `*` and `?` stay in one directory; `docs/` is all of `docs/**`."""
    parts = re.split(r"(\*\*/|\*\*|\*|\?)", glob + "**" * glob.endswith("/"))
    meant = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    return re.compile("".join(meant.get(part) or re.escape(part) for part in parts), re.DOTALL)
