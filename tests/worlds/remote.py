"""A real bare remote: what authors do to it, what its server does to a push, and how it looks afterwards."""

import os
import shutil
import subprocess  # noqa: TID251 - the world outside of the gate has a git of its own
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TypeAlias

from msgspec import Struct

_EPOCH = 1_740_990_600
_PAUSE = 60
_TARGET = "refs/heads/main"
_OUT_OF_QUARANTINE = "unset GIT_QUARANTINE_PATH GIT_OBJECT_DIRECTORY GIT_ALTERNATE_OBJECT_DIRECTORIES"
_COUNT = "echo main >> refused"
_ONLY_THE_TARGET = f"grep -q ' {_TARGET}$' || exit 0"


class File(Struct, frozen=True):
    """An entry of a tree that is no plain text file."""

    content: bytes
    mode: str = "100644"


Content: TypeAlias = str | File | None
"""None: the file is gone."""
Files: TypeAlias = Mapping[str, Content]
"""By path."""
NO_FILES: Files = MappingProxyType({})


def program(text: str) -> File:
    return File(text.encode(), "100755")


def link(to: str) -> File:
    return File(to.encode(), "120000")


def submodule(commit: str) -> File:
    return File(commit.encode(), "160000")


class Remote:
    """A bare repository whose `main` has one commit with the file `README`."""

    def __init__(self, path: Path, *, like: "Remote | None" = None) -> None:
        """`like` is one that nobody has touched; a copy of it is made in no time."""
        self.path = path
        self._commits = 0
        self.first: str
        if like is not None:
            shutil.copytree(like.path, path)
            self._commits, self.first = like._commits, like.first
            return
        _git(path.parent, "init", "--quiet", "--bare", "--initial-branch=main", "--template=", str(path))
        (path / "hooks").mkdir()
        # What a power cut does to the world outside is nobody's claim, and to wait for the disk is slow.
        self.configure("core.fsync", "none")
        # A look after every push at whether to tidy up, which a remote of a few commits never needs.
        self.configure("receive.autogc", "false")
        # A commit stays the pack that it came as: to take it apart would be a process more.
        self.configure("fastimport.unpackLimit", "0")
        self.first = self.root("main", README="base\n")

    @property
    def url(self) -> str:
        return str(self.path)

    # What authors do.

    def propose(
        self,
        branch: str,
        files: Files = NO_FILES,
        *,
        by: str = "Ada",
        on: str = "main",
        also: Sequence[str] = (),
        **more: Content,
    ) -> str:
        """Point `branch` at a new commit on top of `on`, whatever it was before; `also` are more parents."""
        return self.commit(branch, [on, *also], files={**files, **more}, by=by)

    def push(
        self,
        branch: str = "main",
        files: Files = NO_FILES,
        *,
        by: str = "Bob",
        also: Sequence[str] = (),
        **more: Content,
    ) -> str:
        """One more commit on `branch`."""
        return self.commit(branch, [branch, *also], files={**files, **more}, by=by)

    def root(self, branch: str, *, by: str = "Ada", **files: Content) -> str:
        """Point `branch` at a commit without a past."""
        return self.commit(branch, [], files=files, by=by)

    def commit(
        self,
        branch: str,
        parents: Sequence[str],
        *,
        files: Files,
        by: str = "Ada",
        message: str | None = None,
    ) -> str:
        """The files of the first parent, changed, as a commit of `parents` that `branch` points at."""
        self._commits += 1
        person = f"{by} <{by.lower()}@example.org> {_EPOCH + self._commits * _PAUSE} +0000"
        lines = [
            f"commit {full(branch)}",
            "mark :1",
            f"author {person}",
            f"committer {person}",
            _sized((message or f"{branch} {self._commits}").encode()),
            *(f"{word} {parent}^0" for word, parent in zip(_words(parents), parents, strict=True)),
            *(_change(path, content) for path, content in files.items()),
            "get-mark :1\n",
        ]
        stream = "\n".join(lines).encode("utf-8", "surrogateescape")
        return self._git("fast-import", "--quiet", "--force", stdin=stream)

    def point(self, branch: str, commit: str) -> None:
        """Force `branch` to `commit`."""
        self._git("update-ref", full(branch), commit)

    def delete(self, branch: str) -> None:
        self._git("update-ref", "-d", full(branch))

    def rename(self, branch: str, to: str) -> None:
        self._git("branch", "--move", branch, to)

    def configure(self, key: str, value: str) -> None:
        self._git("config", key, value)

    # What the server does to a push.

    def race(self, commit: str, *, times: int = 1) -> None:
        """The next `times` pushes to main lose: to `commit`, and then to empty commits on top of it."""
        (self.path / "won").write_text("0")
        self._hook(
            "pre-receive",
            _OUT_OF_QUARANTINE,
            _ONLY_THE_TARGET,
            "won=$(cat won)",
            f'[ "$won" -lt {times} ] || exit 0',
            'echo "$((won + 1))" > won',
            "export GIT_AUTHOR_NAME=Rival GIT_AUTHOR_EMAIL=rival@example.org",
            f"rival={commit}",
            '[ "$won" -eq 0 ] || rival=$(git commit-tree -p main -m again "main^{tree}")',
            f"git update-ref {_TARGET} $rival",
        )

    def refuse(self, message: str) -> None:
        """Every push to main is refused in these words; the other branches stay open."""
        self._hook("pre-receive", _ONLY_THE_TARGET, _COUNT, f"echo '{message}' >&2", "exit 1")

    def protect(self, message: str) -> None:
        """As forges protect a branch: main alone is refused, by name."""
        self._hook("update", f'[ "$1" = {_TARGET} ] || exit 0', _COUNT, f"echo '{message}' >&2", "exit 1")

    def lose_the_answer(self) -> None:
        """Pushes are taken, and the connection breaks before the server can say so."""
        self._hook("post-receive", "kill -9 $PPID")

    def kill_after_push(self, branch: str, pid_file: Path) -> None:
        """Whoever stands in the file is killed once, the moment a push to the branch is complete."""
        self._hook(
            "post-receive",
            "read -r old new ref",
            f'[ "$ref" = refs/heads/{branch} ] && [ -e "{pid_file}" ] || exit 0',
            f'kill -9 "$(cat "{pid_file}")"; rm "{pid_file}"',
        )

    def hang_up(self) -> None:
        """The connection breaks while the server is at it; `point` is how it lands the commit afterwards."""
        self._hook("pre-receive", _ONLY_THE_TARGET, 'cp -R "$GIT_QUARANTINE_PATH"/. objects', "kill -9 $PPID")

    def hang(self) -> None:
        """The server says nothing any more; `point` is how it lands the commit afterwards."""
        self._hook(
            "pre-receive", _ONLY_THE_TARGET, 'cp -R "$GIT_QUARANTINE_PATH"/. objects', "exec sleep 600"
        )

    def fall_silent(self) -> None:
        """Whoever asks it anything waits for ever."""
        (self.path / "HEAD").unlink()
        os.mkfifo(self.path / "HEAD")

    def halt(self) -> None:
        """A push to main stands still until `go_on`, once."""
        self._hook("pre-receive", _ONLY_THE_TARGET, "[ -e go ] && exit 0", "mkfifo go", "read line < go")

    def has_halted(self) -> bool:
        return (self.path / "go").exists()

    def go_on(self) -> None:
        (self.path / "go").write_text("on\n")

    def take_time(self, seconds: float) -> None:
        """The server says nothing for so long, and then takes the push."""
        self._hook("pre-receive", _ONLY_THE_TARGET, f"sleep {seconds}")

    def fail_afterwards(self, message: str) -> None:
        """Pushes are taken, and the hook that runs after them fails."""
        self._hook("post-receive", f"echo '{message}' >&2", "exit 1")

    def meanwhile(self, branch: str, commit: str) -> None:
        """While a push to `branch` is under way, its author gets there first with `commit`."""
        self._hook(
            "pre-receive",
            _OUT_OF_QUARANTINE,
            f"grep -q ' {full(branch)}$' || exit 0",
            f"git update-ref {full(branch)} {commit}",
        )

    def watch(self) -> None:
        """From now on `forced` knows the refs that somebody moved other than forward."""
        (self.path / "forced").write_text("")
        self._hook("update", 'git merge-base --is-ancestor "$2" "$3" || echo "$1" >> forced')

    def behave(self) -> None:
        """No hook is in the way any more."""
        for hook in (self.path / "hooks").iterdir():
            hook.unlink()

    # How it looks.

    def tip(self, revision: str = "main") -> str:
        """The commit of a branch, a full ref or a commit; there is one."""
        return self._git("rev-parse", "--verify", f"{revision}^{{commit}}", stdin=b"")

    def refs(self) -> dict[str, str]:
        rows = self._git("for-each-ref", "--format=%(objectname) %(refname)").splitlines()
        return {ref: oid for oid, ref in (row.split(" ", 1) for row in rows)}

    def has(self, branch: str) -> bool:
        return full(branch) in self.refs()

    def tree(self, revision: str = "main") -> str:
        return self._git("rev-parse", f"{revision}^{{tree}}")

    def files(self, revision: str = "main") -> dict[str, str]:
        """Path to mode and object name."""
        rows = self._git("ls-tree", "-r", "-z", "--format=%(path)%x09%(objectmode) %(objectname)", revision)
        return dict(row.split("\t", 1) for row in rows.split("\0") if row)

    def text(self, path: str, revision: str = "main") -> str:
        return self.raw(path, revision).decode()

    def raw(self, path: str, revision: str = "main") -> bytes:
        return _git(self.path, "cat-file", "blob", f"{revision}:{path}")

    def parents(self, revision: str = "main") -> list[str]:
        return self._git("show", "--no-patch", "--format=%P", revision).split()

    def log(self, revisions: str, form: str = "%an: %s") -> list[str]:
        """Oldest first, one line per commit, as git-log(1) formats it."""
        return self._git("log", "--topo-order", "--reverse", f"--format={form}", revisions).splitlines()

    def forced(self) -> list[str]:
        return (self.path / "forced").read_text().split()

    def refused(self) -> int:
        """How many pushes to main it has refused."""
        refused = self.path / "refused"
        return len(refused.read_text().split()) if refused.exists() else 0

    def clone(self, to: Path) -> Path:
        """An ordinary checkout of main, as a person has it."""
        _git(self.path, "clone", "--quiet", self.url, str(to))
        return to

    def _hook(self, name: str, *script: str) -> None:
        hook = self.path / "hooks" / name
        hook.write_text("\n".join(["#!/bin/sh", *script, ""]))
        hook.chmod(0o755)

    def _git(self, *argv: str, stdin: bytes = b"") -> str:
        return _git(self.path, *argv, stdin=stdin).decode("utf-8", "surrogateescape").strip("\n")


def full(branch: str) -> str:
    return branch if branch.startswith("refs/") else f"refs/heads/{branch}"


def git_in(directory: Path, *argv: str) -> str:
    """What a person's git says in `directory`; a failing command is an error."""
    return _git(directory, *argv).decode("utf-8", "surrogateescape").strip("\n")


def _words(parents: Sequence[str]) -> list[str]:
    """How git-fast-import(1) calls the first parent, and the others."""
    return ["from", "merge", "merge", "merge"][: len(parents)]


def _change(path: str, content: Content) -> str:
    if content is None:
        return f"D {path}"
    if isinstance(content, str):
        content = File(content.encode())
    if content.mode == "160000":
        return f"M 160000 {content.content.decode()} {path}"
    return f"M {content.mode} inline {path}\n{_sized(content.content)}"


def _sized(content: bytes) -> str:
    return f"data {len(content)}\n{content.decode('utf-8', 'surrogateescape')}"


def _git(directory: Path, *argv: str, stdin: bytes = b"") -> bytes:
    ran = subprocess.run(
        ["git", *argv], cwd=directory, env=_ENVIRONMENT, input=stdin, capture_output=True, check=False
    )
    assert ran.returncode == 0, f"git {' '.join(argv)}: {ran.stderr.decode('utf-8', 'replace')}"
    return ran.stdout


_ENVIRONMENT = {
    "PATH": os.environ["PATH"],
    "HOME": "/nonexistent",
    "LC_ALL": "C",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_AUTHOR_NAME": "Ada",
    "GIT_AUTHOR_EMAIL": "ada@example.org",
    "GIT_COMMITTER_NAME": "Ada",
    "GIT_COMMITTER_EMAIL": "ada@example.org",
}
