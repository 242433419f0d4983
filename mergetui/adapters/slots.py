"""Checkouts in which candidates are tested: clones of their own, so that a test reaches nothing that lands.

A slot stays warm between retests. What a test could plant to be run or trusted by the engine's next git
command (config, hooks, attributes, alternates) is compared with what the engine made, and a slot that
differs is thrown away. The index is the engine's own, for a test can tell its index to overlook a file.
"""

import hashlib
import os
import shutil
from pathlib import Path
from typing import Literal

from mergetui.adapters.durable import make_directory
from mergetui.adapters.files import remove
from mergetui.adapters.git import Git, GitError
from mergetui.model import Oid

_CONTROLS = (
    "config",
    "config.worktree",
    "info",
    "hooks",
    "objects",
    "modules",
    "commondir",
    "packed-refs",
    "shallow",
)


class Slot:
    """Slot `number` below `directory`, borrowing the objects of the bare repository `source`."""

    def __init__(self, directory: Path, number: int, source: Path, git: Git) -> None:
        self._checkout = directory / str(number)
        self._index = directory / f"{number}.index"
        self._seal = directory / f"{number}.seal"
        self._source = source
        self._git = git

    def check_out(self, commit: Oid, *, clean: Literal["everything", "keep-ignored"]) -> Path:
        """Exactly the tree of `commit`; ignored files of earlier retests stay only if `clean` says so."""
        if not self._is_untouched():
            self._make()
        try:
            self._bring(commit, clean)
        except GitError:
            self._make()
            self._bring(commit, clean)
        return self._checkout

    def _bring(self, commit: Oid, clean: str) -> None:
        git = self._git.at(self._checkout)
        ours = {"GIT_INDEX_FILE": str(self._index)}
        git.tell("checkout", "--quiet", "--force", "--detach", commit, env=ours)
        self._index.chmod(0o600)
        git.tell("clean", "--quiet", "-ffd", *(["-x"] if clean == "everything" else []), env=ours)
        # Git looks through a link in place of a directory, finds all files, and then cleans the link away.
        if git.tell("ls-files", "--deleted", env=ours):
            raise GitError(f"{self._checkout} lacks files of {commit}")
        if clean == "everything":
            self._forget_planted_repositories()
        # Removed first: a copy would write through a link that a test has put there.
        remove(self._checkout / ".git" / "index")
        shutil.copyfile(self._index, self._checkout / ".git" / "index")

    def _forget_planted_repositories(self) -> None:
        """Below a directory that the commit has too, git-clean(1) never looks at a `.git`."""
        for parent, names, files in os.walk(self._checkout):
            if ".git" in (*names, *files) and Path(parent) != self._checkout:
                remove(Path(parent, ".git"))
            names[:] = [name for name in names if name != ".git"]

    def _make(self) -> None:
        self.dispose()
        make_directory(self._checkout)
        self._git.at(self._checkout.parent).tell(
            "clone",
            "--quiet",
            "--shared",
            "--no-checkout",
            "--template=",
            str(self._source),
            str(self._checkout),
        )
        self._git.at(self._checkout).tell("remote", "remove", "origin")
        self._seal.touch(mode=0o600)
        self._seal.write_text(self._fingerprint())

    def dispose(self) -> None:
        for doomed in (self._checkout, self._index, self._index.with_suffix(".index.lock"), self._seal):
            remove(doomed)

    def _is_untouched(self) -> bool:
        inner = self._checkout / ".git"
        if inner.is_symlink() or not inner.is_dir() or not self._seal.is_file():
            return False
        remove(inner / "index.lock")
        return self._seal.read_text() == self._fingerprint()

    def _fingerprint(self) -> str:
        digest = hashlib.sha256()
        inner = self._checkout / ".git"
        for control in _CONTROLS:
            for path in sorted(_files(inner / control)):
                digest.update(f"{path.relative_to(inner)}\0{path.is_symlink()}\0".encode("utf-8", "replace"))
                digest.update(path.read_bytes() if path.is_file() else b"")
        return digest.hexdigest()


def _files(path: Path) -> list[Path]:
    if path.is_dir() and not path.is_symlink():
        return [inner for inner in path.rglob("*") if not inner.is_dir() or inner.is_symlink()]
    return [path] if path.exists() or path.is_symlink() else []
