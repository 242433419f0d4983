"""Moving refs on the remote: the only place that builds push commands, and that reads what came of one.

The target is only ever fast-forwarded by a plain push. Task branches move with an exact lease: the bare
`--force-with-lease` trusts a ref that any fetch moves, and `--force` or `+` beside it switch it off.
"""

from collections.abc import Sequence

from msgspec import Struct

from mergetui.adapters.git import PATIENCE, REMOTE_TIMEOUT, Git, GitError, Ran
from mergetui.git_ports import Published, PublishResult, PushRefused, TargetHasMoved, Undecided
from mergetui.model import Oid
from mergetui.outcome import Unreachable
from mergetui.reason import Coded, Reason

SHOWS_NO_BRANCH = "it answers, but shows not a single branch; a proxy or a login page may stand before it"
"""Git takes any web page without a tab for a remote that is empty: gitprotocol-http(5), dumb clients."""
_NO_ANSWER = "the push got no answer and the target has not moved"
_HUNG_UP = "the remote end hung up unexpectedly"
"""Git's words for a conversation that broke off, never for one that did not begin."""


_KEPT_BACK = "\t[rejected] "
"""Git's own refusal to push, not the remote's: on a base that has not moved it cannot see our commit."""


class FastForward(Struct, frozen=True):
    """`ref` moves forward to `commit`, or not at all."""

    ref: str
    commit: Oid


class Replace(Struct, frozen=True):
    """`ref` moves from exactly `expected` to `commit`, in any direction, or not at all."""

    ref: str
    commit: Oid
    expected: Oid


def push_command(remote: str, updates: Sequence[FastForward] | Sequence[Replace]) -> list[str]:
    """The arguments of the one push that makes these updates."""
    leases = [f"--force-with-lease={u.ref}:{u.expected}" for u in updates if isinstance(u, Replace)]
    specs = [f"{u.commit}:{u.ref}" for u in updates]
    return ["push", "--porcelain", "--no-verify", "--no-follow-tags", *leases, remote, *specs]


class Refs(Struct, frozen=True):
    """What the remote answered; a ref that it does not have is left out."""

    at: dict[str, Oid]


def ask_refs(
    git: Git, remote: str, refs: Sequence[str], *, timeout: float = REMOTE_TIMEOUT
) -> Refs | Unreachable:
    """Where these full refs stand on the remote, without bringing anything over."""
    ran = git.ask("ls-remote", "--quiet", remote, *refs, timeout=timeout, patience=PATIENCE)
    if not ran.ok:
        return Unreachable(ran.said)
    rows = (line.split("\t", 1) for line in ran.out.splitlines() if "\t" in line)
    found = {ref: oid for oid, ref in rows if ref in refs}
    return Refs(found) if found or not refs else _believe(git, remote, timeout=timeout)


def _believe(git: Git, remote: str, *, timeout: float) -> Refs | Unreachable:
    """That it has none of the refs; not from a remote that has none at all."""
    ran = git.ask("ls-remote", "--quiet", "--heads", remote, timeout=timeout, patience=PATIENCE)
    if not ran.ok:
        return Unreachable(ran.said)
    return Refs({}) if ran.out else Unreachable(SHOWS_NO_BRANCH)


def fast_forward(git: Git, remote: str, *, target: str, commit: Oid, base: Oid) -> PublishResult:
    """Move the target from `base` to `commit`, and read back what the remote then says.

    Refs decide, not messages: ours in the target is a landing even if the push reported an error; a tip
    that is not `base` is contention; `base` itself means that the remote said no.
    """
    ran = git.ask(*push_command(remote, [FastForward(target, commit)]), timeout=REMOTE_TIMEOUT)
    return judge(git, remote, target=target, commit=commit, base=base, ran=ran)


def judge(git: Git, remote: str, *, target: str, commit: Oid, base: Oid, ran: Ran | None) -> PublishResult:
    """What became of a push of `commit` to `target`; `ran` None: the push was made by a dead engine."""
    seen = ask_refs(git, remote, [target])
    if isinstance(seen, Unreachable):
        return seen
    tip = seen.at.get(target)
    if tip == base:
        return _without_effect(commit, ran)
    if tip is None:
        return TargetHasMoved(None)
    contained = tip == commit or _contains(git, remote, target=target, tip=tip, commit=commit)
    if contained is None:
        return Undecided("the target moved, and where to cannot be fetched")
    if not contained:
        return TargetHasMoved(tip)
    return Published(tip, git.tell("rev-parse", f"{commit}^{{tree}}"))


def _without_effect(commit: Oid, ran: Ran | None) -> Undecided | PushRefused:
    """The target stands where it stood; a GitError when that is the fault of this side."""
    if ran is None or _got_no_answer(ran):
        return Undecided(_NO_ANSWER)
    if _KEPT_BACK in ran.out:
        raise GitError(f"{commit} cannot be pushed, the copy that it was made in is damaged: {ran.said}")
    return PushRefused(refusal(ran))


def _got_no_answer(ran: Ran) -> bool:
    """The connection broke after the push was sent: the server may still be at it (git-push(1), OUTPUT)."""
    if ran.timed_out or ran.code < 0 or "[remote failure]" in ran.out:
        return True
    return _HUNG_UP in ran.err and not any(line.startswith("!") for line in ran.out.splitlines())


def refusal(ran: Ran) -> Coded:
    """The remote's own words on a ref that it did not take."""
    words = _remote_words(ran)
    code = Reason.HOOK_REFUSED if "hook declined" in words else Reason.PUSH_REFUSED
    return Coded(code, words)


def _remote_words(ran: Ran) -> str:
    rejected = [line.split("\t", 2)[-1] for line in ran.out.splitlines() if line.startswith("!")]
    remote = [
        line.removeprefix("remote:").strip() for line in ran.err.splitlines() if line.startswith("remote:")
    ]
    return " / ".join([*rejected, *(line for line in remote if line)][:8]) or ran.said


def _contains(git: Git, remote: str, *, target: str, tip: Oid, commit: Oid) -> bool | None:
    """Whether `commit` is in `tip`; None when that could not be found out."""
    fetch = ("fetch", "--quiet", "--no-tags", "--no-write-fetch-head")
    fetched = git.ask(*fetch, remote, target, timeout=REMOTE_TIMEOUT, patience=PATIENCE)
    return git.ask("merge-base", "--is-ancestor", commit, tip).ok if fetched.ok else None
