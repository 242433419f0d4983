"""Entries, chains and states in a line each; commits are readable: `m/a.1/b.1` is a.1 and b.1 on top of m."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from mergetui.model import Candidate, Entry, Holder, Instant, Lease, Link
from mergetui.reason import Coded, Reason
from mergetui.state import Pause, RepositoryState
from mergetui.view import Trial, Verdict, View

NOW = Instant.fromisoformat("2026-01-01T00:00:00+00:00")
MINUTE = timedelta(minutes=1)
TIP = "m"
FAILED = Coded(Reason.RETEST_FAILED, "exit code 1")
CLASHED = Coded(Reason.CONFLICT, "app.py")
NO_ANSWER = Coded(Reason.RETEST_KILLED, "SIGKILL")
PAUSE = Pause(by="ada@box", reason="release day", at=NOW)


def entry(branch: str, **fields: Any) -> Entry:
    """An entry named after its branch, pinned to the branch's first version."""
    known = {"id": branch, "branches": (branch,), "heads": (f"{branch}.1",), "enqueued_at": NOW}
    return Entry(**{**known, **fields})


def state(*entries: Entry, **fields: Any) -> RepositoryState:
    """Entries without a rank of their own are served in the order given."""
    return RepositoryState(entries={known.id: known for known in entries}, **fields)


def chain(base: str, *entries: Entry) -> Candidate:
    """The candidate of these entries, caught up in a row with `base`."""
    links: list[Link] = []
    for known in entries:
        commit = "/".join([links[-1].commit if links else base, *known.heads])
        links.append(
            Link(
                entry=known.id,
                branches=known.branches,
                heads=known.heads,
                commit=commit,
                tree=f"tree of {commit}",
                tips=(commit,) * len(known.branches),
                commits=((commit,),) * len(known.branches),
            )
        )
    return Candidate(base=base, links=tuple(links))


def built(base: str, *entries: Entry) -> Trial:
    return Trial(chain(base, *entries), Verdict.BUILT)


def running(base: str, *entries: Entry) -> Trial:
    return Trial(chain(base, *entries), Verdict.RUNNING)


def green(base: str, *entries: Entry) -> Trial:
    return Trial(chain(base, *entries), Verdict.GREEN)


def red(base: str, *entries: Entry, reason: Coded = FAILED) -> Trial:
    return Trial(chain(base, *entries), Verdict.RED, reason)


def void(base: str, *entries: Entry) -> Trial:
    return Trial(chain(base, *entries), Verdict.VOID, NO_ANSWER)


def view(*queue: Entry, **fields: Any) -> View:
    """The queue on a target that stands at `TIP`, every branch where it is pinned."""
    known = {"now": NOW, "tip": TIP, "heads": heads(*queue), "queue": queue}
    return View(**{**known, **fields})


def heads(*entries: Entry) -> Mapping[str, str]:
    return {
        branch: head for known in entries for branch, head in zip(known.branches, known.heads, strict=True)
    }


def holder(operator: str, pid: int = 7) -> Holder:
    return Holder(operator=operator, host="box", boot="b", pid_namespace="4026531836", pid=pid, started=1.5)


def lease(operator: str, token: int = 1, **fields: Any) -> Lease:
    known = {
        "token": token,
        "holder": holder(operator),
        "branches": ("a",),
        "acquired_at": NOW,
        "renewed_at": NOW,
        "expires_at": NOW + MINUTE,
    }
    return Lease(**{**known, **fields})
