"""A remote behind HTTPS on this machine, and what a server can do wrong there."""

import os
import socket
import ssl
import subprocess  # noqa: TID251 - the world outside of the gate has a git of its own
import threading
from collections.abc import Callable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import IO, TypeAlias
from urllib.parse import urlsplit

from tests.worlds.remote import Remote

_SUBJECT = ("-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1")
_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")


class HttpsRemote(Remote):
    """A bare repository served by git-http-backend(1); `authority` is the certificate to trust."""

    def __init__(self, directory: Path) -> None:
        super().__init__(directory / "shop.git")
        self.authority = directory / "authority.pem"
        key = directory / "key.pem"
        made = ["openssl", "req", "-x509", *_KEY, *_SUBJECT, "-keyout", str(key), "-out", str(self.authority)]
        subprocess.run(made, check=True, capture_output=True)
        self._server = _Server(directory, self.authority, key)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self._server.server_port}/shop.git"

    @property
    def asked(self) -> list[str]:
        """Every request so far: its method and its path."""
        return self._server.asked

    def answer(self, conduct: "Conduct") -> None:
        """From now on requests are met so; `serve` is as it should be."""
        self._server.conduct = conduct

    def close(self) -> None:
        self._server.released.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class _Request(BaseHTTPRequestHandler):
    server: "_Server"
    protocol_version = "HTTP/1.1"

    def setup(self) -> None:
        if self.server.conduct is shake_no_hands:
            self.server.released.wait()
        super().setup()

    def do_GET(self) -> None:
        self.server.asked.append(f"{self.command} {self.path}")
        self.close_connection = True
        self.server.conduct(self)

    do_POST = do_GET  # noqa: N815 - how the server finds it

    def log_message(self, *_: object) -> None:
        """Nothing: the output is the tests' own."""

    def wait(self) -> None:
        self.server.released.wait()

    def say(self, code: int, page: bytes = b"", **headers: str) -> None:
        self.send_response(code)
        for name, value in {**headers, "Content_Length": str(len(page)), "Connection": "close"}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(page)

    def body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        chunks = []
        while size := int(self.rfile.readline(), 16):
            chunks.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(chunks)

    def serve(self, *, only_the_first: int | None = None) -> None:
        """The answer of git, or so many bytes of it."""
        with subprocess.Popen(
            ["git", "http-backend"],
            env=self._variables(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
            stderr=subprocess.DEVNULL,
        ) as backend:
            assert backend.stdin is not None
            assert backend.stdout is not None
            backend.stdin.write(self.body())
            backend.stdin.close()
            self._begin(backend.stdout)
            if only_the_first is None:
                self._pass_on(backend.stdout)
            else:
                self._send(backend.stdout.read(only_the_first))
                backend.kill()

    def _begin(self, answer: IO[bytes]) -> None:
        """The head of what a CGI program says."""
        self.wfile.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n")
        while line := answer.readline():
            self.wfile.write(line)
            if not line.strip():
                return

    def _pass_on(self, answer: IO[bytes]) -> None:
        while piece := os.read(answer.fileno(), 65_536):
            self._send(piece)
        self._send(b"")

    def _send(self, piece: bytes) -> None:
        self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))

    def _variables(self) -> dict[str, str]:
        path = urlsplit(self.path)
        return {
            "PATH": os.environ["PATH"],
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_PROJECT_ROOT": str(self.server.directory),
            "GIT_HTTP_EXPORT_ALL": "1",
            "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
            "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "REQUEST_METHOD": self.command,
            "PATH_INFO": path.path,
            "QUERY_STRING": path.query,
            "REMOTE_USER": "ada",
            "REMOTE_ADDR": "127.0.0.1",
        }


Conduct: TypeAlias = Callable[[_Request], None]


def serve(request: _Request) -> None:
    request.serve()


def want_a_password(request: _Request) -> None:
    """401, to everybody who does not come as `ada` with the password `analytical`."""
    if request.headers.get("Authorization") == "Basic YWRhOmFuYWx5dGljYWw=":
        request.serve()
    else:
        request.say(401, WWW_Authenticate='Basic realm="shop"')


def forbid(request: _Request) -> None:
    request.say(403)


def fail(request: _Request) -> None:
    request.say(500)


def say_nothing(request: _Request) -> None:
    """The request is taken, and that is all."""
    request.wait()


def shake_no_hands(_: _Request) -> None:
    """The connection is taken, and TLS never begins."""


def hang_up_in_mid_answer(request: _Request) -> None:
    request.serve(only_the_first=40)


def fall_silent_in_mid_answer(request: _Request) -> None:
    request.serve(only_the_first=40)
    request.wait()


def answer_with_a_page(request: _Request) -> None:
    """As a proxy or a login page does."""
    request.say(200, b"<html>Please sign in</html>", Content_Type="text/html")


def answer_with_nothing(request: _Request) -> None:
    request.say(200)


def take_pushes_and_answer_with_a_page(request: _Request) -> None:
    """Whoever only asks is sent to the page."""
    if "git-receive-pack" in request.path:
        request.serve()
    else:
        answer_with_a_page(request)


class _Server(ThreadingHTTPServer):
    def __init__(self, directory: Path, certificate: Path, key: Path) -> None:
        super().__init__(("127.0.0.1", 0), _Request)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        # The handshake is made by the thread of the request: who makes none keeps nobody else waiting.
        self.socket = context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)
        self.directory = directory
        self.asked: list[str] = []
        self.conduct: Conduct = serve
        self.released = threading.Event()

    def handle_error(self, *_: object) -> None:
        """Clients that go away are what many a test is about."""

    def shutdown_request(self, request: socket.socket | tuple[bytes, socket.socket]) -> None:
        with suppress(OSError):
            super().shutdown_request(request)
