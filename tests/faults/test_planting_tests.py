"""Tests that change the repository they run in: what lands stays as it was, and nothing of theirs is run."""

import os
import subprocess  # noqa: TID251 - the control: a person's git in the same checkout
from pathlib import Path

import pytest

from tests.gate.gate import TestGate
from tests.worlds.remote import Remote

pytestmark = [pytest.mark.soak, pytest.mark.fault(18)]

_HOOKS = "post-checkout pre-commit pre-push reference-transaction post-index-change pre-rebase post-rewrite"
_PLANT = """
plant() { printf '#!/bin/sh\\ntouch "%s"\\ncat\\n' "$CANARY" > "$1"; chmod +x "$1"; }
me='-c user.name=x -c user.email=x@example.org'
"""
PLANTS = {
    "commits": "echo spoilt > README; git $me commit -qam spoilt",
    "amends": "git $me commit -q --amend -m spoilt",
    "checks out another history": (
        "git checkout -q --orphan other; git rm -rqf .; git $me commit -qm x --allow-empty"
    ),
    "resets and deletes": "git update-ref refs/heads/main HEAD; git update-ref -d HEAD; rm -f README",
    "adds hooks": f'mkdir -p .git/hooks; for h in {_HOOKS}; do plant ".git/hooks/$h"; done',
    "points the config at programs": (
        'plant "$PWD/.git/run"; for key in core.hooksPath core.fsmonitor core.editor core.pager '
        "diff.external core.sshCommand sequence.editor credential.helper core.askPass; "
        'do git config $key "$PWD/.git/run"; done'
    ),
    "sets a filter": (
        'plant "$PWD/.git/run"; git config filter.x.smudge "$PWD/.git/run"; '
        'git config filter.x.clean "$PWD/.git/run"; '
        'mkdir -p .git/info; echo "* filter=x" > .git/info/attributes'
    ),
    "renames commands": (
        'for c in checkout clean clone rev-parse fetch push; do git config "alias.$c" "!touch $CANARY"; done'
    ),
    "plants a repository": (
        'git init -q nested; plant "$PWD/nested/.git/hooks/post-checkout"; plant "$PWD/nested/run"; '
        'git -C nested config core.fsmonitor "$PWD/nested/run"; echo x > nested/file'
    ),
    "plants a submodule": (
        'git init -q .git/modules/sub; plant "$PWD/.git/run"; '
        'git -C .git/modules/sub config core.fsmonitor "$PWD/.git/run"; '
        'mkdir sub; echo "gitdir: ../.git/modules/sub" > sub/.git'
    ),
    "makes the repository a file": (
        'git init -q ../elsewhere; plant "$PWD/../elsewhere/.git/hooks/post-checkout"; '
        'plant "$PWD/../run"; git -C ../elsewhere config core.fsmonitor "$PWD/../run"; '
        'rm -rf .git; echo "gitdir: ../elsewhere/.git" > .git'
    ),
    "makes the repository a link": (
        "rm -rf ../real; mv .git ../real; ln -s ../real .git; "
        'mkdir -p .git/hooks; plant "$PWD/.git/hooks/post-checkout"'
    ),
    "configures its home": (
        'plant "$HOME/run"; git config --global core.hooksPath "$HOME"; '
        'git config --global core.fsmonitor "$HOME/run"; git config --global user.name Mallory; '
        'git config --global url./nowhere.insteadOf /; mkdir -p "$HOME/.config/git"; '
        'echo "* text eol=crlf" > "$HOME/.config/git/attributes"'
    ),
    "litters the directory above": "mkdir ../1 ../2 ../0.index.lock; echo x > ../1/file; echo x > ../0.seal",
    "takes the lock": "touch .git/index.lock .git/HEAD.lock .git/config.lock",
    "hides what it changed": "git update-index --assume-unchanged README; echo spoilt > README",
}

AS_PROPOSED = 'test "$(cat README)" = base && test ! -e nested && test ! -e sub'
"""Runs before any plant, in the slot in which one has been."""


@pytest.fixture
def canary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Whatever of a plant is run touches it. The home of the engine, and so of its tests, is a new one."""
    (tmp_path / "home").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("GIT_CONFIG_GLOBAL")
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    return tmp_path / "canary"


def plant(name: str, canary: Path) -> str:
    return f"CANARY='{canary}'\n{_PLANT}\n{PLANTS[name]} || exit 1\n"


@pytest.mark.parametrize("name", PLANTS)
def test_what_lands_after_it_is_what_was_proposed_and_nothing_of_it_has_run(
    name: str, canary: Path, remote: Remote, gate: TestGate
) -> None:
    remote.propose("first", {"test-a": plant(name, canary)})
    remote.propose("second", {"test-1": AS_PROPOSED})
    gate.enqueue("first", "second")
    gate.drain()
    assert gate.landed() == ["first", "second"]
    assert not canary.exists()
    assert set(remote.files()) == {"README", "test-a", "test-1"}
    assert (remote.text("README"), remote.text("test-a")) == ("base\n", plant(name, canary))
    assert remote.tip() == gate.run_of("second").tested_commit
    assert remote.log("main", "%cn") == ["Ada", "Ada", "mergetui"]


@pytest.mark.parametrize(
    "name", ["adds hooks", "points the config at programs", "sets a filter", "configures its home"]
)
def test_a_persons_git_in_the_same_checkout_does_run_it(
    name: str, canary: Path, remote: Remote, tmp_path: Path
) -> None:
    checkout = remote.clone(tmp_path / "checkout")
    environment = {name: os.environ[name] for name in ("PATH", "HOME")}
    for script in (
        plant(name, canary),
        "touch README; git status; rm README; git checkout -f main; cat README",
    ):
        subprocess.run(["sh", "-c", script], cwd=checkout, env=environment, check=False, capture_output=True)
    assert canary.exists()
