"""The server around it: one thread that listens, one that works, and whoever waits for the end."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from starlette.applications import Starlette

_LINGER = 5
"""Seconds for answers under way when it ends, and for a connection that says nothing."""


@contextmanager
def serving(application: Starlette, listening: socket.socket) -> Iterator[threading.Thread]:
    """Requests are answered while the block lasts; those under way when it ends have their answer."""
    server = uvicorn.Server(
        uvicorn.Config(
            application,
            http="h11",
            ws="none",
            loop="asyncio",
            lifespan="off",
            log_config=None,
            log_level="critical",
            access_log=False,
            proxy_headers=False,
            server_header=False,
            timeout_keep_alive=_LINGER,
            timeout_graceful_shutdown=_LINGER,
        )
    )
    # On a thread it leaves the process's signals alone.
    thread = threading.Thread(target=server.run, args=([listening],), name="http", daemon=True)
    thread.start()
    try:
        yield thread
    finally:
        server.should_exit = True
        thread.join()
