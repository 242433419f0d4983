"""A real sandbox: a bare remote, a small project with its tests, and branches of every kind."""

import os
import shlex
import shutil
import subprocess  # noqa: TID251 - the sandbox is the world that the gate meets, not a part of the gate
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from msgspec import Struct

from mergetui.demo.authors import TOM
from mergetui.demo.early_work import FORKED_EARLY, OPENING
from mergetui.demo.history import stream
from mergetui.demo.later_work import MAIN_MOVES_ON
from mergetui.demo.project import RETEST
from mergetui.demo.scenes import SCENES, Branch, Scene
from mergetui.model import Oid

__all__ = ["RETEST", "SCENES", "Branch", "Sandbox", "SandboxError", "Scene", "build"]

_PUSH_ATTEMPTS = 10
_RETEST_SECONDS = 60.0


class SandboxError(Exception):
    """Git refused; the text has the command and what git said."""


class Sandbox(Struct, frozen=True):
    directory: Path

    @property
    def remote(self) -> Path:
        return self.directory / "remote.git"

    def first_parents(self) -> list[Oid]:
        """Main's own line of commits, oldest first."""
        return _git(self.remote, "rev-list", "--first-parent", "--reverse", "main").split()

    def push_straight_to_main(self) -> Oid:
        """Somebody pushes one harmless commit past the gate; SandboxError when it is refused ten times."""
        for _ in range(_PUSH_ATTEMPTS - 1):
            try:
                return self._push_a_note()
            except SandboxError:
                continue  # the gate landed something between the clone and the push
        return self._push_a_note()

    def prove(self, commit: Oid) -> bool:
        """Whether RETEST is green, without its waits, on a commit (or tree) of the remote."""
        with TemporaryDirectory(dir=self.directory, prefix="proof-") as scratch:
            checkout, packed = Path(scratch, "checkout"), Path(scratch, "checkout.zip")
            _git(self.remote, "archive", f"--output={packed}", commit)
            shutil.unpack_archive(packed, checkout)
            return _retest(checkout)

    def _push_a_note(self) -> Oid:
        with TemporaryDirectory(dir=self.directory, prefix="clone-") as clone:
            _git(self.directory, "clone", "--quiet", "--bare", "--single-branch", str(self.remote), clone)
            _git(Path(clone), "fast-import", "--quiet", "--date-format=now", stdin=self._note())
            _git(Path(clone), "push", "--quiet", "origin", "refs/heads/main:refs/heads/main")
            return _git(Path(clone), "rev-parse", "refs/heads/main").strip()

    def _note(self) -> str:
        """One commit on main for git-fast-import(1), adding a file that is not there yet."""
        number = len(self.first_parents()) + 1
        return (
            f"commit refs/heads/main\ncommitter {TOM.name} <{TOM.mail}> now\n"
            f"data <<END\nLeave note {number}, straight on main\nEND\nfrom refs/heads/main^0\n"
            f"M 100644 inline notes/{number:04}.md\ndata <<END\nThe window is clean.\nEND\n"
        )


def build(directory: Path) -> Sandbox:
    """Make `directory/remote.git`, all of its branches in it; FileExistsError when it is there already."""
    sandbox = Sandbox(directory.resolve())
    if sandbox.remote.exists():
        raise FileExistsError(f"{sandbox.remote} exists; a sandbox needs a fresh directory")
    sandbox.directory.mkdir(parents=True, exist_ok=True)
    _git(sandbox.directory, "init", "--quiet", "--bare", "--initial-branch=main", str(sandbox.remote))
    history = stream([*OPENING, *FORKED_EARLY, *MAIN_MOVES_ON])
    _git(sandbox.remote, "fast-import", "--quiet", stdin=history)
    return sandbox


def _retest(checkout: Path) -> bool:
    ran = subprocess.run(  # noqa: S603 - our own constant
        shlex.split(RETEST),
        cwd=checkout,
        env=_environment({"SHOP_PACE": "0"}),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=_RETEST_SECONDS,
        check=False,
    )
    return ran.returncode == 0


def _git(directory: Path, *argv: str, stdin: str | None = None) -> str:
    """Run git in `directory` and return its output; anything but success is a SandboxError."""
    ran = subprocess.run(  # noqa: S603 - no shell, and no words but ours
        ["git", *argv],  # noqa: S607 - the git that the gate uses too
        cwd=directory,
        env=_environment(_GIT),
        input=(stdin or "").encode(),
        capture_output=True,
        check=False,
    )
    if ran.returncode:
        raise SandboxError(f"git {shlex.join(argv)}: {ran.stderr.decode(errors='replace').strip()}")
    return ran.stdout.decode()


_GIT: Mapping[str, str] = {
    "LC_ALL": "C",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_SYSTEM": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_AUTHOR_NAME": TOM.name,
    "GIT_AUTHOR_EMAIL": TOM.mail,
    "GIT_COMMITTER_NAME": TOM.name,
    "GIT_COMMITTER_EMAIL": TOM.mail,
}


def _environment(added: Mapping[str, str]) -> dict[str, str]:
    """This process's, without what would steer git, and `added`."""
    return {**{name: value for name, value in os.environ.items() if not name.startswith("GIT_")}, **added}
