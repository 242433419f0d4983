import os
from collections.abc import Callable
from pathlib import Path

import pytest

from mergetui.adapters.git import Git
from mergetui.adapters.slots import Slot
from tests.worlds.remote import Remote, git_in, link, program

PLANTS: dict[str, Callable[[Path, Path], object]] = {}
"""What a test may do to its checkout, by name; the second path is touched by whatever it gets to run."""


def plant(act: Callable[[Path, Path], object]) -> Callable[[Path, Path], object]:
    PLANTS[act.__name__.replace("_", " ")] = act
    return act


def script(path: Path, marker: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\ntouch '{marker}'\ncat\n")
    path.chmod(0o755)
    return path


@plant
def commits(checkout: Path, _: Path) -> None:
    (checkout / "README").write_text("changed")
    identity = ("-c", "user.name=Test", "-c", "user.email=test@example.org")
    git_in(checkout, *identity, "commit", "--quiet", "-am", "by a test")


@plant
def changes_stages_and_adds_files(checkout: Path, _: Path) -> None:
    (checkout / "README").write_text("changed")
    (checkout / "new").write_text("new")
    (checkout / "dir" / "new").write_text("new")
    git_in(checkout, "add", "new")


@plant
def deletes_files(checkout: Path, _: Path) -> None:
    (checkout / "README").unlink()
    (checkout / "dir" / "inner").unlink()


@plant
def leaves_ignored_files(checkout: Path, _: Path) -> None:
    (checkout / "a.log").write_text("ignored")
    (checkout / "cache").mkdir()
    (checkout / "cache" / "b.log").write_text("ignored")


@plant
def adds_every_hook(checkout: Path, marker: Path) -> None:
    for name in ("post-checkout", "pre-commit", "reference-transaction", "post-index-change"):
        script(checkout / ".git" / "hooks" / name, marker)


@plant
def points_the_config_at_hooks(checkout: Path, marker: Path) -> None:
    script(checkout / "hooks" / "post-checkout", marker)
    git_in(checkout, "config", "core.hooksPath", str(checkout / "hooks"))


@plant
def sets_a_file_monitor(checkout: Path, marker: Path) -> None:
    script(checkout / "monitor", marker)
    git_in(checkout, "config", "core.fsmonitor", str(checkout / "monitor"))


@plant
def sets_a_filter(checkout: Path, marker: Path) -> None:
    filtering = script(checkout / ".git" / "filter", marker)
    git_in(checkout, "config", "filter.evil.smudge", str(filtering))
    (checkout / ".git" / "info").mkdir(exist_ok=True)
    (checkout / ".git" / "info" / "attributes").write_text("* filter=evil\n")


@plant
def sets_line_endings(checkout: Path, _: Path) -> None:
    (checkout / ".git" / "info").mkdir(exist_ok=True)
    (checkout / ".git" / "info" / "attributes").write_text("* text eol=crlf\n")


@plant
def hides_files_from_cleaning(checkout: Path, _: Path) -> None:
    (checkout / ".git" / "info").mkdir(exist_ok=True)
    (checkout / ".git" / "info" / "exclude").write_text("*\n")
    (checkout / "hidden").write_text("hidden")


@plant
def moves_the_worktree_elsewhere(checkout: Path, _: Path) -> None:
    git_in(checkout, "config", "core.worktree", str(checkout.parent))


@plant
def sets_sparse_checkout(checkout: Path, _: Path) -> None:
    git_in(checkout, "sparse-checkout", "set", "nothing")


@plant
def assumes_files_unchanged(checkout: Path, _: Path) -> None:
    git_in(checkout, "update-index", "--assume-unchanged", "README")
    git_in(checkout, "update-index", "--skip-worktree", "dir/inner")
    (checkout / "README").write_text("changed")
    (checkout / "dir" / "inner").write_text("changed")


@plant
def changes_a_file_but_neither_its_size_nor_its_time(checkout: Path, _: Path) -> None:
    before = (checkout / "README").stat()
    (checkout / "README").write_text("BASE\n")
    os.utime(checkout / "README", ns=(before.st_atime_ns, before.st_mtime_ns))


@plant
def plants_a_repository(checkout: Path, marker: Path) -> None:
    git_in(checkout, "init", "--quiet", "nested")
    script(checkout / "nested" / ".git" / "hooks" / "post-checkout", marker)
    (checkout / "nested" / "file").write_text("nested")


@plant
def plants_a_repository_in_a_directory_of_the_commit(checkout: Path, marker: Path) -> None:
    git_in(checkout, "init", "--quiet", "dir")
    script(checkout / "dir" / ".git" / "hooks" / "post-checkout", marker)


@plant
def plants_a_git_file_in_a_directory_of_the_commit(checkout: Path, _: Path) -> None:
    (checkout / "dir" / ".git").write_text("gitdir: /nonexistent\n")


@plant
def replaces_an_object(checkout: Path, _: Path) -> None:
    evil = checkout / "evil"
    evil.write_text("evil\n")
    new = git_in(checkout, "hash-object", "-w", "evil")
    git_in(checkout, "replace", "--force", git_in(checkout, "rev-parse", "HEAD:README"), new)
    evil.unlink()


@plant
def forges_an_object(checkout: Path, _: Path) -> None:
    (checkout / "evil").write_text("evil\n")
    evil = git_in(checkout, "hash-object", "-w", "evil")
    real = git_in(checkout, "rev-parse", "HEAD:README")
    forged = checkout / ".git" / "objects" / real[:2] / real[2:]
    forged.parent.mkdir(exist_ok=True)
    (checkout / ".git" / "objects" / evil[:2] / evil[2:]).rename(forged)
    (checkout / "evil").unlink()
    (checkout / "README").unlink()


@plant
def grafts_a_history(checkout: Path, _: Path) -> None:
    (checkout / ".git" / "shallow").write_text(git_in(checkout, "rev-parse", "HEAD") + "\n")


@plant
def leaves_locks(checkout: Path, _: Path) -> None:
    (checkout / ".git" / "index.lock").touch()
    (checkout / ".git" / "HEAD.lock").touch()


@plant
def puts_directories_where_files_belong(checkout: Path, _: Path) -> None:
    (checkout / ".git" / "index").unlink()
    (checkout / ".git" / "index").mkdir()
    (checkout / ".git" / "index.lock").mkdir()
    (checkout / "README").unlink()
    (checkout / "README").mkdir()


@plant
def makes_directories_read_only(checkout: Path, _: Path) -> None:
    (checkout / "out" / "deep").mkdir(parents=True)
    (checkout / "out" / "deep" / "file").touch()
    for directory in ("out/deep", "out", "dir", ".git"):
        (checkout / directory).chmod(0o500)


@plant
def turns_directories_into_links(checkout: Path, _: Path) -> None:
    outside = checkout.parent / "outside"
    (checkout / "dir").rename(outside)
    (checkout / "dir").symlink_to(outside)


@plant
def leaves_a_rebase(checkout: Path, _: Path) -> None:
    (checkout / ".git" / "rebase-merge").mkdir()
    (checkout / ".git" / "MERGE_HEAD").write_text(git_in(checkout, "rev-parse", "HEAD"))


@plant
def deletes_the_repository(checkout: Path, _: Path) -> None:
    (checkout / ".git" / "HEAD").unlink()


@plant
def makes_another_repository_of_it(checkout: Path, marker: Path) -> None:
    (checkout / ".git").rename(checkout.parent / "stolen")
    git_in(checkout, "init", "--quiet")
    script(checkout / ".git" / "hooks" / "post-checkout", marker)


@plant
def makes_a_file_of_the_repository(checkout: Path, _: Path) -> None:
    (checkout / ".git").rename(checkout.parent / "stolen")
    (checkout / ".git").write_text(f"gitdir: {checkout.parent / 'stolen'}\n")


@pytest.fixture
def slot(remote: Remote, tmp_path: Path) -> Slot:
    return Slot(tmp_path / "slots", 0, remote.path, Git(remote.path))


@pytest.fixture
def first(remote: Remote) -> str:
    """A commit with a directory, a program and a link in it."""
    return remote.push(
        "main",
        {"dir/inner": "1", "tool": program("#!/bin/sh\n"), "to": link("tool"), ".gitignore": "*.log\n"},
    )


@pytest.fixture
def second(remote: Remote, first: str) -> str:
    return remote.propose("second", {"dir/inner": "2\n", "more": "2\n"}, on=first)


def content(checkout: Path) -> dict[str, tuple[bool, bytes]]:
    """Every file and link with what it holds and whether it can be run; directories, when they are empty."""
    found = {}
    for path in checkout.rglob("*"):
        name = str(path.relative_to(checkout))
        if not name.startswith(".git/") and name != ".git" and (path.is_symlink() or not path.is_dir()):
            held = bytes(path.readlink()) if path.is_symlink() else path.read_bytes()
            found[name] = (path.is_symlink() or bool(path.stat().st_mode & 0o100), held)
    return found


def fresh(remote: Remote, commit: str, to: Path) -> dict[str, tuple[bool, bytes]]:
    """What a new clone has."""
    clone = remote.clone(to)
    git_in(clone, "checkout", "--quiet", "--detach", commit)
    return content(clone)


def test_a_checkout_is_the_tree_of_the_commit(remote: Remote, slot: Slot, first: str, tmp_path: Path) -> None:
    checkout = slot.check_out(first, clean="everything")
    assert content(checkout) == fresh(remote, first, tmp_path / "fresh")
    assert git_in(checkout, "rev-parse", "HEAD") == first
    assert git_in(checkout, "status", "--porcelain") == ""


@pytest.mark.sampled(
    "commits",
    "deletes files",
    "adds every hook",
    "sets a filter",
    "hides files from cleaning",
    "moves the worktree elsewhere",
)
@pytest.mark.fault(18)
@pytest.mark.parametrize("act", PLANTS.values(), ids=PLANTS.keys())
def test_after_a_test_that_did_its_worst_the_next_checkout_is_exact_and_nothing_of_it_has_run(
    act: Callable[[Path, Path], object],
    remote: Remote,
    slot: Slot,
    first: str,
    second: str,
    tmp_path: Path,
) -> None:
    before = remote.refs()
    act(slot.check_out(first, clean="everything"), tmp_path / "ran")
    (tmp_path / "ran").unlink(missing_ok=True)
    checkout = slot.check_out(second, clean="everything")
    assert content(checkout) == fresh(remote, second, tmp_path / "fresh")
    assert list(checkout.rglob(".git")) == [checkout / ".git"]
    assert not (tmp_path / "ran").exists()
    assert git_in(checkout, "status", "--porcelain", "--ignored") == ""
    assert git_in(checkout, "rev-parse", "HEAD") == second
    assert remote.refs() == before


@pytest.mark.sampled(
    "commits",
    "deletes files",
    "adds every hook",
    "sets a filter",
    "hides files from cleaning",
    "moves the worktree elsewhere",
)
@pytest.mark.fault(18)
@pytest.mark.parametrize("act", PLANTS.values(), ids=PLANTS.keys())
def test_after_a_test_that_did_its_worst_the_same_commit_is_checked_out_exactly(
    act: Callable[[Path, Path], object], remote: Remote, slot: Slot, first: str, tmp_path: Path
) -> None:
    act(slot.check_out(first, clean="everything"), tmp_path / "ran")
    checkout = slot.check_out(first, clean="everything")
    assert content(checkout) == fresh(remote, first, tmp_path / "fresh")


def test_a_slot_that_nobody_touched_is_used_again(slot: Slot, first: str, second: str) -> None:
    before = (slot.check_out(first, clean="everything") / ".git").stat().st_ino
    checkout = slot.check_out(second, clean="everything")
    assert (checkout / ".git").stat().st_ino == before


def test_a_file_that_both_commits_have_is_not_written_again(slot: Slot, first: str, second: str) -> None:
    before = (slot.check_out(first, clean="everything") / "README").stat().st_mtime_ns
    (slot.check_out(first, clean="everything") / "scratch").touch()
    checkout = slot.check_out(second, clean="everything")
    assert (checkout / "README").stat().st_mtime_ns == before


def test_ignored_files_stay_when_they_are_to_be_kept_and_others_do_not(
    slot: Slot, first: str, second: str
) -> None:
    checkout = slot.check_out(first, clean="everything")
    (checkout / "a.log").touch()
    (checkout / "stray").touch()
    slot.check_out(second, clean="keep-ignored")
    assert (checkout / "a.log").exists()
    assert not (checkout / "stray").exists()
    slot.check_out(second, clean="everything")
    assert not (checkout / "a.log").exists()


@pytest.mark.fault(18)
def test_a_commit_made_in_a_slot_is_not_in_what_lands(remote: Remote, slot: Slot, first: str) -> None:
    checkout = slot.check_out(first, clean="everything")
    PLANTS["commits"](checkout, checkout)
    made = git_in(checkout, "rev-parse", "HEAD")
    assert Git(remote.path).ask("cat-file", "-e", made).code == 1


@pytest.mark.fault(18)
def test_a_slot_has_no_way_to_the_remote(slot: Slot, first: str) -> None:
    checkout = slot.check_out(first, clean="everything")
    assert git_in(checkout, "remote") == ""
    assert "url" not in (checkout / ".git" / "config").read_text()


def test_slots_do_not_see_each_other(remote: Remote, slot: Slot, first: str, tmp_path: Path) -> None:
    other = Slot(tmp_path / "slots", 1, remote.path, Git(remote.path))
    here, there = slot.check_out(first, clean="everything"), other.check_out(first, clean="everything")
    (here / "README").write_text("changed")
    assert (there / "README").read_text() == "base\n"


def test_a_link_that_a_test_put_in_place_of_its_index_is_not_written_through(
    slot: Slot, first: str, tmp_path: Path
) -> None:
    precious = tmp_path / "precious"
    precious.write_text("precious")
    index = slot.check_out(first, clean="everything") / ".git" / "index"
    index.unlink()
    index.symlink_to(precious)
    slot.check_out(first, clean="everything")
    assert precious.read_text() == "precious"
