"""`mergetui status`, `why` and `history`: what is stored, in the words and fields of the contract."""

from pathlib import Path

from tests.cli.running import DONE, NO, USAGE, Mergetui, Stop, has
from tests.worlds.remote import Remote

_REPOSITORY = {"name": "str", "remote": "str", "target": "str", "tip": "commit"}
_LEASE = {
    "token": "int",
    "holder": {"operator": "str", "host": "str", "pid": "int"},
    "for": ["str"],
    "acquired_at": "time",
    "renewed_at": "time",
    "expires_at": "time",
    "stale": "bool",
}
_ENTRY = {
    "id": "str",
    "branch": "str",
    "branches": ["str"],
    "state": "str",
    "position": "int",
    "priority": "str",
    "head": "commit",
    "attempts": "int",
    "deferrals": "int",
    "enqueued_at": "time",
    "available_at": "null",
    "reason": "null",
    "log": "null",
}
_RUN = {
    "id": "str",
    "repo": "str",
    "branches": ["str"],
    "outcome": "str",
    "code": "null",
    "detail": "null",
    "base": "commit",
    "tested_commit": "commit",
    "tested_tree": "commit",
    "landed_commit": "commit",
    "landed_tree": "commit",
    "changes": [{"branch": "str", "status": "str", "commits": ["commit"]}],
    "retests": "int",
    "contended": "int",
    "started_at": "time",
    "finished_at": "time",
    "log": "str",
}
_REASON = {"code": "str", "detail": "str"}


def test_the_status_has_the_fields_of_the_contract(bare: Mergetui, remote: Remote, stop: Stop) -> None:
    bare.configure(remote.url, retest=stop.once)
    remote.propose("one", a="1")
    remote.propose("two", b="1")
    bare("enqueue", "shop", "one", "two")
    with bare.running("run", "--drain") as run:
        stop.reached()
        bare("pause", "shop", "--reason", "x", "--until", "2h")
        answer = bare("status", "--json")
    repository = answer.json["repos"][0]
    assert answer.code == DONE
    assert answer.json["schema"] == 1
    assert has({**_REPOSITORY, "lease": {**_LEASE, "phase": "str"}}, repository)
    assert has({"by": "str", "reason": "str", "at": "time", "until": "time"}, repository["paused"])
    assert has({**_ENTRY, "log": "str"}, repository["queue"][0])
    assert has(_ENTRY, repository["queue"][1])
    assert [entry["state"] for entry in repository["queue"]] == ["testing", "queued"]
    assert repository["lease"]["holder"]["operator"] == "ada"
    assert repository["lease"]["holder"]["pid"] == run.pid
    assert repository["lease"]["for"] == ["one"]
    assert repository["lease"]["stale"] is False
    assert repository["tip"] == remote.first


def test_the_status_says_why_an_entry_waits(bare: Mergetui, remote: Remote) -> None:
    bare.configure(remote.url, retest="echo no; false")
    remote.propose("red", a="1")
    bare("enqueue", "shop", "red")
    bare("run", "--drain")
    back = bare.entry("red")
    assert has({**_ENTRY, "reason": _REASON, "log": "str"}, back)
    assert (back["state"], back["attempts"], back["reason"]["code"]) == ("sent-back", 1, "retest-failed")


def test_a_deferred_entry_says_when_it_is_tried_again(shop: Mergetui, remote: Remote) -> None:
    remote.propose("feature", a="1")
    shop("enqueue", "shop", "feature")
    remote.path.rename(remote.path.with_name("away.git"))
    shop("run", "--drain")
    entry = shop.entry("feature")
    assert has({**_ENTRY, "available_at": "time", "reason": _REASON}, entry)
    assert (entry["state"], entry["deferrals"]) == ("deferred", 1)


def test_the_status_of_a_repository_that_was_never_looked_at(shop: Mergetui) -> None:
    repository = shop("status", "shop", "--json").json["repos"][0]
    assert has({**_REPOSITORY, "tip": "null", "paused": "null", "lease": "null", "queue": []}, repository)


def test_the_status_for_people_is_plain_lines(shop: Mergetui, remote: Remote) -> None:
    remote.propose("feature", a="1")
    shop("enqueue", "shop", "feature")
    answer = shop("status")
    assert answer.out.splitlines() == ["shop  main not seen yet", "   1 · queued       feature"]
    assert answer.err == ""


def test_the_history_has_the_fields_of_the_contract(bare: Mergetui, remote: Remote) -> None:
    bare.configure(remote.url, retest="test ! -e bad")
    for branch in ("one", "two", "bad"):
        remote.propose(branch, {branch: "1"})
    bare("enqueue", "shop", "one", "two", "bad")
    assert bare("run", "--drain").code == NO
    one, two, bad = bare.runs()
    assert has(_RUN, one)
    assert has(_RUN, two)
    unlanded = {"landed_commit": "null", "landed_tree": "null", "changes": []}
    assert has({**_RUN, "code": "str", "detail": "str", **unlanded}, bad)
    assert [run["outcome"] for run in (one, two, bad)] == ["landed", "landed", "sent-back"]
    assert (two["landed_commit"], two["landed_tree"]) == (remote.tip(), remote.tree())
    assert (two["tested_commit"], two["tested_tree"]) == (remote.tip(), remote.tree())
    assert two["base"] == one["landed_commit"]
    assert two["changes"] == [{"branch": "two", "status": "committed", "commits": [remote.tip()]}]
    assert Path(two["log"]).is_file()
    assert bare.runs("shop", "--limit", "2") == [two, bad]


def test_the_history_of_nothing_is_empty(shop: Mergetui) -> None:
    assert shop("history", "--json").json == {"schema": 1, "runs": []}
    assert shop("history").out == "nothing has ended yet\n"
    assert shop("history", "--limit", "0").code == USAGE


def test_why_says_what_is_in_the_way_and_what_helps(shop: Mergetui, remote: Remote) -> None:
    assert shop("why").out.splitlines() == [
        "shop: the queue is empty  (mergetui enqueue shop BRANCH)",
        "  lease   free",
        "  pause   none",
        "  remote  never looked at yet",
        "! engine  nobody advances it",
        "! head    the queue is empty",
        "  retest  none runs",
        "  next    nothing until a branch is queued",
    ]
    remote.propose("feature", a="1")
    shop("enqueue", "shop", "feature")
    assert shop("why", "--json").json["repos"][0]["why"] == "not-advancing"
    shop("pause", "shop", "--reason", "release")
    paused = shop("why", "shop", "--json").json
    assert has({"name": "str", "why": "str", "says": "str", "mend": "str"}, paused["repos"][0])
    assert paused["repos"][0]["why"] == "paused"
    assert paused["repos"][0]["says"].endswith(": release")
    assert paused["repos"][0]["mend"] == "mergetui resume shop"
    assert [link["about"] for link in paused["repos"][0]["chain"] if link["blocks"]] == ["pause", "engine"]
