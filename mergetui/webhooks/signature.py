"""Whether a delivery is the forge's: by its secret, over the raw body, before anything of it is read."""

import hashlib
import hmac

from mergetui.integrations import ForgeKind
from mergetui.webhooks.words import Headers


def is_believed(kind: ForgeKind, secret: str | None, headers: Headers, body: bytes) -> bool:
    """A forge without a secret is never believed; all comparisons take the same time, however wrong."""
    if not secret:
        return False
    match kind:
        case "github":
            return _is(headers.get("x-hub-signature-256"), f"sha256={_digest(secret, body)}")
        case "gitea":
            return _is(headers.get("x-gitea-signature"), _digest(secret, body))
        case "forgejo":
            said = headers.get("x-forgejo-signature", headers.get("x-gitea-signature"))
            return _is(said, _digest(secret, body))
        case "gitlab":
            # A signature that is there is what counts: the token beside it must not vouch for another body.
            if "webhook-signature" in headers:
                return _is_signed(secret, headers, body)
            return _is(headers.get("x-gitlab-token"), secret)


def _digest(secret: str, body: bytes) -> str:
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def _is(said: str | None, expected: str) -> bool:
    return hmac.compare_digest((said or "").encode(errors="replace"), expected.encode())


def _is_signed(secret: str, headers: Headers, body: bytes) -> bool:
    """By the rules of Standard Webhooks, which also bound the age: five minutes."""
    from standardwebhooks.webhooks import EmptyWebhookSecretError, Webhook, WebhookVerificationError

    try:
        Webhook(secret).verify(body, dict(headers), json_parse=False)
    except (WebhookVerificationError, EmptyWebhookSecretError, ValueError):
        return False
    return True
