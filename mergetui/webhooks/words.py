"""What a delivery means: pure, (kind of forge, headers, body) -> deeds."""

from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import TypeAlias

from mergetui.integrations import ForgeKind
from mergetui.naming import broken_branch_rule
from mergetui.webhooks import github, gitlab
from mergetui.webhooks.deeds import Deed, LookNow, Shapeless

Headers: TypeAlias = Mapping[str, str]
"""By their names in small letters."""
Reader: TypeAlias = Callable[[bytes], tuple[Deed, ...] | Shapeless]

_LIKE_GITHUB: Mapping[str, Reader] = {
    "pull_request": github.pull_request,
    "push": github.push,
    "delete": github.delete,
}
_READERS: Mapping[ForgeKind, Mapping[str, Reader]] = {
    "github": _LIKE_GITHUB,
    "gitea": _LIKE_GITHUB,
    "forgejo": _LIKE_GITHUB,
    "gitlab": {"Merge Request Hook": gitlab.merge_request, "Push Hook": gitlab.push},
}
_EVENTS: Mapping[ForgeKind, tuple[str, ...]] = {
    "github": ("x-github-event",),
    "gitea": ("x-gitea-event",),
    "forgejo": ("x-forgejo-event", "x-gitea-event"),
    "gitlab": ("x-gitlab-event",),
}
_IDS: Mapping[ForgeKind, tuple[str, ...]] = {
    "github": ("x-github-delivery",),
    "gitea": ("x-gitea-delivery",),
    "forgejo": ("x-forgejo-delivery", "x-gitea-delivery"),
    # The event's own id is shared by all that one action of a person sets off.
    "gitlab": ("webhook-id", "idempotency-key", "x-gitlab-event-uuid"),
}


def event_of(kind: ForgeKind, headers: Headers) -> str:
    """What the forge calls the event; empty when it does not say."""
    return _first(headers, _EVENTS[kind])


def delivery_id(kind: ForgeKind, headers: Headers, body: bytes) -> str:
    """The same for the same delivery, however often it is sent; the body's digest when none is said."""
    return _first(headers, _IDS[kind]) or f"sha256-{sha256(body).hexdigest()}"


def deeds_of(kind: ForgeKind, headers: Headers, body: bytes) -> tuple[Deed, ...] | Shapeless:
    """What follows from a delivery that is believed; nothing from an event that is not known.

    No deed has a name of a branch that could not be queued.
    """
    reader = _READERS[kind].get(event_of(kind, headers))
    if reader is None:
        return ()
    deeds = reader(body)
    return deeds if isinstance(deeds, Shapeless) else tuple(deed for deed in deeds if _is_sound(deed))


def _is_sound(deed: Deed) -> bool:
    target = None if isinstance(deed, LookNow) else deed.target
    names = (deed.branch,) if target is None else (deed.branch, target)
    return all(broken_branch_rule(name) is None for name in names)


def _first(headers: Headers, names: tuple[str, ...]) -> str:
    return next((headers[name] for name in names if headers.get(name)), "")
