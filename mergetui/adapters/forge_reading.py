"""Reading statuses and approvals from a forge, in its dialect."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, TypeVar
from urllib.parse import quote, urlencode

import msgspec
from msgspec import Struct

from mergetui.adapters.credentials import read_credential
from mergetui.checks.forge import StatusWord
from mergetui.dialects import api_of, authorization
from mergetui.integrations import Forge
from mergetui.model import Branch, Oid
from mergetui.version import __version__

T = TypeVar("T")

Fetch = Callable[[str], bytes]
"""The body of what a URL answers with success; OSError for anything else."""

_PATIENCE = 5.0
_LARGEST = 5_000_000
"""Bytes of an answer."""
_PAGE = 50
_MOST_PAGES = 20
_TOKEN = re.compile(r"[!-~]+")
_WORST: tuple[StatusWord, ...] = ("failure", "pending", "success")


class _Status(Struct):
    context: str
    state: str | None = None
    status: str | None = None
    """What Gitea calls it."""


class _Combined(Struct):
    statuses: list[_Status] | None = None


class _Run(Struct):
    name: str
    status: str
    conclusion: str | None = None


class _Runs(Struct):
    check_runs: list[_Run]


class _Job(Struct):
    name: str
    status: str


class _Person(Struct):
    login: str = ""
    username: str = ""


class _End(Struct):
    sha: str
    ref: str = ""


class _Request(Struct):
    number: int
    head: _End
    base: _End


class _Review(Struct):
    state: str
    user: _Person | None = None
    commit_id: str | None = None
    author_association: str = ""
    official: bool = False
    stale: bool = False
    dismissed: bool = False


class _MergeRequest(Struct):
    iid: int
    sha: str | None
    source_branch: str
    target_branch: str


class _ApprovedBy(Struct):
    user: _Person


class _Approvals(Struct):
    approved_by: list[_ApprovedBy]


class ForgeReading:
    """The `ForgeReader` of a project. `fetch` may be called from several threads."""

    def __init__(self, forge: Forge, project: str, fetch: Fetch) -> None:
        self._kind = forge.kind
        self._fetch = fetch
        group = "projects" if forge.kind == "gitlab" else "repos"
        self._owner = project.partition("/")[0]
        name = quote(project, safe="") if forge.kind == "gitlab" else quote(project)
        self._api = f"{api_of(forge)}/{group}/{name}"

    def statuses(self, commit: Oid) -> Mapping[str, StatusWord]:
        match self._kind:
            case "github":
                return _worst((*self._combined(commit), *self._runs(commit)))
            case "gitea" | "forgejo":
                return _worst(self._combined(commit))
            case "gitlab":
                jobs = self._pages(f"/repository/commits/{commit}/statuses", list[_Job], lambda page: page)
                return _worst((job.name, _word(job.status)) for job in jobs)

    def approvals(self, branch: Branch, head: Oid, *, target: Branch) -> tuple[str, ...] | None:
        if self._kind == "gitlab":
            return self._merge_request_approvals(branch, head, target)
        number = self._request(branch, head, target)
        if number is None:
            return None
        reviews = self._pages(f"/pulls/{number}/reviews", list[_Review], lambda page: page)
        latest = {review.user.login: review for review in reviews if review.user and _counts(review)}
        return tuple(sorted(name for name, review in latest.items() if self._approves(review, head)))

    def _combined(self, commit: Oid) -> Iterator[tuple[str, StatusWord]]:
        told = self._pages(f"/commits/{commit}/status", _Combined, lambda page: page.statuses or [])
        return ((status.context, _word(status.state or status.status or "")) for status in told)

    def _runs(self, commit: Oid) -> Iterator[tuple[str, StatusWord]]:
        runs = self._pages(f"/commits/{commit}/check-runs", _Runs, lambda page: page.check_runs)
        return ((run.name, _word_of_run(run)) for run in runs)

    def _request(self, branch: Branch, head: Oid, target: Branch) -> int | None:
        """The number of the open request of that branch, which stands at `head`."""
        if found := re.fullmatch(r"refs/pull/(\d+)/head", branch):
            request = msgspec.json.decode(self._get(f"/pulls/{found[1]}", {}), type=_Request)
            return request.number if _is_at(request, head, target) else None
        told = {"state": "open"}
        if self._kind == "github":
            told |= {"head": f"{self._owner}:{branch}", "base": target}
        requests = self._pages("/pulls", list[_Request], lambda page: page, **told)
        return next((r.number for r in requests if r.head.ref == branch and _is_at(r, head, target)), None)

    def _merge_request_approvals(self, branch: Branch, head: Oid, target: Branch) -> tuple[str, ...] | None:
        found = re.fullmatch(r"refs/merge-requests/(\d+)/head", branch)
        told = {"iids[]": found[1]} if found else {"source_branch": branch}
        told |= {"state": "opened"}
        requests = self._pages("/merge_requests", list[_MergeRequest], lambda page: page, **told)
        number = next((r.iid for r in requests if r.sha == head and r.target_branch == target), None)
        if number is None:
            return None
        said = msgspec.json.decode(self._get(f"/merge_requests/{number}/approvals", {}), type=_Approvals)
        return tuple(sorted({by.user.username for by in said.approved_by}))

    def _approves(self, review: _Review, head: Oid) -> bool:
        if review.state != "APPROVED" or review.commit_id != head:
            return False
        if self._kind == "github":
            # Anybody may review what is public.
            return review.author_association in ("OWNER", "MEMBER", "COLLABORATOR")
        return review.official and not (review.stale or review.dismissed)

    def _pages(self, path: str, kind: Any, rows: Callable[[Any], list[T]], **query: str) -> list[T]:
        found, before = list[T](), list[T]()
        size = "limit" if self._kind in ("gitea", "forgejo") else "per_page"
        for number in range(1, _MOST_PAGES + 1):
            said = {**query, size: str(_PAGE), "page": str(number)}
            page = rows(msgspec.json.decode(self._get(path, said), type=kind))
            # Gitea may have smaller pages than it is asked for, and one page of some things.
            if not page or page == before:
                return found
            found += page
            if len(page) < _PAGE and size == "per_page":
                return found
            before = page
        raise OSError(f"{self._api}{path} has more than {_MOST_PAGES * _PAGE} rows")

    def _get(self, path: str, query: Mapping[str, str]) -> bytes:
        return self._fetch(f"{self._api}{path}" + (f"?{urlencode(query)}" if query else ""))


def _is_at(request: _Request, head: Oid, target: Branch) -> bool:
    return request.head.sha == head and request.base.ref == target


def _counts(review: _Review) -> bool:
    """A comment takes nothing back."""
    return review.state not in ("COMMENTED", "COMMENT", "PENDING", "REQUEST_REVIEW")


def _word(said: str) -> StatusWord:
    match said.lower():
        case "success":
            return "success"
        case "failure" | "failed" | "error" | "canceled" | "cancelled" | "timed_out":
            return "failure"
        case "warning" | "action_required" | "stale" | "startup_failure":
            return "failure"
        case _:
            return "pending"


def _word_of_run(run: _Run) -> StatusWord:
    """What was skipped is not missing, as GitHub has it."""
    return "success" if run.conclusion in ("neutral", "skipped") else _word(run.conclusion or run.status)


def _worst(told: Iterable[tuple[str, StatusWord]]) -> Mapping[str, StatusWord]:
    found: dict[str, StatusWord] = {}
    for context, word in told:
        found[context] = min(found.get(context, word), word, key=_WORST.index)
    return found


def fetching(forge: Forge) -> Fetch:
    """Over HTTP, with the forge's token; it goes nowhere else, for no redirect is followed."""
    import httpx2

    def fetch(url: str) -> bytes:
        token = read_credential(variable=forge.token_env, file=forge.token_file)
        if token is not None and not _TOKEN.fullmatch(token):
            raise OSError(f"the token of {forge.name} has white space or unusual characters in it")
        headers = {"User-Agent": f"mergetui/{__version__}", "Accept": "application/json"}
        headers |= authorization(forge.kind, token) if token is not None else {}
        try:
            with (
                httpx2.Client(timeout=_PATIENCE, follow_redirects=False, headers=headers) as client,
                client.stream("GET", url) as response,
            ):
                if not response.is_success:
                    raise OSError(f"{forge.name} answers {response.status_code}")
                return _body(response.iter_bytes(), forge)
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            raise OSError(f"{forge.name} cannot be read: {type(error).__name__}") from error

    return fetch


def _body(pieces: Iterable[bytes], forge: Forge) -> bytes:
    read = bytearray()
    for piece in pieces:
        read += piece
        if len(read) > _LARGEST:
            raise OSError(f"{forge.name} answers with more than {_LARGEST:,} bytes")
    return bytes(read)
