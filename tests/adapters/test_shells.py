import os
from pathlib import Path

import pytest

from mergetui.adapters.retest import MARK
from mergetui.adapters.shells import Checkout, Gone, Shells, leftovers, surroundings
from mergetui.reason import Coded, Reason
from mergetui.repository import Repository
from tests.gate.gate import TestGate
from tests.worlds.remote import Remote, git_in


@pytest.fixture
def gate(remote: Remote, tmp_path: Path) -> TestGate:
    """Whose one entry was tested, was red, and stays in the queue."""
    remote.propose("feature", {"dir/inner": "1\n", "test-red": "exit 1\n"})
    remote.push(README="moved on\n")
    gate = TestGate(remote, tmp_path)
    gate.enqueue("feature")
    gate.drain()
    return gate


@pytest.fixture
def cache(gate: TestGate) -> Path:
    return gate.directory / "cache" / "shop"


@pytest.fixture
def shells(cache: Path) -> Shells:
    return Shells(cache)


@pytest.fixture
def tested(gate: TestGate) -> str:
    commit = gate.run_of("feature").tested_commit
    assert commit is not None
    return commit


def checked_out(shells: Shells, commit: str) -> Checkout:
    checkout = shells.check_out(commit)
    assert isinstance(checkout, Checkout)
    return checkout


def bytes_below(*directories: Path) -> dict[Path, bytes]:
    files = (path for directory in directories for path in directory.rglob("*") if path.is_file())
    return {path: path.read_bytes() for path in files}


def test_the_tree_is_exactly_that_of_the_commit_under_test(shells: Shells, cache: Path, tested: str) -> None:
    tree = checked_out(shells, tested).tree
    assert git_in(tree, "rev-parse", "HEAD") == tested
    assert git_in(tree, "status", "--porcelain", "--ignored") == ""
    assert git_in(tree, "write-tree") == git_in(cache / "mirror.git", "rev-parse", f"{tested}^{{tree}}")
    assert {path.name for path in tree.iterdir()} == {".git", "README", "dir", "test-red"}
    assert (tree / "README").read_text() == "moved on\n"


def test_nothing_that_is_typed_there_reaches_the_mirror_the_slot_or_the_remote(
    shells: Shells, cache: Path, tested: str, remote: Remote
) -> None:
    engines_own, refs = bytes_below(cache / "mirror.git", cache / "slots"), remote.refs()
    tree = checked_out(shells, tested).tree
    (tree / "README").write_text("typed\n")
    identity = ("-c", "user.name=Ana", "-c", "user.email=ana@example.org")
    git_in(tree, *identity, "commit", "--quiet", "-am", "typed")
    git_in(tree, "config", "core.fsmonitor", "false")
    (tree / ".git" / "hooks").mkdir()
    (tree / ".git" / "hooks" / "post-checkout").write_text("#!/bin/sh\nexit 1\n")
    git_in(tree, "branch", "--force", "main")
    git_in(tree, "gc", "--quiet", "--prune=now")
    assert bytes_below(cache / "mirror.git", cache / "slots") == engines_own
    assert remote.refs() == refs


@pytest.mark.sampled("push1")
@pytest.mark.parametrize(
    "push", [("push",), ("push", "origin", "HEAD:main"), ("push", "--all"), ("push", "--mirror")]
)
def test_a_push_from_there_finds_no_remote(
    shells: Shells, tested: str, remote: Remote, push: tuple[str, ...]
) -> None:
    refs, tree = remote.refs(), checked_out(shells, tested).tree
    assert git_in(tree, "remote") == ""
    with pytest.raises(AssertionError, match=r"No configured push destination|does not appear to be a git"):
        git_in(tree, *push)
    assert remote.refs() == refs


def test_what_was_typed_changes_no_verdict(shells: Shells, gate: TestGate, tested: str) -> None:
    tree = checked_out(shells, tested).tree
    (tree / "test-red").write_text("exit 0\n")
    gate.desk.retry("feature")
    gate.drain()
    assert gate.reason("feature") == Coded(Reason.RETEST_FAILED, gate.reason("feature").detail)
    assert (tree / "test-red").read_text() == "exit 0\n"


def test_two_shells_have_a_tree_each_and_what_ends_is_removed(
    shells: Shells, cache: Path, tested: str
) -> None:
    one, other = checked_out(shells, tested), checked_out(Shells(cache), tested)
    assert one.tree != other.tree
    (one.tree / "closed").mkdir()
    (one.tree / "closed" / "file").touch()
    (one.tree / "closed").chmod(0o500)
    one.dispose()
    assert not one.tree.exists()
    assert other.tree.exists()
    assert checked_out(shells, tested).tree == one.tree


def test_a_sweep_removes_what_nobody_uses_and_leaves_what_is_open(
    shells: Shells, cache: Path, tested: str
) -> None:
    lost, used = checked_out(shells, tested), checked_out(shells, tested)
    lost._lock.leave()  # as the kernel does when the console dies
    assert list(leftovers(cache)) == [lost.tree.parent]
    Shells(cache).sweep()
    assert not lost.tree.exists()
    assert used.tree.exists()
    assert list(leftovers(cache)) == []


def test_what_a_killed_console_left_is_not_shown_again(shells: Shells, tested: str) -> None:
    lost = checked_out(shells, tested)
    (lost.tree / "README").write_text("typed\n")
    lost._lock.leave()
    again = checked_out(shells, tested)
    assert again.tree == lost.tree
    assert (again.tree / "README").read_text() == "moved on\n"


def test_a_commit_that_is_not_in_the_mirror_has_no_tree(shells: Shells, cache: Path, tmp_path: Path) -> None:
    assert isinstance(shells.check_out("1" * 40), Gone)
    assert isinstance(Shells(tmp_path / "nothing").check_out("1" * 40), Gone)
    assert list(leftovers(cache)) == []


def test_the_directories_are_for_nobody_else(shells: Shells, cache: Path, tested: str) -> None:
    old = os.umask(0)
    try:
        tree = checked_out(shells, tested).tree
    finally:
        os.umask(old)
    assert [path.stat().st_mode & 0o777 for path in (cache / "shells", tree.parent, tree)] == [0o700] * 3


def test_the_surroundings_are_those_of_the_retest_and_of_a_terminal() -> None:
    environ = {
        "PATH": "/bin",
        "HOME": "/home/ana",
        "SHELL": "/bin/bash",
        "USER": "ana",
        "TERM": "tmux-256color",
        "COLORTERM": "truecolor",
        "CI_CACHE": "/cache",
        "SSH_AUTH_SOCK": "/secret",
        "GIT_DIR": "/elsewhere",
        MARK: "an-engine:r1",
    }
    strangers = {"SSH_AUTH_SOCK", "GIT_DIR", MARK}
    shop = Repository(name="shop", remote="r", retest="make test", env={"TZ": "UTC"}, env_pass=("CI_CACHE",))
    assert surroundings(environ, shop, "c" * 40) == {
        **{name: value for name, value in environ.items() if name not in strangers},
        "TZ": "UTC",
        "PYTHONUNBUFFERED": "1",
        "MERGETUI_COMMIT": "c" * 40,
        "MERGETUI_RETEST_COMMAND": "make test",
    }


def test_a_home_that_the_retest_is_given_is_the_shells_too() -> None:
    shop = Repository(name="shop", remote="r", retest="make test", env={"HOME": "/none", "TERM": "dumb"})
    told = surroundings({"HOME": "/home/ana", "TERM": "xterm"}, shop, "c" * 40)
    assert (told["HOME"], told["TERM"]) == ("/none", "xterm")
