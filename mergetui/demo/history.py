"""A history as a list of steps, oldest first, and as a stream that git makes it from in one process."""

from collections.abc import Iterable, Iterator, Mapping
from typing import TypeAlias, assert_never

from msgspec import Struct

_START = 1_740_990_600  # Monday, 3 March 2025, 08:30 UTC
_PAUSE = 37 * 60

Tree: TypeAlias = Mapping[str, str]
"""Path to text."""


class Author(Struct, frozen=True):
    name: str
    mail: str


class Write(Struct, frozen=True):
    """The file at `path` is `text` from now on."""

    path: str
    text: str


class Replace(Struct, frozen=True):
    """Every `old` of a file becomes `new`; there is at least one."""

    path: str
    old: str
    new: str


Edit: TypeAlias = Write | Replace


class Step(Struct, frozen=True):
    """One commit; the first one on a branch forks from where `fork` stands at that point of the list."""

    branch: str
    author: Author
    subject: str
    edits: tuple[Edit, ...] = ()
    fork: str = "main"


class Merge(Struct, frozen=True):
    """`branch` takes in what `merged` has by then; files that both have are taken from `merged`."""

    branch: str
    author: Author
    merged: str = "main"


def stream(steps: Iterable[Step | Merge]) -> str:
    """The steps in the format of git-fast-import(1), each commit with its whole tree; dates increase."""
    trees: dict[str, Tree] = {}
    return "".join(_commit(step, trees, at=_START + n * _PAUSE) for n, step in enumerate(steps))


def _commit(step: Step | Merge, trees: dict[str, Tree], *, at: int) -> str:
    """One commit of the stream; `trees` holds what every branch contains and is brought up to it."""
    match step:
        case Step(branch=branch, subject=subject, fork=fork):
            parents = [] if branch in trees or not trees else [f"from {_ref(fork)}"]
            tree = edited(trees.get(branch, trees.get(fork, {})), step.edits)
        case Merge(branch=branch, merged=merged):
            subject = f"Merge branch '{merged}' into {branch}"
            parents = [f"merge {_ref(merged)}"]
            tree = {**trees[branch], **trees[merged]}
        case _:
            assert_never(step)
    trees[branch] = tree
    who = f"{step.author.name} <{step.author.mail}> {at} +0000"
    head = [f"commit {_ref(branch)}", f"author {who}", f"committer {who}", _counted(subject), *parents]
    return "\n".join([*head, "deleteall", *_files(tree), ""])


def edited(tree: Tree, edits: Iterable[Edit]) -> Tree:
    """`tree` with the edits made; one that finds nothing to replace is a ValueError."""
    after = dict(tree)
    for edit in edits:
        match edit:
            case Write(path=path, text=text):
                after[path] = text
            case Replace(path=path, old=old, new=new):
                if old not in after[path]:
                    raise ValueError(f"{path}: nothing to replace, there is no {old!r}")
                after[path] = after[path].replace(old, new)
            case _:
                assert_never(edit)
    return after


def _files(tree: Tree) -> Iterator[str]:
    return (f"M 100644 inline {path}\n{_counted(text)}" for path, text in tree.items())


def _counted(text: str) -> str:
    return f"data {len(text.encode())}\n{text}"


def _ref(branch: str) -> str:
    return f"refs/heads/{branch}"
