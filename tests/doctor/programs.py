"""Programs that stand before the real ones in PATH."""

import os
import shutil
from pathlib import Path


def git_first(directory: Path, *script: str) -> str:
    """The PATH on which git is the real one, after a shell has run these lines with git's arguments."""
    real = shutil.which("git")
    directory.mkdir()
    program = directory / "git"
    lines = ("#!/bin/sh", f'git() {{ {real} "$@"; }}', *script, f'exec {real} "$@"', "")
    program.write_text("\n".join(lines))
    program.chmod(0o700)
    return f"{directory}:{os.environ['PATH']}"
