"""The clipboard of the terminal the operator sits at, by OSC 52; also from inside tmux."""

import base64
from collections.abc import Mapping
from typing import Any

from textual.app import App

LIMIT = 74_000
"""Bytes that terminals take: 100,000 in base64, less the frame."""


def copy(app: App[Any], text: str, environ: Mapping[str, str]) -> str:
    """Copy at most `LIMIT` bytes of clean `text`; what was copied.

    tmux drops OSC 52 of programs unless `set-clipboard` is `on`, and hands on what is wrapped for its outer
    terminal only with `allow-passthrough`; so both are sent.
    """
    told = text.encode(errors="replace")[:LIMIT].decode(errors="ignore")
    app.copy_to_clipboard(told)
    if environ.get("TMUX") and app._driver is not None:
        app._driver.write(wrapped_for_tmux(osc52(told)))
    return told


def osc52(text: str) -> str:
    return f"\x1b]52;c;{base64.b64encode(text.encode()).decode()}\a"


def wrapped_for_tmux(sequence: str) -> str:
    doubled = sequence.replace("\x1b", "\x1b\x1b")
    return f"\x1bPtmux;{doubled}\x1b\\"
