"""`mergetui enqueue`: what is taken, what is refused and by which name and rule."""

import pytest

from tests.cli.running import AGAIN, DONE, NO, USAGE, Mergetui
from tests.worlds.remote import Remote

_HOSTILE = {
    "-x": "must not start with '-'",
    "--mirror": "must not start with '-'",
    "+main": "must not start with '+'",
    "HEAD": "must not be 'HEAD' or '@'",
    "@": "must not be 'HEAD' or '@'",
    "a\x1bb": "must not contain control",
    "a\u202eb": "must not contain control",
    "a\udcffb": "must not contain control",
    "two words": "must not contain a space",
    "a:b": "must not contain any of",
    "refs/heads/x": "only refs/pull/N/head",
    "refs/tags/x": "only refs/pull/N/head",
    "a..b": "must not contain '..'",
    "a@{1}": "must not contain '@{'",
    "/a": "must not start or end with '/'",
    "a.lock": "no part may end with '.lock'",
    "a" * 300: "must not be longer than 200 bytes",
    "": "must not be empty",
    "main": "it is the target itself",
    "no/such": "the remote has no branch no/such",
}


def test_a_branch_is_pinned_to_the_commit_that_the_remote_has(shop: Mergetui, remote: Remote) -> None:
    head = remote.propose("feature", a="1")
    answer = shop("enqueue", "shop", "feature", "--json")
    assert answer.code == DONE
    assert answer.json["queued"][0]["head"] == head
    assert answer.json["queued"][0]["position"] == 1
    assert shop.entry("feature")["head"] == head


@pytest.mark.fault(19)
def test_what_is_refused_is_told_by_name_and_rule_and_the_others_are_queued(
    shop: Mergetui, remote: Remote
) -> None:
    remote.propose("one", a="1")
    remote.propose("two", b="1")
    answer = shop("enqueue", "--json", "shop", "--", "one", *_HOSTILE, "two")
    assert answer.code == NO
    assert [row["branch"] for row in answer.json["queued"]] == ["one", "two"]
    refused = {row["branch"]: row["why"] for row in answer.json["refused"]}
    assert list(refused) == list(_HOSTILE)
    assert [rule in refused[name] for name, rule in _HOSTILE.items()] == [True] * len(_HOSTILE)
    assert shop.names() == ["one", "two"]


def test_without_json_the_refused_are_told_on_stderr(shop: Mergetui, remote: Remote) -> None:
    remote.propose("one", a="1")
    answer = shop("enqueue", "shop", "one", "a\x1b[31mb")
    assert answer.code == NO
    assert answer.out.startswith("queued: one at ")
    assert "refused: a␛[31mb: a branch must not contain control" in answer.err
    assert "\x1b" not in answer.out + answer.err


@pytest.mark.fault(19)
@pytest.mark.soak
def test_odd_names_are_handled_exactly(shop: Mergetui, remote: Remote) -> None:
    odd = ["$(id)", "`id`", "a;id", "füße/日本", "feat/x", "%s", "a'b", 'a"b', "#1", "&", "a$IFS", "né"]
    for number, branch in enumerate(odd):
        remote.propose(branch, {f"file-{number}": "1"})
    assert shop("enqueue", "shop", *odd).code == DONE
    assert shop("run", "--drain", "--json").events[-1]["landed"] == odd
    assert [remote.tip(branch) in remote.log("main", "%H") for branch in odd] == [True] * len(odd)


def test_a_stack_is_one_entry_in_the_order_given(shop: Mergetui, remote: Remote) -> None:
    low = remote.propose("low", a="1")
    high = remote.propose("high", on="low", b="1")
    answer = shop("enqueue", "shop", "low", "high", "--stack", "--json")
    assert [row["branches"] for row in answer.json["queued"]] == [["low", "high"]]
    assert shop.entry("high")["heads"] == [low, high]
    assert shop("run", "--drain", "--json").events[-1]["landed"] == ["low", "high"]
    assert remote.tip() == high


def test_a_stack_is_refused_as_a_whole(shop: Mergetui, remote: Remote) -> None:
    remote.propose("low", a="1")
    answer = shop("enqueue", "shop", "low", "gone", "--stack", "--json")
    assert answer.code == NO
    assert answer.json["refused"][0]["branches"] == ["low", "gone"]
    assert shop.names() == []


def test_a_branch_of_another_stack_is_refused(shop: Mergetui, remote: Remote) -> None:
    remote.propose("low", a="1")
    remote.propose("high", on="low", b="1")
    shop("enqueue", "shop", "low", "high", "--stack")
    answer = shop("enqueue", "shop", "low", "--json")
    assert answer.code == NO
    assert "low is queued already, in another stack" in answer.json["refused"][0]["why"]


def test_priorities_decide_who_is_served_first(shop: Mergetui, remote: Remote) -> None:
    for priority in ("low", "normal", "high", "urgent"):
        remote.propose(f"as/{priority}", {priority: "1"})
        shop("enqueue", "shop", f"as/{priority}", "--priority", priority)
    queue = [(entry["branch"], entry["priority"]) for entry in shop.queue()]
    assert queue == [(f"as/{priority}", priority) for priority in ("urgent", "high", "normal", "low")]


def test_a_priority_that_is_none_is_refused(shop: Mergetui, remote: Remote) -> None:
    remote.propose("feature", a="1")
    answer = shop("enqueue", "shop", "feature", "--priority", "huge", "--json")
    assert answer.code == USAGE
    assert "huge" in answer.error["message"]
    assert shop.names() == []


def test_what_is_queued_already_is_pinned_anew_and_keeps_its_place(shop: Mergetui, remote: Remote) -> None:
    remote.propose("one", a="1")
    remote.propose("two", b="1")
    shop("enqueue", "shop", "one", "two", "--priority", "high")
    ids = [entry["id"] for entry in shop.queue()]
    pushed = remote.push("one", a="2")
    answer = shop("enqueue", "shop", "one", "--json")
    assert answer.code == DONE
    assert answer.json["queued"][0]["pinned_anew"] is True
    assert answer.json["queued"][0]["position"] == 1
    one, two = shop.queue()
    assert [one["id"], two["id"]] == ids
    assert (one["head"], one["priority"]) == (pushed, "high")


def test_a_pull_request_ref_works_as_a_branch(shop: Mergetui, remote: Remote) -> None:
    head = remote.propose("refs/pull/7/head", a="1")
    assert shop("enqueue", "shop", "refs/pull/7/head").code == DONE
    assert shop("run", "--drain", "--json").events[-1]["landed"] == ["refs/pull/7/head"]
    assert remote.tip() == head
    assert remote.tip("refs/pull/7/head") == head


def test_an_unreachable_remote_is_said_and_nothing_is_queued(bare: Mergetui) -> None:
    bare.configure("/nowhere/shop.git")
    answer = bare("enqueue", "shop", "feature", "--json")
    assert answer.code == AGAIN
    assert answer.error["code"] == "remote-unreachable"
    assert bare.names() == []
