"""Each remote, asked as an engine would ask it: is it there, is the target there, may we push.

The push is a dry run of what the target stands at already. It tells what the remote lets us begin: a server
decides by its hooks and rules for branches only when something is really pushed.
"""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from shlex import quote
from tempfile import TemporaryDirectory

from mergetui.adapters.git import Git, GitError, allowed_protocols
from mergetui.adapters.pushing import FastForward, ask_refs, push_command, refusal
from mergetui.doctor.finding import Finding, Topic
from mergetui.model import Oid
from mergetui.naming import full_ref
from mergetui.outcome import Unreachable
from mergetui.ports import Clock
from mergetui.repository import Repository

PATIENCE = 20.0
"""Seconds for all that one remote is asked."""

_SIDE_BY_SIDE = 32
_AT_LEAST = 1.0


def examine_remotes(
    repositories: Sequence[Repository], clock: Clock, *, patience: float = PATIENCE
) -> Mapping[str, list[Finding]]:
    """By repository, all of them asked at the same time."""
    if not repositories:
        return {}
    with TemporaryDirectory(prefix="mergetui-doctor-") as scratch:
        git = Git(Path(scratch))
        git.tell("init", "--quiet", "--bare", scratch)

        def ask(repository: Repository) -> list[Finding]:
            return _examine(repository, Path(scratch), clock, patience=patience)

        with ThreadPoolExecutor(min(len(repositories), _SIDE_BY_SIDE)) as threads:
            answers = threads.map(ask, repositories)
            return dict(zip((r.name for r in repositories), answers, strict=True))


def _examine(repository: Repository, scratch: Path, clock: Clock, *, patience: float) -> list[Finding]:
    topic = Topic("remote", repository.name)
    until = clock.monotonic() + patience
    git = Git(scratch, protocols=allowed_protocols(repository.remote))
    target = full_ref(repository.target)
    try:
        answer = ask_refs(git, repository.remote, [target], timeout=patience)
        if isinstance(answer, Unreachable):
            mend = f"git ls-remote {_address(repository)}"
            return [topic.mend(f"cannot be reached: {answer.message}", mend)]
        found = topic.ok(f"{repository.remote} answers")
        tip = answer.at.get(target)
        if tip is None:
            return [found, _without_target(repository)]
        left = max(_AT_LEAST, until - clock.monotonic())
        standing = Topic("target", repository.name).ok(f"{repository.target} is at {tip[:10]}")
        return [found, standing, _may_push(git, repository, tip, timeout=left)]
    except GitError as error:
        return [topic.mend(str(error), "git version")]


def _without_target(repository: Repository) -> Finding:
    return Topic("target", repository.name).mend(
        f"the remote has no branch {repository.target}",
        f"git push {_address(repository)} HEAD:{quote(full_ref(repository.target))}",
    )


def _may_push(git: Git, repository: Repository, tip: Oid, *, timeout: float) -> Finding:
    topic = Topic("push", repository.name)
    ref = full_ref(repository.target)
    push, *words = push_command(repository.remote, [FastForward(ref, tip)])
    ran = git.ask(push, "--dry-run", *words, timeout=timeout)
    mend = f"ask for the right to push; try: git push --dry-run {_address(repository)} HEAD:{quote(ref)}"
    flags = {line[:1] for line in ran.out.splitlines() if f":{ref}\t" in line}
    if ran.timed_out:
        return topic.warn(f"the remote says nothing to a push: {ran.said}", mend)
    # Rejected by our own git: the target has moved since it was asked, and the remote lets us push.
    if flags & {"=", "!"}:
        return topic.ok("allowed, as far as a dry run can tell")
    if ran.ok:
        return topic.mend(f"the remote hides {repository.target} from those who push", mend)
    return topic.mend(f"the remote refuses: {refusal(ran).detail}", mend)


def _address(repository: Repository) -> str:
    return quote(repository.remote)
