"""Texts in which changes meet, or keep out of each other's way."""

from collections.abc import Mapping


def lines(changed: Mapping[int, str] | None = None) -> str:
    """Twelve numbered lines, some of them changed."""
    return "".join(f"{(changed or {}).get(number, number)}\n" for number in range(1, 13))
