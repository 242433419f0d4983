"""Running a repository's command again on what has landed long ago, beside everything else."""

from collections.abc import Callable
from pathlib import Path

from mergetui.adapters.archive import Archive
from mergetui.adapters.git import GitError
from mergetui.model import Oid
from mergetui.outcome import RetestEnding
from mergetui.ports import Retester, RetestOrder, RunningRetest
from mergetui.proving import Claim
from mergetui.reason import Coded
from mergetui.repository import Repository
from mergetui.view import Verdict

Judge = Callable[[RetestEnding], tuple[Verdict, Coded | None]]
Waiting = Callable[[float], bool]
"""Waits that many seconds; True when the work should end."""

_STEP = 0.02


class Reproof:
    """Retests of one repository in the archive's checkout; the caller is alone at them."""

    def __init__(
        self,
        repository: Repository,
        archive: Archive,
        retester: Retester,
        *,
        judge: Judge,
        environment: Callable[[], dict[str, str]],
        logs: Path,
    ) -> None:
        self._repository = repository
        self._archive = archive
        self._retester = retester
        self._judge = judge
        self._environment = environment
        self._logs = logs

    def log_of(self, commit: Oid) -> Path:
        # Named like the engine's own, so that it gives way with them.
        return self._logs / f"retest-{commit[:16]}.log"

    def retest(self, commit: Oid, *, command: str, stopping: Waiting) -> Claim:
        """What `command` says of `commit` today."""
        self._retester.reap()
        try:
            directory = self._archive.check_out(commit)
        except GitError as error:
            return Claim("retest", holds=None, detail=f"it cannot be checked out: {error}")
        log = self.log_of(commit)
        order = RetestOrder(
            id=f"verify-{commit[:16]}",
            command=command,
            directory=directory,
            log=log,
            env=self._environment(),
            timeout=self._repository.retest_timeout,
            silence=self._repository.retest_silence,
            output_limit=self._repository.retest_output_limit,
        )
        verdict, reason = self._judge(_ending(self._retester.start(order), stopping))
        said = f"{reason.code}: {reason.detail}" if reason else "it passed again"
        return Claim("retest", holds=_HOLDS.get(verdict), detail=f"{said}, log {log}")


_HOLDS = {Verdict.GREEN: True, Verdict.RED: False}
"""What ended without an answer proves nothing."""


def _ending(running: RunningRetest, stopping: Waiting) -> RetestEnding:
    try:
        while (ending := running.poll()) is None:
            if stopping(_STEP):
                return running.stop("interrupted")
    except BaseException:
        running.stop("interrupted")
        raise
    return ending
