"""Secrets that the configuration names: read where they are used, never kept in it."""

import os
import stat
from collections.abc import Mapping
from pathlib import Path

_LARGEST = 10_000
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


class CredentialError(Exception):
    """It cannot be had; the text names the variable or the file, what is wrong and the mend."""


def read_credential(
    *, variable: str | None, file: str | None, environ: Mapping[str, str] = os.environ
) -> str | None:
    """The secret, without white space around it; None when neither is named.

    The variable stands above the file.
    """
    said = environ.get(variable, "").strip() if variable is not None else ""
    if said:
        return said
    if file is not None:
        return _from_file(Path(file).expanduser())
    if variable is not None:
        raise CredentialError(f"{variable} is not set; it should have the secret")
    return None


def _from_file(path: Path) -> str:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError as error:
        raise CredentialError(f"{path} cannot be read: {error.strerror}") from error
    known = os.fstat(descriptor)
    if not stat.S_ISREG(known.st_mode):
        os.close(descriptor)
        raise CredentialError(f"{path} is not a file")
    with os.fdopen(descriptor, "rb") as stream:
        if known.st_mode & _OTHERS:
            raise CredentialError(f"{path} can be read by others; run `chmod 600 {path}`")
        secret = stream.read(_LARGEST).decode("utf-8", "replace").strip()
    if not secret:
        raise CredentialError(f"{path} is empty; it should have the secret")
    return secret
