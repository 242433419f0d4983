"""Untrusted text made safe to show: what a terminal would obey becomes a mark that is read instead.

C0 controls and DEL are shown as their control pictures (ESC is `␛`, newline `␊`), everything else that is
active or invisible as its code point (`‹U+202E›`). Marks are plain text, so cleaning twice changes nothing.
"""

import re

from mergetui.masking import Mask

_ACTIVE = (
    r"\x00-\x1f\x7f-\x9f"  # C0, DEL, C1
    r"\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # bidi controls
    r"\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200d\u2060-\u2065\u206a-\u206f"
    r"\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    r"\U000e0000-\U000e0fff"  # default ignorable: drawn without a width, or not at all
    r"\u2028\u2029\ud800-\udfff"  # separators, lone surrogates
)
_SGR_BODY = r"\[[0-9;:]{0,64}m"
_IN_NAME = re.compile(f"[{_ACTIVE}]")
_IN_LINE = re.compile(rf"\x1b(?!{_SGR_BODY})|(?!\x1b)[{_ACTIVE}]")

SGR = re.compile(rf"\x1b{_SGR_BODY}")
"""A colour sequence as `line` keeps it: `ESC [`, at most 64 digits, `;` and `:`, `m`."""

redact = Mask()
"""The mask where nothing is known of a repository: user-info of URLs and well-known tokens become `***`."""


def name(text: str) -> str:
    """`text` with nothing active in it: for branches, authors, holders, subjects, details and paths."""
    return _IN_NAME.sub(_mark, text)


def line(text: str) -> str:
    """One line of a log with nothing active in it but `SGR` sequences.

    Tabs are expanded to eight columns. Of a progress bar (`1%\\r2%\\r`) the last state is kept.
    """
    shown = text.rstrip("\r\n").rpartition("\r")[2]
    return _IN_LINE.sub(_mark, _without_tabs(shown))


def plain(text: str) -> str:
    """`line(text)` without its colours."""
    return SGR.sub("", line(text))


def _mark(found: re.Match[str]) -> str:
    code = ord(found[0])
    if code < 0x20:
        return chr(0x2400 + code)
    return "␡" if code == 0x7F else f"‹U+{code:04X}›"


def _without_tabs(text: str) -> str:
    first, *rest = text.split("\t")
    pieces, column = [first], _columns(first)
    for piece in rest:
        gap = 8 - column % 8
        pieces += (" " * gap, piece)
        column += gap + _columns(piece)
    return "".join(pieces)


def _columns(text: str) -> int:
    return len(SGR.sub("", text))
