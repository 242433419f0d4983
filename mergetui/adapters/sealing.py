"""What a generation is in bytes: a header line with a checksum, and the body, tables as JSON."""

import hashlib
from typing import Any, TypeAlias

import msgspec
from msgspec import Struct

from mergetui.adapters.durable import as_json

SCHEMA = 1

Tables: TypeAlias = dict[str, dict[str, Any]]

_BEGINNING = b'{"format":"mergetui-state",'


class Header(Struct, frozen=True, kw_only=True, tag_field="format", tag="mergetui-state"):
    """The first line of the file; every schema keeps these fields and their meaning."""

    schema: int
    generation: int
    sha256: str
    """Of this line with the checksum itself left out, and the body."""
    length: int
    """Bytes of the body, which is all that follows the line."""


def pack(tables: Tables, *, generation: int, schema: int = SCHEMA) -> bytes:
    """The content of a file: header line and body."""
    body = as_json(tables)
    header = Header(schema=schema, generation=generation, sha256="", length=len(body))
    sealed = msgspec.structs.replace(header, sha256=_checksum(msgspec.json.encode(header), body))
    return msgspec.json.encode(sealed) + b"\n" + body


class Unsealed(Struct, frozen=True, kw_only=True):
    """A content whose checksum matches."""

    schema: int
    generation: int
    tables: Tables | None
    """None: the body is not tables of rows."""


def unseal(content: bytes, *, row: Any = Any) -> Unsealed | None:
    """None when the content is not what was packed; `row` is what a row is taken for."""
    line, _, body = content.partition(b"\n")
    header = _header(line)
    if header is None or _checksum(line.replace(header.sha256.encode(), b"", 1), body) != header.sha256:
        return None
    return Unsealed(schema=header.schema, generation=header.generation, tables=_tables(body, row))


def is_foreign(content: bytes) -> bool:
    """Readable text that does not begin like ours, not even with a few bytes of damage."""
    wrong = sum(byte != expected for byte, expected in zip(content, _BEGINNING, strict=False))
    return wrong > min(3, len(content) // 4) and b"\0" not in content and _is_text(content)


def _is_text(content: bytes) -> bool:
    try:
        content.decode()
    except UnicodeDecodeError:
        return False
    return True


def _header(line: bytes) -> Header | None:
    try:
        return msgspec.json.decode(line, type=Header)
    except (ValueError, RecursionError):
        return None


def _tables(body: bytes, row: Any) -> Tables | None:
    try:
        tables: Tables = msgspec.json.decode(body, type=dict[str, dict[str, row]])
        return tables
    except (ValueError, RecursionError):
        return None


def _checksum(line: bytes, body: bytes) -> str:
    digest = hashlib.sha256(line)
    digest.update(b"\n")
    digest.update(body)
    return digest.hexdigest()
