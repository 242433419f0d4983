"""Running the retest command: bounded in time, silence and output, and nothing left of it afterwards."""

import os
import signal
import subprocess  # noqa: TID251 - retests are processes
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

import psutil

from mergetui.adapters.durable import make_directory
from mergetui.adapters.endings import ending_of
from mergetui.adapters.process import GRACE, Sleep, Tree, descendants, end_tree, everyone, mark, marked
from mergetui.outcome import Hung, Interrupted, OverOutputLimit, RetestEnding, TimedOut
from mergetui.ports import Clock, RetestOrder
from mergetui.repository import Repository

MARK = "MERGETUI_RETEST"
"""The environment variable that every process of a retest carries."""

_ALLOWED = frozenset({"PATH", "HOME", "LANG", "LANGUAGE", "TMPDIR", "TZ", "USER", "LOGNAME", "SHELL"})
_TAIL_BYTES = 4096
_TAIL_LINES = 30
_LOOK_EVERY = 0.5
_STEP = 0.02
_LAST_WORDS, _SHORTLY = 50, 0.002


def environment(environ: Mapping[str, str], repository: Repository) -> dict[str, str]:
    """What a retest is told of `environ`: an allow-list, and what the repository's config names."""
    names = {name for name in environ if name in _ALLOWED or name.startswith("LC_")}
    passed = names.union(name for name in repository.env_pass if name in environ)
    return {"TERM": "dumb", **{name: environ[name] for name in sorted(passed)}, **repository.env}


class ProcessRetester:
    """Implements `Retester` with processes of this machine.

    `marker` names the repository's state, the same for every engine that works on it and for nobody else.
    """

    def __init__(self, marker: str, clock: Clock, *, grace: float = GRACE, sleep: Sleep = time.sleep) -> None:
        if not marker or ":" in marker:
            raise ValueError(f"marker {marker!r}: a name without ':' is needed")
        self._marker = marker
        self._clock = clock
        self._grace = grace
        self._sleep = sleep
        self._running: set[str] = set()

    def start(self, order: RetestOrder) -> "ProcessRetest":
        """Start the command with stdin closed and both outputs into `order.log`. May raise OSError."""
        name = f"{self._marker}:{order.id}"
        log = _Log(order.log, limit=order.output_limit)
        self._running.add(name)
        try:
            process = _spawn(order, name, log)
        except BaseException:
            log.close()
            self._running.discard(name)
            raise
        return ProcessRetest(
            order,
            name,
            process=process,
            log=log,
            clock=self._clock,
            grace=self._grace,
            sleep=self._sleep,
            ended=lambda: self._running.discard(name),
        )

    def reap(self) -> int:
        """End what retests of dead engines left running on this repository; how many processes."""
        # An engine that was itself started by a retest carries that retest's mark.
        spared = {psutil.Process(), *psutil.Process().parents()}
        found = marked(MARK, prefix=f"{self._marker}:")
        leftovers = [process for process, name in found.items() if name not in self._running]
        tree = Tree((), among=everyone, grace=self._grace)
        tree.add(set(leftovers) - spared)
        end_tree(tree, self._clock, sleep=self._sleep)
        return tree.ended


class ProcessRetest:
    """Implements `RunningRetest`; for one thread."""

    def __init__(
        self,
        order: RetestOrder,
        name: str,
        *,
        process: subprocess.Popen[bytes],
        log: "_Log",
        clock: Clock,
        grace: float,
        sleep: Sleep,
        ended: Callable[[], None],
    ) -> None:
        self.order = order
        self._name = name
        self._process = process
        self._log = log
        self._clock = clock
        self._sleep = sleep
        self._ended = ended
        self._root = psutil.Process(process.pid)
        self._tree = Tree([self._root], among=descendants, claims=self._claims, grace=grace)
        self._started = self._heard = self._looked = clock.monotonic()
        self._stamp = log.stamp()
        self._verdict: RetestEnding | None = None
        self._is_over = False

    @property
    def pid(self) -> int:
        """The leader of the run's session."""
        return self._process.pid

    def poll(self) -> RetestEnding | None:
        """None while anything of it runs. Does not wait: ending the tree takes several calls."""
        if self._is_over:
            return self._verdict
        now = self._clock.monotonic()
        if self._verdict is None:
            self._decide(self._judge(now))
        if self._verdict is None:
            self._look(now)
            return None
        self._log.keep_within_limit()
        if not self._tree.fell(now):
            return None
        self._finish()
        return self._verdict

    def stop(self, why: str) -> RetestEnding:
        """End it and its whole tree, waiting for it: at most the grace and two seconds."""
        if self._verdict is None:
            self._decide(self._judge(self._clock.monotonic()) or Interrupted(why))
        while (ending := self.poll()) is None:
            self._sleep(_STEP)
        return ending

    def _judge(self, now: float) -> RetestEnding | None:
        if self._log.is_over_limit():
            return OverOutputLimit(self.order.output_limit)
        try:
            code = _exit_code(self.pid)
        except ChildProcessError:
            return Interrupted("the exit status was lost: something else reaps this process's children")
        if code is not None:
            return ending_of(code, tail=self._log.tail())
        return self._judge_patience(now)

    def _judge_patience(self, now: float) -> TimedOut | Hung | None:
        stamp = self._log.stamp()
        if stamp != self._stamp:
            self._stamp, self._heard = stamp, now
        timeout, silence = self.order.timeout.total_seconds(), self.order.silence.total_seconds()
        if now - self._started >= timeout:
            return TimedOut(timeout)
        return Hung(silence) if now - self._heard >= silence else None

    def _decide(self, verdict: RetestEnding | None) -> None:
        if verdict is not None:
            found = marked(MARK, prefix=self._name)
            self._tree.add(process for process, name in found.items() if name == self._name)
        self._verdict = verdict

    def _look(self, now: float) -> None:
        if now - self._looked >= _LOOK_EVERY:
            self._looked = now
            self._tree.look()

    def _claims(self, process: psutil.Process) -> bool:
        return mark(process, MARK) == self._name or self._log.is_output_of(process.pid)

    def _finish(self) -> None:
        for _ in range(_LAST_WORDS):
            if _clear_group(self.pid):
                break
            self._sleep(_SHORTLY)
        self._process.poll()
        self._log.keep_within_limit()
        self._log.close()
        self._is_over = True
        self._ended()


class _Log:
    """The file that the command writes to by itself; we only look at its size, and cut it."""

    def __init__(self, path: Path, *, limit: int) -> None:
        make_directory(path.parent)
        # Appending: whoever still writes after a cut goes on at the new end instead of leaving a hole.
        self.descriptor = os.open(
            path, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND | os.O_CLOEXEC, 0o600
        )
        self._limit = limit
        self._notice = f"\n[mergetui] output limit of {limit} bytes: cut here\n".encode()
        self._kept = limit

    def stamp(self) -> tuple[int, int]:
        """Differs after every write."""
        stat = os.fstat(self.descriptor)
        return stat.st_size, stat.st_mtime_ns

    def is_over_limit(self) -> bool:
        return os.fstat(self.descriptor).st_size > self._limit

    def keep_within_limit(self) -> None:
        if os.fstat(self.descriptor).st_size > self._kept:
            os.ftruncate(self.descriptor, self._limit)
            with suppress(OSError):
                self._kept = self._limit + os.write(self.descriptor, self._notice)

    def tail(self) -> str:
        """The last whole lines, at most 4 kB: half a line could be half a secret."""
        size = os.fstat(self.descriptor).st_size
        end = os.pread(self.descriptor, _TAIL_BYTES, max(0, size - _TAIL_BYTES))
        kept = end.partition(b"\n")[2] if size > _TAIL_BYTES else end
        return "\n".join(kept.decode(errors="replace").split("\n")[-_TAIL_LINES - 1 :])

    def is_output_of(self, pid: int) -> bool:
        mine = os.fstat(self.descriptor)
        return any(_is_file(Path(f"/proc/{pid}/fd/{number}"), mine) for number in (1, 2))

    def close(self) -> None:
        os.close(self.descriptor)


def _spawn(order: RetestOrder, name: str, log: _Log) -> subprocess.Popen[bytes]:
    return subprocess.Popen(  # noqa: S603 - the command is the operator's
        ["/bin/sh", "-c", order.command],
        cwd=order.directory,
        env={**order.env, "PYTHONUNBUFFERED": "1", MARK: name},
        stdin=subprocess.DEVNULL,
        stdout=log.descriptor,
        stderr=log.descriptor,
        close_fds=True,
        start_new_session=True,
    )


def _exit_code(pid: int) -> int | None:
    """How the child ended, negative for a signal; it stays a zombie. None while it runs."""
    ended = os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    if ended is None:
        return None
    return ended.si_status if ended.si_code == os.CLD_EXITED else -ended.si_status


def _clear_group(leader: int) -> bool:
    """Kill and reap the process group of our child; True when no child of ours is left in it.

    A chain of forks can slip through every look at single processes, but not through this.
    """
    try:
        # Asked first, for an unreaped child keeps the group's number from becoming another's.
        os.waitid(os.P_PGID, leader, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        with suppress(PermissionError):
            os.killpg(leader, signal.SIGKILL)
        while os.waitpid(-leader, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        return True
    return False


def _is_file(path: Path, file: os.stat_result) -> bool:
    try:
        return os.path.samestat(path.stat(), file)
    except OSError:
        return False
