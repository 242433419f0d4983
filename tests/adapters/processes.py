"""Real processes, forked from a server without threads."""

from collections.abc import Callable
from multiprocessing import Pipe, get_context
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext, ForkServerProcess
from pathlib import Path


def server() -> ForkServerContext:
    context = get_context("forkserver")
    context.set_forkserver_preload(["mergetui.adapters.tinydb_store", "mergetui.adapters.journal"])
    return context


def start(work: Callable[..., None], *arguments: object, **named: object) -> ForkServerProcess:
    process = server().Process(target=work, args=arguments, kwargs=named)
    process.start()
    return process


def finish(*processes: ForkServerProcess) -> list[int | None]:
    """Their exit codes, when all of them have ended."""
    for process in processes:
        process.join(60)
    return [process.exitcode for process in processes]


def told_by(work: Callable[..., None], *arguments: object, **named: object) -> object:
    """What `work`, run to its end elsewhere, sends through the pipe that is its last argument."""
    ours, theirs = Pipe(duplex=False)
    with ours, theirs:
        finish(start(work, *arguments, theirs, **named))
        return ours.recv() if ours.poll() else None


def killed_after(acknowledgements: int, work: Callable[[Path, Connection], None], path: Path) -> int:
    """The last number that `work` acknowledged before kill -9, sent when it had told so many."""
    ours, theirs = Pipe(duplex=False)
    process = start(work, path, theirs)
    theirs.close()
    with ours:
        last = [ours.recv() for _ in range(acknowledgements)][-1]
        process.kill()
        finish(process)
        return _last_of(ours, last)


def _last_of(numbers: Connection, last: int) -> int:
    try:
        while True:
            last = numbers.recv()
    except EOFError:
        return last
