"""What is stored of a repository: can it be read, and what did an engine that died leave in it."""

from pathlib import Path
from shlex import quote

from msgspec import Struct

from mergetui.adapters.durable import telling
from mergetui.adapters.journal import FileJournal
from mergetui.adapters.tinydb_store import TinyDBStore
from mergetui.doctor.finding import Finding, Topic
from mergetui.leasing import is_stale
from mergetui.model import Instant
from mergetui.ports import Processes, StoreError
from mergetui.state import RepositoryState


class Stored(Struct, frozen=True, kw_only=True):
    findings: tuple[Finding, ...]
    state: RepositoryState | None
    """None: it cannot be read."""


def examine_store(name: str, store: TinyDBStore) -> Stored:
    topic = Topic("store", name)
    try:
        state, notice = store.read(), store.notice()
    except (StoreError, OSError) as error:
        mend = "put a good copy in its place, or move it away"
        return Stored(findings=(topic.mend(str(error), mend),), state=None)
    told = notice.splitlines() if notice else []
    found = [topic.warn(line, f"mergetui status {name}") for line in told]
    return Stored(findings=tuple(found or [topic.ok(f"entries: {len(state.entries)}")]), state=state)


def examine_journal(name: str, path: Path) -> Finding:
    topic = Topic("journal", name)
    try:
        # Asked first: opening a named pipe in its place would wait for ever.
        if path.exists() and not path.is_file():
            return topic.mend("is not a regular file", f"mv {quote(str(path))} {quote(f'{path}.away')}")
        lines = _lines(path)
        facts = len(FileJournal(path).read())
    except OSError as error:
        return topic.mend(f"cannot be read: {error}", f"ls -l {quote(str(path))}")
    # The lines were counted first: what is appended meanwhile is not taken for a line that was lost.
    if lines > facts:
        return topic.warn(
            f"lines that cannot be read, of {lines}: {lines - facts}", f"less {quote(str(path))}"
        )
    return topic.ok(f"lines: {facts}")


def examine_engine(name: str, state: RepositoryState, processes: Processes, *, now: Instant) -> list[Finding]:
    """Who works on it, and what is left of one who does so no longer."""
    drain = f"mergetui run {name} --drain"
    found, at_work = list[Finding](), is_at_work(state, processes)
    engine, advance = Topic("engine", name), state.advance
    if advance is not None and at_work:
        found.append(engine.note(f"{advance.holder} works on it"))
    elif advance is not None:
        found.append(engine.note(f"{advance.holder} died at work; the next one goes on from there", drain))
    lease, topic = state.lease, Topic("lease", name)
    if lease is not None and processes.is_dead(lease.holder):
        found.append(topic.note(f"#{lease.token} of {lease.holder}, who is dead; the next engine takes it"))
    elif lease is not None and is_stale(lease, holder_is_dead=False, now=now):
        says = f"#{lease.token} of {lease.holder} has not been renewed since {lease.renewed_at:%H:%M:%S} UTC"
        found.append(topic.warn(says, f"mergetui lease release {name} --reason TEXT"))
    if state.landing is not None:
        landing, of = Topic("landing", name), ", ".join(state.landing.candidate.entries)
        found.append(
            landing.note(f"entries {of} are being pushed")
            if at_work
            else landing.warn(
                f"entries {of}: a push was begun, and nobody knows yet what became of it", drain
            )
        )
    return found


def is_at_work(state: RepositoryState, processes: Processes) -> bool:
    """An engine occupies the repository, as far as can be told from here."""
    return state.advance is not None and not processes.is_dead(state.advance.holder)


def _lines(path: Path) -> int:
    """Whole lines with something in them; 0 for a file that is not there."""
    try:
        with telling(path), path.open("rb") as file:
            return sum(line.endswith(b"\n") and len(line) > 1 for line in file)
    except FileNotFoundError:
        return 0
