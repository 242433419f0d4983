"""`mergetui lease ...`"""

import time

from mergetui.cleaning import name as clean
from mergetui.cli.session import DONE, NO, Failure, Session
from mergetui.cli.views import lease_fields
from mergetui.operations import Desk, NotReleased


def listing(session: Session) -> int:
    rows, lines = [], []
    for name in session.names(None):
        desk = session.desk(name)
        lease = desk.state().lease
        rows.append(
            {"repo": name, "lease": lease_fields(lease, stale=desk.is_stale(lease)) if lease else None}
        )
        if lease is not None:
            stale = ", stale" if desk.is_stale(lease) else ""
            branches = clean(", ".join(lease.branches))
            lines.append(f"{name}: #{lease.token} {clean(str(lease.holder))}, for {branches}{stale}")
    session.answer({"leases": rows}, *(lines or ["nobody holds a lease"]))
    return DONE


def release(session: Session, repo: str, *, reason: str, token: int | None, yes: bool) -> int:
    if not reason.strip():
        raise Failure("--reason is empty; say why, for the journal keeps it")
    desk = session.desk(repo)
    _make_sure(session, desk, yes=yes)
    answer = desk.force_release(reason, token=token)
    if isinstance(answer, NotReleased):
        raise Failure(f"{repo}: {clean(answer.why)}", code="not-released", exit_code=NO)
    seen = desk.see_off(answer.lease, sleep=time.sleep)
    session.answer(
        {"released": answer.lease.token, "holder": answer.lease.holder, "then": seen},
        f"{repo}: lease #{answer.lease.token} is released; {clean(seen)}",
    )
    return DONE


def _make_sure(session: Session, desk: Desk, *, yes: bool) -> None:
    """A holder that is alive and renewing is only cut off by somebody who says so."""
    lease = desk.state().lease
    if yes or lease is None or desk.is_stale(lease):
        return
    told = f"{clean(str(lease.holder))} is alive and renewed its lease at {lease.renewed_at:%H:%M:%S} UTC"
    if not session.has_terminal:
        raise Failure(told, code="not-released", hint="--yes releases it all the same", exit_code=NO)
    if not session.confirm(f"{told}. Release it all the same?"):
        raise Failure("not released", code="not-released", exit_code=NO)
