"""`mergetui report`: the hand-over as Markdown, or its numbers as JSON."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from mergetui.cleaning import redact
from mergetui.cli.session import DONE, NO, Failure, Session
from mergetui.config_values import parse_duration
from mergetui.model import Entry, Instant
from mergetui.outcome import Run
from mergetui.reason import Coded
from mergetui.report import Report, markdown
from mergetui.report import report as report_of
from mergetui.state import Pause
from mergetui.statistics import EndingCount, Hurried, Override, PauseSpan, Spread, Statistics

if TYPE_CHECKING:
    from mergetui.adapters.notifying import Service

_LONGEST = timedelta(days=366)
"""As of every duration."""


def report(session: Session, repo: str | None, *, since: str, notify: bool = False) -> int:
    """With `notify` every report is sent to where notifications go, too."""
    service = _service(session) if notify else None
    now = session.wiring.clock.now()
    began = _instant(since, now)
    told = []
    for name in session.names(repo):
        desk = session.desk(name)
        target = desk.repository.target
        told.append(report_of(name, desk.state(), desk.facts(), target=target, since=began, now=now))
    texts = [markdown(one) for one in told]
    nothing = ["no repository is configured; mergetui repo add NAME REMOTE --retest COMMAND adds one"]
    session.answer(
        {"since": began, "until": now, "repos": [_fields(one) for one in told]},
        *(texts or nothing),
    )
    # Told here first: what cannot be sent is not lost.
    lost = [] if service is None else [text for text in texts if not service.send_document("Hand-over", text)]
    if lost:
        told_why = "the report could not be sent to every address of [notify]"
        raise Failure(told_why, code="notify", exit_code=NO)
    return DONE


def _service(session: Session) -> "Service":
    from mergetui.outside import service

    notify = session.wiring.config.notify
    if notify is None:
        raise Failure("there is no table [notify] in the configuration", code="config")
    return service(notify)


def _fields(told: Report) -> dict[str, Any]:
    return {
        "name": told.repo,
        "target": told.target,
        **_numbers(told.numbers),
        "landed": [_run(run) for run in told.landed],
        "sent_back": [_run(run) for run in told.sent_back],
        "now": {
            "paused": _pause(told.pause),
            "queued": [_entry(entry) for entry in told.queued],
            "deferred": [_entry(entry) for entry in told.deferred],
            "held": [_entry(entry) for entry in told.held],
            "sent_back": [_entry(entry) for entry in told.returned],
        },
    }


def _numbers(numbers: Statistics) -> dict[str, Any]:
    retests = numbers.retests
    return {
        "landed_per_hour": numbers.landed_per_hour,
        "landed_per_day": numbers.landed_per_day,
        "endings": [_ending(ending) for ending in numbers.endings],
        "in_queue": _spread(numbers.in_queue),
        "waited": _spread(numbers.waited),
        "worked": _spread(numbers.worked),
        "retests": {
            "started": retests.started,
            "green": retests.green,
            "red": retests.red,
            "undecided": retests.undecided,
            "red_rate": retests.red_rate,
            "per_landing": numbers.retests_per_landing,
            "flaky": retests.flaky,
            "flake_rate": retests.flake_rate,
        },
        "contended": numbers.contended,
        "contended_per_landing": numbers.contended_per_landing,
        "pauses": [_pause_span(pause) for pause in numbers.pauses],
        "emergencies": [_emergency(hurried) for hurried in numbers.emergencies],
        "overrides": [_override(override) for override in numbers.overrides],
    }


def _ending(ending: EndingCount) -> dict[str, Any]:
    return {"outcome": ending.outcome, "code": ending.code, "count": ending.count}


def _spread(lengths: Spread | None) -> dict[str, float] | None:
    if lengths is None:
        return None
    return {"p50": _seconds(lengths.p50), "p75": _seconds(lengths.p75), "p95": _seconds(lengths.p95)}


def _pause_span(pause: PauseSpan) -> dict[str, Any]:
    return {"by": pause.by, "reason": redact(pause.reason), "began": pause.began, "ended": pause.ended}


def _emergency(hurried: Hurried) -> dict[str, Any]:
    said = hurried.said
    return {
        "at": said.at,
        "by": said.by,
        "branches": hurried.branches,
        "reason": redact(said.reason),
        "through_pause": said.through_pause,
    }


def _override(made: Override) -> dict[str, Any]:
    return {
        "at": made.at,
        "by": made.by,
        "holder": made.holder,
        "token": made.token,
        "reason": redact(made.reason),
    }


def _pause(pause: Pause | None) -> dict[str, Any] | None:
    if pause is None:
        return None
    return {"by": pause.by, "reason": redact(pause.reason), "at": pause.at, "until": pause.until}


def _run(run: Run) -> dict[str, Any]:
    return {
        "id": run.id,
        "branches": run.branches,
        "reason": _reason(run.reason),
        "landed_commit": run.landed_commit,
        "finished_at": run.finished_at,
        "took": _seconds(run.finished_at - run.started_at),
    }


def _entry(entry: Entry) -> dict[str, Any]:
    return {
        "id": entry.id,
        "branches": entry.branches,
        "state": entry.state,
        "reason": _reason(entry.reason),
        "enqueued_at": entry.enqueued_at,
        "available_at": entry.available_at,
    }


def _reason(reason: Coded | None) -> dict[str, str] | None:
    return {"code": reason.code, "detail": redact(reason.detail)} if reason else None


def _seconds(length: timedelta) -> float:
    return length.total_seconds()


def _instant(text: str, now: Instant) -> Instant:
    try:
        return now - parse_duration(text)
    except ValueError:
        pass
    try:
        said = datetime.fromisoformat(text)
        when = (said if said.tzinfo else said.astimezone()).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise Failure(f"--since {text!r}: a time such as 2026-01-31T18:00:00Z, or how long: 12h") from error
    if not now - _LONGEST <= when < now:
        raise Failure(f"--since {text!r}: a time that is over, at most {_LONGEST.days} days ago")
    return when
