"""Each forge: can its token be read, does it answer and take it; and what still waits to be told."""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from shlex import quote
from urllib.parse import urlsplit

from mergetui.adapters.credentials import CredentialError, read_credential
from mergetui.adapters.spool import Spool
from mergetui.dialects import NoAnswer, api_of
from mergetui.doctor.finding import Finding, Topic
from mergetui.integrations import Forge

PATIENCE = 5.0
"""Seconds for what one forge is asked."""

_SIDE_BY_SIDE = 8


def examine_forges(
    forges: Sequence[Forge], environ: Mapping[str, str], config: Path, *, patience: float = PATIENCE
) -> list[Finding]:
    """All of them asked at the same time."""
    if not forges:
        return []
    with ThreadPoolExecutor(min(len(forges), _SIDE_BY_SIDE)) as threads:
        found = threads.map(lambda forge: list(_examine(forge, environ, config, patience)), forges)
        return [finding for findings in found for finding in findings]


def examine_spool(name: str, spool: Spool) -> Finding:
    topic = Topic("statuses", name)
    try:
        waiting, refusal = len(spool.waiting()), spool.refusal()
    except OSError as error:
        return topic.mend(f"cannot be read: {error.strerror}", f"ls -l {quote(str(error.filename))}")
    says = f"{waiting} wait to be told" if waiting else "none wait"
    if refusal is not None:
        told = f"{refusal.commit[:10]}, {refusal.at:%Y-%m-%d %H:%M} UTC: {refusal.why}"
        return topic.warn(f"{says}; the forge refused {told}", "check the token's rights and 'project'")
    return topic.note(says) if waiting else topic.ok(says)


def _examine(forge: Forge, environ: Mapping[str, str], config: Path, patience: float) -> Iterator[Finding]:
    topic = Topic("token", forge.name)
    table = f"[forges.{forge.name}] of {quote(str(config))}"
    try:
        token = read_credential(variable=forge.token_env, file=forge.token_file, environ=environ)
    except CredentialError as error:
        yield topic.mend(str(error), f"put it there, or change {table}")
        return
    if token is None:
        yield topic.note("none is named, so no statuses are sent", f"set 'token_file' in {table}")
        return
    if _is_in_the_open(api_of(forge)):
        yield topic.warn(f"goes to {api_of(forge)} for everybody on the way to read", f"use https in {table}")
    else:
        yield topic.ok(f"can be read from {_source(forge, environ)}")
    yield _reached(forge, token, table, patience)


def _reached(forge: Forge, token: str, table: str, patience: float) -> Finding:
    topic, api = Topic("forge", forge.name), api_of(forge)
    try:
        from mergetui.adapters.forge_client import talking_to
    except ImportError:
        return topic.mend("httpx2 is not installed, and statuses need it", "pip install 'mergetui[forges]'")
    try:
        with talking_to(forge, lambda: token, patience=patience) as client:
            answer = client.probe()
    except CredentialError as error:
        return topic.mend(str(error), f"put it right, or change {table}")
    except Exception as error:
        # What the client makes of the surroundings, a proxy say; its text may be about a password there.
        return topic.mend(f"cannot be asked: {type(error).__name__}", "check HTTPS_PROXY and SSL_CERT_FILE")
    if isinstance(answer, NoAnswer):
        return topic.warn(f"{api} cannot be reached: {answer.why}", f"curl -sSI {quote(api)}")
    if answer.code in (401, 403):
        return topic.mend(f"{api} refuses the token ({answer.code})", f"make a new one, or change {table}")
    if 300 <= answer.code < 400:
        return topic.mend(f"{api} answers {answer.code}: {answer.words}", f"correct 'api' in {table}")
    return topic.ok(f"{api} answers")


def _is_in_the_open(api: str) -> bool:
    parts = urlsplit(api)
    return parts.scheme == "http" and parts.hostname not in ("localhost", "127.0.0.1", "::1")


def _source(forge: Forge, environ: Mapping[str, str]) -> str:
    is_set = forge.token_env is not None and environ.get(forge.token_env, "").strip()
    return str(forge.token_env if is_set else forge.token_file)
