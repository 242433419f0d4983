"""What the checkout that somebody stands in says of itself; it is only read."""

from pathlib import Path

from mergetui.adapters.git import Git, GitError

_PATIENCE = 3.0
"""Seconds."""


def origin_of(directory: Path) -> str | None:
    """The address of `origin` where `directory` is inside a checkout that has one."""
    try:
        ran = Git(directory).ask(
            "config",
            "--local",
            "--get",
            "remote.origin.url",
            timeout=_PATIENCE,
            # Elsewhere git may not look further up; here that is the question.
            env={"GIT_CEILING_DIRECTORIES": ""},
        )
    except GitError:
        return None
    said = ran.out.strip()
    return said if ran.ok and said and said.isprintable() else None
