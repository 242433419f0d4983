"""Facts of a train, as an engine with several retests at the same time writes them down."""

from datetime import UTC, datetime, timedelta
from hashlib import sha1
from typing import Any

from mergetui.events import CaughtUp, Ended, RetestEnded, RetestSpared, RetestStarted
from mergetui.model import Candidate, Instant, Link, Oid
from mergetui.outcome import Run
from mergetui.reason import Coded, Reason

NOW = datetime(2024, 5, 17, 14, 2, 11, tzinfo=UTC)
TIP = "9f3c2a1" + "0" * 33
RED = Coded(Reason.RETEST_FAILED, "exit code 1: FAILED tests/test_cart.py")


class Rail:
    """Entries are named by letters, a stack by several with a `+` between; a candidate by its entries."""

    def __init__(self, *, now: Instant = NOW, logs: str = "/logs", base: Oid = TIP) -> None:
        self.now, self.logs, self.base = now, logs, base

    def commit(self, line: str) -> Oid:
        """Where the chain stands after the last entry of `line`."""
        return sha1(line.encode(), usedforsecurity=False).hexdigest()

    def candidate(self, line: str) -> Candidate:
        names = line.split()
        links = [
            Link(
                entry=f"e-{name}",
                branches=tuple(name.split("+")),
                heads=(),
                commit=self.commit(" ".join(names[:k])),
                tree=self.commit(" ".join(names[:k]))[::-1],
                tips=(),
                commits=(),
            )
            for k, name in enumerate(names, start=1)
        ]
        return Candidate(base=self.base, links=tuple(links))

    def built(self, line: str, *, ago: float = 60) -> CaughtUp:
        return CaughtUp(**self._common(line, ago), candidate=self.candidate(line))

    def started(self, line: str, *, ago: float = 60, log: str = "", landed: int = 0) -> RetestStarted:
        """`landed` of its entries are in the target already, and not named."""
        common = self._common(line, ago) | {"branches": self._branches(" ".join(line.split()[landed:]))}
        return RetestStarted(
            **common, commit=self.commit(line), command="make test", log=log or self.log(line)
        )

    def ended(
        self, line: str, reason: Coded | None = None, *, ago: float = 5, reds: int = 0, log: str = ""
    ) -> RetestEnded:
        common = self._common(line, ago)
        log = log or self.log(line)
        return RetestEnded(
            **common, commit=self.commit(line), reason=reason, seconds=30.0, log=log, reds=reds
        )

    def stopped(self, line: str, why: str, *, ago: float = 5) -> RetestEnded:
        return self.ended(line, Coded(Reason.INTERRUPTED, why), ago=ago)

    def spared(self, line: str, earlier: Oid, *, ago: float = 5) -> RetestSpared:
        return RetestSpared(
            **self._common(line, ago),
            commit=self.commit(line),
            tree=self.candidate(line).tree,
            earlier=earlier,
            passed_at=self.now - timedelta(hours=1),
            log=self.log(line),
        )

    def over(self, name: str, outcome: Any = "landed", *, ago: float = 5) -> Ended:
        at = self.now - timedelta(seconds=ago)
        branches = tuple(name.split("+"))
        run = Run(id=name, repo="shop", branches=branches, outcome=outcome, started_at=at, finished_at=at)
        return Ended(repo="shop", at=at, run=run)

    def log(self, line: str) -> str:
        return f"{self.logs}/{line.replace(' ', '-').replace('/', '.')}.log"

    def _branches(self, line: str) -> tuple[str, ...]:
        return tuple(branch for name in line.split() for branch in name.split("+"))

    def _common(self, line: str, ago: float) -> dict[str, Any]:
        at = self.now - timedelta(seconds=ago)
        return {"repo": "shop", "at": at, "branches": self._branches(line)}
