"""A forge on loopback that takes statuses as strictly as the real ones, and what can go wrong with it."""

import json
import re
import ssl
import threading
from collections.abc import Callable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, TypeAlias

from msgspec import Struct

from mergetui.integrations import Forge, ForgeKind

TOKEN = "t0ken-of-nobody-else"
PROJECT = "acme/shop"

_STATES = {"github": {"pending", "success", "failure", "error"}}
_STATES["gitea"] = _STATES["forgejo"] = {*_STATES["github"], "warning"}
_STATES["gitlab"] = {"pending", "running", "success", "failed", "canceled"}
_PATHS = {
    "github": r"/repos/acme/shop/statuses/([0-9a-f]{40})",
    "gitea": r"/api/v1/repos/acme/shop/statuses/([0-9a-f]{40})",
    "forgejo": r"/api/v1/repos/acme/shop/statuses/([0-9a-f]{40})",
    "gitlab": r"/api/v4/projects/acme%2Fshop/statuses/([0-9a-f]{40})",
}
_PROBES = {
    "github": "/rate_limit",
    "gitea": "/api/v1/version",
    "forgejo": "/api/v1/version",
    "gitlab": "/api/v4/version",
}
_BEFORE = {"pending": 0, "running": 1, "success": 2, "failed": 2, "canceled": 2}


class Told(Struct, frozen=True):
    commit: str
    state: str
    description: str
    link: str | None = None


class TestForge:
    """`told` is what it has taken; `asked` every request: its method, its path, and its headers."""

    __test__ = False

    def __init__(self, kind: ForgeKind, context: ssl.SSLContext | None = None) -> None:
        self.kind = kind
        self.told: list[Told] = []
        self.asked: list[tuple[str, str, dict[str, str]]] = []
        self.faults: list[Conduct] = []
        self.conduct: Conduct = take
        self.released = threading.Event()
        self.missing: set[str] = set()
        self._context = context
        self._port = 0
        self._server: _Server | None = None
        self.go_up()

    @property
    def address(self) -> str:
        return f"{'https' if self._context else 'http'}://127.0.0.1:{self._port}"

    def table(self, **more: Any) -> Forge:
        """How it stands in the configuration; its token is in MERGE_TOKEN."""
        return Forge(name="hub", kind=self.kind, api=self.address, token_env="MERGE_TOKEN", **more)

    def meet(self, *faults: "Conduct") -> None:
        """The next requests are met so, one after the other."""
        self.faults += faults

    def last(self) -> dict[str, str]:
        """What was said last of every commit: its state, and the description."""
        return {told.commit: f"{told.state}: {told.description}" for told in self.told}

    def go_up(self) -> None:
        self._server = _Server(self, self._port, self._context)
        self._port = self._server.server_port

    def go_down(self) -> None:
        """From now on nobody listens there."""
        self.released.set()
        if self._server is not None:
            self._server.close()
            self._server = None
        self.released = threading.Event()


class _Request(BaseHTTPRequestHandler):
    server: "_Server"
    protocol_version = "HTTP/1.1"

    @property
    def forge(self) -> TestForge:
        return self.server.forge

    def do_POST(self) -> None:
        forge = self.forge
        length = int(self.headers.get("Content-Length", 0))
        self.sent = self.rfile.read(length)
        self.close_connection = True
        headers = {name.lower(): value for name, value in self.headers.items()}
        forge.asked.append((self.command, self.path, headers))
        conduct = forge.faults.pop(0) if forge.faults else forge.conduct
        conduct(self)

    do_GET = do_POST  # noqa: N815 - how the server finds it

    def log_message(self, *_: object) -> None:
        """Nothing: the output is the tests' own."""

    def say(self, code: int, said: object = None, **headers: str) -> None:
        page = json.dumps(said if said is not None else {}).encode()
        self.send_response(code)
        for name, value in {**headers, "Content_Length": str(len(page)), "Connection": "close"}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(page)

    def take(self) -> None:
        """As the forge does when nothing is wrong with it."""
        if not self._is_authorized():
            self.say(401, {"message": "Bad credentials"})
        elif self.command == "GET":
            self.say(200 if self.path == _PROBES[self.forge.kind] else 404)
        elif (place := re.fullmatch(_PATHS[self.forge.kind], self.path)) is None:
            self.say(404, {"message": "Not Found"})
        elif place[1] in self.forge.missing:
            self.say(*_MISSING[self.forge.kind])
        elif fault := self._fault(place[1]):
            self.say(*fault)
        else:
            self._keep(place[1])
            self.say(201)

    def _is_authorized(self) -> bool:
        said = self.headers.get("Authorization"), self.headers.get("PRIVATE-TOKEN")
        return said == {"github": (f"Bearer {TOKEN}", None), "gitlab": (None, TOKEN)}.get(
            self.forge.kind, (f"token {TOKEN}", None)
        )

    def _fault(self, commit: str) -> tuple[int, object] | None:
        kind, said = self.forge.kind, json.loads(self.sent)
        known = {"state", "target_url", "description", "name" if kind == "gitlab" else "context"}
        refused = 400 if kind == "gitlab" else 422
        if self.headers.get("Content-Type") != "application/json" or not set(said) <= known:
            return refused, {"message": f"unknown fields: {set(said) - known}"}
        if said.get("name" if kind == "gitlab" else "context") != "merge-gate":
            return refused, {"message": "the context is missing"}
        if said.get("state") not in _STATES[kind]:
            return refused, {"message": "state is not included in the list"}
        if len(said.get("description", "")) > (140 if kind == "github" else 255):
            return refused, {"message": "description is too long"}
        if kind == "gitlab" and not self._may_follow(commit, said["state"]):
            return 400, {"message": f"Cannot transition status via :run from :{said['state']}"}
        return None

    def _may_follow(self, commit: str, state: str) -> bool:
        states = [told.state for told in self.forge.told if told.commit == commit]
        before = _BEFORE[states[-1]] if states else -1
        return before == 2 or _BEFORE[state] > before

    def _keep(self, commit: str) -> None:
        said = json.loads(self.sent)
        self.forge.told.append(Told(commit, said["state"], said["description"], said.get("target_url")))


_MISSING: dict[str, tuple[int, object]] = {
    "github": (422, {"message": "No commit found for SHA"}),
    "gitea": (404, {"message": "object does not exist"}),
    "forgejo": (404, {"message": "object does not exist"}),
    "gitlab": (404, {"message": "404 Commit Not Found"}),
}

Conduct: TypeAlias = Callable[[_Request], None]


def take(request: _Request) -> None:
    request.take()


def fail(request: _Request) -> None:
    request.say(500, {"message": "Server Error"})


def be_silent(request: _Request) -> None:
    request.forge.released.wait()


def be_slow(request: _Request) -> None:
    """The answer comes in two pieces, with some time between them."""
    request.forge.released.wait(0.2)
    request.take()


def drip(request: _Request) -> None:
    """The body comes byte by byte, and never ends."""
    request.wfile.write(b"HTTP/1.1 500 Server Error\r\n\r\n")
    while not request.forge.released.wait(0.1):
        request.wfile.write(b".")


def hang_up(request: _Request) -> None:
    """In the middle of the head of the answer."""
    request.wfile.write(b"HTTP/1.1 201 Cre")


def take_and_hang_up(request: _Request) -> None:
    """The status is taken, and the answer ends in the middle of its body."""
    request.forge.told.append(Told(request.path.rpartition("/")[2], "taken", ""))
    request.wfile.write(b"HTTP/1.1 201 Created\r\nContent-Length: 500\r\n\r\n{")


def refuse_the_token(request: _Request) -> None:
    request.say(401, {"message": f"Bad credentials: {TOKEN} \x1b[31m"})


def answer(code: int, **headers: str) -> Conduct:
    return lambda request: request.say(code, {"message": f"code {code}"}, **headers)


def redirect(to: str, code: int = 307) -> Conduct:
    return lambda request: request.say(code, Location=to)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, forge: TestForge, port: int, context: ssl.SSLContext | None) -> None:
        super().__init__(("127.0.0.1", port), _Request)
        if context is not None:
            self.socket = context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)
        self.forge = forge
        self._thread = threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()

    def close(self) -> None:
        self.shutdown()
        self._thread.join()
        self.server_close()

    def handle_error(self, *_: object) -> None:
        """Clients that go away are what many a test is about."""

    def shutdown_request(self, request: Any) -> None:
        with suppress(OSError):
            super().shutdown_request(request)
