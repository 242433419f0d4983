"""Deliveries as forges send them, signed as each of them does it."""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mergetui.adapters.clock import SystemClock
from mergetui.integrations import ForgeKind

SECRET = "geheim und lang"
SIGNING_TOKEN = "whsec_" + base64.b64encode(b"thirty-two bytes of a signing key").decode()
PAYLOADS = Path(__file__).parent / "payloads"

_EVENTS = {"push": "Push Hook", "merge_request": "Merge Request Hook"}


def recorded(name: str) -> bytes:
    return (PAYLOADS / f"{name}.json").read_bytes()


def altered(name: str, *path: str, to: object) -> bytes:
    """A recorded payload with one field that is something else."""
    document: Any = json.loads(recorded(name))
    inner = document
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = to
    return json.dumps(document).encode()


def event_in(name: str) -> str:
    """What the header calls a recorded payload."""
    forge, _, what = name.partition("-")
    kind = next((kind for kind in ("push", "delete", "ping") if what.startswith(kind)), None)
    if forge == "gitlab":
        return _EVENTS[kind or "merge_request"]
    return kind or "pull_request"


def digest(body: bytes, secret: str = SECRET) -> str:
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def headers_of(
    kind: ForgeKind, event: str, body: bytes, *, delivery: str = "d-1", secret: str = SECRET
) -> dict[str, str]:
    match kind:
        case "github":
            return {
                "X-GitHub-Event": event,
                "X-GitHub-Delivery": delivery,
                "X-Hub-Signature-256": f"sha256={digest(body, secret)}",
            }
        case "gitea" | "forgejo":
            forge = kind.capitalize()
            return {
                f"X-{forge}-Event": event,
                f"X-{forge}-Delivery": delivery,
                f"X-{forge}-Signature": digest(body, secret),
            }
        case "gitlab":
            return {"X-Gitlab-Event": event, "X-Gitlab-Event-UUID": delivery, "X-Gitlab-Token": secret}


def signed_by_gitlab(
    event: str, body: bytes, *, delivery: str = "d-1", secret: str = SIGNING_TOKEN, at: float | None = None
) -> dict[str, str]:
    """GitLab's other form, by the rules of Standard Webhooks."""
    stamp = str(int(now() if at is None else at))
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signature = hmac.new(key, f"{delivery}.{stamp}.".encode() + body, hashlib.sha256).digest()
    return {
        "X-Gitlab-Event": event,
        "webhook-id": delivery,
        "webhook-timestamp": stamp,
        "webhook-signature": f"v1,{base64.b64encode(signature).decode()}",
    }


def now() -> float:
    """Seconds since 1970, as the header has them."""
    return SystemClock().now().timestamp()


def small(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}
