"""Bare remotes with branches on them, as the benchmarks of landings want them."""

import os
import subprocess  # noqa: TID251 - the world outside of the gate has a git of its own
from collections.abc import Mapping
from pathlib import Path

_QUIET = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
_PERSON = {
    f"GIT_{who}_{what}": "ada@example.org" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")
}


def make_remote(directory: Path, branches: Mapping[str, Mapping[str, str]]) -> Path:
    """A bare repository of 50 files, and by branch the files that each adds to them."""
    remote, work = directory / "remote.git", directory / "author"
    directory.mkdir(parents=True)
    git(directory, "init", "--quiet", "--bare", "-b", "main", str(remote))
    git(directory, "clone", "--quiet", str(remote), str(work))
    for number in range(50):
        (work / f"file{number}").write_text("text\n" * 100)
    git(work, "add", ".")
    git(work, "commit", "--quiet", "-m", "base")
    git(work, "push", "--quiet", "origin", "HEAD:main")
    for branch, files in branches.items():
        git(work, "checkout", "--quiet", "--detach", "origin/main")
        for name, text in files.items():
            (work / name).write_text(text)
        git(work, "add", ".")
        git(work, "commit", "--quiet", "-m", branch)
        git(work, "push", "--quiet", "origin", f"HEAD:refs/heads/{branch}")
    return remote


def git(directory: Path, *argv: str) -> None:
    """Plain git, as a person runs it."""
    environment = {**_QUIET, **_PERSON}
    subprocess.run(("git", *argv), cwd=directory, env=environment, check=True, stderr=subprocess.DEVNULL)
