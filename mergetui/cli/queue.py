"""`mergetui enqueue`, `dequeue`, `retry`, `move`."""

from collections.abc import Sequence

from mergetui.cleaning import name as clean
from mergetui.cli.session import AGAIN, DONE, NO, Failure, Session
from mergetui.model import Priority
from mergetui.operations import NotQueued, Queued
from mergetui.outcome import Unreachable


def enqueue(
    session: Session, repo: str, branches: Sequence[str], *, priority: Priority | None, stack: bool
) -> int:
    stacks = [tuple(branches)] if stack else [(branch,) for branch in branches]
    answers = session.desk(repo).enqueue(stacks, priority=priority)
    if isinstance(answers, Unreachable):
        raise unreachable(repo, answers)
    queued = [answer for answer in answers if isinstance(answer, Queued)]
    refused = [answer for answer in answers if isinstance(answer, NotQueued)]
    session.answer(
        {
            "queued": [queued_fields(answer) for answer in queued],
            "refused": [{"branch": a.branches[-1], "branches": a.branches, "why": a.why} for a in refused],
        },
        *(queued_line(answer) for answer in queued),
    )
    if not session.as_json:
        session.tell(*(f"refused: {clean(' + '.join(a.branches))}: {clean(a.why)}" for a in refused))
    return NO if refused else DONE


def dequeue(session: Session, repo: str, branch: str) -> int:
    entry = session.desk(repo).dequeue(branch)
    if isinstance(entry, NotQueued):
        raise refused(repo, entry)
    session.answer({"dequeued": entry.branches}, f"{clean(' + '.join(entry.branches))} is out of the queue")
    return DONE


def retry(session: Session, repo: str, branch: str) -> int:
    answer = session.desk(repo).retry(branch)
    match answer:
        case Unreachable():
            raise unreachable(repo, answer)
        case NotQueued():
            raise refused(repo, answer)
        case entry:
            session.answer(
                {"retried": entry.branches, "head": entry.heads[-1]}, f"{clean(branch)} is queued again"
            )
            return DONE


def move(session: Session, repo: str, branch: str, to: int) -> int:
    position = session.desk(repo).move(branch, to=to)
    if position is None:
        raise refused(repo, NotQueued((branch,), "it is not in the queue"))
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
        raise refused(repo, entry)
    word = entry.approvals[-1]
    session.answer(
        {"approved": entry.branches, "heads": entry.heads, "check": check, "by": word.by},
        f"{clean(' + '.join(entry.branches))} at {entry.heads[-1][:10]} has the word of {clean(word.by)}",
    )
    return DONE


def queued_fields(answer: Queued) -> dict[str, object]:
    return {
        "id": answer.entry.id,
        "branch": answer.entry.branch,
        "branches": answer.entry.branches,
        "head": answer.entry.heads[-1],
        "position": answer.position,
        "priority": answer.entry.priority,
        "pinned_anew": answer.pinned_anew,
    }


def queued_line(answer: Queued) -> str:
    what = "pinned anew" if answer.pinned_anew else "queued"
    branches = clean(" + ".join(answer.entry.branches))
    return f"{what}: {branches} at {answer.entry.heads[-1][:10]}, position {answer.position}"


def unreachable(repo: str, answer: Unreachable) -> Failure:
    return Failure(
        f"the remote of {repo} cannot be reached: {clean(answer.message)}",
        code="remote-unreachable",
        hint="nothing was changed; try again",
        exit_code=AGAIN,
    )


def refused(repo: str, answer: NotQueued) -> Failure:
    return Failure(
        f"{clean(' + '.join(answer.branches))} of {repo}: {answer.why}",
        code="not-found",
        hint=f"mergetui status {repo}",
        exit_code=NO,
    )
