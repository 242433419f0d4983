"""Deliveries that are signed and still not to be trusted."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mergetui.integrations import ForgeKind
from mergetui.naming import broken_branch_rule
from mergetui.webhooks.deeds import LookNow, Shapeless
from mergetui.webhooks.words import deeds_of
from tests.forges.signing import altered
from tests.forges.test_words import SHOP, heard

BRANCHES = [
    "",
    "-x",
    "--mirror",
    "+main",
    "@",
    "HEAD",
    "a b",
    "a..b",
    "a\x00b",
    "a\x1b[2Jb",
    "a\nb",
    "a\u202eb",
    "x" * 300,
    "refs/heads/x",
    "refs/tags/x",
    "refs/pull/7/head/../..",
    "../../etc/passwd",
]


@pytest.mark.parametrize("branch", BRANCHES, ids=repr)
@pytest.mark.parametrize("end", ["head", "base"])
def test_a_branch_whose_name_breaks_a_rule_is_not_acted_on(branch: str, end: str) -> None:
    assert heard("github-labeled", altered("github-labeled", "pull_request", end, "ref", to=branch)) == ()


@pytest.mark.parametrize("branch", BRANCHES, ids=repr)
def test_a_push_to_what_is_no_branch_means_nothing(branch: str) -> None:
    assert heard("gitlab-push", altered("gitlab-push", "ref", to=f"refs/heads/{branch}")) == ()


@pytest.mark.parametrize("number", [0, -1, 10**18, 10**400, 1.5, "7", None, True, [7]], ids=str)
@pytest.mark.parametrize(
    ("name", "path"), [("github-merged", ("number",)), ("gitlab-merged", ("object_attributes", "iid"))]
)
def test_a_number_that_none_can_have_is_refused(name: str, path: tuple[str, ...], number: object) -> None:
    assert isinstance(heard(name, altered(name, *path, to=number)), Shapeless)


@pytest.mark.parametrize("value", [None, 7, [], {}, "acme/shop", True], ids=str)
@pytest.mark.parametrize("name", ["github-push", "github-merged", "gitea-delete"])
def test_a_project_of_another_shape_is_refused(name: str, value: object) -> None:
    assert isinstance(heard(name, altered(name, "repository", to=value)), Shapeless)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b"7",
        b'"text"',
        b"\xff\xfe",
        b'{"ref": "\xff"}',
        b'{"ref": "\\ud800", "after": "1", "repository": {"full_name": "x"}}',
        b"payload=%7B%7D",
        b"[" * 200_000,
        b'{"x":' * 200_000,
        b'{"repository": ' + b"[" * 200_000 + b"]" * 200_000 + b"}",
        b'{"x": ' + b"[" * 200_000 + b"]" * 200_000 + b"}",
        b'{"x": ' + b"9" * 500_000 + b"}",
    ],
    ids=lambda body: repr(body[:20]),
)
def test_what_is_no_such_json_is_refused(body: bytes) -> None:
    assert isinstance(heard("github-push", body), Shapeless)


def test_of_a_key_that_is_there_twice_the_last_counts() -> None:
    twice = b'"ref": "refs/heads/a", "ref": "refs/heads/b"'
    body = b"{%b, %b}" % (twice, b'"after": "1", "repository": {"full_name": "acme/shop"}')
    assert heard("github-push", body) == (LookNow(project=SHOP, branch="b"),)


FIELDS = ("action", "number", "pull_request", "repository", "ref", "after", "object_attributes", "project")
TEXT = st.text("a/-.\x00\ud800", max_size=8) | st.sampled_from(["closed", "refs/heads/a", "branch"])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(FIELDS), inner, max_size=3),
    max_leaves=6,
)
EVENTS: list[tuple[ForgeKind, str, str]] = [
    ("github", "x-github-event", "pull_request"),
    ("gitea", "x-gitea-event", "delete"),
    ("gitlab", "x-gitlab-event", "Merge Request Hook"),
    ("gitlab", "x-gitlab-event", "Push Hook"),
]


@settings(max_examples=60, deadline=None)
@given(event=st.sampled_from(EVENTS), document=st.dictionaries(st.sampled_from(FIELDS), JSON))
def test_whatever_is_sent_is_understood_or_refused(
    event: tuple[ForgeKind, str, str], document: dict[str, object]
) -> None:
    kind, header, name = event
    deeds = deeds_of(kind, {header: name}, json.dumps(document).encode())
    sound = () if isinstance(deeds, Shapeless) else deeds
    assert [broken_branch_rule(deed.branch) for deed in sound] == [None] * len(sound)
