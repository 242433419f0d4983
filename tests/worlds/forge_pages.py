"""A forge on loopback that is only read: pages of JSON, by path, for whoever has the token."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from mergetui.integrations import Forge, ForgeKind

TOKEN = "t0ken-of-nobody-else"
_SENT = {"github": f"Bearer {TOKEN}", "gitea": f"token {TOKEN}", "forgejo": f"token {TOKEN}"}


class ForgePages:
    """`pages` are lists, of which a page at a time is told, or whole answers; `asked` is every request."""

    def __init__(self, kind: ForgeKind) -> None:
        self.kind = kind
        self.pages: dict[str, Any] = {}
        self.asked: list[str] = []
        self.most = 50
        self._server = _Server(self)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def table(self) -> Forge:
        return Forge(name="hub", kind=self.kind, api=self.address, token_env="FORGE_TOKEN")

    def put_status(self, commit: str, state: str, *, context: str = "ci") -> None:
        """As Gitea tells the latest status of a commit."""
        rows = [{"context": context, "status": state, "id": 1}]
        self.pages[f"/api/v1/repos/acme/shop/commits/{commit}/status"] = {"statuses": rows}

    def close(self) -> None:
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
            self._server.server_close()

    def answer(self, path: str, query: dict[str, str], headers: dict[str, str]) -> tuple[int, Any]:
        sent = headers.get("private-token") if self.kind == "gitlab" else headers.get("authorization")
        if sent != _SENT.get(self.kind, TOKEN):
            return 401, {"message": "who are you"}
        if path not in self.pages:
            return 404, {"message": "not found"}
        page = self.pages[path]
        if isinstance(page, int | str):
            return (page, {}) if isinstance(page, int) else (200, page)
        return 200, self._part(page, query)

    def _part(self, page: Any, query: dict[str, str]) -> Any:
        size = min(int(query.get("per_page", query.get("limit", "30"))), self.most)
        begin = (int(query.get("page", "1")) - 1) * size
        if isinstance(page, list):
            return page[begin : begin + size]
        return {
            key: rows[begin : begin + size] if isinstance(rows, list) else rows for key, rows in page.items()
        }


class _Request(BaseHTTPRequestHandler):
    server: "_Server"

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        self.server.forge.asked.append(self.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        headers = {name.lower(): value for name, value in self.headers.items()}
        code, said = self.server.forge.answer(parts.path, query, headers)
        body = said.encode() if isinstance(said, str) else json.dumps(said).encode()
        self.send_response(code)
        if 300 <= code < 400:
            self.send_header("Location", f"{self.server.forge.address}/elsewhere")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing: the output is the tests' own."""


class _Server(ThreadingHTTPServer):
    def __init__(self, forge: ForgePages) -> None:
        super().__init__(("127.0.0.1", 0), _Request)
        self.forge = forge
