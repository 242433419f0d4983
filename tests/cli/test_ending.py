"""How `mergetui run` ends when it is told to, or without being asked."""

import signal
from pathlib import Path

import pytest

from tests.cli.running import AGAIN, DONE, INTERRUPTED, Mergetui, Stop, gone
from tests.worlds.remote import Remote


@pytest.fixture
def testing(bare: Mergetui, remote: Remote, stop: Stop) -> Mergetui:
    """Two branches are queued, and the first retest of the first one does not end."""
    bare.configure(remote.url, retest=stop.once)
    remote.propose("one", a="1")
    remote.propose("two", b="1")
    bare("enqueue", "shop", "one", "two")
    return bare


@pytest.mark.sampled("15-*")
@pytest.mark.fault(23)
@pytest.mark.parametrize(
    ("number", "words"),
    [(signal.SIGINT, ["--drain"]), (signal.SIGTERM, ["--drain"]), (signal.SIGINT, []), (signal.SIGHUP, [])],
)
def test_a_signal_brings_it_to_a_safe_point(
    testing: Mergetui, remote: Remote, stop: Stop, number: signal.Signals, words: list[str]
) -> None:
    before = [(entry["id"], entry["head"]) for entry in testing.queue()]
    with testing.running_afresh("run", "--json", *words) as run:
        retest = stop.reached()
        run.signal(number)
        answer = run.end()
    assert answer.code == INTERRUPTED
    assert answer.events[-1]["event"] == "summary"
    assert gone(retest)
    after = testing.queue()
    assert [(entry["id"], entry["head"]) for entry in after] == before
    assert [(entry["state"], entry["attempts"]) for entry in after] == [("queued", 0)] * 2
    assert testing.lease() is None
    assert remote.tip() == remote.first
    assert testing("run", "--drain").code == DONE


def test_after_kill_nine_the_next_run_goes_on_where_it_was(
    testing: Mergetui, remote: Remote, stop: Stop
) -> None:
    with testing.running("run", "--drain") as run:
        orphan = stop.reached()
        run.signal(signal.SIGKILL)
        run.end()
    assert not gone(orphan)
    assert testing.entry("one")["attempts"] == 0
    answer = testing("run", "--drain", "--json")
    assert answer.code == DONE
    assert answer.told("recovered")
    assert gone(orphan)
    assert answer.events[-1]["landed"] == ["one", "two"]
    assert [run["outcome"] for run in testing.runs()] == ["landed", "landed"]
    assert remote.text("a") + remote.text("b") == "11"


@pytest.mark.fault(5)
@pytest.mark.soak
def test_a_push_to_a_branch_by_an_engine_that_died_in_it_is_not_taken_for_the_authors(
    bare: Mergetui, remote: Remote, tmp_path: Path
) -> None:
    engine = tmp_path / "engine.pid"
    bare.configure(remote.url, retest=f"[ -e {engine}.dead ] || echo $PPID | tee {engine} > {engine}.dead")
    feature = remote.propose("feature", a="1")
    remote.push(b="1")
    remote.kill_after_push("feature", engine)
    bare("enqueue", "shop", "feature")
    assert bare("run", "--drain").code == -signal.SIGKILL
    assert remote.tip("feature") != feature
    answer = bare("run", "--drain", "--json")
    assert answer.events[-1]["landed"] == ["feature"]
    assert answer.told("head-moved") == []


@pytest.mark.soak
def test_two_runs_at_once_land_everything_exactly_once(shop: Mergetui, remote: Remote) -> None:
    branches = [f"b{number}" for number in range(6)]
    for branch in branches:
        remote.propose(branch, {branch: "1"})
    shop("enqueue", "shop", *branches)
    words = ["run", "--drain", "--drain-wait", "50s", "--json"]
    with shop.running(*words) as first, shop.running(*words) as second:
        answers = [first.end(), second.end()]
    assert [answer.code for answer in answers] == [DONE, DONE]
    assert sorted(branch for answer in answers for branch in answer.events[-1]["landed"]) == branches
    assert len(remote.log("main")) == 1 + len(branches)
    assert [run["branches"] for run in shop.runs()] == [[branch] for branch in branches]


def test_a_second_run_does_not_wait_unasked(testing: Mergetui, stop: Stop) -> None:
    with testing.running("run", "--drain"):
        stop.reached()
        assert testing("run", "--drain").code == AGAIN
