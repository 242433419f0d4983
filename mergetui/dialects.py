"""How each kind of forge is told a status, and what its answers mean."""

from collections.abc import Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import TypeAlias
from urllib.parse import quote, urlsplit

from msgspec import Struct

from mergetui.integrations import Forge, ForgeKind
from mergetui.model import Instant
from mergetui.statuses import CONTEXT, Status, StatusState


class Call(Struct, frozen=True, kw_only=True):
    """A POST of `body` as JSON; whose token it carries is added where it is sent."""

    url: str
    body: Mapping[str, str]


class Answer(Struct, frozen=True, kw_only=True):
    """What the forge said."""

    code: int
    headers: Mapping[str, str]
    """By name, in small letters."""
    words: str = ""
    """The beginning of the body."""


class NoAnswer(Struct, frozen=True):
    """It was not reached, or broke off before it had said anything."""

    why: str


class Sent(Struct, frozen=True):
    """The forge has it."""


class Later(Struct, frozen=True):
    """Nothing is wrong with the status: it is tried again, not before `after` seconds."""

    why: str
    after: float | None = None
    """None: the forge did not say."""


class Refused(Struct, frozen=True):
    """No second try would help."""

    why: str
    is_unknown: bool = False
    """It may be but the commit that the forge does not have."""


Reception: TypeAlias = Sent | Later | Refused

LONGEST_WAIT = 3_600.0
"""Seconds that a forge can ask us to wait; then it is asked again."""

_API: Mapping[ForgeKind, str] = {"github": "https://api.github.com", "gitlab": "https://gitlab.com"}
_VERSION: Mapping[ForgeKind, str] = {
    "github": "",
    "gitea": "/api/v1",
    "forgejo": "/api/v1",
    "gitlab": "/api/v4",
}
_LONGEST: Mapping[ForgeKind, int] = {"github": 140, "gitea": 255, "forgejo": 255, "gitlab": 255}
"""Characters of a description: GitHub's and GitLab's limits; Gitea names none."""
_PROBE: Mapping[ForgeKind, str] = {
    "github": "/rate_limit",
    "gitea": "/version",
    "forgejo": "/version",
    "gitlab": "/version",
}
_GITHUB: Mapping[StatusState, str] = {"running": "pending", "dequeued": "error"}
_GITLAB: Mapping[StatusState, str] = {"failure": "failed", "error": "failed", "dequeued": "canceled"}
_UNKNOWN = frozenset({404, 422})
"""What forges say of a commit that they do not have."""
_PASSING = frozenset({408, 425, 429})
"""Of the codes below 500 those that say nothing about the request itself (RFC 9110, 6585, 8470)."""


def api_of(forge: Forge) -> str:
    """Where its API begins, version included, without a slash at the end."""
    address = (forge.api or _API[forge.kind]).rstrip("/")
    version = _VERSION[forge.kind]
    return address if address.endswith(version) else address + version


def probe_of(forge: Forge) -> str:
    """An address that costs the forge nothing, and wants a token that holds."""
    return api_of(forge) + _PROBE[forge.kind]


def authorization(kind: ForgeKind, token: str) -> Mapping[str, str]:
    match kind:
        case "github":
            return {"Authorization": f"Bearer {token}"}
        case "gitea" | "forgejo":
            return {"Authorization": f"token {token}"}
        case "gitlab":
            return {"PRIVATE-TOKEN": token}


def call_of(forge: Forge, project: str, status: Status) -> Call:
    """`project` as the forge calls it: `acme/shop`, or a number with GitLab."""
    said = {"description": cut(status.description, _LONGEST[forge.kind])}
    if link := link_of(forge, status):
        said["target_url"] = link
    if forge.kind == "gitlab":
        place = f"projects/{quote(project, safe='')}"
        said |= {"state": _GITLAB.get(status.state, status.state), "name": CONTEXT}
    else:
        place = f"repos/{quote(project)}"
        said |= {"state": _GITHUB.get(status.state, status.state), "context": CONTEXT}
    return Call(url=f"{api_of(forge)}/{place}/statuses/{status.commit}", body=said)


def link_of(forge: Forge, status: Status) -> str | None:
    """Where the status leads to, with what it is about put in."""
    link = forge.link
    for name in ("repo", "branch", "commit") if link else ():
        link = (link or "").replace(f"{{{name}}}", quote(getattr(status, name), safe=""))
    return link


def cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1].rstrip()}…"


def reception_of(forge: Forge, answer: Answer | NoAnswer, *, now: Instant) -> Reception:
    if isinstance(answer, NoAnswer):
        return Later(answer.why)
    if 200 <= answer.code < 300:
        return Sent()
    after = wait_of(answer, now=now)
    if answer.code in _PASSING or answer.code >= 500 or (answer.code == 403 and after is not None):
        return Later(f"it answers {answer.code}", after)
    if forge.kind == "gitlab" and answer.code == 400 and "Cannot transition status" in answer.words:
        # A state cannot be entered twice there, nor left for an earlier one: what it shows is near enough.
        return Sent()
    why = f"it answers {answer.code}" + (f": {answer.words}" if answer.words else "")
    return Refused(why, is_unknown=answer.code in _UNKNOWN)


def wait_of(answer: Answer, *, now: Instant) -> float | None:
    """Seconds that the forge wants to be left alone for; None when it does not say."""
    said = answer.headers.get("retry-after", "").strip()
    if said.isdecimal():
        return _bounded(float(said[:9]))
    if said:
        return _until(said, now)
    reset = answer.headers.get("x-ratelimit-reset", "").strip()
    if answer.headers.get("x-ratelimit-remaining", "").strip() == "0" and reset.isdecimal():
        return _bounded(float(reset[:12]) - now.timestamp())
    return None


def is_same_place(url: str, other: str) -> bool:
    """Whether both are of one scheme, host and port: a token for one is for the other."""
    return _origin(url) == _origin(other)


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    usual = {"http": 80, "https": 443}.get(parts.scheme)
    return parts.scheme, parts.hostname, parts.port or usual


def _until(date: str, now: Instant) -> float | None:
    try:
        then = parsedate_to_datetime(date)
    except ValueError:
        return None
    return _bounded((then.replace(tzinfo=then.tzinfo or UTC) - now).total_seconds())


def _bounded(seconds: float) -> float:
    return min(max(seconds, 0.0), LONGEST_WAIT)
