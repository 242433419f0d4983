"""The retest command of a repository: is there one, and can its program be found."""

import os
import re
import shlex
import shutil
from collections.abc import Mapping
from pathlib import Path

from mergetui.adapters.retest import environment
from mergetui.doctor.finding import Finding, Topic
from mergetui.repository import Repository

_OF_THE_SHELL = frozenset(
    {".", ":", "cd", "command", "echo", "eval", "exec", "exit", "export", "false", "printf", "pwd", "set"}
    | {"shift", "test", "times", "trap", "true", "type", "ulimit", "umask", "unset", "wait"}
)
_MORE_THAN_WORDS = re.compile(r"[\n|&;<>()$`*?\[\]{}#~!]|\A\s*\w+=")


def examine_retest(repository: Repository, environ: Mapping[str, str], config: Path) -> Finding:
    topic = Topic("retest", repository.name)
    place = f"[repos.{repository.name}] of {shlex.quote(str(config))}"
    if not repository.enabled:
        return topic.note("none is run: enabled = false lands what was never tested")
    if repository.retest is None:
        return topic.mend("there is no command, so nothing can land", f"set 'retest' in {place}")
    program = _program(repository.retest)
    if program is None:
        return topic.note("not checked: it is more than a program and its arguments")
    if program in _OF_THE_SHELL:
        return topic.note(f"not checked: {program} is the shell's own")
    if "/" in program and not program.startswith("/"):
        return topic.note(f"not checked: {program} lies in the candidate")
    path = environment(environ, repository).get("PATH", os.defpath)
    found = shutil.which(program, path=path)
    if found is None:
        return topic.mend(f"{program} is not found in PATH", f"install it, or change 'retest' in {place}")
    return topic.ok(found)


def _program(command: str) -> str | None:
    """The first word of a command that is nothing but words; None for any other."""
    if _MORE_THAN_WORDS.search(command):
        return None
    try:
        words = shlex.split(command)
    except ValueError:
        return None
    return words[0] if words else None
