from datetime import UTC, datetime
from pathlib import Path

import pytest

from mergetui.adapters.git import GitError
from mergetui.adapters.mirror import Mirror
from mergetui.git_ports import (
    BranchesMoved,
    BranchHasMoved,
    Clash,
    Published,
    PushRefused,
    Seen,
    TargetHasMoved,
    Undecided,
)
from mergetui.model import Candidate, Entry, Link
from mergetui.outcome import Unreachable
from mergetui.reason import Coded, Reason
from mergetui.repository import Repository
from tests.worlds.remote import Remote, git_in, submodule
from tests.worlds.texts import lines

NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "shop"


@pytest.fixture
def mirror(remote: Remote, cache: Path) -> Mirror:
    return Mirror(Repository(name="shop", remote=remote.url), cache)


def entry(remote: Remote, *branches: str) -> Entry:
    """Pinned to where the branches stand now."""
    heads = tuple(remote.tip(branch) for branch in branches)
    return Entry(id=branches[-1], branches=branches, heads=heads, enqueued_at=NEW_YEAR)


def seen(mirror: Mirror, *branches: str) -> Seen:
    answer = mirror.fetch(branches)
    assert isinstance(answer, Seen), answer
    return answer


def caught_up(mirror: Mirror, remote: Remote, *branches: str) -> Link:
    """On the tip that the remote has now."""
    wanted = entry(remote, *branches)
    tip = seen(mirror, *branches).tip
    assert tip is not None
    link = mirror.catch_up(wanted, onto=tip)
    assert isinstance(link, Link), link
    return link


def candidate(mirror: Mirror, remote: Remote, *branches: str) -> Candidate:
    return Candidate(base=remote.tip(), links=(caught_up(mirror, remote, *branches),))


# Looking.


def test_a_fetch_tells_the_tip_and_the_branches_asked_for(remote: Remote, mirror: Mirror) -> None:
    feature = remote.propose("feature", a="1")
    remote.propose("other", b="1")
    assert seen(mirror, "feature", "gone") == Seen(tip=remote.first, heads={"feature": feature})


def test_a_deleted_branch_is_gone_with_the_next_fetch(remote: Remote, mirror: Mirror) -> None:
    remote.propose("feature", a="1")
    assert "feature" in seen(mirror, "feature").heads
    remote.delete("feature")
    assert seen(mirror, "feature").heads == {}


def test_a_branch_that_was_forced_elsewhere_is_seen_there(remote: Remote, mirror: Mirror) -> None:
    remote.propose("feature", a="1")
    seen(mirror, "feature")
    forced = remote.propose("feature", a="2")
    assert seen(mirror, "feature").heads == {"feature": forced}


def test_a_branch_may_become_the_directory_of_others_and_back(remote: Remote, mirror: Mirror) -> None:
    remote.propose("feat", a="1")
    assert "feat" in seen(mirror, "feat").heads
    remote.delete("feat")
    inner = remote.propose("feat/x", a="2")
    assert seen(mirror, "feat", "feat/x").heads == {"feat/x": inner}
    remote.delete("feat/x")
    outer = remote.propose("feat", a="3")
    assert seen(mirror, "feat", "feat/x").heads == {"feat": outer}


def test_the_requests_of_a_forge_are_brought_when_they_are_asked_for(remote: Remote, mirror: Mirror) -> None:
    pull = remote.propose("refs/pull/7/head", a="1")
    merge = remote.propose("refs/merge-requests/8/head", b="1")
    asked = ("refs/pull/7/head", "refs/merge-requests/8/head", "refs/pull/9/head")
    assert seen(mirror, *asked).heads == {asked[0]: pull, asked[1]: merge}
    assert caught_up(mirror, remote, "refs/pull/7/head").commit == pull


@pytest.mark.sampled("$(id)", "-x", "+main")
@pytest.mark.parametrize(
    "name", ["$(id)", "feat/ü", "a'b", "+main", "--mirror", "-x", "refs/heads/x", "b" * 200]
)
def test_a_branch_of_any_name_is_handled_exactly(name: str, remote: Remote, mirror: Mirror) -> None:
    ref = f"refs/heads/{name}"
    feature = remote.propose(ref, a="1")
    before = remote.refs()
    found = [head for ref_, head in before.items() if ref_ == ref]
    pinned = Entry(id="e1", branches=(name,), heads=(feature,), enqueued_at=NEW_YEAR)
    seen(mirror)
    link = mirror.catch_up(pinned, onto=remote.first)
    assert isinstance(link, Link)
    assert found == [feature]
    assert isinstance(mirror.publish(Candidate(base=remote.first, links=(link,))), Published)
    assert remote.refs() == {**before, "refs/heads/main": feature}


@pytest.mark.fault(4)
def test_a_target_that_is_not_there_is_no_tip(remote: Remote, mirror: Mirror) -> None:
    remote.propose("feature", a="1")
    remote.delete("main")
    assert seen(mirror, "feature").tip is None


@pytest.mark.fault(7)
def test_a_fetch_that_failed_is_never_up_to_date(remote: Remote, mirror: Mirror, tmp_path: Path) -> None:
    seen(mirror)
    remote.path.rename(tmp_path / "away")
    assert isinstance(mirror.fetch([]), Unreachable)
    (tmp_path / "away").rename(remote.path)
    tip = remote.push(a="1")
    assert seen(mirror).tip == tip


def test_a_remote_that_moved_house_is_found_at_its_new_address(
    remote: Remote, mirror: Mirror, cache: Path, tmp_path: Path
) -> None:
    seen(mirror)
    remote.path.rename(tmp_path / "moved.git")
    moved = Mirror(Repository(name="shop", remote=str(tmp_path / "moved.git")), cache)
    assert seen(moved).tip == remote.first


@pytest.mark.sampled("HEAD gone", "objects gone")
@pytest.mark.fault(22)
@pytest.mark.parametrize(
    "damage", ["HEAD", "config", "objects", "refs", "packed-refs"], ids=lambda path: f"{path} gone"
)
def test_a_damaged_mirror_is_made_anew(damage: str, remote: Remote, mirror: Mirror, cache: Path) -> None:
    feature = remote.propose("feature", a="1")
    seen(mirror, "feature")
    git_in(cache / "mirror.git", "pack-refs", "--all")
    (cache / "mirror.git" / damage).rename(cache / "gone")
    tip = remote.push(b="1")
    assert seen(mirror, "feature") == Seen(tip=tip, heads={"feature": feature})
    assert caught_up(mirror, remote, "feature").heads == (feature,)


@pytest.mark.fault(22)
def test_a_mirror_with_torn_objects_is_made_anew(remote: Remote, mirror: Mirror, cache: Path) -> None:
    remote.propose("feature", a="1")
    seen(mirror, "feature")
    torn = [path for path in (cache / "mirror.git" / "objects").rglob("*") if path.is_file()]
    for path in torn:
        path.chmod(0o600)
        path.write_bytes(b"torn")
    remote.push("feature", a="2")
    remote.push(b="1")
    assert torn
    assert caught_up(mirror, remote, "feature").commits != ()


@pytest.mark.fault(22)
def test_a_mirror_whose_objects_are_torn_after_the_fetch_is_made_anew(
    remote: Remote, mirror: Mirror, cache: Path
) -> None:
    remote.propose("feature", a="1")
    tip = remote.push(b="1")
    seen(mirror, "feature")
    for path in (path for path in (cache / "mirror.git" / "objects").rglob("*") if path.is_file()):
        path.chmod(0o600)
        path.write_bytes(b"torn")
    assert isinstance(mirror.catch_up(entry(remote, "feature"), onto=tip), Link)


@pytest.mark.fault(22)
def test_a_damaged_mirror_does_not_turn_git_loose_on_a_repository_around_it(
    cache: Path, mirror: Mirror
) -> None:
    seen(mirror)
    around = cache.parent
    git_in(around, "init", "--quiet")
    before = (around / ".git" / "config").read_text()
    (cache / "mirror.git" / "objects").rename(cache / "gone")
    mirror.fetch([])
    assert (around / ".git" / "config").read_text() == before


def test_who_wrote_a_commit_is_told_of_those_that_are_there(remote: Remote, mirror: Mirror) -> None:
    feature = remote.propose("feature", by="Zoë", a="1")
    seen(mirror)
    assert mirror.authors([feature, "1" * 40]) == {feature: "Zoë"}
    assert mirror.authors([]) == {}


def test_how_far_a_branch_is_behind_is_counted_in_commits(remote: Remote, mirror: Mirror) -> None:
    feature = remote.propose("feature", a="1")
    remote.push(b="1")
    tip = remote.push(b="2")
    seen(mirror)
    assert (mirror.behind(feature, tip), mirror.behind(tip, tip)) == (2, 0)
    assert (mirror.is_ancestor(remote.first, feature), mirror.is_ancestor(tip, feature)) == (True, False)


# Catching up.


def test_an_entry_that_is_not_behind_stays_the_authors_commit(remote: Remote, mirror: Mirror) -> None:
    feature = remote.propose("feature", a="1")
    assert caught_up(mirror, remote, "feature") == Link(
        entry="feature",
        branches=("feature",),
        heads=(feature,),
        commit=feature,
        tree=remote.tree("feature"),
        tips=(feature,),
        commits=((feature,),),
    )


def test_candidates_are_built_on_each_other(remote: Remote, mirror: Mirror) -> None:
    remote.propose("one", a="1")
    remote.propose("two", b="1")
    one = caught_up(mirror, remote, "one")
    two = mirror.catch_up(entry(remote, "two"), onto=one.commit)
    assert isinstance(two, Link)
    assert isinstance(mirror.publish(Candidate(base=remote.first, links=(one, two))), Published)
    assert remote.log("main", "%H")[1:] == [one.commit, two.commit]


def test_a_stack_tells_where_each_of_its_branches_stands(remote: Remote, mirror: Mirror) -> None:
    remote.propose("stack-1", a="1")
    remote.propose("stack-2", on="stack-1", a="2")
    remote.push(b="1")
    link = caught_up(mirror, remote, "stack-1", "stack-2")
    assert [len(commits) for commits in link.commits] == [1, 1]
    assert link.tips == (link.commits[0][0], link.commits[1][0])
    assert link.commit == link.tips[1]


def test_a_clash_names_the_files(remote: Remote, mirror: Mirror) -> None:
    remote.propose("feature", a="1", b="1")
    tip = remote.push(a="2", b="2")
    seen(mirror)
    clash = mirror.catch_up(entry(remote, "feature"), onto=tip)
    assert clash == Clash(Coded(Reason.CONFLICT, "a, b"))


def test_a_clash_of_a_stack_names_the_branch_too(remote: Remote, mirror: Mirror) -> None:
    remote.propose("stack-1", a="1")
    remote.propose("stack-2", on="stack-1", b="1")
    tip = remote.push(b="2")
    seen(mirror)
    clash = mirror.catch_up(entry(remote, "stack-1", "stack-2"), onto=tip)
    assert clash == Clash(Coded(Reason.CONFLICT, "stack-2: b"))


@pytest.mark.fault(20)
def test_nothing_to_land_already_landed_and_unrelated_are_told_apart(remote: Remote, mirror: Mirror) -> None:
    remote.propose("empty")
    remote.propose("landed", a="1")
    remote.root("alien", x="1")
    tip = remote.push(a="1")
    seen(mirror)
    clashes = [mirror.catch_up(entry(remote, name), onto=tip) for name in ("empty", "landed", "alien")]
    assert clashes == [
        Clash(Coded(Reason.NOTHING_TO_LAND, "the branch changes nothing")),
        Clash(Coded(Reason.ALREADY_LANDED, "main has all of it")),
        Clash(Coded(Reason.UNRELATED_HISTORY, "alien has no history in common with main")),
    ]


def test_after_a_clash_the_next_entry_is_caught_up_as_if_there_had_been_none(
    remote: Remote, mirror: Mirror
) -> None:
    remote.propose("bad", a="1")
    remote.propose("good", b="1")
    tip = remote.push(a="2")
    seen(mirror)
    assert isinstance(mirror.catch_up(entry(remote, "bad"), onto=tip), Clash)
    assert remote.files("good").keys() == {"README", "b"}
    link = caught_up(mirror, remote, "good")
    assert git_in(Path(mirror.check_out(link.commit, slot=0)), "ls-files").split() == ["README", "a", "b"]


def test_what_a_killed_catch_up_left_is_disposed_of(remote: Remote, mirror: Mirror, cache: Path) -> None:
    remote.push(shared=lines())
    remote.propose("bad", shared=lines({1: "ours"}))
    remote.propose("good", b="1")
    caught_up(mirror, remote, "good")
    tip = remote.push(shared=lines({1: "theirs"}))
    seen(mirror)
    worktree, state = cache / "catch-up", cache / "mirror.git" / "worktrees" / "catch-up"
    git_in(worktree, "checkout", "--quiet", "--detach", remote.tip("bad"))
    with pytest.raises(AssertionError, match="could not apply"):
        git_in(worktree, "rebase", tip)
    (state / "index.lock").touch()
    assert (state / "rebase-merge").is_dir()
    link = caught_up(mirror, remote, "good")
    assert remote.log(f"{tip}..{link.heads[0]}", "%s") == ["good 4"]
    assert not (state / "index.lock").exists()
    assert not (state / "rebase-merge").exists()


@pytest.mark.sampled("index.lock", "rebase-merge/*")
@pytest.mark.fault(22)
@pytest.mark.parametrize("leftover", ["index.lock", "HEAD.lock", "rebase-merge/done", "rebase-apply/next"])
def test_a_lock_or_half_made_state_in_the_worktree_is_disposed_of(
    leftover: str, remote: Remote, mirror: Mirror, cache: Path
) -> None:
    remote.propose("feature", a="1")
    caught_up(mirror, remote, "feature")
    remote.push(b="1")
    planted = cache / "mirror.git" / "worktrees" / "catch-up" / leftover
    planted.parent.mkdir(exist_ok=True)
    planted.touch()
    assert caught_up(mirror, remote, "feature").commits[0] != (remote.tip("feature"),)


@pytest.mark.fault(22)
@pytest.mark.parametrize("gone", ["catch-up", "catch-up/.git", "mirror.git/worktrees"])
def test_a_half_made_worktree_is_made_anew(gone: str, remote: Remote, mirror: Mirror, cache: Path) -> None:
    remote.propose("feature", a="1")
    caught_up(mirror, remote, "feature")
    remote.push(b="1")
    (cache / gone).rename(cache / "gone")
    assert caught_up(mirror, remote, "feature").branches == ("feature",)


def test_a_commit_that_nobody_has_is_an_error_and_no_clash(remote: Remote, mirror: Mirror) -> None:
    seen(mirror)
    missing = Entry(id="e1", branches=("feature",), heads=("1" * 40,), enqueued_at=NEW_YEAR)
    with pytest.raises(GitError):
        mirror.catch_up(missing, onto=remote.first)


def test_disposing_of_everything_costs_nothing_but_time(remote: Remote, mirror: Mirror, cache: Path) -> None:
    remote.propose("feature", a="1")
    before = caught_up(mirror, remote, "feature")
    mirror.check_out(before.commit, slot=0)
    mirror.dispose()
    assert not (cache / "catch-up").exists()
    assert not (cache / "slots").exists()
    assert caught_up(mirror, remote, "feature") == before


# Landing.


def test_what_lands_is_the_candidate_by_commit_and_by_tree(remote: Remote, mirror: Mirror) -> None:
    remote.propose("feature", a="1")
    remote.push(lib=submodule("1" * 40))
    tested = candidate(mirror, remote, "feature")
    assert mirror.publish(tested) == Published(tested.commit, tested.tree)
    assert (remote.tip(), remote.tree()) == (tested.commit, tested.tree)


def test_losing_the_race_leaves_main_to_the_winner(remote: Remote, mirror: Mirror) -> None:
    remote.propose("feature", a="1")
    tested = candidate(mirror, remote, "feature")
    rival = remote.propose("rival", b="1")
    remote.race(rival)
    assert mirror.publish(tested) == TargetHasMoved(rival)
    assert remote.tip() == rival


def test_a_candidate_on_an_old_base_does_not_land(remote: Remote, mirror: Mirror) -> None:
    remote.propose("feature", a="1")
    tested = candidate(mirror, remote, "feature")
    tip = remote.push(b="1")
    assert mirror.publish(tested) == TargetHasMoved(tip)
    assert remote.tip() == tip


@pytest.mark.fault(4)
def test_a_target_that_was_rewound_or_deleted_is_not_said_to_have_the_landing(
    remote: Remote, mirror: Mirror
) -> None:
    remote.push(b="1")
    remote.propose("feature", a="1")
    tested = candidate(mirror, remote, "feature")
    remote.watch()
    remote.delete("main")
    assert mirror.what_became_of(tested) == TargetHasMoved(None)
    remote.point("main", remote.first)
    assert mirror.what_became_of(tested) == TargetHasMoved(remote.first)
    assert remote.forced() == []


def test_a_landing_whose_answer_was_lost_is_a_landing(remote: Remote, mirror: Mirror) -> None:
    remote.propose("feature", a="1")
    tested = candidate(mirror, remote, "feature")
    remote.lose_the_answer()
    assert mirror.publish(tested) == Published(tested.commit, tested.tree)


@pytest.mark.fault(6)
def test_a_landing_with_a_failing_post_receive_is_a_landing(remote: Remote, mirror: Mirror) -> None:
    remote.propose("feature", a="1")
    tested = candidate(mirror, remote, "feature")
    remote.fail_afterwards("the chat is down")
    assert mirror.publish(tested) == Published(tested.commit, tested.tree)


def test_a_push_without_an_answer_is_undecided_until_it_landed(remote: Remote, mirror: Mirror) -> None:
    remote.propose("feature", a="1")
    tested = candidate(mirror, remote, "feature")
    remote.hang_up()
    assert isinstance(mirror.publish(tested), Undecided)
    assert isinstance(mirror.what_became_of(tested), Undecided)
    remote.point("main", tested.commit)
    tip = remote.push(b="1")
    assert mirror.what_became_of(tested) == Published(tip, tested.tree)


@pytest.mark.fault(6)
def test_a_refusal_says_the_words_of_the_server(remote: Remote, mirror: Mirror) -> None:
    remote.propose("feature", a="1")
    tested = candidate(mirror, remote, "feature")
    remote.refuse("no landings on fridays")
    refused = mirror.publish(tested)
    assert isinstance(refused, PushRefused)
    assert refused.reason.code == Reason.HOOK_REFUSED
    assert "no landings on fridays" in refused.reason.detail


@pytest.mark.fault(7)
def test_a_remote_that_went_away_before_the_push_is_unreachable(
    remote: Remote, mirror: Mirror, tmp_path: Path
) -> None:
    remote.propose("feature", a="1")
    tested = candidate(mirror, remote, "feature")
    remote.path.rename(tmp_path / "away")
    assert isinstance(mirror.publish(tested), Unreachable)
    assert isinstance(push_branches(mirror, tested), BranchesMoved | Unreachable)


# Task branches.


def push_branches(mirror: Mirror, tested: Candidate) -> BranchesMoved | BranchHasMoved | Unreachable:
    return mirror.push_branches(mirror.branch_moves(tested))


def test_a_task_branch_moves_to_where_it_is_caught_up(remote: Remote, mirror: Mirror) -> None:
    remote.propose("feature", a="1")
    remote.push(b="1")
    tested = candidate(mirror, remote, "feature")
    before = remote.refs()
    assert push_branches(mirror, tested) == BranchesMoved(mirror.branch_moves(tested))
    assert remote.refs() == {**before, "refs/heads/feature": tested.commit}


def test_every_branch_of_a_stack_moves_to_its_own_place(remote: Remote, mirror: Mirror) -> None:
    remote.propose("stack-1", a="1")
    remote.propose("stack-2", on="stack-1", a="2")
    remote.push(b="1")
    tested = candidate(mirror, remote, "stack-1", "stack-2")
    push_branches(mirror, tested)
    assert (remote.tip("stack-1"), remote.tip("stack-2")) == tested.links[0].tips


@pytest.mark.fault(5)
def test_an_author_who_pushes_during_the_catch_up_wins(remote: Remote, mirror: Mirror) -> None:
    remote.propose("feature", a="1")
    remote.push(b="1")
    tested = candidate(mirror, remote, "feature")
    mine = remote.push("feature", by="Ada", a="2")
    seen(mirror, "feature")
    assert push_branches(mirror, tested) == BranchHasMoved(("feature",))
    assert remote.tip("feature") == mine


@pytest.mark.fault(5)
def test_an_author_who_pushes_during_the_push_wins(remote: Remote, mirror: Mirror) -> None:
    remote.propose("feature", a="1")
    mine = remote.propose("mine", on="feature", a="2")
    remote.push(b="1")
    tested = candidate(mirror, remote, "feature")
    remote.meanwhile("feature", mine)
    assert push_branches(mirror, tested) == BranchHasMoved(("feature",))
    assert remote.tip("feature") == mine


@pytest.mark.fault(5)
def test_a_branch_that_its_author_deleted_is_not_brought_back(remote: Remote, mirror: Mirror) -> None:
    remote.propose("feature", a="1")
    remote.push(b="1")
    tested = candidate(mirror, remote, "feature")
    remote.delete("feature")
    assert push_branches(mirror, tested) == BranchHasMoved(("feature",))
    assert not remote.has("feature")


@pytest.mark.fault(6)
def test_a_task_branch_that_the_server_keeps_is_not_in_the_way(remote: Remote, mirror: Mirror) -> None:
    feature = remote.propose("feature", a="1")
    remote.push(b="1")
    tested = candidate(mirror, remote, "feature")
    remote.configure("receive.denyNonFastForwards", "true")
    assert push_branches(mirror, tested) == BranchesMoved(())
    assert remote.tip("feature") == feature


def test_a_branch_that_need_not_move_is_not_pushed(remote: Remote, mirror: Mirror) -> None:
    remote.propose("feature", a="1")
    remote.propose("refs/pull/7/head", b="1")
    current = candidate(mirror, remote, "feature")
    remote.push(c="1")
    request = candidate(mirror, remote, "refs/pull/7/head")
    before = remote.refs()
    assert push_branches(mirror, current) == push_branches(mirror, request) == BranchesMoved(())
    assert remote.refs() == before


@pytest.mark.parametrize("kept", [{"update_branch": False}, {"strategy": "merge"}], ids=str)
def test_task_branches_stay_where_the_repository_says_so(
    kept: dict[str, object], remote: Remote, cache: Path
) -> None:
    mirror = Mirror(Repository(name="shop", remote=remote.url, **kept), cache)  # type: ignore[arg-type]
    feature = remote.propose("feature", a="1")
    remote.push(b="1")
    tested = candidate(mirror, remote, "feature")
    assert push_branches(mirror, tested) == BranchesMoved(())
    assert remote.tip("feature") == feature


def test_only_task_branches_are_ever_moved_other_than_forward(remote: Remote, mirror: Mirror) -> None:
    remote.propose("feature", a="1")
    remote.push(b="1")
    tested = candidate(mirror, remote, "feature")
    remote.watch()
    push_branches(mirror, tested)
    mirror.publish(tested)
    assert remote.forced() == ["refs/heads/feature"]
    assert remote.tip() == remote.tip("feature") == tested.commit
