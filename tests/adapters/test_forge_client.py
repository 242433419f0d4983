"""One request to a forge: what it carries, to whom, and what comes of every kind of answer."""

import ssl
import subprocess  # noqa: TID251 - a certificate that nobody knows
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from mergetui.adapters.credentials import CredentialError
from mergetui.adapters.forge_client import ForgeClient, talking_to
from mergetui.dialects import Answer, NoAnswer, call_of
from mergetui.integrations import ForgeKind
from tests.adapters.outlets import ONE, status
from tests.worlds.forge import (
    PROJECT,
    TOKEN,
    TestForge,
    Told,
    be_silent,
    be_slow,
    drip,
    fail,
    hang_up,
    redirect,
    refuse_the_token,
    take_and_hang_up,
)

KINDS: tuple[ForgeKind, ...] = ("github", "gitea", "forgejo", "gitlab")


@pytest.fixture
def client(forge: TestForge) -> Iterator[ForgeClient]:
    with talking_to(forge.table(), lambda: TOKEN, patience=0.3) as client:
        yield client


def tell(client: ForgeClient) -> Answer | NoAnswer:
    return client.tell(call_of(client.forge, PROJECT, status()))


def code(said: Answer | NoAnswer) -> int:
    assert isinstance(said, Answer), said
    return said.code


def why(said: Answer | NoAnswer) -> str:
    assert isinstance(said, NoAnswer), said
    return said.why


@pytest.mark.parametrize("kind", KINDS)
def test_every_forge_understands_what_it_is_told(kind: ForgeKind) -> None:
    forge = TestForge(kind)
    table = forge.table(link="https://gate.example.org/{commit}")
    with talking_to(table, lambda: TOKEN, patience=5) as client:
        assert code(tell(client)) == 201
    forge.go_down()
    assert forge.told == [Told(ONE, "success", "landed as 1111111111", f"https://gate.example.org/{ONE}")]


@pytest.mark.parametrize("kind", KINDS)
def test_every_forge_can_be_asked_whether_it_takes_the_token(kind: ForgeKind) -> None:
    forge = TestForge(kind)
    with talking_to(forge.table(), lambda: TOKEN, patience=5) as client:
        assert code(client.probe()) == 200
    with talking_to(forge.table(), lambda: "another", patience=5) as client:
        assert code(client.probe()) == 401
    forge.go_down()


def test_an_answer_in_pieces_is_an_answer(forge: TestForge, client: ForgeClient) -> None:
    forge.meet(be_slow)
    assert code(tell(client)) == 201


def test_a_failure_is_an_answer(forge: TestForge, client: ForgeClient) -> None:
    forge.meet(fail)
    said = tell(client)
    assert isinstance(said, Answer)
    assert (said.code, said.words) == (500, '{"message": "Server Error"}')


def test_a_silent_forge_is_not_waited_for(forge: TestForge, client: ForgeClient) -> None:
    forge.meet(be_silent)
    begun = time.monotonic()
    assert why(tell(client)).startswith("it is silent")
    assert time.monotonic() - begun < 3


def test_a_forge_that_breaks_off_has_not_answered(forge: TestForge, client: ForgeClient) -> None:
    forge.meet(hang_up)
    assert why(tell(client)).startswith("it broke off")


def test_what_was_taken_is_taken_though_the_answer_ends_early(forge: TestForge, client: ForgeClient) -> None:
    forge.meet(take_and_hang_up)
    assert code(tell(client)) == 201


def test_a_forge_that_is_down_is_told_as_such(forge: TestForge, client: ForgeClient) -> None:
    forge.go_down()
    assert "refused" in why(tell(client))


def test_a_redirect_on_the_same_host_is_followed(forge: TestForge, client: ForgeClient) -> None:
    forge.meet(redirect(f"/repos/acme/shop/statuses/{ONE}"))
    assert code(tell(client)) == 201
    assert [told.commit for told in forge.told] == [ONE]


def test_a_redirect_in_a_circle_ends(forge: TestForge, client: ForgeClient) -> None:
    forge.conduct = redirect("/")
    assert code(tell(client)) == 307
    assert len(forge.asked) == 3


@pytest.mark.parametrize("status_code", [301, 302, 303, 307, 308])
def test_the_token_never_follows_to_another_host(
    forge: TestForge, client: ForgeClient, status_code: int
) -> None:
    stranger = TestForge("github")
    forge.meet(redirect(f"{stranger.address}/repos/acme/shop/statuses/{ONE}", status_code))
    assert code(tell(client)) == status_code
    assert stranger.asked == []
    stranger.go_down()


def test_what_a_forge_says_is_text_without_the_token(forge: TestForge, client: ForgeClient) -> None:
    forge.meet(refuse_the_token)
    said = tell(client)
    assert isinstance(said, Answer)
    assert said.words == '{"message": "Bad credentials: *** \\u001b[31m"}'
    assert TOKEN not in repr(said)


def test_an_answer_that_drips_for_ever_is_not_waited_for(forge: TestForge, client: ForgeClient) -> None:
    forge.meet(drip)
    begun = time.monotonic()
    assert code(tell(client)) == 500
    assert time.monotonic() - begun < 3


def test_a_long_answer_is_not_read_to_its_end(forge: TestForge, client: ForgeClient) -> None:
    forge.meet(lambda request: request.say(422, "x" * 1_000_000))
    said = tell(client)
    assert isinstance(said, Answer)
    assert len(said.words) == 200


@pytest.mark.parametrize("token", ["two\nlines", "a b", "tökén"])
def test_a_token_that_no_header_can_hold_is_never_shown(forge: TestForge, token: str) -> None:
    wrong = pytest.raises(CredentialError, match="white space or unusual characters")
    with talking_to(forge.table(), lambda: token, patience=0.3) as client, wrong as told:
        tell(client)
    assert token not in str(told.value).replace("white space", "")
    assert forge.asked == []


def test_a_proxy_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    proxy = TestForge("github")
    monkeypatch.setenv("HTTP_PROXY", proxy.address)
    far = TestForge("github").table()
    with talking_to(far, lambda: TOKEN, patience=5) as client:
        client.probe()
    assert [path for _, path, _ in proxy.asked] == [f"{far.api}/rate_limit"]
    proxy.go_down()


def test_a_certificate_that_nobody_vouches_for_is_refused(secure: TestForge) -> None:
    with talking_to(secure.table(), lambda: TOKEN, patience=5) as client:
        assert "certificate" in why(client.probe()).lower()
    assert secure.asked == []


def test_a_certificate_that_somebody_vouches_for_is_taken(
    secure: TestForge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
    with talking_to(secure.table(), lambda: TOKEN, patience=5) as client:
        assert code(client.probe()) == 200


@pytest.fixture
def secure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestForge]:
    """It speaks TLS, with a certificate of its own making; trusted is what this machine trusts."""
    monkeypatch.delenv("SSL_CERT_DIR")
    authority, key = tmp_path / "authority.pem", tmp_path / "key.pem"
    made = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    named = ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"]
    files = ["-keyout", str(key), "-out", str(authority)]
    subprocess.run([*made, *named, *files], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority, key)
    forge = TestForge("github", context)
    yield forge
    forge.go_down()
