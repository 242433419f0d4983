import threading
from concurrent.futures import ThreadPoolExecutor
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mergetui import (
    Applied,
    Change,
    ChangeOutcome,
    Conflict,
    Contended,
    GitPusher,
    Invalid,
    Pushed,
    Refused,
    Unreachable,
)
from mergetui.adapters.git import Git, Identity, Ran
from mergetui.adapters.pushing import FastForward, Replace, fast_forward, judge, push_command
from mergetui.git_ports import Published, PushRefused, TargetHasMoved, Undecided
from mergetui.model import Oid
from mergetui.outcome import PushResult
from mergetui.reason import Reason
from mergetui.repository import Strategy
from tests.adapters.processes import start
from tests.worlds.remote import Remote, git_in, submodule
from tests.worlds.texts import lines

NOWHERE = "0123456789" * 4
STRATEGIES: tuple[Strategy, ...] = ("rebase", "squash", "merge")


@pytest.fixture
def checkout(remote: Remote, tmp_path: Path) -> Path:
    return remote.clone(tmp_path / "checkout")


@pytest.fixture
def pusher(checkout: Path) -> GitPusher:
    return GitPusher(checkout)


@pytest.fixture
def git(checkout: Path) -> Git:
    return Git(checkout)


def pushed(result: PushResult) -> Pushed:
    assert isinstance(result, Pushed), result
    return result


def statuses(result: PushResult) -> list[str]:
    return [outcome.status for outcome in pushed(result).outcomes]


def standing_clean_at(checkout: Path) -> str:
    """The commit a checkout stands at; it has no changes and no operation under way."""
    assert git_in(checkout, "status", "--porcelain", "--ignored") == ""
    assert not any((checkout / ".git" / state).exists() for state in ("rebase-merge", "MERGE_HEAD"))
    return git_in(checkout, "rev-parse", "HEAD")


def push_from(checkout: str, branch: str, answers: Connection) -> None:
    """In another process."""
    answers.send(GitPusher(checkout).push([Change(branch)]))


# What lands.


def test_a_change_on_the_current_tip_lands_as_the_authors_very_commit(
    remote: Remote, pusher: GitPusher
) -> None:
    feature = remote.propose("feature", a="1")
    change = Change("feature")
    assert pusher.push([change]) == Pushed((ChangeOutcome(change, "committed", (feature,)),), feature)
    assert remote.tip() == feature


def test_a_change_that_is_behind_lands_on_top_of_the_tip(remote: Remote, pusher: GitPusher) -> None:
    remote.propose("feature", a="1")
    tip = remote.push(b="1")
    result = pushed(pusher.push([Change("feature")]))
    assert remote.parents() == [tip]
    assert remote.tip() == result.tip == result.outcomes[0].commits[-1]
    assert remote.files().keys() == {"README", "a", "b"}


def test_a_change_of_several_commits_lands_as_all_of_them_in_order(remote: Remote, pusher: GitPusher) -> None:
    for number in range(3):
        remote.propose("feature", on=("main", "feature", "feature")[number], a=str(number))
    tip = remote.push(b="1")
    result = pushed(pusher.push([Change("feature")]))
    assert remote.log(f"{tip}..main", "%H") == list(result.outcomes[0].commits)
    assert remote.log(f"{tip}..main") == ["Ada: feature 2", "Ada: feature 3", "Ada: feature 4"]


def test_several_changes_land_in_the_order_in_which_they_are_given(remote: Remote, pusher: GitPusher) -> None:
    for name in ("one", "two", "three"):
        remote.propose(name, {name: "1"})
    result = pushed(pusher.push([Change("three"), Change("one"), Change("two")]))
    assert remote.log("main", "%s") == ["main 1", "three 4", "one 2", "two 3"]
    assert [outcome.change.revisions for outcome in result.outcomes] == [("three",), ("one",), ("two",)]


def test_a_stack_lands_each_commit_once(remote: Remote, pusher: GitPusher) -> None:
    remote.propose("stack-1", a="1")
    remote.propose("stack-2", on="stack-1", a="2")
    remote.push(b="1")
    result = pushed(pusher.push([Change("stack-1", "stack-2")]))
    assert remote.log("main", "%s") == ["main 1", "main 4", "stack-1 2", "stack-2 3"]
    assert len(result.outcomes[0].commits) == 2


def test_a_stack_given_as_changes_of_their_own_lands_each_commit_once(
    remote: Remote, pusher: GitPusher
) -> None:
    remote.propose("stack-1", a="1")
    remote.propose("stack-2", on="stack-1", a="2")
    remote.push(b="1")
    result = pushed(pusher.push([Change("stack-1"), Change("stack-2")]))
    assert [len(outcome.commits) for outcome in result.outcomes] == [1, 1]
    assert remote.text("a") == "2"


def test_changes_to_different_lines_of_one_file_land_together(remote: Remote, pusher: GitPusher) -> None:
    remote.push(shared=lines())
    remote.propose("top", shared=lines({1: "top"}))
    remote.propose("bottom", shared=lines({12: "bottom"}))
    assert statuses(pusher.push([Change("top"), Change("bottom")])) == ["committed", "committed"]
    assert remote.text("shared") == lines({1: "top", 12: "bottom"})


def test_of_a_change_that_is_partly_on_the_target_only_the_rest_lands(
    remote: Remote, pusher: GitPusher
) -> None:
    remote.propose("feature", a="1")
    remote.push("feature", b="1")
    remote.push(c="1")
    tip = remote.push(a="1", by="Ada")
    result = pushed(pusher.push([Change("feature")]))
    assert remote.log(f"{tip}..main", "%H %s") == [f"{result.outcomes[0].commits[0]} feature 3"]


def test_a_commit_that_the_target_has_as_a_part_of_another_is_no_commit(
    remote: Remote, pusher: GitPusher
) -> None:
    remote.propose("feature", a="1")
    remote.push("feature", b="1")
    tip = remote.push(a="1", c="1")
    assert len(pushed(pusher.push([Change("feature")])).outcomes[0].commits) == 1
    assert remote.log(f"{tip}..main") == ["Bob: feature 3"]


@pytest.mark.fault(20)
def test_what_the_target_has_by_rebase_already_existed(remote: Remote, pusher: GitPusher) -> None:
    remote.propose("feature", a="1")
    remote.push(b="1")
    tip = remote.push(a="1")
    change = Change("feature")
    assert pusher.push([change]) == Pushed((ChangeOutcome(change, "already-existed", ()),), tip)


@pytest.mark.fault(20)
def test_what_the_target_has_by_squash_already_existed(remote: Remote, pusher: GitPusher) -> None:
    remote.propose("feature", a="1")
    remote.push("feature", b="1")
    tip = remote.push(a="1", b="1")
    assert statuses(pusher.push([Change("feature")])) == ["already-existed"]
    assert remote.tip() == tip


@pytest.mark.fault(20)
def test_what_the_target_has_by_merge_already_existed(remote: Remote, pusher: GitPusher) -> None:
    feature = remote.propose("feature", a="1")
    tip = remote.push(also=[feature], a="1")
    assert statuses(pusher.push([Change("feature")])) == ["already-existed"]
    assert remote.tip() == tip


def test_changes_that_landed_before_are_told_apart_from_those_that_land_now(
    remote: Remote, pusher: GitPusher
) -> None:
    remote.propose("old", a="1")
    remote.propose("new", b="1")
    remote.push(a="1")
    changes = [Change("old"), Change("new"), Change("old", "new")]
    assert statuses(pusher.push(changes)) == ["already-existed", "committed", "already-existed"]


@pytest.mark.fault(20)
def test_an_empty_commit_in_the_range_is_no_commit_on_the_target(remote: Remote, pusher: GitPusher) -> None:
    remote.propose("feature", a="1")
    remote.push("feature")
    remote.push("feature", b="1")
    result = pushed(pusher.push([Change("feature")]))
    assert remote.log("main", "%s") == ["main 1", "feature 2", "feature 4"]
    assert len(result.outcomes[0].commits) == 2


@pytest.mark.fault(20)
def test_a_change_of_empty_commits_only_is_no_commit_on_the_target(remote: Remote, pusher: GitPusher) -> None:
    remote.propose("feature")
    assert statuses(pusher.push([Change("feature")])) == ["already-existed"]
    assert remote.tip() == remote.first


def test_a_change_may_be_a_commit_by_its_name_in_hex(remote: Remote, pusher: GitPusher) -> None:
    first = remote.propose("feature", a="1")
    remote.push("feature", a="2")
    assert statuses(pusher.push([Change(first)])) == ["committed"]
    assert remote.tip() == first


def test_a_commit_that_no_branch_has_any_more_is_brought_by_its_name(
    remote: Remote, pusher: GitPusher
) -> None:
    dropped = remote.propose("feature", a="1")
    remote.propose("feature", a="2")
    assert statuses(pusher.push([Change(dropped)])) == ["committed"]
    assert remote.tip() == dropped


def test_a_request_of_a_forge_lands_by_its_full_ref(remote: Remote, pusher: GitPusher) -> None:
    request = remote.propose("refs/pull/7/head", a="1")
    assert statuses(pusher.push([Change("refs/pull/7/head")])) == ["committed"]
    assert remote.tip() == request


@pytest.mark.sampled("$(id)", "-x", "+main", "refs/heads/x", "a|b")
@pytest.mark.parametrize(
    "name",
    [
        "$(id)",
        "feat/ü",
        "a'b",
        'a"b',
        "`id`",
        "a;b",
        "a&b",
        "refs/heads/x",
        "heads/x",
        "-x",
        "+main",
        "origin",
        "deadbeef",
        "a" * 200,
        "%s",
        "{0}",
        "#1",
        "a|b",
        "!x",
        "mergetui/seen",
        "--mirror",
        "@x",
    ],
)
def test_a_branch_of_any_name_means_exactly_that_branch(name: str, remote: Remote, pusher: GitPusher) -> None:
    feature = remote.propose(name, a="1")
    before = remote.refs()
    assert statuses(pusher.push([Change(name)])) == ["committed"]
    assert remote.refs() == {**before, "refs/heads/main": feature}


def test_another_target_than_main_is_the_only_branch_that_moves(remote: Remote, checkout: Path) -> None:
    remote.propose("release/1", r="1")
    remote.propose("feature", a="1")
    before = remote.refs()
    result = pushed(GitPusher(checkout, target="release/1").push([Change("feature")]))
    assert remote.refs() == {**before, "refs/heads/release/1": result.tip}


def test_a_target_named_like_a_forced_push_is_pushed_without_force(remote: Remote, checkout: Path) -> None:
    remote.propose("+main", r="1")
    remote.propose("feature", a="1")
    main = remote.tip()
    assert statuses(GitPusher(checkout, target="+main").push([Change("feature")])) == ["committed"]
    assert remote.files("refs/heads/+main").keys() == {"README", "r", "a"}
    assert remote.tip() == main


# Who gets the credit.


def test_each_commit_keeps_its_author_and_gets_the_gate_as_committer(remote: Remote, checkout: Path) -> None:
    remote.propose("feature", by="Zoë", a="1")
    remote.push("feature", by="Bob", a="2")
    tip = remote.push(b="1")
    before = remote.log(f"{tip}..feature", "%an <%ae> %at")
    GitPusher(checkout, identity=Identity("Gate", "gate@example.org")).push([Change("feature")])
    assert remote.log(f"{tip}..main", "%an <%ae> %at") == before
    assert remote.log(f"{tip}..main", "%cn <%ce>") == ["Gate <gate@example.org>"] * 2


def test_a_squash_is_one_commit_by_the_author(remote: Remote, checkout: Path) -> None:
    remote.propose("feature", a="1")
    remote.push("feature", by="Ada", a="2")
    tip = remote.push(b="1")
    assert statuses(GitPusher(checkout, strategy="squash").push([Change("feature")])) == ["committed"]
    assert remote.log(f"{tip}..main", "%an <%ae>") == ["Ada <ada@example.org>"]
    assert remote.log("-1", "%B") == ["feature", "", "* feature 2", "* feature 3"]


def test_a_squash_credits_everybody_else_as_co_author(remote: Remote, checkout: Path) -> None:
    remote.propose("feature", by="Zoë", a="1")
    remote.push("feature", by="Bob", a="2")
    remote.push("feature", by="Ada", a="3")
    GitPusher(checkout, strategy="squash").push([Change("feature")])
    assert remote.log("-1", "%an") == ["Ada"]
    assert remote.log("-1", "%(trailers:key=Co-authored-by,valueonly)")[:2] == [
        "Bob <bob@example.org>",
        "Zoë <zoë@example.org>",
    ]


def test_a_squash_of_one_commit_keeps_its_message(remote: Remote, checkout: Path) -> None:
    message = "Add a\n\nBecause b needs it.\n"
    remote.commit("feature", ["main"], files={"a": "1"}, message=message)
    remote.push(b="1")
    GitPusher(checkout, strategy="squash").push([Change("feature")])
    assert remote.log("-1", "%B") == [*message.splitlines()]


def test_a_merge_keeps_both_parents(remote: Remote, checkout: Path) -> None:
    feature = remote.propose("feature", a="1")
    tip = remote.push(b="1")
    result = pushed(GitPusher(checkout, strategy="merge").push([Change("feature")]))
    assert remote.parents() == [tip, feature]
    assert remote.log("-1", "%cn: %s") == ["mergetui: Merge feature"]
    assert result.outcomes[0].commits == (remote.tip(),)


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_every_strategy_lands_the_same_tree(strategy: Strategy, remote: Remote, checkout: Path) -> None:
    remote.propose("feature", a="1")
    remote.push("feature", b="1")
    remote.push(c="1")
    GitPusher(checkout, strategy=strategy).push([Change("feature")])
    assert remote.files().keys() == {"README", "a", "b", "c"}


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_no_strategy_makes_a_commit_of_what_already_existed(
    strategy: Strategy, remote: Remote, checkout: Path
) -> None:
    remote.propose("feature", a="1")
    tip = remote.push(a="1")
    result = GitPusher(checkout, strategy=strategy).push([Change("feature")])
    assert (statuses(result), remote.tip()) == (["already-existed"], tip)


# What does not land.


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_conflict_names_change_and_files_and_pushes_nothing(
    strategy: Strategy, remote: Remote, checkout: Path
) -> None:
    remote.propose("feature", {"a": "1", "dir/sub b.txt": "1", "c": "1"})
    tip = remote.push("main", {"a": "2", "dir/sub b.txt": "2"})
    change = Change("feature")
    result = GitPusher(checkout, strategy=strategy).push([change])
    assert result == Conflict(change, ("a", "dir/sub b.txt"))
    assert remote.tip() == tip
    assert standing_clean_at(checkout) == tip


def test_a_conflict_of_a_later_change_keeps_the_earlier_ones_from_landing(
    remote: Remote, pusher: GitPusher, checkout: Path
) -> None:
    remote.propose("good", a="1")
    remote.propose("bad", a="2")
    before = remote.refs()
    bad = Change("bad")
    assert pusher.push([Change("good"), bad]) == Conflict(bad, ("a",))
    assert remote.refs() == before
    assert standing_clean_at(checkout) == remote.first


def test_after_a_conflict_the_next_call_lands_as_if_there_had_been_none(
    remote: Remote, pusher: GitPusher
) -> None:
    remote.propose("good", b="1")
    remote.propose("bad", a="1")
    remote.push(a="2")
    assert isinstance(pusher.push([Change("bad")]), Conflict)
    assert statuses(pusher.push([Change("good")])) == ["committed"]
    assert remote.files().keys() == {"README", "a", "b"}


def test_nothing_of_a_call_is_left_for_the_next_one(
    remote: Remote, pusher: GitPusher, checkout: Path
) -> None:
    remote.propose("one", a="1")
    two = remote.propose("two", b="1")
    assert isinstance(pusher.apply([Change("one")]), Applied)
    (checkout / "README").write_text("scribble")
    (checkout / "b").write_text("in the way")
    (checkout / "nested" / ".git").mkdir(parents=True)
    git_in(checkout, "add", "README", "b")
    assert statuses(pusher.push([Change("two")])) == ["committed"]
    assert remote.tip() == two
    assert standing_clean_at(checkout) == two


def test_the_branches_of_the_checkout_stay_where_they_are(
    remote: Remote, pusher: GitPusher, checkout: Path
) -> None:
    remote.propose("feature", a="1")
    before = git_in(checkout, "for-each-ref", "refs/heads")
    pusher.push([Change("feature")])
    assert git_in(checkout, "for-each-ref", "refs/heads") == before


@pytest.mark.parametrize("changes", [[], [Change()], [Change("feature"), Change()]])
def test_nothing_to_push_is_refused(changes: list[Change], remote: Remote, pusher: GitPusher) -> None:
    remote.propose("feature", a="1")
    result = pusher.push(changes)
    assert isinstance(result, Invalid)
    assert result.message.startswith("nothing to push")
    assert remote.tip() == remote.first


@pytest.mark.parametrize("name", ["gone", NOWHERE, "refs/pull/8/head", "refs/heads/gone", "", " ", "gone^0"])
def test_a_revision_that_the_remote_does_not_have_is_named_and_is_no_conflict(
    name: str, remote: Remote, pusher: GitPusher
) -> None:
    remote.propose("feature", a="1")
    result = pusher.push([Change("feature"), Change(name)])
    assert result == Invalid(f"unknown on the remote: {name}", Reason.BRANCH_GONE)
    assert remote.tip() == remote.first


def test_a_branch_that_only_the_checkout_has_is_unknown(pusher: GitPusher, checkout: Path) -> None:
    git_in(checkout, "branch", "mine")
    assert isinstance(pusher.push([Change("mine")]), Invalid)


def test_a_branch_that_was_deleted_since_the_last_call_is_unknown(remote: Remote, pusher: GitPusher) -> None:
    remote.propose("feature", a="1")
    assert isinstance(pusher.apply([Change("feature")]), Applied)
    remote.delete("feature")
    assert isinstance(pusher.push([Change("feature")]), Invalid)


def test_a_target_that_the_remote_does_not_have_is_named(remote: Remote, checkout: Path) -> None:
    remote.propose("feature", a="1")
    result = GitPusher(checkout, target="trunk").push([Change("feature")])
    assert result == Invalid("the remote has no branch 'trunk' to push to")
    assert not remote.has("trunk")


def test_a_history_that_has_nothing_in_common_with_the_target_is_refused(
    remote: Remote, pusher: GitPusher, checkout: Path
) -> None:
    remote.root("alien", a="1")
    result = pusher.push([Change("alien")])
    assert result == Invalid("alien has no history in common with main", Reason.UNRELATED_HISTORY)
    assert standing_clean_at(checkout) == remote.tip() == remote.first


@pytest.mark.fault(7)
def test_a_remote_that_is_not_there_is_unreachable_and_no_conflict(
    remote: Remote, pusher: GitPusher, tmp_path: Path
) -> None:
    remote.propose("feature", a="1")
    remote.path.rename(tmp_path / "away")
    assert isinstance(pusher.push([Change("feature")]), Unreachable)
    assert isinstance(pusher.apply([Change("feature")]), Unreachable)


@pytest.mark.fault(7)
def test_what_was_fetched_before_is_not_taken_for_what_the_remote_has_now(
    remote: Remote, pusher: GitPusher, tmp_path: Path
) -> None:
    remote.push(a="1")
    assert statuses(pusher.push([Change("main")])) == ["already-existed"]
    remote.path.rename(tmp_path / "away")
    assert isinstance(pusher.push([Change("main")]), Unreachable)


@pytest.mark.parametrize(
    "name",
    ["refs/x\0y", "\0", "\ud800", "refs/\ud800", "refs/*", "refs/a:refs/heads/main", "refs/a\nb", "+x"],
)
def test_push_never_raises_whatever_it_is_given(name: str, remote: Remote, pusher: GitPusher) -> None:
    assert isinstance(pusher.push([Change(name)]), Invalid)
    assert remote.refs() == {"refs/heads/main": remote.first}


def test_push_never_raises_wherever_it_works(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").touch()
    places = ["empty", "file", "missing", "with\0null"]
    results = [GitPusher(tmp_path / place).push([Change("x")]) for place in places]
    assert [type(result) for result in results] == [Invalid] * 4


def test_a_directory_inside_somebody_elses_repository_is_not_taken_for_a_checkout(
    remote: Remote, checkout: Path
) -> None:
    remote.propose("feature", a="1")
    (checkout / "precious").write_text("not committed")
    (checkout / "inner").mkdir()
    assert isinstance(GitPusher(checkout / "inner").push([Change("feature")]), Invalid)
    assert (checkout / "precious").exists()


def test_settings_that_cannot_work_are_refused_at_once(checkout: Path) -> None:
    with pytest.raises(ValueError, match="max_attempts is 0; at least 1 is allowed"):
        GitPusher(checkout, max_attempts=0)
    with pytest.raises(ValueError, match="strategy is 'cherry'; allowed are"):
        GitPusher(checkout, strategy="cherry")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="remote is '--upload-pack=x'"):
        GitPusher(checkout, remote="--upload-pack=x")


def test_settings_may_come_from_the_environment(remote: Remote, checkout: Path) -> None:
    environ = {"MERGETUI_PUSHER_CHECKOUT": str(checkout), "MERGETUI_PUSHER_STRATEGY": "merge"}
    feature = remote.propose("feature", a="1")
    GitPusher.from_environment(environ).push([Change("feature")])
    assert remote.parents() == [remote.first, feature]


def test_a_setting_that_is_wrong_in_the_environment_is_named(checkout: Path) -> None:
    with pytest.raises(ValueError, match="MERGETUI_PUSHER_CHECKOUT is not set"):
        GitPusher.from_environment({})
    wrong = {"MERGETUI_PUSHER_CHECKOUT": str(checkout), "MERGETUI_PUSHER_MAX_ATTEMPTS": "many"}
    with pytest.raises(ValueError, match="MERGETUI_PUSHER_MAX_ATTEMPTS is 'many'"):
        GitPusher.from_environment(wrong)


# The dry run.


def test_the_dry_run_leaves_the_remote_untouched(remote: Remote, pusher: GitPusher, checkout: Path) -> None:
    remote.propose("feature", a="1")
    tip = remote.push(b="1")
    before = remote.refs()
    result = pusher.apply([Change("feature")])
    assert isinstance(result, Applied)
    assert remote.refs() == before
    assert (result.base, result.commit) == (tip, standing_clean_at(checkout))
    assert result.tree == git_in(checkout, "rev-parse", "HEAD^{tree}")


def test_what_was_applied_is_published_as_the_very_commit(remote: Remote, pusher: GitPusher) -> None:
    remote.propose("feature", a="1")
    remote.push(b="1")
    applied = pusher.apply([Change("feature")])
    assert isinstance(applied, Applied)
    assert pusher.publish(applied) == Pushed(applied.outcomes, applied.commit)
    assert (remote.tip(), remote.tree()) == (applied.commit, applied.tree)


def test_what_was_applied_is_not_published_on_a_target_that_has_moved(
    remote: Remote, pusher: GitPusher
) -> None:
    remote.propose("feature", a="1")
    applied = pusher.apply([Change("feature")])
    assert isinstance(applied, Applied)
    tip = remote.push(b="1")
    assert pusher.publish(applied) == Contended(1)
    assert remote.tip() == tip


# Races.


def test_a_push_that_loses_the_race_is_made_again_on_top_of_the_winner(
    remote: Remote, pusher: GitPusher
) -> None:
    remote.propose("feature", a="1")
    rival = remote.propose("rival", by="Rival", b="1")
    remote.race(rival)
    assert statuses(pusher.push([Change("feature")])) == ["committed"]
    assert remote.parents() == [rival]
    assert remote.files().keys() == {"README", "a", "b"}


def test_a_winner_that_conflicts_is_found_in_the_next_attempt(remote: Remote, pusher: GitPusher) -> None:
    remote.propose("feature", a="1")
    rival = remote.propose("rival", a="2")
    remote.race(rival)
    assert pusher.push([Change("feature")]) == Conflict(Change("feature"), ("a",))
    assert remote.tip() == rival


def test_a_winner_that_has_the_same_change_leaves_nothing_to_do(remote: Remote, pusher: GitPusher) -> None:
    remote.propose("feature", a="1")
    rival = remote.propose("rival", a="1", b="1")
    remote.race(rival)
    assert statuses(pusher.push([Change("feature")])) == ["already-existed"]
    assert remote.tip() == rival


def test_after_the_cap_it_gives_up_with_nothing_of_ours_on_the_remote(remote: Remote, checkout: Path) -> None:
    remote.propose("feature", a="1")
    rival = remote.propose("rival", by="Rival", b="1")
    remote.race(rival, times=9)
    assert GitPusher(checkout, max_attempts=3).push([Change("feature")]) == Contended(3)
    assert remote.log("main") == ["Ada: main 1", "Rival: rival 3", "Rival: again", "Rival: again"]


def test_a_winner_of_every_attempt_but_the_last_is_outlived(remote: Remote, checkout: Path) -> None:
    remote.propose("feature", a="1")
    remote.race(remote.propose("rival", by="Rival", b="1"), times=2)
    assert statuses(GitPusher(checkout, max_attempts=3).push([Change("feature")])) == ["committed"]


@pytest.mark.sampled("squash")
@pytest.mark.parametrize("strategy", STRATEGIES)
def test_the_target_is_never_forced(strategy: Strategy, remote: Remote, checkout: Path) -> None:
    remote.propose("feature", a="1")
    rival = remote.propose("rival", b="1")
    remote.race(rival, times=2)
    remote.watch()
    GitPusher(checkout, strategy=strategy).push([Change("feature")])
    assert remote.forced() == []
    assert rival in remote.log("main", "%H")


def test_a_watched_remote_does_notice_a_forced_push(remote: Remote, checkout: Path) -> None:
    remote.push(a="1")
    remote.watch()
    git_in(checkout, "push", "--quiet", "--force", "origin", f"{remote.first}:main")
    assert remote.forced() == ["refs/heads/main"]


def test_pushes_of_two_threads_from_one_checkout_wait_for_each_other(remote: Remote, checkout: Path) -> None:
    names = [f"feature-{number}" for number in range(4)]
    for name in names:
        remote.propose(name, {name: "1"})
    ready = threading.Barrier(4)

    def push(name: str) -> PushResult:
        ready.wait()
        return GitPusher(checkout, max_attempts=1).push([Change(name)])

    with ThreadPoolExecutor(4) as threads:
        results = list(threads.map(push, names))
    assert [type(result) for result in results] == [Pushed] * 4
    assert remote.files().keys() == {"README", *names}


@pytest.mark.soak
def test_pushes_of_two_processes_from_one_checkout_wait_for_each_other(
    remote: Remote, checkout: Path
) -> None:
    for name in ("one", "two"):
        remote.propose(name, {name: "1"})
    ours, theirs = Pipe(duplex=False)
    processes = [start(push_from, str(checkout), name, theirs) for name in ("one", "two")]
    results = [ours.recv() for _ in processes]
    for process in processes:
        process.join()
    assert [type(result) for result in results] == [Pushed] * 2
    assert remote.files().keys() == {"README", "one", "two"}


# Recovery.


def test_a_rebase_that_was_killed_does_not_keep_the_next_push_from_landing(
    remote: Remote, pusher: GitPusher, git: Git, checkout: Path
) -> None:
    remote.propose("bad", a="1")
    remote.propose("good", b="1")
    tip = remote.push(a="2")
    git.tell("fetch", "--quiet", "origin")
    assert not git.ask("rebase", tip, remote.tip("bad")).ok
    (checkout / ".git" / "index.lock").touch()
    (checkout / ".git" / "rebase-merge" / "head-name").unlink()
    assert statuses(pusher.push([Change("good")])) == ["committed"]
    assert standing_clean_at(checkout) == remote.tip()


@pytest.mark.parametrize("state", ["rebase-merge", "rebase-apply", "sequencer"])
def test_the_half_made_state_of_an_operation_does_not_matter(
    state: str, remote: Remote, pusher: GitPusher, checkout: Path
) -> None:
    remote.propose("feature", a="1")
    remote.push(b="1")
    (checkout / ".git" / state).mkdir()
    assert statuses(pusher.push([Change("feature")])) == ["committed"]


def test_a_cherry_pick_or_merge_that_was_left_alone_does_not_matter(
    remote: Remote, pusher: GitPusher, git: Git, checkout: Path
) -> None:
    remote.propose("bad", a="1")
    remote.propose("good", b="1")
    remote.push(a="2")
    git.tell("fetch", "--quiet", "origin")
    git.tell("checkout", "--quiet", "--detach", "origin/main")
    assert not git.ask("merge", "origin/bad").ok
    assert statuses(pusher.push([Change("good")])) == ["committed"]
    assert standing_clean_at(checkout) == remote.tip()


# What the remote says.


def test_a_landing_whose_answer_was_lost_is_recognised(remote: Remote, pusher: GitPusher) -> None:
    feature = remote.propose("feature", a="1")
    remote.lose_the_answer()
    assert pushed(pusher.push([Change("feature")])).tip == feature
    assert remote.tip() == feature


@pytest.mark.fault(6)
def test_a_hook_that_fails_after_the_landing_is_no_matter(remote: Remote, pusher: GitPusher) -> None:
    feature = remote.propose("feature", a="1")
    remote.fail_afterwards("the chat is down")
    assert pushed(pusher.push([Change("feature")])).tip == feature


def test_a_refused_push_says_the_words_of_the_server(remote: Remote, pusher: GitPusher) -> None:
    remote.propose("feature", a="1")
    remote.refuse("no landings on fridays")
    result = pusher.push([Change("feature")])
    assert result == Refused("[remote rejected] (pre-receive hook declined) / no landings on fridays")
    assert remote.tip() == remote.first


def test_an_answer_that_never_comes_is_reported_as_unreachable(remote: Remote, pusher: GitPusher) -> None:
    remote.propose("feature", a="1")
    remote.hang_up()
    assert isinstance(pusher.push([Change("feature")]), Unreachable)
    assert remote.tip() == remote.first


def ready_to_land(remote: Remote, git: Git) -> Oid:
    """A commit on top of main, in the checkout too."""
    commit = remote.propose("feature", a="1")
    git.tell("fetch", "--quiet", "origin")
    return commit


def land(remote: Remote, git: Git, commit: Oid) -> object:
    return fast_forward(git, "origin", target="refs/heads/main", commit=commit, base=remote.first)


def become(remote: Remote, git: Git, commit: Oid, ran: Ran | None = None) -> object:
    return judge(git, "origin", target="refs/heads/main", commit=commit, base=remote.first, ran=ran)


@pytest.mark.fault(6)
def test_a_protection_by_a_hook_is_told_from_other_refusals(remote: Remote, git: Git) -> None:
    commit = ready_to_land(remote, git)
    remote.refuse("GH006: Protected branch update failed")
    by_hook = land(remote, git, commit)
    remote.behave()
    remote.configure("receive.hideRefs", "refs/heads/main")
    by_setting = land(remote, git, commit)
    assert isinstance(by_hook, PushRefused)
    assert isinstance(by_setting, PushRefused)
    assert (by_hook.reason.code, by_setting.reason.code) == (Reason.HOOK_REFUSED, Reason.PUSH_REFUSED)
    assert "GH006: Protected branch update failed" in by_hook.reason.detail
    assert "deny updating a hidden ref" in by_setting.reason.detail


def test_a_push_that_timed_out_is_undecided_until_the_remote_has_decided(remote: Remote, git: Git) -> None:
    commit = ready_to_land(remote, git)
    remote.hang()
    ran = git.ask(*push_command("origin", [FastForward("refs/heads/main", commit)]), timeout=0.5)
    assert ran.timed_out
    assert isinstance(become(remote, git, commit, ran), Undecided)
    assert isinstance(become(remote, git, commit), Undecided)
    remote.point("main", commit)
    assert become(remote, git, commit) == Published(commit, remote.tree(commit))


def test_a_push_whose_connection_broke_is_undecided_until_the_remote_has_decided(
    remote: Remote, git: Git
) -> None:
    commit = ready_to_land(remote, git)
    remote.hang_up()
    assert isinstance(land(remote, git, commit), Undecided)
    remote.point("main", commit)
    assert become(remote, git, commit) == Published(commit, remote.tree(commit))


def test_a_landing_that_others_have_built_on_is_still_a_landing(remote: Remote, git: Git) -> None:
    commit = ready_to_land(remote, git)
    remote.point("main", commit)
    tip = remote.push(b="1")
    assert become(remote, git, commit) == Published(tip, remote.tree(commit))


def test_a_target_that_moved_elsewhere_is_no_landing(remote: Remote, git: Git) -> None:
    commit = ready_to_land(remote, git)
    tip = remote.push(b="1")
    assert become(remote, git, commit) == land(remote, git, commit) == TargetHasMoved(tip)


def test_a_target_that_was_deleted_has_moved(remote: Remote, git: Git) -> None:
    commit = ready_to_land(remote, git)
    remote.delete("main")
    assert become(remote, git, commit) == TargetHasMoved(None)


# How pushes are built.

OIDS = st.text("0123456789abcdef", min_size=40, max_size=40)
REFS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1).map(lambda name: f"refs/heads/{name}")


@given(updates=st.lists(st.builds(FastForward, ref=REFS, commit=OIDS), min_size=1))
def test_a_fast_forward_is_never_built_with_force_or_lease(updates: list[FastForward]) -> None:
    options, specs = split(push_command("origin", updates))
    assert options == ["push", "--porcelain", "--no-verify", "--no-follow-tags"]
    assert specs == [f"{update.commit}:{update.ref}" for update in updates]


@given(updates=st.lists(st.builds(Replace, ref=REFS, commit=OIDS, expected=OIDS), min_size=1))
def test_a_task_branch_is_never_built_with_anything_but_an_exact_lease(updates: list[Replace]) -> None:
    options, specs = split(push_command("origin", updates))
    assert options[4:] == [f"--force-with-lease={update.ref}:{update.expected}" for update in updates]
    assert not any(spec.startswith(("+", "-")) for spec in specs)


def split(command: list[str]) -> tuple[list[str], list[str]]:
    """What stands before the remote's name, and behind it."""
    at = command.index("origin")
    return command[:at], command[at + 1 :]


# Content that is easily lost, end to end.


@pytest.mark.fault(21)
def test_a_submodule_bump_lands_as_it_is(remote: Remote, pusher: GitPusher) -> None:
    remote.push(
        "main", {"lib": submodule("1" * 40), ".gitmodules": '[submodule "lib"]\n\tpath=lib\n\turl=../lib\n'}
    )
    remote.propose("bump", lib=submodule("2" * 40))
    remote.push(a="1")
    assert statuses(pusher.push([Change("bump")])) == ["committed"]
    assert remote.files()["lib"] == "160000 " + "2" * 40
