"""`mergetui emergency`: a branch ahead of everything, judged by the reduced command."""

from mergetui.cleaning import name as clean
from mergetui.cli.queue import queued_fields, queued_line, refused, unreachable
from mergetui.cli.session import DONE, NO, USAGE, Failure, Session
from mergetui.emergencies import no_emergencies
from mergetui.operations import Desk, NotQueued, Queued
from mergetui.outcome import Unreachable


def emergency(
    session: Session, repo: str, branch: str, *, reason: str, through_pause: bool, yes: bool
) -> int:
    if not reason.strip():
        raise Failure("--reason is empty; say why, for the journal keeps it")
    desk = session.desk(repo)
    if why := no_emergencies(desk.repository):
        raise Failure(why, code="config", hint=f"mergetui enqueue {repo} BRANCH --priority urgent")
    if not yes:
        _make_sure(session, desk, branch)
    answer = desk.emergency(branch, reason, through_pause=through_pause)
    match answer:
        case Unreachable():
            raise unreachable(repo, answer)
        case NotQueued():
            raise refused(repo, answer)
        case Queued():
            session.answer(
                {**queued_fields(answer), "emergency": answer.entry.emergency}, queued_line(answer)
            )
            _tell_of_pause(session, desk, through_pause=through_pause)
            return DONE


def _make_sure(session: Session, desk: Desk, branch: str) -> None:
    """What is tested with less than the others is asked for by its name."""
    if not session.has_terminal:
        told = f"an emergency has to be confirmed: {clean(branch)} goes ahead of everything"
        raise Failure(told, code="not-confirmed", hint="--yes confirms it", exit_code=USAGE)
    running = ", ".join(desk.rest().branches)
    stops = f" It stops and requeues {clean(running)}." if running else ""
    command = desk.repository.emergency_retest
    session.tell(
        f"{clean(branch)} goes ahead of everything, judged by {clean(command or '')!r} alone.{stops}"
    )
    if session.ask("Type the branch's name to confirm: ") != branch:
        raise Failure("not confirmed: that is not its name", code="not-confirmed", exit_code=NO)


def _tell_of_pause(session: Session, desk: Desk, *, through_pause: bool) -> None:
    pause = desk.state().pause
    if pause is not None and pause.holds(session.wiring.clock.now()) and not through_pause:
        told = f"{desk.repository.name} is paused: it waits for the resume"
        session.tell(f"{told}; --through-pause lands it all the same")
