"""Secrets made unreadable in text of others: those known of a repository, and what looks like a token.

Colours and marks inside a secret do not hide it: a secret is looked for in what is left without them.
"""

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from urllib.parse import unquote

MASKED = "***"
SHORTEST = 6
"""Characters of a known secret; shorter ones would mask ordinary words."""
LONGEST = 8_192
"""Characters up to which a secret is seen as one: who reads a text in pieces looks so far ahead."""

_SECRET_NAME = re.compile(
    r"TOKEN|SECRET|PASSW|PASSPHRASE|CREDENTIAL|API_?KEY|ACCESS_?KEY|PRIVATE_?KEY|AUTH(?!ORS?(?:_|$))|_(?:PASS|PWD)$",
    re.IGNORECASE,
)
_USER_INFO = re.compile(r"\A(\w[\w+.-]*)://([^/\s]*)@")
_AUTHORIZATION = (
    r"((?i:uthorization)[\"']?\s{0,4}[:=]\s{0,4}[\"']?(?i:bearer|basic|token)\s{1,4})[^\s\"']{4,4096}"
)
_ASSIGNED = r"([A-Z0-9_]{0,40}=[\"']?)(?![0-9.]+(?:\s|\Z))[^\s\"']{6,4096}"
_SHAPES = (
    r":(//)[^/\s]*(?=@)",
    f"A{_AUTHORIZATION}",
    f"a{_AUTHORIZATION}",
    *(
        f"{word}{_ASSIGNED}"
        for word in ("TOKEN", "SECRET", "PASSWORD", "API_KEY", "ACCESS_KEY", "CREDENTIALS")
    ),
    r"gh[opsur]_[A-Za-z0-9]{20,255}",
    r"github_pat_[A-Za-z0-9_]{20,255}",
    r"glpat-[A-Za-z0-9_-]{16,255}",
    r"xox[a-z]-[A-Za-z0-9-]{10,255}",
    r"AKIA[A-Z0-9]{16}",
    r"AIza[A-Za-z0-9_-]{30,80}",
    r"s(?<![A-Za-z0-9]s)k-(?=[A-Za-z_-]{0,40}[0-9])[A-Za-z0-9_-]{20,255}",
    r"npm_[A-Za-z0-9]{30,255}",
    r"pypi-[A-Za-z0-9_-]{30,4096}",
    r"e(?<![A-Za-z0-9_-]e)yJ[A-Za-z0-9_-]{8,4096}\.[A-Za-z0-9_-]{4,4096}\.[A-Za-z0-9_-]{0,4096}",
    r"-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----"
    r"(?:[^-]|-(?!----)){0,8000}+(?:-----END [A-Z ]{0,40}PRIVATE KEY-----)?",
)
"""Of those with a group only what follows the group is secret."""
_KEY_LINE = re.compile(
    r"^[ \t]*((?=[A-Z0-9+/]*[a-z])(?=[a-z0-9+/]*[A-Z])(?=[A-Za-z+/]*[0-9])"
    r"(?:[A-Za-z0-9+/]{64}|[A-Za-z0-9+/]{70}|[A-Za-z0-9+/]{76}))[ \t\r]*$",
    re.MULTILINE,
)
"""A line of a private key's body: as long as RFC 7468, OpenSSH and MIME write them."""
_BETWEEN = re.compile(
    r"(?:[\x1b\u241b]\[[0-9:;<=>?]{0,64}[ -/]{0,4}[@-~]|‹U\+[0-9A-F]{4,6}›|[\u2400-\u2421"
    r"\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\xad\u061c\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff])+"
)
"""What a terminal does not show as a character of its own, before and after it was cleaned."""


@dataclass(frozen=True)
class Mask:
    """`mask(text)`: the text with `***` for every secret in it. Masking twice changes nothing more."""

    known: tuple[str, ...] = field(default=(), repr=False)

    def __call__(self, text: str) -> str:
        # A secret that is taken out can leave another one bare, that stood too close to it to be one.
        while (masked := self._masked(text)) != text:
            text = masked
        return text

    def spans(self, text: str) -> list[tuple[int, int]]:
        """From where to where `text` is secret, in ascending order."""
        found = self._found(text)
        bare = _BETWEEN.sub("", text)
        # What begins like a mark may be a secret's own first letter: it is looked for with and without.
        if bare != text and (hidden := self._found(bare)):
            origin = _origin(text)
            found += [(origin(start), origin(end - 1) + 1) for start, end in hidden]
        return _merged(found)

    def cut(self, text: str, most: int) -> int:
        """Where `text` can be parted, after `most` characters or before, without parting a secret.

        A secret that is longer than that is not parted either: then the place is behind it.
        """
        for start, end in self.spans(text):
            if start < most < end:
                return start or end
        return min(most, len(text))

    def _masked(self, text: str) -> str:
        pieces, position = list[str](), 0
        for start, end in self.spans(text):
            colours = "".join(_BETWEEN.findall(text[start:end])) if "\x1b" in text[start:end] else ""
            pieces += (text[position:start], MASKED, colours)
            position = end
        return "".join((*pieces, text[position:])) if pieces else text

    def _found(self, text: str) -> list[tuple[int, int]]:
        found = [
            (match.end(match.lastindex) if match.lastindex else match.start(), match.end())
            for match in _pattern(self.known).finditer(text)
        ]
        lines = _KEY_LINE.finditer(text) if len(text) >= 64 else ()
        return [*found, *(match.span(1) for match in lines)]


def mask_of(remote: str, env: Mapping[str, str]) -> Mask:
    """What is known of a repository: its address's user-info, and what `env` keeps under a telling name."""
    values = [value for name, value in env.items() if _SECRET_NAME.search(name)]
    said = [*_user_info(remote), *(part for value in env.values() for part in _user_info(value))]
    # Of a value of several lines each is a secret: a log is read by the line.
    lines = {line.strip() for value in (*values, *said) for line in value.splitlines()}
    return Mask(tuple(sorted((line for line in lines if len(line) >= SHORTEST), key=lambda s: (-len(s), s))))


def _merged(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    merged = list[tuple[int, int]]()
    for start, end in sorted(spans):
        if merged and start < merged[-1][1]:
            merged[-1] = merged[-1][0], max(end, merged[-1][1])
        elif start < end:
            merged.append((start, end))
    return merged


def _user_info(address: str) -> Iterator[str]:
    """User and password, the password alone, or the token in the user's place; also percent-decoded."""
    found = _USER_INFO.match(address)
    if found is None:
        return
    scheme, said = found.groups()
    _, colon, password = said.partition(":")
    # A user without a password is a name with ssh, but with https it is a token.
    parts = (said, password) if colon else (said,) if scheme.startswith("http") else ()
    for part in parts:
        yield from (part, unquote(part))


@lru_cache(maxsize=64)
def _pattern(known: tuple[str, ...]) -> re.Pattern[str]:
    """Known secrets first. Each branch starts with a character of its own: `re` passes over the others."""
    return re.compile("|".join((*map(re.escape, known), *_SHAPES)))


def _origin(text: str) -> Callable[[int], int]:
    """Where in `text` a place came from in what is left of it without marks."""
    kept, taken, removed = [0], [0], 0
    for found in _BETWEEN.finditer(text):
        removed += found.end() - found.start()
        kept.append(found.end() - removed)
        taken.append(removed)
    return lambda place: place + taken[bisect_right(kept, place) - 1]
