"""A service that takes messages: apprise's `json://` over real HTTP on loopback."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Mailbox:
    """`status` is what it answers; while `gate` is closed it answers nothing."""

    def __init__(self) -> None:
        self.posts: list[Any] = []
        self.status = 200
        self.gate = threading.Event()
        self.gate.set()
        self.port = 0

    @property
    def address(self) -> str:
        return f"json://127.0.0.1:{self.port}/hunter2"

    @property
    def texts(self) -> list[str]:
        return [post["message"] for post in self.posts]


@contextmanager
def mailbox() -> Iterator[Mailbox]:
    box = Mailbox()

    class Post(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            box.gate.wait(10)
            box.posts.append(json.loads(body))
            self.send_response(box.status)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Nothing is printed."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Post)
    box.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield box
    box.gate.set()
    server.shutdown()
    server.server_close()
    thread.join()
