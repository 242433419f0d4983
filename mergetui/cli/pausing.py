"""`mergetui pause`, `resume`, `drain`."""

import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from mergetui.cleaning import name as clean
from mergetui.cli.session import AGAIN, DONE, Failure, Session
from mergetui.config_values import parse_duration
from mergetui.model import Instant
from mergetui.queueing import Rest
from mergetui.state import Pause

_POLL = 0.1


def pause(
    session: Session, names: Sequence[str], *, every: bool, reason: str, until: str | None, now: bool
) -> int:
    said = _pause(session, names, reason=reason, until=until, now=now)
    _answer(session, "paused", said, every=every, lines=[_line(name, said[name]) for name in names])
    return DONE


def resume(session: Session, names: Sequence[str], *, every: bool) -> int:
    ended = {name: session.desk(name).resume() for name in names}
    lines = [f"{name} goes on" if pause else f"{name} was not paused" for name, pause in ended.items()]
    if every:
        rows = [{"name": n, "resumed": pause is not None, "was": pause} for n, pause in ended.items()]
        session.answer({"repos": rows}, *lines)
    else:
        (was,) = ended.values()
        session.answer({"resumed": was is not None, "was": was}, *lines)
    return DONE


def drain(
    session: Session, names: Sequence[str], *, every: bool, reason: str, until: str | None, wait: str
) -> int:
    """Nothing new is begun from the pause on: it is waited until what had begun is over."""
    patience = _patience(wait)
    said = _pause(session, names, reason=reason, until=until, now=False)
    left = _wait_for_rest(session, names, patience)
    rows = {n: {"paused": said[n], "left": left[n].branches, "held_by": left[n].held_by} for n in names}
    lines = [_drained(name, said[name], left[name]) for name in names]
    if every:
        session.answer({"repos": [{"name": name, **row} for name, row in rows.items()]}, *lines)
    else:
        session.answer(rows[names[0]], *lines)
    return DONE if all(rest.is_reached for rest in left.values()) else AGAIN


def _pause(
    session: Session, names: Sequence[str], *, reason: str, until: str | None, now: bool
) -> dict[str, Pause]:
    if not reason.strip():
        raise Failure("--reason is empty; say why, for it is what everybody is shown")
    desks = {name: session.desk(name) for name in names}
    ends = None if until is None else _instant(until, session.wiring.clock.now())
    return {name: desk.pause(reason, until=ends, now=now) for name, desk in desks.items()}


def _wait_for_rest(session: Session, names: Sequence[str], patience: timedelta) -> dict[str, Rest]:
    """What is left of each when all are at rest, or when the time is over."""
    clock, told = session.wiring.clock, dict[str, Rest]()
    deadline = clock.monotonic() + patience.total_seconds()
    while True:
        left = {name: session.desk(name).rest() for name in names}
        for name, rest in left.items():
            if not rest.is_reached and told.get(name) != rest:
                session.tell(_still(name, rest))
        told = left
        if all(rest.is_reached for rest in left.values()) or clock.monotonic() >= deadline:
            return left
        time.sleep(_POLL)


def _answer(session: Session, key: str, said: dict[str, Pause], *, every: bool, lines: Sequence[str]) -> None:
    fields: dict[str, Any] = {key: next(iter(said.values()))}
    if every:
        fields = {"repos": [{"name": name, key: pause} for name, pause in said.items()]}
    session.answer(fields, *lines)


def _line(name: str, pause: Pause) -> str:
    until = f" until {pause.until:%Y-%m-%d %H:%M} UTC" if pause.until else ""
    return f"{name} is paused{until}: {clean(pause.reason)}"


def _drained(name: str, pause: Pause, rest: Rest) -> str:
    return _line(name, pause) if rest.is_reached else f"not at rest: {_still(name, rest)}"


def _still(name: str, rest: Rest) -> str:
    branches = f": {clean(', '.join(rest.branches))}" if rest.branches else ""
    holder = f", {clean(rest.held_by)} has the lease" if rest.held_by else ", nobody has the lease"
    return f"{name} is draining, {len(rest.branches)} left{branches}{holder}"


def _patience(text: str) -> timedelta:
    try:
        return timedelta() if text.strip() in ("0", "0s") else parse_duration(text)
    except ValueError as error:
        raise Failure(f"--wait {text!r}; allowed: {error}") from error


def _instant(text: str, now: Instant) -> Instant:
    try:
        return now + parse_duration(text)
    except ValueError:
        pass
    try:
        said = datetime.fromisoformat(text)
        when = (said if said.tzinfo else said.astimezone()).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise Failure(f"--until {text!r}: a time such as 2026-01-31T18:00:00Z, or how long: 2h") from error
    if when <= now:
        raise Failure(f"--until {text!r} is over already")
    return when
