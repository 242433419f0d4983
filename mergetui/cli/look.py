"""`mergetui status`, `log`, `history`."""

import time
from collections.abc import Callable
from pathlib import Path

from mergetui.cleaning import line as clean_line
from mergetui.cleaning import name as clean
from mergetui.cleaning import plain
from mergetui.cli import facts
from mergetui.cli.session import DONE, NO, Failure, Session
from mergetui.cli.text import history_lines, status_lines
from mergetui.cli.views import repository_fields, run_fields
from mergetui.masking import LONGEST as LONGEST_SECRET
from mergetui.masking import Mask
from mergetui.operations import Desk
from mergetui.queueing import order

_POLL = 0.1
_LONGEST = 20_000
"""Characters from which on a line is printed in pieces, each on a line of its own."""


def status(session: Session, repo: str | None) -> int:
    desks, now = [session.desk(name) for name in session.names(repo)], session.wiring.clock.now()
    if session.as_json:
        session.answer({"repos": [repository_fields(desk, now) for desk in desks]})
        return DONE
    session.print(*(line for desk in desks for line in status_lines(desk, now)))
    if not desks:
        session.print("no repository is configured; mergetui repo add NAME REMOTE --retest COMMAND adds one")
    return DONE


def history(session: Session, repo: str | None, limit: int) -> int:
    runs = [run for name in session.names(repo) for run in session.desk(name).history()]
    latest = sorted(runs, key=lambda run: run.finished_at)[-limit:]
    session.answer(
        {"runs": [run_fields(run) for run in latest]}, *(history_lines(latest) or ["nothing has ended yet"])
    )
    return DONE


def log(session: Session, repo: str, branch: str | None, *, follow: bool) -> int:
    desk = session.desk(repo)
    path = _log_of(desk, branch)
    if path is None:
        about = f"{repo}: {clean(branch)}" if branch else repo
        raise Failure(f"{about} has no retest output yet", code="not-found", exit_code=NO)
    if session.as_json:
        session.answer({"log": str(path)})
        return DONE
    _print_log(session, desk, path, follow=follow)
    return DONE


def journal(session: Session, repo: str, branch: str | None) -> int:
    desk = session.desk(repo)
    target = desk.repository.target
    told = [fact for fact in desk.facts() if branch is None or facts.concerns(fact, branch)]
    nothing = [f"{repo}: nothing has happened yet" + (f" to {clean(branch)}" if branch else "")]
    session.answer({"facts": facts.fields(told, target)}, *(facts.lines(told, target) or nothing))
    return DONE


def _log_of(desk: Desk, branch: str | None) -> Path | None:
    """The latest output of the branch, in the queue or ended; without one, what is in flight comes first."""
    entries = order(desk.state().entries.values())
    runs = [run for run in reversed(desk.history()) if branch is None or branch in run.branches]
    mine = [entry for entry in entries if branch is None or branch in entry.branches]
    flying = [entry.log for entry in mine if entry.state.in_flight or branch is not None]
    logs = [*flying, *(run.log for run in runs), *(entry.log for entry in mine)]
    return next((Path(log) for log in logs if log), None)


def _print_log(session: Session, desk: Desk, path: Path, *, follow: bool) -> None:
    try:
        file = path.open(encoding="utf-8", errors="replace", newline="\n")
    except OSError as error:
        raise Failure(f"{path} cannot be read: {error}", code="not-found", exit_code=NO) from error
    mask, cleaned, rest = session.wiring.mask(desk.repository.name), _cleaned(session), ""
    with file:
        while True:
            # Asked before the last read, so that what is printed at the very end is not missed.
            goes_on = follow and _is_running(desk, path)
            while text := file.readline(_LONGEST):
                pieces, rest = _parted(rest + text, mask)
                session.print(*(cleaned(mask(piece)) for piece in pieces))
            if not goes_on:
                break
            time.sleep(_POLL)
    session.print(*([cleaned(mask(rest))] if rest else []))


def _cleaned(session: Session) -> Callable[[str], str]:
    return clean_line if session.in_colour else plain


def _parted(line: str, mask: Mask) -> tuple[list[str], str]:
    """What can be printed of a line, or of the start of one, and what cannot yet; no secret is parted."""
    is_whole, pieces = line.endswith("\n"), list[str]()
    rest = line.rstrip("\n")
    while len(rest) > (_LONGEST if is_whole else _LONGEST + LONGEST_SECRET):
        place = mask.cut(rest, _LONGEST)
        pieces.append(rest[:place])
        rest = rest[place:]
    return ([*pieces, rest], "") if is_whole else (pieces, rest)


def _is_running(desk: Desk, path: Path) -> bool:
    entries = desk.state().entries.values()
    return any(entry.log == str(path) and entry.state.in_flight for entry in entries)
