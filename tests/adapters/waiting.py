"""Waiting for facts instead of sleeping."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def eventually(look: Callable[[], T | None], *, within: float = 10.0) -> T:
    """What `look` sees once it sees something; fails when that takes longer than `within` seconds."""
    deadline = time.monotonic() + within
    while not (seen := look()):
        assert time.monotonic() < deadline, f"not within {within} s"
        time.sleep(0.01)
    return seen
