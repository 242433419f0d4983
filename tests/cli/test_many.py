"""Many branches, and many hands at once."""

from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.cli.running import DONE, NO, Mergetui
from tests.worlds.remote import Remote, git_in

_CHECK = """\
for use in uses/*; do
    [ -e "$use" ] || continue
    grep -qx "$(cat "$use")" names || { echo "$use: $(cat "$use") has no such name"; exit 1; }
done
"""
_RETEST = "sh check.sh"
_NAMES = "price\nstock\n"

_CLEAN = [f"clean/{number}" for number in range(10)]
_LONG = [f"long/{number}" for number in range(3)]
_PAIRS = [f"pair/{number}{side}" for number in range(3) for side in "ab"]
_EXPECTED = {
    **dict.fromkeys([*_CLEAN, *_LONG], ("landed", None)),
    **{branch: ("landed", None) for branch in _PAIRS if branch.endswith("a")},
    **{branch: ("sent-back", "conflict") for branch in _PAIRS if branch.endswith("b")},
    "semantic/rename": ("landed", None),
    "semantic/use": ("sent-back", "retest-failed"),
    "red": ("sent-back", "retest-failed"),
    "empty": ("sent-back", "nothing-to-land"),
    "landed-already": ("sent-back", "already-landed"),
}


@pytest.fixture
def crowd(bare: Mergetui, remote: Remote) -> Mergetui:
    """24 branches of every kind, all queued."""
    fork = remote.push("main", {"check.sh": _CHECK, "names": _NAMES})
    for branch in _CLEAN:
        remote.propose(branch, {branch: "1\n"})
    for branch in _LONG:
        remote.propose(branch, {branch: "1\n"})
        remote.push(branch, {branch: "1\n2\n", "uses/" + branch.replace("/", "-"): "stock"})
        remote.push(branch, {branch: "1\n2\n3\n"})
    for branch in _PAIRS:
        remote.propose(branch, {branch[:-1]: branch})
    remote.propose("semantic/rename", names="cost\nstock\n")
    remote.propose("semantic/use", {"uses/new": "price"})
    remote.propose("red", {"uses/typo": "prise"})
    remote.propose("empty")
    remote.propose("landed-already", on=fork, fix="1")
    remote.push(fix="1")
    bare.configure(remote.url, retest=_RETEST)
    assert bare("enqueue", "shop", *_EXPECTED).code == DONE
    return bare


@pytest.mark.soak
@pytest.mark.parametrize(("batch", "parallel"), [("1", "1"), ("4", "2")])
def test_a_mixed_crowd_is_drained_with_every_ending_right_and_main_green_throughout(
    crowd: Mergetui, remote: Remote, tmp_path: Path, batch: str, parallel: str
) -> None:
    remote.watch()
    settings = {"MERGETUI_REPOS__SHOP__BATCH": batch, "MERGETUI_REPOS__SHOP__PARALLEL": parallel}
    answer = crowd("run", "--drain", "--json", **settings)
    assert answer.code == NO
    ended = {run["branches"][-1]: (run["outcome"], run["code"]) for run in crowd.runs()}
    assert len(_EXPECTED) == 24
    assert ended == _EXPECTED
    assert len(crowd.runs()) == 24
    landed = [branch for branch, (outcome, _) in _EXPECTED.items() if outcome == "landed"]
    assert sorted(answer.events[-1]["landed"]) == sorted(landed)
    assert sorted(crowd.names()) == sorted(set(_EXPECTED) - set(landed))
    assert len(remote.log("main")) == 3 + len(landed) + 2 * len(_LONG)
    assert "refs/heads/main" not in remote.forced()
    assert _red_commits(remote, tmp_path / "proof") == []


@pytest.mark.fault(8)
@pytest.mark.soak
def test_eight_hands_queue_at_once_and_nothing_is_lost(shop: Mergetui, remote: Remote) -> None:
    names = [[f"h{hand}/{number}" for number in range(3)] for hand in range(8)]
    branches = [branch for hand in names for branch in hand]
    for branch in branches:
        remote.propose(branch, {branch: "1"})
    with ExitStack() as stack:
        hands = [stack.enter_context(shop.running("enqueue", "shop", *hand, "--json")) for hand in names]
        answers = [hand.end() for hand in hands]
    assert [answer.code for answer in answers] == [DONE] * 8
    told = {row["branch"]: row["id"] for answer in answers for row in answer.json["queued"]}
    queue = shop.queue()
    assert {entry["branch"]: entry["id"] for entry in queue} == told
    assert sorted(told) == branches
    assert len(set(told.values())) == len(branches)
    assert [entry["position"] for entry in queue] == list(range(1, 25))


def _red_commits(remote: Remote, checkout: Path) -> list[str]:
    """The first-parent commits of main on which the retest fails."""
    git_in(checkout.parent, "clone", "--quiet", remote.url, str(checkout))
    commits = git_in(checkout, "rev-list", "--first-parent", "main").split()[:-1]
    script = f"for c in {' '.join(commits)}; do git checkout -q $c && {_RETEST} >&2 || echo $c; done"
    return git_in(checkout, "-c", f"alias.prove=!{{ {script}; }}", "prove").split()
