"""Who is believed."""

import pytest

from mergetui.integrations import ForgeKind
from mergetui.webhooks.signature import is_believed
from tests.forges.signing import SECRET, SIGNING_TOKEN, digest, headers_of, now, signed_by_gitlab, small

KINDS: tuple[ForgeKind, ...] = ("github", "gitea", "forgejo", "gitlab")
SIGNING: tuple[ForgeKind, ...] = ("github", "gitea", "forgejo")
BODY = '{"ref": "refs/heads/fünf"}'.encode()


def headers(kind: ForgeKind, **changed: str) -> dict[str, str]:
    return small(headers_of(kind, "push", BODY)) | {name.replace("_", "-"): v for name, v in changed.items()}


@pytest.mark.parametrize("kind", KINDS)
def test_what_the_forge_signed_is_believed(kind: ForgeKind) -> None:
    assert is_believed(kind, SECRET, headers(kind), BODY)


@pytest.mark.parametrize("kind", KINDS)
def test_another_secret_is_not_believed(kind: ForgeKind) -> None:
    said = small(headers_of(kind, "push", BODY, secret="another"))
    assert not is_believed(kind, SECRET, said, BODY)


@pytest.mark.parametrize("kind", SIGNING)
def test_a_body_that_was_changed_on_the_way_is_not_believed(kind: ForgeKind) -> None:
    assert not is_believed(kind, SECRET, headers(kind), BODY + b" ")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("secret", [None, ""])
def test_a_forge_without_a_secret_believes_nothing(kind: ForgeKind, secret: str | None) -> None:
    said = small(headers_of(kind, "push", BODY, secret=""))
    assert not is_believed(kind, secret, said, BODY)


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_not_signed_is_not_believed(kind: ForgeKind) -> None:
    assert not is_believed(kind, SECRET, {}, BODY)


@pytest.mark.parametrize("said", ["", "sha256=", "sha1=0", "ü" * 64, "\udcff", "sha256=" + "0" * 64])
def test_nonsense_is_not_a_signature(said: str) -> None:
    assert not is_believed("github", SECRET, headers("github", x_hub_signature_256=said), BODY)


def test_forgejo_may_sign_as_gitea() -> None:
    assert is_believed("forgejo", SECRET, {"x-gitea-signature": digest(BODY)}, BODY)


def test_forgejos_own_signature_stands_above_giteas() -> None:
    said = {"x-forgejo-signature": "0" * 64, "x-gitea-signature": digest(BODY)}
    assert not is_believed("forgejo", SECRET, said, BODY)


def signed(**changed: str) -> dict[str, str]:
    headers = small(signed_by_gitlab("Push Hook", BODY))
    return headers | {name.replace("_", "-"): value for name, value in changed.items()}


def test_gitlabs_signed_form_is_believed() -> None:
    assert is_believed("gitlab", SIGNING_TOKEN, signed(), BODY)


@pytest.mark.parametrize(
    "changed",
    [
        {"webhook_id": "another"},
        {"webhook_timestamp": "nan"},
        {"webhook_timestamp": ""},
        {"webhook_signature": ""},
        {"webhook_signature": "v1"},
        {"webhook_signature": "v1,ü"},
        {"webhook_signature": "v1,a,b"},
        {"webhook_signature": "v2," + "0" * 44},
    ],
    ids=str,
)
def test_gitlabs_signed_form_is_not_believed_with(changed: dict[str, str]) -> None:
    assert not is_believed("gitlab", SIGNING_TOKEN, signed(**changed), BODY)


@pytest.mark.parametrize("age", [-360, 360])
def test_what_gitlab_signed_at_another_time_is_not_believed(age: int) -> None:
    said = small(signed_by_gitlab("Push Hook", BODY, at=now() - age))
    assert not is_believed("gitlab", SIGNING_TOKEN, said, BODY)


def test_gitlabs_token_does_not_vouch_for_a_body_with_a_wrong_signature() -> None:
    said = signed(x_gitlab_token=SIGNING_TOKEN, webhook_signature="v1,AAAA")
    assert not is_believed("gitlab", SIGNING_TOKEN, said, BODY)


@pytest.mark.parametrize("secret", ["whsec_", "ü", "whsec_!"])
def test_a_secret_that_can_sign_nothing_believes_nothing(secret: str) -> None:
    assert not is_believed("gitlab", secret, signed(), BODY)


def test_a_signed_body_that_is_no_text_is_not_believed() -> None:
    body = b"\xff\xfe"
    assert not is_believed("gitlab", SIGNING_TOKEN, small(signed_by_gitlab("Push Hook", body)), body)
