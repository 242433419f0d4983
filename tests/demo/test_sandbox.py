"""The sandbox is what it says: every branch is of its kind, and ends as expected when taken in order."""

from pathlib import Path

import pytest

from mergetui.demo.project import SHOP
from mergetui.demo.sandbox import SCENES, Branch, Sandbox, SandboxError, Scene, _git, build
from mergetui.model import Priority
from mergetui.reason import Reason

BRANCHES = [branch for scene in SCENES for branch in scene.branches]
NAMES = [branch.name for branch in BRANCHES]
GREEN_ALONE = [name for name in NAMES if name != "chore/broken"]


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Sandbox:
    return build(tmp_path_factory.mktemp("shared"))


@pytest.fixture
def mine(tmp_path: Path) -> Sandbox:
    """A sandbox for a test that moves main."""
    return build(tmp_path / "mine")


def tree_of(sandbox: Sandbox, revision: str) -> str:
    return _git(sandbox.remote, "rev-parse", f"{revision}^{{tree}}")


def merged(sandbox: Sandbox, one: str, other: str) -> str:
    """The tree of a merge; SandboxError on a textual conflict."""
    return _git(sandbox.remote, "merge-tree", "--write-tree", one, other).strip()


def behind(sandbox: Sandbox, branch: str) -> int:
    return int(_git(sandbox.remote, "rev-list", "--count", f"{branch}..main"))


def patch_ids(sandbox: Sandbox, revisions: str) -> set[str]:
    patches = _git(sandbox.remote, "log", "--patch", revisions)
    return {line.split()[0] for line in _git(sandbox.remote, "patch-id", stdin=patches).splitlines()}


def refuse_pushes(sandbox: Sandbox, script: str) -> None:
    hook = sandbox.remote / "hooks" / "pre-receive"
    hook.write_text(f"#!/bin/sh\n{script}\n")
    hook.chmod(0o755)


def ending(sandbox: Sandbox, checkout: Path, scene: Scene) -> Reason | None:
    """Land a scene on main of `checkout` as a gate would; else the reason why not, and main as it was."""
    before = _git(checkout, "rev-parse", "main").strip()
    for name in scene.names:
        added = _git(checkout, "diff", f"main...origin/{name}")
        if not added:
            return Reason.NOTHING_TO_LAND
        if "+" not in _git(checkout, "cherry", "main", f"origin/{name}"):
            return Reason.ALREADY_LANDED
        try:
            _git(checkout, "rebase", "--quiet", "main", f"origin/{name}")
        except SandboxError:
            _git(checkout, "rebase", "--abort")
            return Reason.CONFLICT
        _git(checkout, "checkout", "--quiet", "-B", "main")
    _git(checkout, "push", "--quiet", "origin", "main:candidate")
    if sandbox.prove("candidate"):
        return None
    _git(checkout, "reset", "--quiet", "--hard", before)
    _git(checkout, "push", "--quiet", "origin", ":candidate")
    return Reason.RETEST_FAILED


def test_main_is_green(sandbox: Sandbox) -> None:
    assert sandbox.prove("main")


@pytest.mark.sampled("feat/search", "stack/2-api", "feat/merged-main")
@pytest.mark.parametrize("name", GREEN_ALONE)
def test_a_branch_is_green_alone(sandbox: Sandbox, name: str) -> None:
    assert sandbox.prove(name)


def test_the_broken_branch_is_red_alone(sandbox: Sandbox) -> None:
    assert not sandbox.prove("chore/broken")


def test_the_semantic_pair_merges_without_conflict_and_is_red(sandbox: Sandbox) -> None:
    assert not sandbox.prove(merged(sandbox, "feat/rename-price", "feat/bulk-discount"))


@pytest.mark.parametrize("name", ["feat/rename-price", "feat/bulk-discount"])
def test_each_of_the_semantic_pair_is_green_with_main(sandbox: Sandbox, name: str) -> None:
    assert sandbox.prove(merged(sandbox, "main", name))


def test_the_conflicting_pair_conflicts(sandbox: Sandbox) -> None:
    with pytest.raises(SandboxError):
        merged(sandbox, "fix/vat-a", "fix/vat-b")


@pytest.mark.parametrize("name", ["fix/vat-a", "fix/vat-b"])
def test_each_of_the_conflicting_pair_is_green_with_main(sandbox: Sandbox, name: str) -> None:
    assert sandbox.prove(merged(sandbox, "main", name))


def test_the_empty_branch_has_a_commit_and_no_change(sandbox: Sandbox) -> None:
    assert tree_of(sandbox, "chore/empty") == tree_of(sandbox, "chore/empty^")


def test_the_landed_branch_is_another_commit_with_a_patch_that_main_has(sandbox: Sandbox) -> None:
    ours = patch_ids(sandbox, "main..fix/already-landed")
    assert len(ours) == 1
    assert ours <= patch_ids(sandbox, "main")
    assert merged(sandbox, "main", "fix/already-landed") == tree_of(sandbox, "main").strip()


def test_the_stack_builds_on_itself(sandbox: Sandbox) -> None:
    _git(sandbox.remote, "merge-base", "--is-ancestor", "stack/1-model", "stack/2-api")
    assert [scene.names for scene in SCENES if scene.stack] == [("stack/1-model", "stack/2-api")]


def test_one_branch_has_merged_main_into_itself(sandbox: Sandbox) -> None:
    merges = _git(sandbox.remote, "rev-list", "--merges", "--branches", "--format=%s", "--no-commit-header")
    assert merges == "Merge branch 'main' into feat/merged-main\n"


def test_most_branches_are_three_commits_behind_and_one_is_not_behind(sandbox: Sandbox) -> None:
    distances = [behind(sandbox, name) for name in NAMES]
    assert sum(distance >= 3 for distance in distances) > len(NAMES) / 2
    assert [name for name in NAMES if behind(sandbox, name) == 0] == ["docs/readme"]


def test_the_scenes_are_all_the_branches_there_are(sandbox: Sandbox) -> None:
    heads = _git(sandbox.remote, "for-each-ref", "--format=%(refname:lstrip=2)", "refs/heads").split()
    assert sorted([*NAMES, "main"]) == heads


@pytest.mark.parametrize("branch", BRANCHES, ids=NAMES)
def test_a_branch_is_by_the_author_it_names(sandbox: Sandbox, branch: Branch) -> None:
    assert _git(sandbox.remote, "log", "-1", "--format=%an", branch.name) == f"{branch.author}\n"


def test_there_are_many_branches_by_several_people() -> None:
    authors = {branch.author for branch in BRANCHES}
    assert len(BRANCHES) >= 10
    assert len(authors) >= 4
    assert not all(author.isascii() for author in authors)


def test_the_scenes_are_in_the_order_in_which_they_are_served() -> None:
    served = [list(Priority).index(scene.priority) for scene in SCENES]
    assert served == sorted(served)


def test_dates_increase_along_every_branch(sandbox: Sandbox) -> None:
    dates = _git(sandbox.remote, "log", "--branches", "--topo-order", "--format=%ct").split()
    by_date = _git(sandbox.remote, "log", "--branches", "--date-order", "--format=%ct").split()
    assert by_date == sorted(set(dates), reverse=True)


def test_the_project_has_about_twenty_tests() -> None:
    assert 20 <= sum(text.count("    def test_") for text in SHOP.values()) <= 25


@pytest.mark.soak
def test_taken_in_order_every_scene_ends_as_expected(mine: Sandbox, tmp_path: Path) -> None:
    _git(tmp_path, "clone", "--quiet", "--branch", "main", str(mine.remote), "checkout")
    endings = {scene.names: ending(mine, tmp_path / "checkout", scene) for scene in SCENES}
    assert endings == {scene.names: scene.code for scene in SCENES}


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.names[-1])
def test_what_is_sent_back_has_a_code_and_what_lands_has_none(scene: Scene) -> None:
    assert (scene.expected == "sent-back") == (scene.code is not None)


def test_pushing_straight_to_main_moves_it_by_one_green_commit(mine: Sandbox) -> None:
    before = mine.first_parents()
    pushed = [mine.push_straight_to_main(), mine.push_straight_to_main()]
    assert mine.first_parents() == before + pushed
    assert mine.prove(pushed[-1])


def test_a_push_past_the_gate_leaves_no_branch_in_conflict(mine: Sandbox) -> None:
    mine.push_straight_to_main()
    assert all(merged(mine, "main", name) for name in NAMES)


def test_a_push_that_comes_too_late_is_made_again(mine: Sandbox) -> None:
    refuse_pushes(mine, "test -e late || { touch late; exit 1; }")
    pushed = mine.push_straight_to_main()
    assert mine.first_parents()[-1] == pushed


def test_a_push_that_the_remote_refuses_is_an_error_at_last(mine: Sandbox) -> None:
    refuse_pushes(mine, "exit 1")
    with pytest.raises(SandboxError, match="pre-receive hook declined"):
        mine.push_straight_to_main()


def test_two_sandboxes_have_the_same_history(sandbox: Sandbox, mine: Sandbox) -> None:
    assert mine.first_parents() == sandbox.first_parents()
    assert mine.remote != sandbox.remote


def test_a_sandbox_is_not_made_over_another(mine: Sandbox) -> None:
    with pytest.raises(FileExistsError, match="fresh directory"):
        build(mine.directory)


def test_a_proof_leaves_nothing_behind(mine: Sandbox) -> None:
    mine.prove("main")
    mine.push_straight_to_main()
    assert list(mine.directory.iterdir()) == [mine.remote]
