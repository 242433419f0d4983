"""How a status is put for each kind of forge, and what an answer means."""

from collections.abc import Mapping
from types import MappingProxyType

import pytest

from mergetui.dialects import (
    Answer,
    Later,
    NoAnswer,
    Reception,
    Refused,
    Sent,
    api_of,
    call_of,
    is_same_place,
    reception_of,
)
from mergetui.integrations import Forge, ForgeKind
from mergetui.statuses import Status, StatusState
from tests.rules.build import NOW

COMMIT = "0123456789abcdef0123456789abcdef01234567"
HUB = Forge(name="hub", kind="github")
LAB = Forge(name="lab", kind="gitlab")
NO_HEADERS: Mapping[str, str] = MappingProxyType({})


def status(state: StatusState = "success", description: str = "landed") -> Status:
    return Status(repo="shop", branch="feat/a b", commit=COMMIT, state=state, description=description, at=NOW)


def received(
    code: int, headers: Mapping[str, str] = NO_HEADERS, *, forge: Forge = HUB, words: str = ""
) -> Reception:
    return reception_of(forge, Answer(code=code, headers=headers, words=words), now=NOW)


@pytest.mark.parametrize(
    ("kind", "api", "expected"),
    [
        ("github", None, "https://api.github.com"),
        ("github", "https://ghe.example.org/api/v3/", "https://ghe.example.org/api/v3"),
        ("gitea", "https://git.example.org", "https://git.example.org/api/v1"),
        ("forgejo", "https://git.example.org/api/v1/", "https://git.example.org/api/v1"),
        ("gitlab", None, "https://gitlab.com/api/v4"),
        ("gitlab", "https://example.org/gitlab", "https://example.org/gitlab/api/v4"),
    ],
)
def test_the_version_may_stand_in_the_address_or_not(kind: ForgeKind, api: str | None, expected: str) -> None:
    assert api_of(Forge(name="hub", kind=kind, api=api)) == expected


def test_a_gitlab_project_is_one_part_of_the_path() -> None:
    url = call_of(LAB, "acme/tools/shop", status()).url
    assert url == f"https://gitlab.com/api/v4/projects/acme%2Ftools%2Fshop/statuses/{COMMIT}"


@pytest.mark.parametrize(
    ("kind", "states"),
    [
        ("github", "pending pending success failure error error"),
        ("gitea", "pending pending success failure error error"),
        ("gitlab", "pending running success failed failed canceled"),
    ],
)
def test_every_state_has_a_word_of_the_forge(kind: ForgeKind, states: str) -> None:
    forge = Forge(name="hub", kind=kind, api="https://git.example.org")
    known: tuple[StatusState, ...] = ("pending", "running", "success", "failure", "error", "dequeued")
    assert [call_of(forge, "acme/shop", status(state)).body["state"] for state in known] == states.split()


@pytest.mark.parametrize(("forge", "most"), [(HUB, 140), (LAB, 255)])
def test_a_description_is_cut_to_what_the_forge_takes(forge: Forge, most: int) -> None:
    told = call_of(forge, "acme/shop", status(description="x" * 999)).body["description"]
    assert told == "x" * (most - 1) + "…"


def test_a_link_has_what_it_is_about_put_in() -> None:
    hub = Forge(name="hub", kind="github", link="https://gate.example.org/{repo}/{branch}?at={commit}")
    told = call_of(hub, "acme/shop", status()).body["target_url"]
    assert told == f"https://gate.example.org/shop/feat%2Fa%20b?at={COMMIT}"


def test_without_a_link_none_is_sent() -> None:
    assert "target_url" not in call_of(HUB, "acme/shop", status()).body


@pytest.mark.parametrize("code", [200, 201])
def test_it_has_been_taken(code: int) -> None:
    assert received(code) == Sent()


@pytest.mark.parametrize("code", [400, 401, 403, 404, 422])
def test_a_no_is_final(code: int) -> None:
    assert isinstance(received(code, words="because"), Refused)


@pytest.mark.parametrize("code", [404, 422])
def test_a_no_may_mean_that_the_commit_is_not_there(code: int) -> None:
    assert received(code) == Refused(f"it answers {code}", is_unknown=True)


@pytest.mark.parametrize("code", [408, 429, 500, 502, 503])
def test_what_passes_is_tried_again(code: int) -> None:
    assert received(code) == Later(f"it answers {code}")


def test_no_answer_is_tried_again() -> None:
    assert reception_of(HUB, NoAnswer("it is silent"), now=NOW) == Later("it is silent")


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "Thu, 01 Jan 2026 00:01:30 GMT"}, 90.0),
        ({"retry-after": "Wed, 31 Dec 2025 00:00:00 GMT"}, 0.0),
        ({"retry-after": "99999999"}, 3600.0),
        ({"retry-after": "soon"}, None),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(int(NOW.timestamp()) + 60)}, 60.0),
        ({"x-ratelimit-remaining": "9", "x-ratelimit-reset": str(int(NOW.timestamp()) + 60)}, None),
    ],
)
def test_a_forge_is_left_alone_as_long_as_it_says(headers: Mapping[str, str], seconds: float | None) -> None:
    assert received(429, headers) == Later("it answers 429", seconds)


def test_a_403_with_a_time_is_no_refusal() -> None:
    assert received(403, {"retry-after": "60"}) == Later("it answers 403", 60.0)


def test_a_state_that_gitlab_is_in_already_needs_no_second_try() -> None:
    words = '{"message":"Cannot transition status via :run from :running"}'
    assert received(400, forge=LAB, words=words) == Sent()


@pytest.mark.parametrize(
    ("url", "is_same"),
    [
        ("https://api.github.com:443/x", True),
        ("http://api.github.com/x", False),
        ("https://api.github.com.evil.example/x", False),
        ("https://api.github.com:8443/x", False),
    ],
)
def test_a_token_is_for_one_scheme_host_and_port(url: str, is_same: bool) -> None:
    assert is_same_place("https://api.github.com/repos", url) is is_same
