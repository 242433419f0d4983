"""The rules of the checks that are built in, and what several answers come to."""

from collections.abc import Mapping
from typing import Any

import pytest

from mergetui.checks import Answer, Changes, Check, CheckView, FileChange, Pass, Refuses, Waits
from mergetui.checks.behind import Behind
from mergetui.checks.paths import Paths
from mergetui.checks.ruling import Cleared, Ruling, Unanswered, of_everything, ruling
from mergetui.checks.size import Size
from mergetui.reason import Coded, HeldBack, Reason
from tests.rules.build import MINUTE, NOW


class Told:
    """What is read of commits: changes by the pair of commits, distances by head."""

    def __init__(self, changes: Mapping[tuple[str, str], Changes], behind: Mapping[str, int]) -> None:
        self._changes = changes
        self._behind = behind

    def changes(self, base: str, head: str) -> Changes:
        return self._changes[base, head]

    def behind(self, tip: str, head: str) -> int:
        return self._behind[head] if tip == "m" else -1


def change(path: str, lines: int | None = 1, before: str | None = None) -> FileChange:
    return FileChange(path=path, before=before, added=lines, removed=0 if lines is not None else None)


def seen(
    *files: FileChange, cut: bool = False, behind: int = 0, by: tuple[str, ...] = (), **fields: Any
) -> CheckView:
    """The branch `a`, which changes these files and has the word of these operators."""
    reads = Told({("m", "a.1"): Changes(files, is_cut=cut)}, {"a.1": behind})
    known = {"branches": ("a",), "heads": ("a.1",), "tip": "m", "approved_by": by, "reads": reads}
    return CheckView(**{"repository": "shop", "target": "main", "now": NOW, **known, **fields})


MONEY = Paths(owners={"money/**": ("ada", "bob@box"), "*.lock": ("eve",)})


@pytest.mark.parametrize(
    ("check", "view", "answer"),
    [
        (Behind(commits=2), seen(behind=2), Pass()),
        (Behind(commits=2), seen(behind=3), Refuses("a is 3 commits behind main; at most 2")),
        (Size(lines=3), seen(change("x", 3)), Pass()),
        (Size(lines=3), seen(change("x", 2), change("y", 2)), Refuses("it changes 4 lines; at most 3")),
        (Size(lines=3), seen(change("picture", None)), Pass()),
        (Size(files=1), seen(change("x")), Pass()),
        (Size(files=1), seen(change("x"), change("y")), Refuses("it changes 2 files; at most 1")),
        (Size(files=9), seen(change("x"), cut=True), Refuses("it changes more than 1 files; at most 9")),
        (Size(lines=9), seen(change("x"), cut=True), Refuses("it changes more than 1 lines; at most 9")),
        (MONEY, seen(change("shop/money")), Pass()),
        (MONEY, seen(change("money/a/b"), by=("ada@box",)), Pass()),
        (MONEY, seen(change("money/a/b"), by=("bob@box",)), Pass()),
        (MONEY, seen(change("deep/x.lock")), Pass()),
    ],
)
def test_a_check_says_what_its_rule_is(check: Check, view: CheckView, answer: Answer) -> None:
    assert check.ask(view) == answer


@pytest.mark.parametrize(
    "view",
    [
        seen(change("money/a/b")),
        seen(change("money/a/b"), by=("eve@box",)),
        seen(change("money/a/b"), by=("bob@elsewhere",)),
        seen(change("elsewhere", before="money/a")),
        seen(change("x.lock"), change("money/a"), by=("eve@box",)),
        seen(change("x"), cut=True),
    ],
    ids=["nobody's", "another's", "a namesake's", "moved away", "one of two", "too many files to tell"],
)
def test_files_wait_for_the_word_of_those_who_own_them(view: CheckView) -> None:
    said = MONEY.ask(view)
    assert isinstance(said, Waits)
    assert "needs the word of ada or bob@box: mergetui approve shop a" in said.reason


@pytest.mark.parametrize(
    ("glob", "path", "is_meant"),
    [
        ("docs/", "docs/a/b", True),
        ("docs/", "docs", False),
        ("**/x", "x", True),
        ("**/x", "a/b/x", True),
        ("*.py", "a/b.py", False),
        ("a?c", "a/c", False),
        ("a+b", "a+b", True),
        ("a.b", "axb", False),
        ("**", "a/b\nc", True),
    ],
)
def test_a_glob_means_paths(glob: str, path: str, is_meant: bool) -> None:
    assert isinstance(Paths(owners={glob: ("ada",)}).ask(seen(change(path))), Waits) == is_meant


def test_a_change_is_measured_as_it_is_to_land_once_it_is_caught_up() -> None:
    reads = Told({("m", "a.1"): Changes((change("x", 9),)), ("m/b", "m/b/a"): Changes((change("x", 1),))}, {})
    before = seen(reads=reads)
    after = seen(reads=reads, base="m/b", candidate="m/b/a")
    assert (before.changes().lines, after.changes().lines) == (9, 1)


def test_a_stack_changes_what_any_of_its_branches_changes() -> None:
    below = Changes((change("x", 2), change("y", 2)), is_cut=True)
    reads = Told({("m", "a.1"): below, ("m", "b.1"): Changes((change("x", 5),))}, {"a.1": 4, "b.1": 1})
    view = seen(reads=reads, branches=("a", "b"), heads=("a.1", "b.1"))
    assert (view.changes().lines, view.changes().is_cut, view.behind()) == (7, True, 4)


@pytest.mark.parametrize(
    ("kind", "settings", "told"),
    [
        (Behind, {"commits": -1}, "commits = -1; allowed: 0 or more"),
        (Size, {}, "'lines' or 'files' is missing"),
        (Size, {"lines": 0}, "lines = 0; allowed: 1 or more"),
        (Paths, {}, "'owners' is missing"),
        (Paths, {"owners": {"x": ()}}, "owners of 'x' = \\[\\]; allowed: a glob and names"),
    ],
)
def test_settings_without_a_meaning_are_refused(
    kind: type[Check], settings: dict[str, Any], told: str
) -> None:
    with pytest.raises(ValueError, match=told):
        kind(**settings)


YES, WAIT, NO = Pass(), Waits("not yet", NOW + MINUTE), Refuses("never")
HELD = HeldBack(check="w", reason="not yet", until=NOW + MINUTE)


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ({}, Cleared()),
        ({"y": YES}, Cleared()),
        ({"y": YES, "w": WAIT}, HELD),
        ({"n": None, "w": WAIT}, HELD),
        ({"y": YES, "n": None}, Unanswered("n")),
        ({"w": WAIT, "n": None, "no": NO}, Coded(Reason.CHECK_REFUSED, "no: never")),
    ],
)
def test_a_no_outweighs_a_wait_and_a_wait_what_is_not_known(
    answers: dict[str, Answer | None], expected: Ruling
) -> None:
    assert ruling(answers) == expected


def test_nobody_is_sent_back_for_the_whole_repository() -> None:
    assert of_everything({"no": NO}) == HeldBack(check="no", reason="never")
    assert of_everything({"y": YES}) == Cleared()
