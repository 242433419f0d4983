from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import pytest

from mergetui.adapters.applying import Added, AddResult, AlreadyThere, Conflicted, Unrelated, add
from mergetui.adapters.git import Git, GitError
from mergetui.repository import Strategy
from tests.worlds.remote import File, Remote, git_in, link, program, submodule
from tests.worlds.texts import lines

CatchUp: TypeAlias = Callable[..., AddResult]
POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:" + "0" * 64 + "\nsize 12345\n"


@pytest.fixture
def worktree(remote: Remote, tmp_path: Path) -> Path:
    git_in(remote.path, "worktree", "add", "--quiet", "--detach", str(tmp_path / "worktree"), "main")
    return tmp_path / "worktree"


@pytest.fixture
def catch_up(remote: Remote, worktree: Path) -> CatchUp:
    """Put a revision on top of the main of this moment."""

    def on_main(revision: str, strategy: Strategy = "rebase") -> AddResult:
        oid = remote.tip(revision)
        return add(Git(worktree), oid, label=revision, onto=remote.tip(), strategy=strategy)

    return on_main


def added(result: AddResult) -> Added:
    assert isinstance(result, Added), result
    return result


def names(remote: Remote, result: AddResult) -> set[str]:
    return set(remote.files(added(result).commit))


# Merges in the branch.


def test_a_branch_that_took_main_in_is_a_straight_line_again(remote: Remote, catch_up: CatchUp) -> None:
    remote.propose("feature", a="1")
    main = remote.push(b="1")
    remote.push("feature", also=[main], b="1")
    remote.push("feature", c="1")
    tip = remote.push(d="1")
    result = added(catch_up("feature"))
    assert remote.log(f"{tip}..{result.commit}", "%s %P") == [
        f"feature 2 {tip}",
        f"feature 5 {result.commits[0]}",
    ]
    assert names(remote, result) == {"README", "a", "b", "c", "d"}


def test_a_branch_that_has_just_taken_main_in_is_a_straight_line_too(
    remote: Remote, catch_up: CatchUp
) -> None:
    remote.propose("feature", a="1")
    main = remote.push(b="1")
    remote.push("feature", also=[main], b="1")
    result = added(catch_up("feature"))
    assert remote.parents(result.commit) == [main]
    assert result.tree == remote.tree("feature")


def test_where_only_the_merge_knew_the_answer_the_merged_tree_is_taken_as_one_commit(
    remote: Remote, catch_up: CatchUp
) -> None:
    remote.propose("feature", by="Zoë", a="ours")
    main = remote.push(a="theirs")
    remote.push("feature", by="Ada", also=[main], a="both")
    result = added(catch_up("feature"))
    assert result.commits == (result.commit,)
    assert remote.parents(result.commit) == [main]
    assert remote.text("a", result.commit) == "both"
    assert "Co-authored-by: Zoë <zoë@example.org>" in remote.log(result.commit, "%B")


@pytest.mark.fault(21)
def test_what_only_a_merge_commit_has_is_not_lost(remote: Remote, catch_up: CatchUp) -> None:
    remote.propose("feature", a="1")
    main = remote.push(b="1")
    remote.push("feature", also=[main], b="1", evil="only here")
    remote.push(c="1")
    result = added(catch_up("feature"))
    assert remote.text("evil", result.commit) == "only here"
    assert names(remote, result) == {"README", "a", "b", "c", "evil"}


@pytest.mark.fault(21)
def test_what_only_a_merge_commit_has_conflicts_like_anything_else(remote: Remote, catch_up: CatchUp) -> None:
    remote.propose("feature", a="1")
    main = remote.push(b="1")
    remote.push("feature", also=[main], b="1", evil="only here")
    remote.push(evil="already here")
    assert catch_up("feature") == Conflicted(("evil",))


@pytest.mark.fault(21)
def test_an_octopus_lands_with_all_its_arms(remote: Remote, catch_up: CatchUp) -> None:
    arms = [remote.propose(f"arm-{name}", {name: "1"}) for name in "ab"]
    remote.propose("octopus", on="main", c="1")
    remote.push("octopus", also=arms, a="1", b="1")
    remote.push(d="1")
    result = added(catch_up("octopus"))
    assert names(remote, result) == {"README", "a", "b", "c", "d"}
    assert all(len(remote.parents(commit)) == 1 for commit in result.commits)


@pytest.mark.fault(21)
def test_a_branch_that_took_in_a_history_of_its_own_lands_with_it(remote: Remote, catch_up: CatchUp) -> None:
    alien = remote.root("alien", x="1")
    remote.propose("feature", a="1")
    remote.push("feature", also=[alien], x="1")
    remote.push(b="1")
    assert names(remote, catch_up("feature")) == {"README", "a", "b", "x"}


# What is there already.


@pytest.mark.fault(20)
def test_a_branch_that_is_in_the_target_is_already_there(remote: Remote, catch_up: CatchUp) -> None:
    remote.point("feature", remote.first)
    remote.push(a="1")
    assert catch_up("feature") == AlreadyThere(was_empty=False)


@pytest.mark.fault(20)
def test_a_branch_that_changes_nothing_is_told_from_one_that_landed(
    remote: Remote, catch_up: CatchUp
) -> None:
    remote.propose("empty")
    remote.propose("forth", a="1")
    remote.push("forth", a=None)
    remote.propose("landed", b="1")
    remote.push(b="1")
    assert catch_up("empty") == catch_up("forth") == AlreadyThere(was_empty=True)
    assert catch_up("landed") == AlreadyThere(was_empty=False)


def test_a_commit_that_main_has_reverted_lands_again_when_it_comes_as_a_new_commit(
    remote: Remote, catch_up: CatchUp
) -> None:
    remote.propose("feature", by="Zoë", a="1")
    remote.push(a="1")
    tip = remote.push(a=None)
    result = added(catch_up("feature"))
    assert remote.text("a", result.commit) == "1"
    assert remote.log(f"{tip}..{result.commit}") == ["Zoë: feature 2"]


def test_a_commit_that_main_has_and_has_reverted_is_already_there_until_its_author_reverts_the_revert(
    remote: Remote, catch_up: CatchUp
) -> None:
    feature = remote.propose("feature", a="1")
    remote.point("main", feature)
    remote.push(a=None)
    assert catch_up("feature") == AlreadyThere(was_empty=False)
    remote.propose("again", a="1")
    assert remote.text("a", added(catch_up("again")).commit) == "1"


def test_a_change_and_its_revert_on_the_branch_leave_the_rest(remote: Remote, catch_up: CatchUp) -> None:
    remote.propose("feature", a="1")
    remote.push("feature", a=None, b="1")
    remote.push(c="1")
    assert names(remote, catch_up("feature")) == {"README", "b", "c"}


# Conflicts.


@pytest.mark.parametrize("strategy", ["rebase", "squash", "merge"])
def test_a_conflict_names_every_file_and_leaves_the_checkout_clean(
    strategy: Strategy, remote: Remote, catch_up: CatchUp, worktree: Path
) -> None:
    names = ["a b", "ü", 'q"uote', "deep/er/c"]
    remote.propose("feature", dict.fromkeys(names, "ours"))
    remote.push("main", dict.fromkeys(names, "theirs"))
    assert catch_up("feature", strategy) == Conflicted(tuple(sorted(names)))
    assert git_in(worktree, "status", "--porcelain") == ""


def test_a_branch_whose_every_step_is_wanted_conflicts_in_the_middle(
    remote: Remote, catch_up: CatchUp
) -> None:
    remote.propose("feature", a="1")
    remote.push("feature", b="ours")
    remote.push("feature", c="1")
    remote.push(b="theirs")
    assert catch_up("feature") == Conflicted(("b",))


def test_a_conflict_that_the_branch_has_undone_itself_is_none(remote: Remote, catch_up: CatchUp) -> None:
    remote.push(shared=lines())
    remote.propose("feature", shared=lines({5: "ours"}))
    remote.push("feature", shared=lines(), a="1")
    remote.push(shared=lines({5: "theirs"}))
    result = added(catch_up("feature"))
    assert remote.text("shared", result.commit) == lines({5: "theirs"})
    assert remote.text("a", result.commit) == "1"


def test_binary_files_conflict_and_are_never_mixed(remote: Remote, catch_up: CatchUp) -> None:
    remote.push(image=File(b"\0base"))
    remote.propose("feature", image=File(b"\0ours"))
    remote.push(image=File(b"\0theirs"))
    assert catch_up("feature") == Conflicted(("image",))


def test_two_new_names_for_one_file_conflict(remote: Remote, catch_up: CatchUp) -> None:
    remote.push(old=lines())
    remote.propose("feature", old=None, ours=lines())
    remote.push(old=None, theirs=lines())
    assert catch_up("feature") == Conflicted(("old", "ours", "theirs"))


def test_a_file_changed_here_and_deleted_there_conflicts(remote: Remote, catch_up: CatchUp) -> None:
    remote.push(old=lines())
    remote.propose("feature", old=lines({3: "ours"}))
    remote.push(old=None)
    assert catch_up("feature") == Conflicted(("old",))


def test_a_change_follows_its_file_to_the_new_name(remote: Remote, catch_up: CatchUp) -> None:
    remote.push(old=lines())
    remote.propose("feature", old=lines({3: "ours"}))
    remote.push(old=None, new=lines())
    result = added(catch_up("feature"))
    assert names(remote, result) == {"README", "new"}
    assert remote.text("new", result.commit) == lines({3: "ours"})


def test_a_file_here_and_a_directory_there_conflict(remote: Remote, catch_up: CatchUp) -> None:
    remote.propose("feature", x="a file")
    remote.push("main", {"x/y": "a directory"})
    result = catch_up("feature")
    assert isinstance(result, Conflicted)
    assert any(path.startswith("x") for path in result.paths)


@pytest.mark.fault(21)
def test_two_bumps_of_a_submodule_conflict(remote: Remote, catch_up: CatchUp) -> None:
    remote.push(lib=submodule("1" * 40))
    remote.propose("feature", lib=submodule("2" * 40))
    remote.push(lib=submodule("3" * 40))
    assert catch_up("feature") == Conflicted(("lib",))


def test_two_targets_of_a_symbolic_link_conflict(remote: Remote, catch_up: CatchUp) -> None:
    remote.push(current=link("v1"))
    remote.propose("feature", current=link("v2"))
    remote.push(current=link("v3"))
    assert catch_up("feature") == Conflicted(("current",))


# Content that is easily damaged.


@pytest.mark.sampled("120000*etc*-rebase", "160000*-squash", "*one*-rebase", "*x00*-squash", "*<<<*-rebase")
@pytest.mark.fault(21)
@pytest.mark.parametrize("strategy", ["rebase", "squash"])
@pytest.mark.parametrize(
    "content",
    [
        link("../../../etc/passwd"),
        link("missing"),
        program("#!/bin/sh\n"),
        submodule("2" * 40),
        File(b"one\r\ntwo\nthree\r\n"),
        File(b"no newline at the end"),
        File(b""),
        File(bytes(range(256))),
        File("ünï\n".encode("latin-1")),
        File(POINTER.encode()),
        File(b"<<<<<<< HEAD\n=======\n>>>>>>> x\n"),
        File(b"$Id$ $Format:%H$\n"),
    ],
    ids=lambda content: f"{content.mode}-{content.content[:12]!r}",
)
def test_content_of_every_kind_lands_byte_for_byte(
    content: File, strategy: Strategy, remote: Remote, catch_up: CatchUp
) -> None:
    remote.propose("feature", x=content)
    remote.push(b="1")
    result = added(catch_up("feature", strategy))
    assert remote.files(result.commit)["x"] == remote.files("feature")["x"]
    assert names(remote, result) == {"README", "b", "x"}


@pytest.mark.fault(21)
@pytest.mark.parametrize(
    "rule",
    ["* text=auto", "* text eol=crlf", "*.bin filter=lfs diff=lfs merge=lfs -text", "* ident", "* -text"],
)
def test_attributes_in_the_repository_change_nothing_that_lands(
    rule: str, remote: Remote, catch_up: CatchUp
) -> None:
    remote.push("main", {".gitattributes": f"{rule}\n", "old.bin": File(b"1\r\n2\r\n$Id$\n")})
    remote.propose("feature", {"new.bin": File(b"one\r\ntwo\r\n"), "lf.bin": "$Id$\none\n"})
    remote.push("feature", a="1")
    remote.push(b="1")
    result = added(catch_up("feature"))
    assert remote.files(result.commit) == {**remote.files("feature"), **remote.files("main")}


def test_a_change_of_mode_alone_is_a_change(remote: Remote, catch_up: CatchUp) -> None:
    remote.push(tool="#!/bin/sh\n" + lines())
    remote.propose("feature", tool=program("#!/bin/sh\n" + lines()))
    remote.push(tool="#!/bin/sh\n" + lines({12: "theirs"}))
    result = added(catch_up("feature"))
    assert remote.files(result.commit)["tool"].startswith("100755")
    assert remote.text("tool", result.commit).endswith("theirs\n")


def test_a_file_may_become_a_directory_and_a_directory_a_link(remote: Remote, catch_up: CatchUp) -> None:
    remote.push("main", {"x": "1", "y/z": "1"})
    remote.propose("feature", {"x": None, "x/inner": "1", "y/z": None, "y": link("x")})
    remote.push(b="1")
    assert names(remote, catch_up("feature")) == {"README", "b", "x/inner", "y"}


def test_what_an_earlier_call_left_in_the_checkout_is_not_in_the_next_commit(
    remote: Remote, catch_up: CatchUp, worktree: Path
) -> None:
    remote.propose("feature", a="1")
    remote.push(b="1")
    (worktree / "README").write_text("scribble")
    (worktree / "stray").write_text("stray")
    result = added(catch_up("feature", "squash"))
    assert remote.files(result.commit) == {**remote.files("feature"), **remote.files("main")}


# What is no conflict.


@pytest.mark.fault(21)
def test_a_history_of_its_own_is_unrelated(remote: Remote, catch_up: CatchUp) -> None:
    remote.root("alien", a="1")
    assert catch_up("alien") == Unrelated()


def test_a_commit_that_is_missing_is_neither_unrelated_nor_a_conflict(remote: Remote, worktree: Path) -> None:
    with pytest.raises(GitError, match="merge-base"):
        add(Git(worktree), "1" * 40, label="gone", onto=remote.tip(), strategy="rebase")


def test_a_rebase_that_stops_for_another_reason_is_no_conflict(
    remote: Remote, catch_up: CatchUp, worktree: Path
) -> None:
    remote.propose("feature", a="1")
    remote.push(b="1")
    (worktree / "a").write_text("in the way, and nobody's")
    with pytest.raises(GitError, match="stopped without a conflict"):
        catch_up("feature")
