"""`mergetui verify`: proofs of what landed, for people and for scripts."""

import json
import signal
from pathlib import Path

import pytest
from filelock import FileLock

from tests.adapters.waiting import eventually
from tests.cli.running import AGAIN, DONE, INTERRUPTED, NO, USAGE, Mergetui, Stop, gone, has
from tests.worlds.remote import Remote

_CLAIM = {"claim": "str", "holds": "bool", "detail": "str"}
_PROOF = {"run": "str", "branches": ["str"], "landed_commit": "commit", "claims": [_CLAIM] * 5}
_ARRIVAL = {"commit": "commit", "author": "str", "at": "time", "subject": "str"}
_REPOSITORY = {"name": "str", "target": "str", "tip": "commit", "unreadable_lines": "int"}


def land(shop: Mergetui, remote: Remote, *branches: str) -> None:
    for branch in branches:
        remote.propose(branch, {branch: "1"})
    shop("enqueue", "shop", *branches)
    assert shop("run", "--drain").code == DONE


def journal(shop: Mergetui) -> Path:
    return shop.state / "repos" / "shop" / "journal.jsonl"


def claims(shop: Mergetui, *words: str) -> dict[str, bool | None]:
    """What holds of the first landing."""
    proof = shop("verify", "--json", *words).json["repos"][0]["proofs"][0]
    return {claim["claim"]: claim["holds"] for claim in proof["claims"]}


def forge_trees(shop: Mergetui) -> None:
    facts = [json.loads(line) for line in journal(shop).read_text().splitlines()]
    for fact in facts:
        fact.get("run", {})["tested_tree"] = "0" * 40
    journal(shop).write_text("".join(f"{json.dumps(fact)}\n" for fact in facts))


def test_what_is_proven_has_the_fields_of_the_contract(shop: Mergetui, remote: Remote) -> None:
    land(shop, remote, "one", "two")
    remote.push(by="Mallory", x="1")
    answer = shop("verify", "--json")
    [known] = answer.json["repos"]
    assert (answer.code, answer.json["schema"], answer.json["holds"]) == (DONE, 1, True)
    assert has({**_REPOSITORY, "proofs": [_PROOF] * 2, "past_the_gate": [_ARRIVAL]}, known)
    assert [proof["branches"] for proof in known["proofs"]] == [["one"], ["two"]]
    names = [claim["claim"] for claim in known["proofs"][0]["claims"]]
    assert names == ["in-target", "tree", "tested", "base", "token"]
    assert known["past_the_gate"][0]["author"] == "Mallory"
    assert (known["tip"], known["unreadable_lines"]) == (remote.tip(), 0)


def test_people_read_a_line_when_all_is_proven(shop: Mergetui, remote: Remote) -> None:
    land(shop, remote, "one", "two")
    answer = shop("verify", "shop")
    assert answer.code == DONE
    assert answer.out == f"shop  main {remote.tip()[:10]}  2 landings, all proven\n"


def test_nothing_landed_yet_is_said_and_no_failure(shop: Mergetui, remote: Remote) -> None:
    answer = shop("verify")
    assert (answer.code, answer.out) == (DONE, f"shop  main {remote.first[:10]}  nothing has landed yet\n")
    assert shop("verify", "--json").json["repos"][0]["proofs"] == []


def test_a_proof_that_fails_is_named_with_what_was_expected_and_found(shop: Mergetui, remote: Remote) -> None:
    land(shop, remote, "one")
    landed, tree = remote.tip(), remote.tree()
    forge_trees(shop)
    answer = shop("verify")
    assert answer.code == NO
    assert answer.out.splitlines() == [
        f"shop  main {landed[:10]}  1 landing, 1 not proven",
        f"  ✗ one {landed[:10]}, run e1.1",
        f"      tree: {landed} has tree {tree}, but {'0' * 40} was tested",
    ]
    told = shop("verify", "--json")
    assert (told.code, told.json["holds"]) == (NO, False)


@pytest.mark.fault(16)
def test_who_pushed_past_the_gate_is_told_without_failing(shop: Mergetui, remote: Remote) -> None:
    land(shop, remote, "one")
    commit = remote.commit(
        "main", ["main"], files={"x": "1"}, by="Mal\x1b[31mlory", message="a\x1b]52;x\x07b"
    )
    answer = shop("verify")
    assert answer.code == DONE
    assert answer.out.splitlines()[1:] == [
        "  1 commit went past the gate:",
        f"      {commit[:10]}  2025-03-03 08:33:00  Mal␛[31mlory: a␛]52;x␇b",
    ]


def test_a_line_that_cannot_be_read_is_counted_without_failing(shop: Mergetui, remote: Remote) -> None:
    land(shop, remote, "one")
    with journal(shop).open("a") as file:
        file.write('{"event":"retest-sta\n')
    answer = shop("verify", "--json")
    assert (answer.code, answer.json["repos"][0]["unreadable_lines"]) == (DONE, 1)
    assert shop("verify").out.splitlines()[1:] == ["  1 line of the journal cannot be read"]


def test_what_landed_without_a_retest_is_told(bare: Mergetui, remote: Remote) -> None:
    bare.configure(remote.url, "enabled = false")
    land(bare, remote, "one")
    answer = bare("verify")
    assert answer.code == DONE
    assert answer.out.endswith("1 landing, all proven, 1 without a retest, of which nothing was promised\n")
    assert claims(bare)["tested"] is None


def test_a_remote_that_does_not_answer_proves_nothing(shop: Mergetui, remote: Remote) -> None:
    land(shop, remote, "one")
    remote.path.rename(remote.path.with_name("away.git"))
    answer = shop("verify", "--json")
    assert (answer.code, answer.error["code"]) == (AGAIN, "remote-unreachable")


@pytest.mark.soak
def test_a_landing_is_tested_again_by_branch_or_by_commit(shop: Mergetui, remote: Remote) -> None:
    land(shop, remote, "one", "two")
    shop.configure(remote.url, retest="test -e one && ! test -e two && echo still green")
    log = shop.state / "repos" / "shop" / "logs" / f"retest-{remote.tip('one')[:16]}.log"
    answer = shop("verify", "--retest", "one")
    assert answer.code == DONE
    assert answer.out.splitlines()[1:] == [
        f"  ✓ one {remote.tip('one')[:10]}, run e1.1",
        f"      retest: it passed again, log {log}",
    ]
    assert log.read_text() == "still green\n"
    assert claims(shop, "--retest", remote.tip("one")[:8])["retest"] is True


def test_a_retest_that_is_red_today_is_a_proof_that_fails(shop: Mergetui, remote: Remote) -> None:
    land(shop, remote, "one", "two")
    shop.configure(remote.url, retest="echo it is broken; test ! -e two")
    answer = shop("verify", "--retest", "one", "--retest", "two")
    assert answer.code == NO
    assert "retest: retest-failed: exit code 1: it is broken, log " in answer.out
    assert claims(shop, "--retest", "one")["retest"] is True


@pytest.mark.sampled("nobody")
@pytest.mark.parametrize("word", ["nobody", "0000", "e"])
def test_a_retest_of_nothing_that_landed_is_an_error(shop: Mergetui, remote: Remote, word: str) -> None:
    land(shop, remote, "one")
    answer = shop("verify", "--json", "--retest", word)
    assert (answer.code, answer.error["code"]) == (NO, "not-found")


def test_a_retest_without_a_command_is_a_matter_of_the_configuration(shop: Mergetui, remote: Remote) -> None:
    land(shop, remote, "one")
    shop.config.write_text(f"[repos.shop]\nremote = {json.dumps(remote.url)}\n")
    answer = shop("verify", "--json", "--retest", "one")
    assert (answer.code, answer.error["code"]) == (USAGE, "config")


@pytest.mark.soak
def test_a_retest_works_beside_an_engine_and_leaves_its_lease_alone(
    shop: Mergetui, remote: Remote, stop: Stop
) -> None:
    land(shop, remote, "one")
    shop.configure(remote.url, retest=f"test ! -e two || {{ {stop.until_let_go}; }}")
    remote.propose("two", two="1")
    shop("enqueue", "shop", "two")
    with shop.running("run", "--drain") as run:
        retest = stop.reached()
        queue, lease = shop.queue(), shop.lease()
        assert claims(shop, "--retest", "one")["retest"] is True
        assert (shop.queue(), shop.lease()["token"], gone(retest)) == (queue, lease["token"], False)
        stop.let_go()
        assert run.end().code == DONE


@pytest.mark.soak
def test_an_engine_that_cleans_up_after_a_dead_one_spares_the_retest(
    shop: Mergetui, remote: Remote, stop: Stop
) -> None:
    land(shop, remote, "one")
    shop.configure(remote.url, retest="sleep 600")
    remote.propose("two", two="1")
    shop("enqueue", "shop", "two")
    with shop.running("run", "--drain") as dead:
        eventually(lambda: [entry for entry in shop.queue() if entry["state"] == "testing"], within=30)
        dead.signal(signal.SIGKILL)
        dead.end()
    shop.configure(remote.url, retest=f"test -e two || {{ {stop.until_let_go}; }}")
    with shop.running("verify", "--retest", "one") as run:
        retest = stop.reached()
        assert shop("run", "--drain").code == DONE
        assert not gone(retest)
        stop.let_go()
        assert run.end().code == DONE


@pytest.mark.soak
def test_an_interrupted_retest_leaves_nothing_running(shop: Mergetui, remote: Remote, stop: Stop) -> None:
    land(shop, remote, "one")
    shop.configure(remote.url, retest=stop.once)
    with shop.running("verify", "--retest", "one", "--json") as run:
        retest = stop.reached()
        run.signal(signal.SIGINT)
        answer = run.end()
    assert (answer.code, gone(retest)) == (INTERRUPTED, True)
    assert answer.json["repos"][0]["proofs"][0]["claims"][-1]["holds"] is None


def test_a_second_retest_of_the_same_repository_is_told_to_wait(shop: Mergetui, remote: Remote) -> None:
    land(shop, remote, "one")
    with FileLock(shop.state / "cache" / "shop" / "proofs.lock"):
        answer = shop("verify", "--json", "--retest", "one")
    assert (answer.code, answer.error["code"]) == (AGAIN, "busy")


@pytest.mark.soak
def test_two_verifications_at_once_both_answer(shop: Mergetui, remote: Remote) -> None:
    land(shop, remote, "one")
    with shop.running("verify", "--json") as one, shop.running("verify", "--json") as other:
        answers = [one.end(), other.end()]
    assert [(answer.code, answer.json["holds"]) for answer in answers] == [(DONE, True)] * 2
