"""Which names are taken: branches (git-check-ref-format(1) and a list of our own) and repositories."""

import re
import unicodedata
from collections.abc import Sequence

LONGEST = 200
"""Bytes of a branch name; a ref becomes a file name in many remotes, and those end at 255."""

_REQUEST = re.compile(r"refs/(pull|merge-requests)/[0-9]{1,20}/(head|merge)")
_REPOSITORY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_ONLY_REQUESTS = "only refs/pull/N/head and refs/merge-requests/N/head may start with 'refs/'"
_UNSEEN = ("Cc", "Cf", "Cs", "Zl", "Zp")


def broken_branch_rule(branch: str) -> str | None:
    """The rule that `branch` breaks, as a sentence to show; None when it may be queued."""
    if branch.startswith("refs/"):
        return None if _REQUEST.fullmatch(branch) else _ONLY_REQUESTS
    return next((rule for rule, is_broken in _RULES if is_broken(branch)), None)


def broken_repository_rule(name: str) -> str | None:
    """The rule that a repository's short name breaks; None when it may be used (it names a directory)."""
    if _REPOSITORY.fullmatch(name) and ".." not in name:
        return None
    return "1 to 64 letters, digits, '.', '_' or '-', starting with a letter or a digit, without '..'"


def name_from(remote: str) -> str:
    """A short name for a remote, from the end of its address; empty when nothing there can be one."""
    last = re.split(r"[/:\\]", remote.rstrip("/"))[-1].removesuffix(".git")
    name = re.sub(r"\.{2,}", ".", re.sub(r"[^A-Za-z0-9._-]", "-", last))[:64].lstrip("._-")
    return name if broken_repository_rule(name) is None else ""


def is_inner_path(text: str) -> bool:
    """A relative path that stays below where it starts, whatever is there, and out of git's own directory."""
    parts = text.split("/")
    return text.isprintable() and parts[0] != ".git" and not {"", ".", ".."}.intersection(parts)


def full_ref(branch: str) -> str:
    """The ref on the remote that a queued name means."""
    return branch if branch.startswith("refs/") else f"refs/heads/{branch}"


def is_task_branch(branch: str) -> bool:
    """Whether the gate may push there: a forge's request refs are read-only."""
    return not branch.startswith("refs/")


def _has_unseen(branch: str) -> bool:
    return any(unicodedata.category(char) in _UNSEEN for char in branch)


def _components(branch: str) -> list[str]:
    return branch.split("/")


_RULES = (
    ("must not be empty", lambda b: not b),
    ("must not start with '-': git would read it as an option", lambda b: b.startswith("-")),
    ("must not start with '+': git would read it as a forced push", lambda b: b.startswith("+")),
    ("must not be 'HEAD' or '@'", lambda b: b in ("HEAD", "@")),
    (f"must not be longer than {LONGEST} bytes", lambda b: len(b.encode("utf-8", "replace")) > LONGEST),
    ("must not contain control, bidirectional or invisible characters", _has_unseen),
    ("must not contain a space", lambda b: " " in b),
    ("must not contain any of ~ ^ : ? * [ \\", lambda b: any(char in "~^:?*[\\" for char in b)),
    ("must not contain '..'", lambda b: ".." in b),
    ("must not contain '@{'", lambda b: "@{" in b),
    ("must not start or end with '/' or contain '//'", lambda b: "" in _components(b)),
    ("must not end with '.'", lambda b: b.endswith(".")),
    ("no part may start with '.'", lambda b: any(part.startswith(".") for part in _components(b))),
    ("no part may end with '.lock'", lambda b: any(part.endswith(".lock") for part in _components(b))),
)


def broken_stack_rule(stack: Sequence[str], *, target: str) -> str | None:
    """The rule that branches break which are to land together, or None."""
    if target in stack:
        return "it is the target itself"
    if len(set(stack)) != len(stack):
        return "a stack must not name a branch twice"
    return next((f"a branch {rule}" for branch in stack if (rule := broken_branch_rule(branch))), None)


def place_of(remote: str) -> str:
    """The same for every way to write one address: by scheme or like scp(1), by whom, with `.git` or not."""
    address = re.sub(r"^[a-z+]+://(?:[^/]*@)?", "", remote)
    if "://" not in remote and not remote.startswith(("/", ".")):
        address = re.sub(r"^(?:[^/@]*@)?([^/:]+):/?", r"\1/", address)
    host, slash, path = re.sub(r"/+", "/", address).partition("/")
    return host.lower() + slash + path.removesuffix("/").removesuffix(".git").removesuffix("/")
