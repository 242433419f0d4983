"""What is answered, over real HTTP."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from mergetui.adapters.clock import SystemClock
from mergetui.adapters.credentials import CredentialError
from mergetui.integrations import Forge
from mergetui.webhooks.reception import Answer, Reception
from mergetui.webhooks.serving import serving
from mergetui.webhooks.spool import Spool, Spooled
from mergetui.webhooks.web import application
from tests.forges.posting import Answered, send
from tests.forges.signing import (
    SECRET,
    SIGNING_TOKEN,
    altered,
    event_in,
    headers_of,
    recorded,
    signed_by_gitlab,
)

LIMIT = 100_000
SECRETS = {"hub": SECRET, "tea": SECRET, "forge": SECRET, "lab": SECRET, "signed": SIGNING_TOKEN}


class Listening:
    """Four forges that are believed, one that has no secret, one whose secret cannot be had."""

    def __init__(self, path: Path) -> None:
        self.spool = Spool(path)
        self.spool.open()
        self.handed_on: list[Spooled] = []
        self.told: list[tuple[str, Answer]] = []
        self.address = ""
        forges = (
            Forge(name="hub", kind="github"),
            Forge(name="tea", kind="gitea"),
            Forge(name="forge", kind="forgejo"),
            Forge(name="lab", kind="gitlab"),
            Forge(name="signed", kind="gitlab"),
            Forge(name="bare", kind="github"),
            Forge(name="locked", kind="github"),
        )
        self.reception = Reception(
            {forge.name: forge for forge in forges},
            secret_of=self._secret_of,
            spool=self.spool,
            clock=SystemClock(),
            hand_on=self.handed_on.append,
            tell=lambda name, answer: self.told.append((name, answer)),
        )

    def post(self, name: str, body: bytes, headers: dict[str, str]) -> Answered:
        return send(self.address, body, headers, path=f"/{name}")

    def push(self, *, delivery: str = "d-1", body: bytes | None = None) -> Answered:
        said = recorded("github-push") if body is None else body
        return self.post("hub", said, headers_of("github", "push", said, delivery=delivery))

    def _secret_of(self, forge: Forge) -> str | None:
        if forge.name == "locked":
            raise CredentialError("/secret can be read by others")
        return SECRETS.get(forge.name)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Listening]:
    listening = Listening(tmp_path_factory.mktemp("hooks"))
    at = socket.create_server(("127.0.0.1", 0))
    listening.address = f"http://127.0.0.1:{at.getsockname()[1]}"
    with serving(application(listening.reception, limit=LIMIT, patience=0.5), at):
        yield listening
    listening.spool.close()


@pytest.fixture
def hooks(served: Listening) -> Listening:
    served.handed_on.clear()
    served.told.clear()
    return served


@pytest.mark.parametrize(
    ("name", "kind", "payload"),
    [
        ("hub", "github", "github-merged"),
        ("tea", "gitea", "gitea-merged"),
        ("forge", "forgejo", "gitea-merged"),
        ("lab", "gitlab", "gitlab-merged"),
    ],
)
def test_a_merge_is_heard_from(hooks: Listening, name: str, kind: str, payload: str) -> None:
    body = recorded(payload)
    headers = headers_of(kind, event_in(payload), body, delivery=f"{name} merges")  # type: ignore[arg-type]
    assert hooks.post(name, body, headers).status == 202
    assert [spooled.delivery.forge for spooled in hooks.handed_on] == [name]


def test_a_merge_is_heard_from_gitlab_in_its_signed_form(hooks: Listening) -> None:
    body = recorded("gitlab-merged")
    headers = signed_by_gitlab(event_in("gitlab-merged"), body, delivery="signed merges")
    assert hooks.post("signed", body, headers).status == 202


def test_what_is_answered_with_kept_is_on_disk(hooks: Listening) -> None:
    assert hooks.push(delivery="on disk").said == "kept"
    [spooled] = hooks.handed_on
    assert (hooks.spool.directory / "waiting" / spooled.name).stat().st_size > 0


def test_the_same_delivery_again_is_answered_and_nothing_happens(hooks: Listening) -> None:
    hooks.push(delivery="twice")
    answer = hooks.push(delivery="twice")
    assert (answer.status, answer.said) == (200, "known already")
    assert len(hooks.handed_on) == 1


def test_a_path_that_is_no_forge_is_not_found(hooks: Listening) -> None:
    assert [send(hooks.address, b"", {}, path=path).status for path in ("/x", "/", "/hub/x", "/%00")] == [
        404
    ] * 4


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "OPTIONS"])
def test_nothing_but_post_is_taken(hooks: Listening, method: str) -> None:
    assert send(hooks.address, b"", {}, path="/hub", method=method).status == 405


@pytest.mark.parametrize("name", ["hub", "bare", "locked"])
def test_what_cannot_be_believed_is_refused(hooks: Listening, name: str) -> None:
    body = recorded("github-push")
    signature = {"hub": "another secret"}.get(name, SECRET)
    headers = headers_of("github", "push", body, secret=signature, delivery=f"{name} lies")
    assert hooks.post(name, body, headers).status == 401
    assert hooks.handed_on == []


def test_the_body_is_not_read_before_it_is_believed(hooks: Listening) -> None:
    assert hooks.post("hub", b"{", {"X-GitHub-Event": "push"}).status == 401


def test_what_is_no_json_is_refused(hooks: Listening) -> None:
    assert hooks.push(delivery="shapeless", body=b"payload=%7B%7D").status == 400


def test_a_delivery_that_was_refused_may_come_again(hooks: Listening) -> None:
    hooks.push(delivery="mended", body=b"{}")
    assert hooks.push(delivery="mended").said == "kept"


def test_an_event_that_is_not_known_is_answered_and_nothing_happens(hooks: Listening) -> None:
    headers = headers_of("github", "star", b"{}", delivery="a star")
    assert hooks.post("hub", b"{}", headers).status == 202
    assert hooks.handed_on == []


def _of(size: int) -> bytes:
    return b" " * (size - len(recorded("github-push"))) + recorded("github-push")


def test_a_body_of_the_limit_is_taken(hooks: Listening) -> None:
    assert hooks.push(delivery="large", body=_of(LIMIT)).status == 202


def test_a_larger_body_is_refused(hooks: Listening) -> None:
    assert hooks.push(delivery="larger", body=_of(LIMIT + 1)).status == 413


def test_a_body_of_many_chunks_is_counted(hooks: Listening) -> None:
    body = _of(LIMIT + 1)
    chunks = b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in (body[:50_000], body[50_000:]))
    assert _raw(hooks, b"Transfer-Encoding: chunked", chunks + b"0\r\n\r\n").startswith(b"HTTP/1.1 413")


def test_a_body_that_does_not_come_is_not_waited_for(hooks: Listening) -> None:
    assert _raw(hooks, b"Content-Length: 100", b"{").startswith(b"HTTP/1.1 408")


def test_a_sender_that_goes_away_harms_nobody(hooks: Listening) -> None:
    with _connected(hooks) as connection:
        connection.sendall(b"POST /hub HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{")
    assert hooks.push(delivery="after one that left").status == 202


def test_what_is_no_http_harms_nobody(hooks: Listening) -> None:
    with _connected(hooks) as connection:
        connection.sendall(b"\x16\x03\x01\x00\x00 this is TLS\r\n\r\n")
        assert connection.recv(4096).startswith(b"HTTP/1.1 400")
    assert hooks.push(delivery="after TLS").status == 202


def test_no_answer_has_anything_of_the_delivery_or_a_secret_in_it(hooks: Listening) -> None:
    body = altered("github-push", "repository", "full_name", to=["<script>", SECRET])
    answers = [
        hooks.push(delivery=SECRET, body=body),
        hooks.push(delivery=SECRET),
        hooks.post("hub", body, {}),
        hooks.post("locked", body, headers_of("github", "push", body)),
    ]
    assert [SECRET in answer.text or "script" in answer.text for answer in answers] == [False] * 4


def test_what_cannot_be_kept_is_not_said_to_be(tmp_path: Path) -> None:
    with _alone(tmp_path, limit=LIMIT) as hooks:
        (tmp_path / "waiting").rmdir()
        assert hooks.push().status == 503
    assert hooks.handed_on == []


def test_who_sends_too_much_hears_so_all_the_same(tmp_path: Path) -> None:
    with _alone(tmp_path, limit=4_000_000) as hooks:
        assert hooks.push(body=_of(15_000_000)).status == 413


@contextmanager
def _alone(path: Path, *, limit: int) -> Iterator[Listening]:
    hooks = Listening(path)
    at = socket.create_server(("127.0.0.1", 0))
    hooks.address = f"http://127.0.0.1:{at.getsockname()[1]}"
    with serving(application(hooks.reception, limit=limit), at):
        yield hooks
    hooks.spool.close()


def _connected(hooks: Listening) -> socket.socket:
    host, _, port = hooks.address.removeprefix("http://").partition(":")
    return socket.create_connection((host, int(port)), timeout=10)


def _raw(hooks: Listening, header: bytes, body: bytes) -> bytes:
    with _connected(hooks) as connection:
        connection.sendall(b"POST /hub HTTP/1.1\r\nHost: x\r\n%b\r\n\r\n%b" % (header, body))
        return connection.recv(4096)
