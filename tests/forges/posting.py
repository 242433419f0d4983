"""Speaking HTTP to what listens on loopback."""

import http.client
import json
from collections.abc import Mapping
from urllib.parse import urlsplit

from msgspec import Struct

_PATIENCE = 30


class Answered(Struct, frozen=True):
    status: int
    text: str

    @property
    def said(self) -> str:
        said: str = json.loads(self.text)["answer"]
        return said


def send(
    address: str, body: bytes, headers: Mapping[str, str], *, path: str | None = None, method: str = "POST"
) -> Answered:
    """One request on a connection of its own; `path` stands for that of the address."""
    url = urlsplit(address)
    connection = http.client.HTTPConnection(url.hostname or "", url.port, timeout=_PATIENCE)
    try:
        connection.request(method, url.path if path is None else path, body, dict(headers))
        response = connection.getresponse()
        return Answered(response.status, response.read().decode())
    finally:
        connection.close()
