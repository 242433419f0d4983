"""Putting one revision on top of a commit, in a checkout of our own: the heart of every catch-up.

What merging the revision would give (git-merge-tree(1)) is the measure: a rebase that ends in another
tree has lost something, and then the merged tree is taken as one commit.
"""

from typing import TypeAlias

from msgspec import Struct

from mergetui.adapters.git import Git, GitError
from mergetui.model import Oid
from mergetui.repository import Strategy


class Added(Struct, frozen=True):
    """The revision is on top: the chain stands at `commit`, whose new commits are listed in apply order."""

    commit: Oid
    tree: Oid
    commits: tuple[Oid, ...]


class AlreadyThere(Struct, frozen=True):
    """The target has it all."""

    was_empty: bool
    """The revision never changed anything: there is nothing that could have landed."""


class Conflicted(Struct, frozen=True):
    paths: tuple[str, ...]


class Unrelated(Struct, frozen=True):
    """No common ancestor with the target."""


AddResult: TypeAlias = Added | AlreadyThere | Conflicted | Unrelated


class _Commit(Struct, frozen=True):
    oid: Oid
    tree: Oid
    parents: tuple[Oid, ...]


class _Merge(Struct, frozen=True):
    """What merging would give; `tree` is None when it conflicts in `paths`."""

    tree: Oid | None
    paths: tuple[str, ...]


class _Request(Struct, frozen=True, kw_only=True):
    label: str
    revision: Oid
    onto: Oid
    onto_tree: Oid
    fork: Oid
    range: tuple[_Commit, ...]
    merge: _Merge


def add(git: Git, revision: Oid, *, label: str, onto: Oid, strategy: Strategy) -> AddResult:
    """Put the commits that `revision` adds to `onto` on top of it, in the clean checkout of `git`.

    `label` names the revision in a merge commit. Raises GitError for anything that is not an answer.
    """
    found = git.ask("merge-base", onto, revision)
    if found.code == 1:
        # What is cut off may be just what they have in common.
        if git.tell("rev-parse", "--is-shallow-repository") == "true":
            raise GitError(f"{git.directory} is shallow: nothing can be said of the past of {revision}")
        return Unrelated()
    if not found.ok:
        raise GitError(f"git merge-base {onto} {revision}: {found.said}")
    fork = found.out.split()[0]
    trees = git.tell("rev-parse", f"{onto}^{{tree}}", f"{revision}^{{tree}}", f"{fork}^{{tree}}").split()
    if fork == revision:
        return AlreadyThere(was_empty=False)
    merge = _merge(git, onto, revision)
    if merge.tree == trees[0]:
        return AlreadyThere(was_empty=trees[1] == trees[2])
    request = _Request(
        label=label,
        revision=revision,
        onto=onto,
        onto_tree=trees[0],
        fork=fork,
        range=_range(git, onto, revision),
        merge=merge,
    )
    return _STRATEGIES[strategy](git, request)


def _rebase(git: Git, request: _Request) -> AddResult:
    if _stands_on_top(request):
        git.tell("checkout", "--quiet", "--force", "--detach", request.revision)
        return Added(request.revision, request.range[-1].tree, tuple(commit.oid for commit in request.range))
    rebased = git.ask(
        "rebase",
        "--quiet",
        "--force-rebase",
        "--no-keep-empty",
        "--empty=drop",
        "--no-fork-point",
        "--no-autosquash",
        "--no-rebase-merges",
        "--strategy=ort",
        request.onto,
        request.revision,
    )
    if not rebased.ok:
        return _after_a_stopped_rebase(git, request, said=rebased.said)
    added = _read_added(git, request.onto)
    if added.tree == request.merge.tree:
        return added
    if request.merge.tree is not None:
        return _as_one_commit(git, request)
    return Conflicted(request.merge.paths) if _has_merges(request) else added


def _after_a_stopped_rebase(git: Git, request: _Request, *, said: str) -> AddResult:
    # Unmerged paths are read before the abort, for the abort resolves them; without any it is no conflict.
    unmerged = _names(git.tell("diff", "--name-only", "--diff-filter=U", "-z"))
    if not unmerged:
        raise GitError(f"rebasing {request.label} stopped without a conflict: {said}")
    git.tell("rebase", "--abort")
    if request.merge.tree is not None:
        return _as_one_commit(git, request)
    return Conflicted(unmerged)


def _squash(git: Git, request: _Request) -> AddResult:
    if request.merge.tree is None:
        return Conflicted(request.merge.paths)
    return _as_one_commit(git, request)


def _merge_commit(git: Git, request: _Request) -> AddResult:
    if request.merge.tree is None:
        return Conflicted(request.merge.paths)
    message = f"Merge {request.label}"
    commit = git.tell(
        "commit-tree",
        request.merge.tree,
        "-p",
        request.onto,
        "-p",
        request.revision,
        "-m",
        message,
        env={"GIT_AUTHOR_NAME": "mergetui", "GIT_AUTHOR_EMAIL": "mergetui@localhost"},
    )
    git.tell("checkout", "--quiet", "--force", "--detach", commit)
    return Added(commit, request.merge.tree, (commit,))


_STRATEGIES = {"rebase": _rebase, "squash": _squash, "merge": _merge_commit}


def _as_one_commit(git: Git, request: _Request) -> Added:
    """The merged tree as a single commit that credits every author of the range."""
    assert request.merge.tree is not None
    name, email, date = git.tell("log", "-1", "--format=%an%n%ae%n%ad", "--date=raw", request.revision).split(
        "\n"
    )
    commit = git.tell(
        "commit-tree",
        request.merge.tree,
        "-p",
        request.onto,
        "-m",
        _message(git, request, author=f"{name} <{email}>"),
        env={"GIT_AUTHOR_NAME": name, "GIT_AUTHOR_EMAIL": email, "GIT_AUTHOR_DATE": date},
    )
    git.tell("checkout", "--quiet", "--force", "--detach", commit)
    return Added(commit, request.merge.tree, (commit,))


def _message(git: Git, request: _Request, *, author: str) -> str:
    span = f"{request.onto}..{request.revision}"
    authors = git.tell("log", "--no-merges", "--format=%an <%ae>", span).splitlines()
    others = sorted(set(authors) - {author})
    subjects = git.tell("log", "--no-merges", "--reverse", "--format=%s", span).splitlines()
    if len(subjects) == 1:
        body = git.tell("log", "--no-merges", "-1", "--format=%B", span).strip()
    else:
        body = "\n".join([f"{request.label}", "", *(f"* {subject}" for subject in subjects)])
    credits_ = [f"Co-authored-by: {other}" for other in others]
    return "\n".join([body, "", *credits_]) if credits_ else body


def _stands_on_top(request: _Request) -> bool:
    """Nothing to rewrite: a straight line from `onto` on which every commit changes something."""
    before, tree = request.onto, request.onto_tree
    for commit in request.range:
        if commit.parents != (before,) or commit.tree == tree:
            return False
        before, tree = commit.oid, commit.tree
    return True


def _has_merges(request: _Request) -> bool:
    return any(len(commit.parents) > 1 for commit in request.range)


def _range(git: Git, onto: Oid, revision: Oid) -> tuple[_Commit, ...]:
    """What `revision` adds, parents first."""
    lines = git.tell("log", "--topo-order", "--reverse", "--format=%H %T %P", f"{onto}..{revision}")
    rows = [line.split(" ") for line in lines.splitlines()]
    return tuple(_Commit(row[0], row[1], tuple(parent for parent in row[2:] if parent)) for row in rows)


def _merge(git: Git, ours: Oid, theirs: Oid) -> _Merge:
    ran = git.ask("merge-tree", "--write-tree", "-z", "--name-only", "--no-messages", ours, theirs)
    fields = ran.out.split("\0")
    if ran.code == 0:
        return _Merge(fields[0].strip(), ())
    if ran.code == 1:
        return _Merge(None, tuple(sorted({path for path in fields[1:] if path})))
    raise GitError(f"git merge-tree {ours} {theirs}: {ran.said}")


def _read_added(git: Git, onto: Oid) -> Added:
    lines = git.tell("log", "--reverse", "--topo-order", "--format=%H %T", f"{onto}..HEAD").splitlines()
    if not lines:
        commit, tree = git.tell("rev-parse", "HEAD", "HEAD^{tree}").split()
        return Added(commit, tree, ())
    rows = [line.split(" ") for line in lines]
    return Added(rows[-1][0], rows[-1][1], tuple(row[0] for row in rows))


def _names(listing: str) -> tuple[str, ...]:
    return tuple(sorted({name for name in listing.split("\0") if name}))
