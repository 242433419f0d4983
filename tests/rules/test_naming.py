import subprocess  # noqa: TID251 - git itself is the judge of what a name is
import unicodedata
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mergetui.naming import (
    LONGEST,
    broken_branch_rule,
    broken_repository_rule,
    full_ref,
    is_task_branch,
)

pytestmark = pytest.mark.fault(19)

OPTION = "must not start with '-'"
UNSEEN = "must not contain control, bidirectional or invisible characters"
REQUESTS = "only refs/pull/N/head"

REFUSED = [
    ("", "must not be empty"),
    ("+main", "must not start with '+'"),
    ("--mirror", OPTION),
    ("-x", OPTION),
    ("HEAD", "must not be 'HEAD' or '@'"),
    ("@", "must not be 'HEAD' or '@'"),
    ("a\x1bb", UNSEEN),
    ("a\nb", UNSEEN),
    ("a\x00b", UNSEEN),
    ("a\x7fb", UNSEEN),
    ("a\x9bb", UNSEEN),
    ("a\u202eb", UNSEEN),
    ("a\u200bb", UNSEEN),
    ("a\u2028b", UNSEEN),
    ("a\udcffb", UNSEEN),
    ("x" * 300, f"must not be longer than {LONGEST} bytes"),
    ("ü" * 101, f"must not be longer than {LONGEST} bytes"),
    ("refs/heads/x", REQUESTS),
    ("refs/tags/v1", REQUESTS),
    ("refs/pull/x/head", REQUESTS),
    ("refs/pull/7/head:main", REQUESTS),
    ("refs/pull/7/head\n", REQUESTS),
    ("two words", "must not contain a space"),
    ("a~1", "must not contain any of"),
    ("a^", "must not contain any of"),
    ("main:main", "must not contain any of"),
    ("a?", "must not contain any of"),
    ("a*", "must not contain any of"),
    ("a[b", "must not contain any of"),
    ("a\\b", "must not contain any of"),
    ("a..b", "must not contain '..'"),
    ("a@{1}", "must not contain '@{'"),
    ("/a", "must not start or end with '/'"),
    ("a/", "must not start or end with '/'"),
    ("a//b", "must not start or end with '/'"),
    ("a.", "must not end with '.'"),
    (".a", "no part may start with '.'"),
    ("a/.b", "no part may start with '.'"),
    ("a.lock", "no part may end with '.lock'"),
    ("a.lock/b", "no part may end with '.lock'"),
]
TAKEN = [
    "feat",
    "feat/x",
    "$(id)",
    "`id`",
    "a;b",
    "ünï/文字",
    "a@b",
    "a-b+c",
    "x" * LONGEST,
    "refs/pull/7/head",
    "refs/pull/7/merge",
    "refs/merge-requests/12/head",
]


@pytest.mark.parametrize(("branch", "rule"), REFUSED)
def test_a_branch_is_refused_by_the_rule_that_it_breaks(branch: str, rule: str) -> None:
    assert (broken_branch_rule(branch) or "").startswith(rule)


@pytest.mark.parametrize("branch", TAKEN)
def test_a_name_that_git_and_a_terminal_can_bear_is_taken(branch: str) -> None:
    assert broken_branch_rule(branch) is None


NASTY = st.text(st.sampled_from("ab/.-+@{}~^:?*[\\ \x1b\u202e\x7fü") | st.characters(), max_size=12)
SNIPPETS = st.sampled_from(
    ["a", "/", "..", ".lock", "@{", "@", "HEAD", "refs/", "-", "+", ".", "x" * 70, "ü"]
)
NAMES = st.lists(SNIPPETS | NASTY, max_size=4).map("".join)


@settings(max_examples=12, deadline=None)
@given(st.lists(NAMES, min_size=60, max_size=120))
def test_git_takes_every_branch_that_is_taken_here(names: list[str]) -> None:
    taken = [name for name in names if broken_branch_rule(name) is None]
    assert refused_by_git([full_ref(name) for name in taken]) == []


def test_git_is_asked_indeed() -> None:
    assert refused_by_git(["refs/heads/a", "refs/heads/a..b", "refs/heads/b.lock"]) == [
        "refs/heads/a..b",
        "refs/heads/b.lock",
    ]


BIDI_CONTROLS = ("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI")


@settings(max_examples=100, deadline=None)
@given(NAMES.filter(lambda name: broken_branch_rule(name) is None))
def test_what_is_taken_is_neither_an_option_nor_a_refspec_nor_unseen(name: str) -> None:
    assert name[0] not in "-+"
    assert name not in ("HEAD", "@")
    assert not set(name) & set(" :\\*~^?[")
    assert not any(ord(char) < 32 or 127 <= ord(char) < 160 for char in name)
    assert not any(unicodedata.bidirectional(char) in BIDI_CONTROLS for char in name)
    assert len(name.encode()) <= LONGEST


def test_a_request_of_a_forge_is_its_own_ref_and_is_never_pushed_to() -> None:
    assert full_ref("refs/pull/7/head") == "refs/pull/7/head"
    assert not is_task_branch("refs/pull/7/head")


def test_a_branch_is_a_ref_below_heads() -> None:
    assert full_ref("feat/x") == "refs/heads/feat/x"
    assert is_task_branch("feat/x")


@pytest.mark.parametrize("name", ["", "a/b", "..", "a..b", ".a", "-a", "a b", "ü", "a" * 65, "a\n"])
def test_a_repository_name_that_could_leave_its_directory_is_refused(name: str) -> None:
    assert broken_repository_rule(name) is not None


@pytest.mark.parametrize("name", ["shop", "a", "0", "my.shop_2-b", "a" * 64])
def test_a_plain_repository_name_is_taken(name: str) -> None:
    assert broken_repository_rule(name) is None


def test_a_request_of_a_forge_is_no_longer_than_any_other_branch() -> None:
    assert broken_branch_rule(f"refs/pull/{'1' * LONGEST}/head") is not None


def refused_by_git(refs: Sequence[str]) -> list[str]:
    """Which of these refs git-check-ref-format(1) does not take; one shell asks for all of them."""
    script = 'for ref do git check-ref-format "$ref" || printf "%s\\0" "$ref"; done'
    ran = subprocess.run(["sh", "-c", script, "sh", *refs], stdout=subprocess.PIPE, check=True)
    return [ref.decode() for ref in ran.stdout.split(b"\0")[:-1]]
