"""The git that is found in PATH, and whether it can all that the engine asks of it."""

import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import TypeAlias

from msgspec import Struct

from mergetui.adapters.git import Git, GitError
from mergetui.doctor.finding import Finding, Topic

Version: TypeAlias = tuple[int, int]

_TOPIC = Topic("git")
_VERSION = re.compile(r"\b(\d+)\.(\d+)")
_PATIENCE = 10.0


class Feature(Struct, frozen=True):
    command: str
    """The git command, or `environment`."""
    word: str
    since: Version


FEATURES = (
    Feature("merge-tree", "--write-tree", (2, 38)),
    Feature("rebase", "--strategy=ort", (2, 33)),
    Feature("environment", "GIT_CONFIG_GLOBAL", (2, 32)),
    Feature("fetch", "--no-write-fetch-head", (2, 29)),
    Feature("rebase", "--empty=drop", (2, 26)),
    Feature("push", "--force-with-lease", (1, 8)),
)
"""The youngest of what the engine uses, as git's release notes date it."""

NEEDED = max(feature.since for feature in FEATURES)
_MEND = f"install git {NEEDED[0]}.{NEEDED[1]} or newer, first in PATH"


def examine_git(environ: Mapping[str, str]) -> Finding:
    found = shutil.which("git", path=environ.get("PATH"))
    if found is None:
        return _TOPIC.mend("there is no git in PATH", _MEND)
    try:
        said = Git(Path("/")).tell("version", timeout=_PATIENCE)
    except (GitError, ImportError) as error:
        return _TOPIC.mend(f"{found} cannot be run: {error}", _MEND)
    return judge(said, found)


def judge(said: str, found: str) -> Finding:
    """`said` is what `git version` prints, `found` where that git is."""
    match = _VERSION.search(said)
    if match is None:
        return _TOPIC.mend(f"{found} does not say which version it is: {said!r}", _MEND)
    version = int(match[1]), int(match[2])
    lacking = [f"{f.command} {f.word} ({f.since[0]}.{f.since[1]})" for f in FEATURES if version < f.since]
    if lacking:
        return _TOPIC.mend(f"{found} is {said.strip()}, which lacks {', '.join(lacking)}", _MEND)
    return _TOPIC.ok(f"{said.removeprefix('git version ').strip()} in {found}")
