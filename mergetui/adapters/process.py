"""Processes: who is alive, as far as that can be proven, and whole process trees, ended."""

import ctypes
import getpass
import os
import signal
import socket
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import TypeAlias

import psutil
from msgspec import Struct

from mergetui.model import Holder
from mergetui.ports import Clock

Sleep: TypeAlias = Callable[[float], object]

GRACE = 5.0
"""Seconds from TERM to KILL."""

_PR_SET_CHILD_SUBREAPER = 36
_STUBBORN = 1.5
"""Seconds that KILL gets: what is left then cannot be ended (another user's, or stuck in the kernel)."""
_STEP = 0.02
_SAME_START = 0.05


def become_subreaper() -> bool:
    """Make orphans among our descendants our children, prctl(2); False where there is no such thing.

    Call it in the main thread: a SIGCHLD that was inherited as ignored, which loses exit statuses, is reset.
    """
    with suppress(ValueError):
        if signal.getsignal(signal.SIGCHLD) is signal.SIG_IGN:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    try:
        none = ctypes.c_ulong(0)
        done = ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, ctypes.c_ulong(1), none, none, none)
    except (OSError, AttributeError):
        return False
    return bool(done == 0)


def identify(pid: int | None = None, *, operator: str | None = None) -> Holder:
    """The name of a living process of this machine, ourselves by default. OSError if it is not alive."""
    found = os.getpid() if pid is None else pid
    stat = _stat(found)
    if stat is None:
        raise ProcessLookupError(f"no process {found}")
    return Holder(
        operator=operator or _user(),
        host=socket.gethostname(),
        boot=Path("/proc/sys/kernel/random/boot_id").read_text().strip(),
        pid_namespace=str(Path("/proc/self/ns/pid").readlink()),
        pid=found,
        started=stat.started,
    )


class SystemProcesses:
    """Implements `Processes`; `me` says where we stand, so that a test can stand elsewhere."""

    def __init__(self, me: Holder, clock: Clock, *, grace: float = GRACE, sleep: Sleep = time.sleep) -> None:
        self._me = me
        self._clock = clock
        self._grace = grace
        self._sleep = sleep

    def me(self) -> Holder:
        return self._me

    def is_dead(self, holder: Holder) -> bool:
        """True only when it can be proven from here."""
        if holder.host != self._me.host or not (holder.boot and self._me.boot):
            return False
        if holder.boot != self._me.boot:
            return True
        return holder.pid_namespace == self._me.pid_namespace and _is_gone(holder)

    def end(self, holder: Holder) -> bool:
        """End the holder and all that came of it; False if it is not proven to be that process, or is us."""
        if not self._is_here(holder) or holder.pid == os.getpid() or holder.pid <= 1:
            return False
        try:
            process = psutil.Process(holder.pid)
        except psutil.NoSuchProcess:
            return False
        stat = _stat(holder.pid)
        if stat is None or not _is_same(stat, holder) or not process.is_running():
            return False
        tree = Tree([process], among=everyone, grace=self._grace)
        return end_tree(tree, self._clock, sleep=self._sleep)

    def _is_here(self, holder: Holder) -> bool:
        return (holder.host, holder.boot, holder.pid_namespace) == (
            self._me.host,
            self._me.boot,
            self._me.pid_namespace,
        )


class Tree:
    """The processes that came of `roots`, also those that left their parent, group and session.

    A process that `among` lists, parents first, is one of them by descent, by session, or if `claims` says
    so. Zombies of ours are reaped, except the roots: whoever started them wants to know how they ended.
    """

    def __init__(
        self,
        roots: Iterable[psutil.Process],
        *,
        among: Callable[[], Iterable[psutil.Process]],
        claims: Callable[[psutil.Process], bool] = lambda _: False,
        grace: float = GRACE,
    ) -> None:
        self._roots = frozenset(roots)
        # In the order in which they were found: a shell that is told before its child runs no next command.
        self._members = dict.fromkeys(self._roots)
        self._among = among
        self._claims = claims
        self._grace = grace
        self._told: set[psutil.Process] = set()
        self._asked_at: float | None = None
        self._killed_at: float | None = None

    @property
    def ended(self) -> int:
        """How many processes had to be ended."""
        return len(self._told)

    def add(self, processes: Iterable[psutil.Process]) -> None:
        self._members.update(dict.fromkeys(processes))

    def look(self) -> None:
        """Find those that were started since the last look, while their parents can still be seen."""
        self._forget_the_gone()
        known = {member.pid for member in self._members}
        myself = os.getpid()
        for process in self._among():
            if process.pid not in known and process.pid != myself and self._is_kin(process, known):
                self._members[process] = None
                known.add(process.pid)

    def left(self) -> list[psutil.Process]:
        """Those that are alive."""
        self._forget_the_gone()
        return [member for member in self._members if _is_alive(member)]

    def fell(self, now: float) -> bool:
        """One step of ending it, to be repeated: TERM, and KILL from `grace` on; True when it is over.

        `now` is monotonic, in seconds. Over means that nothing is left, or nothing that can be ended.
        """
        self.look()
        left = self.left()
        # Counted from the first KILL, not from the first call: the calls may be far apart.
        if not left or (self._killed_at is not None and now - self._killed_at >= _STUBBORN):
            return True
        self._asked_at = now if self._asked_at is None else self._asked_at
        if now - self._asked_at >= self._grace:
            self._killed_at = now if self._killed_at is None else self._killed_at
            _send(left, signal.SIGKILL)
        else:
            _send((process for process in left if process not in self._told), signal.SIGTERM)
        self._told.update(left)
        return False

    def _is_kin(self, process: psutil.Process, known: set[int]) -> bool:
        try:
            by_birth = process.ppid() in known or os.getsid(process.pid) in known
        except (psutil.Error, ProcessLookupError, PermissionError):
            return False
        return by_birth or self._claims(process)

    def _forget_the_gone(self) -> None:
        for member in self._members.keys() - self._roots:
            self._reap_session_leader(member)
            _reap(member)
        self._members = {member: None for member in self._members if member.is_running()}

    def _reap_session_leader(self, member: psutil.Process) -> None:
        """A daemon's first parent is often gone before anybody saw it; its pid lives on as their session."""
        with suppress(psutil.Error, OSError):
            leader = psutil.Process(os.getsid(member.pid))
            if leader not in self._roots:
                _reap(leader)


def end_tree(tree: Tree, clock: Clock, *, sleep: Sleep = time.sleep) -> bool:
    """End the tree, waiting for it; False if something of it cannot be ended."""
    while not tree.fell(clock.monotonic()):
        sleep(_STEP)
    return not tree.left()


def descendants() -> list[psutil.Process]:
    """Everything below us; for a subreaper that is all it ever started."""
    return psutil.Process().children(recursive=True)


def everyone() -> list[psutil.Process]:
    """Every process that can be seen, oldest first: a parent is older than its children."""
    found = []
    for pid in psutil.pids():
        with suppress(psutil.Error):
            found.append(psutil.Process(pid))
    return sorted(found, key=lambda process: process.create_time())


def marked(variable: str, *, prefix: str) -> dict[psutil.Process, str]:
    """The processes that were started with `variable` in their environment, where its value starts so."""
    found = {}
    for pid in psutil.pids():
        with suppress(psutil.Error):
            process = psutil.Process(pid)
            value = mark(process, variable)
            if value is not None and value.startswith(prefix):
                found[process] = value
    return found


def mark(process: psutil.Process, variable: str) -> str | None:
    """The value of `variable` that the process was started with; None if there is none, or not for us."""
    try:
        return process.environ().get(variable)
    except psutil.Error:
        return None


class _Stat(Struct, frozen=True):
    state: str
    started: float


def _stat(pid: int) -> _Stat | None:
    """What the kernel says of a process, proc_pid_stat(5); None if it cannot be seen."""
    try:
        line = Path(f"/proc/{pid}/stat").read_bytes()
    except OSError:
        return None
    fields = line.rpartition(b")")[2].split()
    # Since boot, not since the epoch: the latter moves for a living process when somebody sets the clock.
    return _Stat(fields[0].decode(), int(fields[19]) / os.sysconf("SC_CLK_TCK"))


def _is_gone(holder: Holder) -> bool:
    stat = _stat(holder.pid)
    if stat is not None:
        return stat.state in "ZX" or abs(stat.started - holder.started) > _SAME_START
    # A process may be there without being visible (proc mounted with hidepid).
    try:
        return not psutil.pid_exists(holder.pid)
    except OverflowError:
        return True


def _is_same(stat: _Stat, holder: Holder) -> bool:
    return stat.state not in "ZX" and abs(stat.started - holder.started) <= _SAME_START


def _is_alive(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _reap(process: psutil.Process) -> None:
    with suppress(psutil.Error, ChildProcessError):
        if process.is_running() and process.status() == psutil.STATUS_ZOMBIE:
            os.waitpid(process.pid, os.WNOHANG)


def _send(processes: Iterable[psutil.Process], number: signal.Signals) -> None:
    for process in processes:
        with suppress(psutil.Error):
            process.send_signal(number)


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid {os.getuid()}"
