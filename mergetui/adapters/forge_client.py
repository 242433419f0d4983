"""The one place that talks HTTP to a forge."""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from itertools import islice
from urllib.parse import urljoin

import httpx2

from mergetui.adapters.credentials import CredentialError
from mergetui.cleaning import name as clean
from mergetui.dialects import Answer, Call, NoAnswer, authorization, is_same_place, probe_of
from mergetui.integrations import Forge
from mergetui.masking import Mask
from mergetui.version import __version__

PATIENCE = 10.0
"""Seconds to connect, and again for each piece of the answer."""

_MOST_REDIRECTS = 3
_REDIRECTS = frozenset({301, 302, 307, 308})
_WORDS = 200
"""Characters of an answer that are kept: for people."""
_READ = 4_096
_PIECES = 4
"""Of an answer, and the bytes of each of them, that are looked at."""
_TOKEN = re.compile(r"[!-~]+")


class ForgeClient:
    """One forge. TLS is verified, proxies of the environment are used; see ADR 9."""

    def __init__(self, forge: Forge, token: Callable[[], str | None], *, patience: float = PATIENCE) -> None:
        """`token` is asked before every request, and what it says is kept nowhere."""
        self.forge = forge
        self._token = token
        self._client = httpx2.Client(
            timeout=patience, follow_redirects=False, headers={"User-Agent": f"mergetui/{__version__}"}
        )

    def tell(self, call: Call) -> Answer | NoAnswer:
        """May raise CredentialError."""
        return self._ask("POST", call.url, call.body)

    def probe(self) -> Answer | NoAnswer:
        """Whether it answers, and takes the token. May raise CredentialError."""
        return self._ask("GET", probe_of(self.forge), None)

    def close(self) -> None:
        self._client.close()

    def _ask(self, method: str, url: str, body: Mapping[str, str] | None) -> Answer | NoAnswer:
        token = self._token()
        if token is not None and not _TOKEN.fullmatch(token):
            # The client's own message about a header that cannot be sent would have the token in it.
            raise CredentialError(
                f"the token of {self.forge.name} has white space or unusual characters in it"
            )
        headers = authorization(self.forge.kind, token) if token is not None else {}
        mask = Mask((token,) if token else ())
        for _ in range(_MOST_REDIRECTS):
            answer = self._ask_once(method, url, body, headers, mask=mask)
            if isinstance(answer, NoAnswer) or answer.code not in _REDIRECTS:
                return answer
            onward = urljoin(url, answer.headers.get("location", ""))
            if not is_same_place(url, onward):
                return _elsewhere(answer, onward, mask)
            url = onward
        return answer

    def _ask_once(
        self,
        method: str,
        url: str,
        body: Mapping[str, str] | None,
        headers: Mapping[str, str],
        *,
        mask: Mask,
    ) -> Answer | NoAnswer:
        try:
            with self._client.stream(method, url, json=body, headers=headers) as response:
                said = {name.lower(): value for name, value in response.headers.items()}
                return Answer(code=response.status_code, headers=said, words=_words(response, mask))
        except (httpx2.HTTPError, httpx2.InvalidURL, OSError) as error:
            return NoAnswer(_why(error, mask))


@contextmanager
def talking_to(forge: Forge, token: Callable[[], str | None], *, patience: float) -> Iterator[ForgeClient]:
    client = ForgeClient(forge, token, patience=patience)
    try:
        yield client
    finally:
        client.close()


def _words(response: httpx2.Response, mask: Mask) -> str:
    """Of what it says the beginning; nothing where that breaks off, for the code stands already."""
    if response.is_success:
        return ""
    read = b""
    with suppress(httpx2.HTTPError):
        # So many pieces and no more: an answer that drips for ever is waited for no longer than that.
        for piece in islice(response.iter_bytes(), _PIECES):
            read += piece[:_READ]
    text = mask(" ".join(read.decode("utf-8", "replace").split()))
    return clean(text[: mask.cut(text, _WORDS)])


def _why(error: Exception, mask: Mask) -> str:
    said = mask(" ".join(str(error).split()))
    return clean(f"{_NAMES.get(type(error).__name__, 'it cannot be reached')}: {said}".removesuffix(": "))


_NAMES = {
    "ConnectTimeout": "it cannot be connected to in time",
    "ReadTimeout": "it is silent",
    "WriteTimeout": "it takes nothing",
    "RemoteProtocolError": "it broke off",
    "ReadError": "it broke off",
}


def _elsewhere(answer: Answer, onward: str, mask: Mask) -> Answer:
    told = f"it redirects to {onward}, and the token is for nobody else; correct 'api' or 'project'"
    return Answer(code=answer.code, headers={}, words=clean(mask(told)))
