"""How somebody else merged a candidate: found in the target's history, whatever it was merged as."""

from mergetui.adapters.git import Git
from mergetui.git_ports import Published
from mergetui.model import Candidate, Oid

_MOST = 200
"""Commits of the target that are looked through; more are pushed past a waiting entry by nobody."""


def find_merge(git: Git, candidate: Candidate, tip: Oid) -> Published | None:
    """The first commit of the target that has all of the candidate, and its tree; None if `tip` has not.

    A forge may merge it as it is, with a merge commit, rebased or squashed.
    """
    if tip == candidate.base:
        return None
    line = git.tell(
        "rev-list", "--first-parent", "--reverse", f"--max-count={_MOST}", f"{candidate.base}..{tip}"
    ).split()
    merge: Oid | None
    if _contains(git, tip, candidate.commit):
        having = (commit for commit in line if _contains(git, commit, candidate.commit))
        merge = next(having, tip)
    else:
        like_it = (commit for commit in line if _adds_nothing(git, candidate.commit, to=commit))
        merge = next(like_it, None)
    if merge is None:
        return None
    return Published(tip=merge, tree=git.tell("rev-parse", f"{merge}^{{tree}}"))


def _contains(git: Git, commit: Oid, ancestor: Oid) -> bool:
    return git.ask("merge-base", "--is-ancestor", ancestor, commit).ok


def _adds_nothing(git: Git, commit: Oid, *, to: Oid) -> bool:
    merged = git.ask("merge-tree", "--write-tree", "--no-messages", to, commit)
    return merged.ok and merged.out.strip() == git.tell("rev-parse", f"{to}^{{tree}}")
