"""What forges say of queued commits, in each one's dialect, over real HTTP."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from mergetui.adapters.forge_reading import ForgeReading, fetching
from mergetui.checks import Answer, CheckView, Pass, Refuses, Waits
from mergetui.checks.forge import Approved, AtForge, ForgeReader, RequiredStatus, StatusWord
from mergetui.integrations import ForgeKind
from tests.rules.test_checks import seen
from tests.worlds.forge_pages import TOKEN, ForgePages

HEAD, OLD = "a" * 40, "b" * 40
API: Mapping[ForgeKind, str] = {
    "github": "/repos/acme/shop",
    "gitea": "/api/v1/repos/acme/shop",
    "forgejo": "/api/v1/repos/acme/shop",
    "gitlab": "/api/v4/projects/acme%2Fshop",
}
KINDS: tuple[ForgeKind, ...] = ("github", "gitea", "forgejo", "gitlab")
Open = Callable[[ForgeKind], ForgePages]


@pytest.fixture
def open_forge(monkeypatch: pytest.MonkeyPatch) -> Iterator[Open]:
    monkeypatch.setenv("FORGE_TOKEN", TOKEN)
    forges: list[ForgePages] = []

    def make(kind: ForgeKind) -> ForgePages:
        forges.append(ForgePages(kind))
        return forges[-1]

    yield make
    for forge in forges:
        forge.close()


def reading(forge: ForgePages) -> ForgeReading:
    return ForgeReading(forge.table(), "acme/shop", fetching(forge.table()))


def put_statuses(forge: ForgePages, states: list[tuple[str, str]]) -> None:
    """As that forge tells statuses, latest of each context."""
    api, key = API[forge.kind], "state" if forge.kind == "github" else "status"
    if forge.kind == "gitlab":
        rows = [{"name": name, "status": state, "id": 1} for name, state in states]
        forge.pages[f"{api}/repository/commits/{HEAD}/statuses"] = rows
    else:
        rows = [{"context": name, key: state, "id": 1} for name, state in states]
        forge.pages[f"{api}/commits/{HEAD}/status"] = {"state": "pending", "sha": HEAD, "statuses": rows}
        forge.pages[f"{api}/commits/{HEAD}/check-runs"] = {"total_count": 0, "check_runs": []}


def put_request(
    forge: ForgePages, reviews: list[dict[str, Any]], *, head: str = HEAD, to: str = "main"
) -> None:
    """The open request 7 of the branch `a`, and what was said of it."""
    api = API[forge.kind]
    if forge.kind == "gitlab":
        row = {"iid": 7, "sha": head, "source_branch": "a", "target_branch": to}
        forge.pages[f"{api}/merge_requests"] = [row]
        people = [{"user": {"username": review["user"]["login"]}} for review in reviews]
        forge.pages[f"{api}/merge_requests/7/approvals"] = {"approved": True, "approved_by": people}
    else:
        request = {"number": 7, "head": {"ref": "a", "sha": head}, "base": {"ref": to, "sha": OLD}}
        forge.pages[f"{api}/pulls"] = [request]
        forge.pages[f"{api}/pulls/7"] = request
        forge.pages[f"{api}/pulls/7/reviews"] = reviews


def review(by: str, state: str = "APPROVED", commit: str = HEAD, **more: Any) -> dict[str, Any]:
    known = {"author_association": "MEMBER", "official": True, "stale": False, "dismissed": False}
    return {"user": {"login": by}, "state": state, "commit_id": commit, **known, **more}


@pytest.mark.parametrize("kind", KINDS)
def test_statuses_are_read_in_the_dialect_of_the_forge(open_forge: Open, kind: ForgeKind) -> None:
    forge, failed = open_forge(kind), "failed" if kind == "gitlab" else "failure"
    put_statuses(forge, [("ci/build", "success"), ("ci/lint", failed), ("ci/slow", "pending")])
    assert reading(forge).statuses(HEAD) == {
        "ci/build": "success",
        "ci/lint": "failure",
        "ci/slow": "pending",
    }


@pytest.mark.parametrize("kind", KINDS)
def test_every_page_is_read(open_forge: Open, kind: ForgeKind) -> None:
    forge = open_forge(kind)
    forge.most = 50 if kind in ("github", "gitlab") else 30
    put_statuses(forge, [(f"ci/{number}", "success") for number in range(123)])
    assert len(reading(forge).statuses(HEAD)) == 123


@pytest.mark.parametrize(
    ("status", "conclusion", "word"),
    [
        ("completed", "success", "success"),
        ("completed", "skipped", "success"),
        ("completed", "failure", "failure"),
        ("completed", "timed_out", "failure"),
        ("in_progress", None, "pending"),
        ("queued", None, "pending"),
    ],
)
def test_check_runs_of_github_are_statuses_too(
    open_forge: Open, status: str, conclusion: str | None, word: StatusWord
) -> None:
    forge = open_forge("github")
    put_statuses(forge, [])
    run = {"name": "build", "status": status, "conclusion": conclusion}
    forge.pages[f"{API['github']}/commits/{HEAD}/check-runs"] = {"total_count": 1, "check_runs": [run]}
    assert reading(forge).statuses(HEAD) == {"build": word}


def test_of_several_of_one_name_the_worst_counts(open_forge: Open) -> None:
    forge = open_forge("gitlab")
    put_statuses(forge, [("build", "success"), ("build", "failed"), ("build", "running")])
    assert reading(forge).statuses(HEAD) == {"build": "failure"}


@pytest.mark.parametrize("kind", KINDS)
def test_approvals_of_the_open_request_are_read(open_forge: Open, kind: ForgeKind) -> None:
    forge = open_forge(kind)
    put_request(forge, [review("ada"), review("bob"), review("ada")])
    assert reading(forge).approvals("a", HEAD, target="main") == ("ada", "bob")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("request_", [{"head": OLD}, {"to": "other"}], ids=["other commit", "other target"])
def test_a_request_of_something_else_is_none(
    open_forge: Open, kind: ForgeKind, request_: dict[str, str]
) -> None:
    forge = open_forge(kind)
    put_request(forge, [review("ada")], **request_)
    assert reading(forge).approvals("a", HEAD, target="main") is None


@pytest.mark.parametrize("kind", KINDS)
def test_a_request_that_is_queued_by_its_number_is_found(open_forge: Open, kind: ForgeKind) -> None:
    forge = open_forge(kind)
    put_request(forge, [review("ada")])
    ref = "refs/merge-requests/7/head" if kind == "gitlab" else "refs/pull/7/head"
    assert reading(forge).approvals(ref, HEAD, target="main") == ("ada",)


@pytest.mark.parametrize("kind", ["github", "gitea", "forgejo"])
@pytest.mark.parametrize(
    "reviews",
    [
        [review("ada", commit=OLD)],
        [review("ada"), review("ada", "CHANGES_REQUESTED")],
        [review("ada", "COMMENTED")],
        [review("eve", author_association="NONE", official=False)],
        [review("ada", "DISMISSED")],
    ],
    ids=["of an older head", "taken back", "a comment", "anybody's", "dismissed"],
)
def test_what_is_no_approval_does_not_count(
    open_forge: Open, kind: ForgeKind, reviews: list[dict[str, Any]]
) -> None:
    forge = open_forge(kind)
    put_request(forge, reviews)
    assert reading(forge).approvals("a", HEAD, target="main") == ()


@pytest.mark.parametrize("kind", ["gitea", "forgejo"])
@pytest.mark.parametrize("more", [{"stale": True}, {"dismissed": True}])
def test_an_approval_that_gitea_took_back_does_not_count(
    open_forge: Open, kind: ForgeKind, more: dict[str, Any]
) -> None:
    forge = open_forge(kind)
    put_request(forge, [review("ada", **more)])
    assert reading(forge).approvals("a", HEAD, target="main") == ()


def test_a_comment_takes_no_approval_back(open_forge: Open) -> None:
    forge = open_forge("github")
    put_request(forge, [review("ada"), review("ada", "COMMENTED")])
    assert reading(forge).approvals("a", HEAD, target="main") == ("ada",)


@pytest.mark.parametrize(
    ("page", "told"),
    [
        (500, "hub answers 500"),
        (404, "hub answers 404"),
        (302, "hub answers 302"),
        ({"statuses": 3}, "Expected"),
        ("<html>Please sign in</html>", "malformed"),
        ({"statuses": [{"context": "x" * 6_000_000, "state": "success"}]}, "more than 5,000,000 bytes"),
    ],
    ids=["broken", "nothing there", "elsewhere", "another answer", "a page", "too much"],
)
def test_what_is_no_answer_is_raised(open_forge: Open, page: object, told: str) -> None:
    forge = open_forge("gitea")
    forge.pages[f"{API['gitea']}/commits/{HEAD}/status"] = page
    with pytest.raises((OSError, ValueError), match=told):
        reading(forge).statuses(HEAD)


def test_a_forge_that_is_not_there_is_raised_without_its_token(open_forge: Open) -> None:
    forge = open_forge("github")
    forge.close()
    with pytest.raises(OSError, match="hub cannot be read") as raised:
        reading(forge).statuses(HEAD)
    assert TOKEN not in str(raised.value)


def test_a_token_that_cannot_be_sent_is_not_told(open_forge: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    forge = open_forge("github")
    monkeypatch.setenv("FORGE_TOKEN", "two\nlines")
    with pytest.raises(OSError, match="the token of hub has white space") as raised:
        reading(forge).statuses(HEAD)
    assert "lines" not in str(raised.value)


def test_the_token_does_not_follow_a_redirect(open_forge: Open) -> None:
    forge = open_forge("github")
    forge.pages[f"{API['github']}/commits/{HEAD}/status"] = 301
    with pytest.raises(OSError, match="hub answers 301"):
        reading(forge).statuses(HEAD)
    assert not [path for path in forge.asked if "elsewhere" in path]


class Known:
    """A forge as a check sees it."""

    def __init__(self, states: Mapping[str, StatusWord], people: tuple[str, ...] | None) -> None:
        self._states = states
        self._people = people

    def statuses(self, commit: str) -> Mapping[str, StatusWord]:
        return self._states if commit == "a.1" else {}

    def approvals(self, branch: str, head: str, *, target: str) -> tuple[str, ...] | None:
        return self._people if (branch, head, target) == ("a", "a.1", "main") else None


BOTH = RequiredStatus(contexts=("build", "lint"))
STACK = seen(branches=("a", "b"), heads=("a.1", "b.1"))


@pytest.mark.parametrize(
    ("states", "view", "answer"),
    [
        ({"build": "success", "lint": "success", "other": "failure"}, seen(), Pass()),
        ({"build": "success"}, seen(), Waits("lint has said nothing of a.1")),
        ({"build": "pending", "lint": "success"}, seen(), Waits("build is not done with a.1")),
        ({"build": "pending", "lint": "failure"}, seen(), Refuses("lint failed on a.1")),
        ({"build": "success", "lint": "success"}, STACK, Waits("build has said nothing of b.1")),
    ],
)
def test_every_context_has_to_be_green_on_every_head(
    states: Mapping[str, StatusWord], view: CheckView, answer: Answer
) -> None:
    assert at(Known(states, None), BOTH).ask(view) == answer


@pytest.mark.parametrize(
    ("people", "view", "answer"),
    [
        (("ada", "bob"), seen(), Pass()),
        (("ada",), seen(), Waits("a has 1 of 2 approvals at a.1")),
        (None, seen(), Waits("there is no open request of a at a.1")),
        (("ada", "bob"), STACK, Waits("there is no open request of b at b.1")),
    ],
)
def test_every_branch_has_to_be_approved(
    people: tuple[str, ...] | None, view: CheckView, answer: Answer
) -> None:
    assert at(Known({}, people), Approved(count=2)).ask(view) == answer


def at(forge: ForgeReader, check: RequiredStatus | Approved) -> AtForge:
    return AtForge(check=check, forge=forge)
