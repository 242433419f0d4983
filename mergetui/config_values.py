"""Single values of the configuration, from TOML or as text: a ValueError names what is allowed."""

import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Literal, get_args, get_origin

from mergetui.integrations import CHANNELS, NOTICE_KINDS, Rate


def parse_value(hint: object, key: str, value: object) -> object:
    """What `value` means for a field with that annotation."""
    return (_PARSERS_BY_KEY.get(key) or _parser(hint))(value)


def choices(hint: object) -> tuple[str, ...]:
    """All that a field can be, as text; empty when that is not a list."""
    if hint is bool:
        return ("true", "false")
    return tuple(map(str, get_args(hint))) if get_origin(hint) is Literal else ()


def parse_duration(text: object) -> timedelta:
    """`90s`, `1h30m`, `500ms`: above zero, at most 366 days."""
    if not isinstance(text, str) or not _DURATION.fullmatch(text.strip()):
        raise ValueError("a duration such as '90s', '30m' or '1h30m'")
    parts = _DURATION_PART.findall(text)
    try:
        length = sum((timedelta(**{_UNITS[unit]: float(number)}) for number, unit in parts), timedelta())
    except OverflowError:
        length = timedelta.max
    if not timedelta() < length <= timedelta(days=366):
        raise ValueError("a duration above zero and at most 366 days")
    return length


def parse_size(value: object) -> int:
    """Bytes: `200MB`, `1GB`, or a whole number."""
    if isinstance(value, int) and not isinstance(value, bool) and value > 0:
        return value
    found = _SIZE.fullmatch(value.strip()) if isinstance(value, str) else None
    if found is None or int(found[1]) == 0:
        raise ValueError("a size such as '200MB' or a number of bytes")
    return int(found[1]) * _SIZES[found[2].upper()]


_UNITS = {"ms": "milliseconds", "s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_DURATION_PART = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,3})?)(ms|s|m|h|d)")
_DURATION = re.compile(rf"(?:{_DURATION_PART.pattern})+")
_SIZE = re.compile(r"([0-9]{1,12})\s*(B|KB|MB|GB|)", re.IGNORECASE)
_SIZES = {"": 1, "B": 1, "KB": 1_000, "MB": 1_000_000, "GB": 1_000_000_000}


def _parser(hint: object) -> Callable[[object], object]:
    if get_origin(hint) is Literal:
        return lambda value: _one_of(value, get_args(hint))
    return _PARSERS[str(getattr(hint, "__name__", hint))] if isinstance(hint, type) else _PARSERS[str(hint)]


def _one_of(value: object, allowed: tuple[object, ...]) -> object:
    if value not in allowed:
        raise ValueError(", ".join(repr(choice) for choice in allowed))
    return value


def _flag(value: object) -> bool:
    said = {"true": True, "false": False}.get(value.lower(), value) if isinstance(value, str) else value
    if not isinstance(said, bool):
        raise ValueError("true or false")
    return said


def _count(value: object, *, least: int = 1) -> int:
    said = int(value) if isinstance(value, str) and re.fullmatch("[0-9]{1,9}", value) else value
    if not isinstance(said, int) or isinstance(said, bool) or not least <= said <= 1000:
        raise ValueError(f"a whole number from {least} to 1000")
    return said


def parse_port(value: object) -> int:
    said = int(value) if isinstance(value, str) and re.fullmatch("[0-9]{1,5}", value) else value
    if not isinstance(said, int) or isinstance(said, bool) or not 1 <= said <= 65_535:
        raise ValueError("a port from 1 to 65535")
    return said


def _count_or_none(value: object) -> int:
    return _count(value, least=0)


def _duration_or_never(value: object) -> timedelta | None:
    if value == "never":
        return None
    try:
        return parse_duration(value)
    except ValueError as error:
        raise ValueError(f"{error}, or 'never'") from error


def parse_rate(value: object) -> Rate:
    """`20/h`: so many per second, minute, hour or day."""
    found = re.fullmatch(r"([0-9]{1,4})/([smhd])", value.strip()) if isinstance(value, str) else None
    if found is None or not 1 <= int(found[1]) <= 1000:
        raise ValueError("from 1 to 1000 per s, m, h or d, such as '20/h'")
    return Rate(int(found[1]), timedelta(**{_UNITS[found[2]]: 1}))


def _kinds(value: object) -> tuple[object, ...]:
    said = _texts(value)
    if not set(said) <= set(NOTICE_KINDS):
        raise ValueError(f"a list of {', '.join(repr(kind) for kind in NOTICE_KINDS)}")
    return said


def _channels(value: object) -> tuple[object, ...]:
    said = _texts(value)
    if not set(said) <= set(CHANNELS):
        raise ValueError(f"a list of {', '.join(repr(channel) for channel in CHANNELS)}; [] for none")
    return said


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError("a text in quotes")
    return value


def _texts(value: object) -> tuple[str, ...]:
    said = [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value
    if not isinstance(said, list) or not all(isinstance(part, str) for part in said):
        raise ValueError("a list of texts")
    return tuple(said)


def _pairs(value: object) -> Mapping[str, str]:
    said = dict(_pair(part) for part in value.split(",")) if isinstance(value, str) else value
    if not isinstance(said, dict) or not all(isinstance(part, str) for part in said.values()) or "" in said:
        raise ValueError('a table of texts such as { TZ = "UTC" }')
    return said


def _pair(text: str) -> tuple[str, str]:
    name, _, value = text.partition("=")
    return name.strip(), value


_PARSERS_BY_KEY: Mapping[str, Callable[[object], object]] = {
    "retest_output_limit": parse_size,
    "max_retries": _count_or_none,
    "retries": _count_or_none,
    "max_deferrals": _count_or_none,
    "auto_stop_red": _count_or_none,
    "auto_stop_remote": _duration_or_never,
    "auto_stop_unattended": _duration_or_never,
    "notify": _channels,
    "port": parse_port,
    "on": _kinds,
    "limit": parse_rate,
}
_PARSERS: Mapping[str, Callable[[object], object]] = {
    "timedelta": parse_duration,
    "datetime.timedelta | None": parse_duration,
    "bool": _flag,
    "int": _count,
    "int | None": _count,
    "str": _text,
    "str | None": _text,
    "tuple[str, ...]": _texts,
    "collections.abc.Mapping[str, str]": _pairs,
}
