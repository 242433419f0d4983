"""The HTTP side: bodies of bounded size and time in, short answers out; nothing else is served."""

import asyncio

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from mergetui.webhooks.reception import UNKNOWN, Answer, Reception

PATIENCE = 20.0
"""Seconds that a body may take."""
_TOO_LARGE = Answer(status=413, said="too large")
_TOO_SLOW = Answer(status=408, said="too slow")
_BROKEN = Answer(status=500, said="broken; send it again")


def application(reception: Reception, *, limit: int, patience: float = PATIENCE) -> Starlette:
    """`POST /NAME` for every forge; `limit` is in bytes."""

    async def receive(request: Request) -> Response:
        name = request.path_params["forge"]
        if not reception.has(name):
            return _response(UNKNOWN)
        try:
            async with asyncio.timeout(patience):
                body = await _body(request, limit)
        except TimeoutError:
            return _refused(reception, name, _TOO_SLOW)
        if body is None:
            return _refused(reception, name, _TOO_LARGE)
        headers = dict(reversed(request.headers.items()))
        try:
            return _response(await run_in_threadpool(reception.receive, name, headers, body))
        except Exception:
            # What it was may have parts of the delivery in it, and those are for no log.
            return _refused(reception, name, _BROKEN)

    return Starlette(routes=[Route("/{forge}", receive, methods=["POST"])])


async def _body(request: Request, limit: int) -> bytes | None:
    """None when it is larger, or when the sender went away; what is left of it the server reads itself."""
    parts, size = [], 0
    try:
        async for part in request.stream():
            parts.append(part)
            size += len(part)
            if size > limit:
                return None
    except ClientDisconnect:
        return None
    return b"".join(parts)


def _refused(reception: Reception, name: str, answer: Answer) -> Response:
    reception.tell(name, answer)
    return _response(answer)


def _response(answer: Answer) -> Response:
    return JSONResponse({"answer": answer.said}, status_code=answer.status)
