"""`mergetui dequeue`, `retry`, `move`, `pause`, `resume`: what an operator does to the queue."""

from datetime import datetime, timedelta

import pytest

from tests.cli.running import AGAIN, DONE, NO, USAGE, Mergetui, Stop
from tests.worlds.remote import Remote


def _queue(shop: Mergetui, remote: Remote, *branches: str) -> None:
    for branch in branches:
        remote.propose(branch, {branch: "1"})
    assert shop("enqueue", "shop", *branches).code == DONE


def test_a_dequeued_branch_leaves_the_queue_and_is_in_the_history(shop: Mergetui, remote: Remote) -> None:
    _queue(shop, remote, "one", "two")
    answer = shop("dequeue", "shop", "one", "--json")
    assert answer.code == DONE
    assert answer.json == {"schema": 1, "dequeued": ["one"]}
    assert shop.names() == ["two"]
    assert [(run["outcome"], run["code"]) for run in shop.runs()] == [("dequeued", "dequeued")]
    assert shop("run", "--drain", "--json").events[-1]["landed"] == ["two"]


def test_dequeuing_a_branch_stops_its_retest(bare: Mergetui, remote: Remote, stop: Stop) -> None:
    bare.configure(remote.url, retest=stop.once)
    _queue(bare, remote, "feature")
    with bare.running("run", "--drain", "--json") as run:
        stop.reached()
        bare("dequeue", "shop", "feature")
        assert run.end().code == DONE
    assert remote.tip() == remote.first


@pytest.mark.parametrize("words", [["dequeue"], ["retry"], ["move", "--to", "1"]], ids="".join)
def test_what_is_not_queued_is_answered_with_no(shop: Mergetui, words: list[str]) -> None:
    command, *options = words
    answer = shop(command, "shop", "nothing", *options, "--json")
    assert answer.code == NO
    assert answer.error["code"] == "not-found"


def test_a_moved_branch_is_served_in_its_new_place(shop: Mergetui, remote: Remote) -> None:
    _queue(shop, remote, "one", "two", "three")
    answer = shop("move", "shop", "three", "--to", "1", "--json")
    assert answer.json == {"schema": 1, "moved": "three", "position": 1}
    assert shop.names() == ["three", "one", "two"]
    assert shop("move", "shop", "three", "--to", "99", "--json").json["position"] == 3
    assert shop("move", "shop", "three", "--to", "0").code == USAGE


def test_a_branch_that_was_sent_back_is_tried_again_with_its_present_head(
    bare: Mergetui, remote: Remote
) -> None:
    bare.configure(remote.url, retest="! grep -q broken feature")
    remote.propose("feature", feature="broken")
    bare("enqueue", "shop", "feature")
    assert bare("run", "--drain").code == NO
    assert bare.entry("feature")["state"] == "sent-back"
    mended = remote.push("feature", feature="whole")
    answer = bare("retry", "shop", "feature", "--json")
    assert answer.code == DONE
    assert answer.json == {"schema": 1, "retried": ["feature"], "head": mended}
    assert bare.entry("feature")["state"] == "queued"
    assert bare("run", "--drain").code == DONE


def test_a_branch_that_is_gone_cannot_be_retried(shop: Mergetui, remote: Remote) -> None:
    _queue(shop, remote, "feature")
    remote.delete("feature")
    answer = shop("retry", "shop", "feature", "--json")
    assert answer.code == NO
    assert "the remote has no branch feature" in answer.error["message"]


def test_a_paused_repository_starts_nothing(shop: Mergetui, remote: Remote) -> None:
    _queue(shop, remote, "feature")
    paused = shop("pause", "shop", "--reason", "release", "--json")
    run = shop("run", "--drain", "--json")
    assert [paused.code, run.code] == [DONE, AGAIN]
    assert run.told("catch-up-started") == []
    assert remote.tip() == remote.first
    pause = shop("status", "--json").json["repos"][0]["paused"]
    assert pause == {key: paused.json["paused"][key] for key in ("by", "reason", "at", "until")}
    assert pause["reason"] == "release"
    assert pause["by"].startswith("ada@")


def test_a_resumed_repository_goes_on(shop: Mergetui, remote: Remote) -> None:
    _queue(shop, remote, "feature")
    shop("pause", "shop", "--reason", "release")
    assert shop("resume", "shop", "--json").json["was"]["reason"] == "release"
    assert shop("resume", "shop", "--json").json == {"schema": 1, "resumed": False, "was": None}
    assert shop("run", "--drain").code == DONE


def test_a_pause_may_end_by_itself(shop: Mergetui, remote: Remote) -> None:
    _queue(shop, remote, "feature")
    pause = shop("pause", "shop", "--reason", "lunch", "--until", "1ms", "--json").json["paused"]
    length = datetime.fromisoformat(pause["until"]) - datetime.fromisoformat(pause["at"])
    assert length < timedelta(seconds=1)
    assert shop("run", "--drain").code == DONE


def test_a_pause_ends_at_the_time_that_was_said(shop: Mergetui) -> None:
    paused = shop("pause", "shop", "--reason", "x", "--until", "2999-01-31T18:00:00+01:00", "--json")
    assert paused.json["paused"]["until"] == "2999-01-31T17:00:00Z"


@pytest.mark.parametrize("until", ["soon", "2020-01-01T00:00:00Z", "-1h", "0s", ""])
def test_a_pause_until_no_time_is_refused(shop: Mergetui, until: str) -> None:
    assert shop("pause", "shop", "--reason", "x", f"--until={until}").code == USAGE
    assert shop("status", "--json").json["repos"][0]["paused"] is None


@pytest.mark.parametrize("words", [["pause"], ["lease", "release"]], ids=" ".join)
@pytest.mark.parametrize("reason", [[], ["--reason", " "]], ids=["no reason", "empty reason"])
def test_a_reason_has_to_be_given(shop: Mergetui, words: list[str], reason: list[str]) -> None:
    answer = shop(*words, "shop", *reason, "--json")
    assert answer.code == USAGE
    assert "--reason" in answer.error["message"]


def test_a_pause_lets_what_runs_end(bare: Mergetui, remote: Remote, stop: Stop) -> None:
    bare.configure(remote.url, retest=stop.until_let_go)
    _queue(bare, remote, "one", "two")
    with bare.running("run", "--drain", "--json") as run:
        stop.reached()
        bare("pause", "shop", "--reason", "release")
        stop.let_go()
        answer = run.end()
    assert answer.code == AGAIN
    assert answer.events[-1]["landed"] == ["one"]
    assert bare.names() == ["two"]


def test_a_pause_now_stops_what_runs(bare: Mergetui, remote: Remote, stop: Stop) -> None:
    bare.configure(remote.url, retest=stop.once)
    _queue(bare, remote, "feature")
    with bare.running("run", "--drain", "--json") as run:
        stop.reached()
        bare("pause", "shop", "--reason", "fire", "--now")
        assert run.end().code == AGAIN
    entry = bare.entry("feature")
    assert (entry["state"], entry["attempts"]) == ("queued", 0)
    assert bare.lease() is None
