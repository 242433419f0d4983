"""`mergetui run`: the engine without a screen."""

import signal
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from types import FrameType
from typing import TYPE_CHECKING, Any

from msgspec import to_builtins

from mergetui.actions import Wait, Why
from mergetui.cleaning import name as clean
from mergetui.cli.session import AGAIN, BROKEN, DONE, INTERRUPTED, NO, SCHEMA, Failure, Session
from mergetui.cli.story import tell
from mergetui.config_values import parse_duration
from mergetui.events import Ended, Event
from mergetui.model import EntryState

if TYPE_CHECKING:
    from mergetui.engine import Engine

_PATIENCE = 1.0


def run(session: Session, names: Sequence[str], *, drain: bool, drain_wait: str) -> int:
    given = [name for word in names for name in session.names(word)] or session.names(None)
    chosen = list(dict.fromkeys(given))
    if not chosen:
        raise Failure("no repository is configured", code="config", hint="mergetui repo add NAME REMOTE")
    patience = _patience(drain_wait)
    told: list[Event] = []
    lock = threading.Lock()

    def hear(event: Event) -> None:
        with lock:
            told.append(event)
            if session.as_json:
                session.emit(event)
            elif line := tell(event):
                session.tell(line)

    from mergetui.outside import outside

    wiring, config = session.wiring, session.wiring.config
    told_to = outside(wiring, session.metrics(config.metrics), notify=config.notify, repos=chosen)
    with told_to, stop_on_signals() as stopping:
        engine = wiring.engine(hear)
        if not drain:
            _run_until_stopped(session, engine, chosen, stopping)
            _say(session, _summary(session, chosen, told), {})
            return INTERRUPTED
        waits = engine.drain(chosen, patience=patience, stopping=stopping)
        summary = _summary(session, chosen, told)
        _say(session, summary, {} if stopping.is_set() else waits)
        return INTERRUPTED if stopping.is_set() else _exit_code(summary, waits)


def _run_until_stopped(
    session: Session, engine: "Engine", names: Sequence[str], stopping: threading.Event
) -> None:
    engine.start()
    for name in names:
        engine.want(name, "auto")
    rest = session.wiring.config.gate.lease_ttl.total_seconds()
    stopped: dict[str, float] = {}
    clock = session.wiring.clock
    while not stopping.wait(_PATIENCE):
        for name in names:
            if engine.standing(name).stopped_itself is None:
                stopped.pop(name, None)
            elif clock.monotonic() - stopped.setdefault(name, clock.monotonic()) >= rest:
                # Nobody is there to switch it on again, and whoever took the lease has had a ttl for it.
                engine.want(name, "auto")
    engine.stop()


def _summary(session: Session, names: Sequence[str], told: Sequence[Event]) -> dict[str, Any]:
    runs = [event.run for event in told if isinstance(event, Ended)]
    left = [entry for name in names for entry in session.desk(name).state().entries.values()]
    return {
        "event": "summary",
        "schema": SCHEMA,
        "landed": [branch for run in runs if run.outcome == "landed" for branch in run.branches],
        "sent_back": [
            {"branch": run.branches[-1], "code": run.reason.code, "detail": run.reason.detail}
            for run in runs
            if run.outcome == "sent-back" and run.reason
        ],
        "deferred": [
            {"branch": e.branch, "code": e.reason.code if e.reason else None, "available_at": e.available_at}
            for e in left
            if e.state is EntryState.DEFERRED
        ],
        "held": [
            {"branch": e.branch, "code": e.reason.code, "detail": e.reason.detail}
            for e in left
            if e.state is EntryState.HELD and e.reason
        ],
    }


def _say(session: Session, summary: dict[str, Any], waits: dict[str, Wait]) -> None:
    if session.as_json:
        session.emit(to_builtins(summary))
        return
    session.print(f"landed: {clean(', '.join(summary['landed'])) or 'nothing'}")
    for ending in ("sent_back", "deferred", "held"):
        rows = summary[ending]
        lines = [
            f"  {clean(row['branch'])}: {row['code']} {clean(row.get('detail') or '')}".rstrip()
            for row in rows
        ]
        session.print(*([f"{ending.replace('_', ' ')}:", *lines] if lines else []))
    for name, wait in waits.items():
        if wait.why not in (Why.IDLE, Why.NEEDS_A_PERSON):
            session.tell(f"{name}: {wait.why}" + (f": {clean(wait.detail)}" if wait.detail else ""))
        if wait.why is Why.ELSEWHERE and (advance := session.desk(name).state().advance):
            session.tell(f"{name}: {clean(str(advance.holder))} works on it")


def _exit_code(summary: dict[str, Any], waits: dict[str, Wait]) -> int:
    whys = {wait.why for wait in waits.values()}
    if Why.BROKEN in whys:
        return BROKEN
    if summary["sent_back"]:
        return NO
    unfinished = whys - {Why.IDLE, Why.NEEDS_A_PERSON}
    return AGAIN if summary["deferred"] or summary["held"] or unfinished else DONE


def _patience(text: str) -> timedelta:
    if text.strip() in ("0", "0s"):
        return timedelta()
    try:
        return parse_duration(text)
    except ValueError as error:
        raise Failure(f"--drain-wait {text!r}; allowed: {error}") from error


@contextmanager
def stop_on_signals() -> Iterator[threading.Event]:
    """Set by INT, TERM or HUP: the engine comes to a safe point; a second INT ends the process at once."""
    stopping = threading.Event()

    def stop(number: int, _: FrameType | None) -> None:
        if stopping.is_set() and number == signal.SIGINT:
            raise KeyboardInterrupt
        stopping.set()

    before = {n: signal.signal(n, stop) for n in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        yield stopping
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
