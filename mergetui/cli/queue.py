"""`mergetui enqueue`, `dequeue`, `retry`, `move`, `pause`, `resume`."""

from collections.abc import Sequence
from datetime import UTC, datetime

from mergetui.cleaning import name as clean
from mergetui.cli.session import AGAIN, DONE, NO, Failure, Session
from mergetui.config_values import parse_duration
from mergetui.model import Instant, Priority
from mergetui.operations import NotQueued, Queued
from mergetui.outcome import Unreachable


def enqueue(
    session: Session, repo: str, branches: Sequence[str], *, priority: Priority | None, stack: bool
) -> int:
    stacks = [tuple(branches)] if stack else [(branch,) for branch in branches]
    answers = session.desk(repo).enqueue(stacks, priority=priority)
    if isinstance(answers, Unreachable):
        raise _unreachable(repo, answers)
    queued = [answer for answer in answers if isinstance(answer, Queued)]
    refused = [answer for answer in answers if isinstance(answer, NotQueued)]
    session.answer(
        {
            "queued": [_queued(answer) for answer in queued],
            "refused": [{"branch": a.branches[-1], "branches": a.branches, "why": a.why} for a in refused],
        },
        *(_queued_line(answer) for answer in queued),
    )
    if not session.as_json:
        session.tell(*(f"refused: {clean(' + '.join(a.branches))}: {clean(a.why)}" for a in refused))
    return NO if refused else DONE


def dequeue(session: Session, repo: str, branch: str) -> int:
    entry = session.desk(repo).dequeue(branch)
    if isinstance(entry, NotQueued):
        raise _refused(repo, entry)
    session.answer({"dequeued": entry.branches}, f"{clean(' + '.join(entry.branches))} is out of the queue")
    return DONE


def retry(session: Session, repo: str, branch: str) -> int:
    answer = session.desk(repo).retry(branch)
    match answer:
        case Unreachable():
            raise _unreachable(repo, answer)
        case NotQueued():
            raise _refused(repo, answer)
        case entry:
            session.answer(
                {"retried": entry.branches, "head": entry.heads[-1]}, f"{clean(branch)} is queued again"
            )
            return DONE


def move(session: Session, repo: str, branch: str, to: int) -> int:
    position = session.desk(repo).move(branch, to=to)
    if position is None:
        raise _refused(repo, NotQueued((branch,), "it is not in the queue"))
    session.answer({"moved": branch, "position": position}, f"{clean(branch)} is at position {position}")
    return DONE


def approve(session: Session, repo: str, branch: str, check: str | None) -> int:
    desk = session.desk(repo)
    known = desk.repository.checks
    if check is not None and check not in known:
        told = f"{repo} has no check {check!r}"
        raise Failure(told, hint=f"its checks: {', '.join(known) or 'none'}")
    entry = desk.approve(branch, check=check)
    if isinstance(entry, NotQueued):
        raise _refused(repo, entry)
    word = entry.approvals[-1]
    session.answer(
        {"approved": entry.branches, "heads": entry.heads, "check": check, "by": word.by},
        f"{clean(' + '.join(entry.branches))} at {entry.heads[-1][:10]} has the word of {clean(word.by)}",
    )
    return DONE


def pause(session: Session, repo: str, *, reason: str, until: str | None, now: bool) -> int:
    if not reason.strip():
        raise Failure("--reason is empty; say why, for it is what everybody is shown")
    desk = session.desk(repo)
    ends = None if until is None else _instant(until, session.wiring.clock.now())
    said = desk.pause(reason, until=ends, now=now)
    session.answer({"paused": said}, f"{repo} is paused: {clean(reason)}")
    return DONE


def resume(session: Session, repo: str) -> int:
    ended = session.desk(repo).resume()
    session.answer(
        {"resumed": ended is not None, "was": ended},
        f"{repo} goes on" if ended else f"{repo} was not paused",
    )
    return DONE


def _queued(answer: Queued) -> dict[str, object]:
    return {
        "id": answer.entry.id,
        "branch": answer.entry.branch,
        "branches": answer.entry.branches,
        "head": answer.entry.heads[-1],
        "position": answer.position,
        "priority": answer.entry.priority,
        "pinned_anew": answer.pinned_anew,
    }


def _queued_line(answer: Queued) -> str:
    what = "pinned anew" if answer.pinned_anew else "queued"
    branches = clean(" + ".join(answer.entry.branches))
    return f"{what}: {branches} at {answer.entry.heads[-1][:10]}, position {answer.position}"


def _instant(text: str, now: Instant) -> Instant:
    try:
        return now + parse_duration(text)
    except ValueError:
        pass
    try:
        said = datetime.fromisoformat(text)
    except ValueError as error:
        raise Failure(f"--until {text!r}: a time such as 2026-01-31T18:00:00Z, or how long: 2h") from error
    when = said if said.tzinfo else said.astimezone()
    if when <= now:
        raise Failure(f"--until {text!r} is over already")
    return when.astimezone(UTC)


def _unreachable(repo: str, answer: Unreachable) -> Failure:
    return Failure(
        f"the remote of {repo} cannot be reached: {clean(answer.message)}",
        code="remote-unreachable",
        hint="nothing was changed; try again",
        exit_code=AGAIN,
    )


def _refused(repo: str, answer: NotQueued) -> Failure:
    return Failure(
        f"{clean(' + '.join(answer.branches))} of {repo}: {answer.why}",
        code="not-found",
        hint=f"mergetui status {repo}",
        exit_code=NO,
    )
