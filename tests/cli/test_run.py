"""`mergetui run --drain`: endings, exit codes and the summary."""

import pytest

from tests.adapters.waiting import eventually
from tests.cli.running import AGAIN, BROKEN, DONE, NO, USAGE, Mergetui, Stop, has
from tests.worlds.remote import Remote


def test_green_branches_land_and_the_summary_says_so(shop: Mergetui, remote: Remote) -> None:
    remote.propose("one", a="1")
    remote.propose("two", b="1")
    shop("enqueue", "shop", "one", "two")
    answer = shop("run", "shop", "--drain", "--json")
    assert answer.code == DONE
    summary = answer.events[-1]
    contract = {"event": "str", "landed": ["str", "str"], "sent_back": [], "deferred": [], "held": []}
    assert has(contract, summary)
    assert summary["event"] == "summary"
    assert summary["landed"] == ["one", "two"]
    assert remote.text("a") + remote.text("b") == "11"
    assert shop.names() == []


def test_every_line_is_an_event_as_it_happened(shop: Mergetui, remote: Remote) -> None:
    remote.propose("feature", a="1")
    shop("enqueue", "shop", "feature")
    *events, summary = shop("run", "--drain", "--json").events
    assert [has({"event": "str", "repo": "str", "at": "time"}, event) for event in events]
    expected = [
        "catch-up-started",
        "lease-granted",
        "caught-up",
        "retest-started",
        "retest-ended",
        "landing-started",
        "ended",
        "lease-released",
    ]
    assert sorted(event["event"] for event in events) == sorted(expected)
    assert [event["at"] for event in events] == sorted(event["at"] for event in events)
    assert summary["event"] == "summary"


def test_a_red_retest_and_a_conflict_are_sent_back(bare: Mergetui, remote: Remote) -> None:
    bare.configure(remote.url, retest="test ! -e bad")
    remote.propose("first", same="1")
    remote.propose("second", same="2")
    remote.propose("third", bad="1")
    bare("enqueue", "shop", "first", "second", "third")
    answer = bare("run", "--drain", "--json")
    assert answer.code == NO
    summary = answer.events[-1]
    assert summary["landed"] == ["first"]
    assert [has({"branch": "str", "code": "str", "detail": "str"}, row) for row in summary["sent_back"]]
    assert [(row["branch"], row["code"]) for row in summary["sent_back"]] == [
        ("second", "conflict"),
        ("third", "retest-failed"),
    ]
    assert bare("run", "--drain").code == DONE


def test_without_json_stdout_has_the_summary_and_stderr_the_story(shop: Mergetui, remote: Remote) -> None:
    remote.propose("feature", a="1")
    shop("enqueue", "shop", "feature")
    answer = shop("run", "--drain")
    assert answer.out == "landed: feature\n"
    assert "retesting feature as" in answer.err


def test_an_empty_queue_is_drained_at_once(shop: Mergetui) -> None:
    answer = shop("run", "--drain", "--json")
    assert answer.code == DONE
    assert answer.events[-1]["landed"] == []


@pytest.mark.fault(7)
def test_a_remote_that_is_down_defers(shop: Mergetui, remote: Remote) -> None:
    remote.propose("feature", a="1")
    shop("enqueue", "shop", "feature")
    away = remote.path.rename(remote.path.with_name("away.git"))
    answer = shop("run", "--drain", "--json")
    assert answer.code == AGAIN
    deferred = answer.events[-1]["deferred"]
    assert has({"branch": "str", "code": "str", "available_at": "time"}, deferred[0])
    assert [(row["branch"], row["code"]) for row in deferred] == [("feature", "remote-unreachable")]
    assert shop.entry("feature")["state"] == "deferred"
    away.rename(remote.path)
    assert shop("run", "--drain", "--drain-wait", "20s").code == DONE


@pytest.mark.soak
def test_what_was_deferred_too_often_is_held_for_an_operator(bare: Mergetui, remote: Remote) -> None:
    bare.configure(remote.url, gate="max_deferrals = 0")
    remote.propose("feature", a="1")
    bare("enqueue", "shop", "feature")
    away = remote.path.rename(remote.path.with_name("away.git"))
    answer = bare("run", "--drain", "--json")
    assert answer.code == AGAIN
    assert [(row["branch"], row["code"]) for row in answer.events[-1]["held"]] == [
        ("feature", "remote-unreachable")
    ]
    away.rename(remote.path)
    assert bare("run", "--drain").code == AGAIN
    assert bare("retry", "shop", "feature").code == DONE
    assert bare("run", "--drain").code == DONE


def test_a_broken_gate_is_told_apart_from_a_broken_branch(shop: Mergetui, remote: Remote) -> None:
    remote.propose("feature", a="1")
    shop("enqueue", "shop", "feature")
    (shop.state / "cache").mkdir()
    (shop.state / "cache" / "shop").write_text("a file where the mirror should be")
    answer = shop("run", "--drain", "--json")
    assert answer.code == BROKEN
    assert answer.told("broken")
    assert answer.events[-1]["sent_back"] == []
    assert shop.entry("feature")["state"] != "sent-back"


@pytest.mark.fault(6)
def test_a_refusal_of_the_remote_is_sent_back_in_its_words(shop: Mergetui, remote: Remote) -> None:
    remote.propose("feature", a="1")
    remote.refuse("the branch is frozen")
    shop("enqueue", "shop", "feature")
    answer = shop("run", "--drain", "--json")
    assert answer.code == NO
    sent_back = answer.events[-1]["sent_back"]
    assert sent_back[0]["code"] in ("hook-refused", "push-refused")
    assert "the branch is frozen" in sent_back[0]["detail"]
    assert remote.tip() == remote.first


def test_without_a_retest_command_nothing_lands(bare: Mergetui, remote: Remote) -> None:
    bare("repo", "add", "shop", remote.url)
    remote.propose("feature", a="1")
    bare("enqueue", "shop", "feature")
    assert bare("run", "--drain").code == AGAIN
    assert remote.tip() == remote.first
    assert "retest" in bare("why", "shop").out


def test_a_repository_that_another_engine_works_on_is_left_to_it(
    bare: Mergetui, remote: Remote, stop: Stop
) -> None:
    bare.configure(remote.url, retest=stop.until_let_go)
    remote.propose("feature", a="1")
    bare("enqueue", "shop", "feature")
    with bare.running("run", "--drain") as first:
        stop.reached()
        second = bare("run", "--drain")
        told = bare("run", "--drain", "--json")
        with bare.running("run", "--drain", "--drain-wait", "30s") as patient:
            stop.let_go()
            assert [first.end().code, patient.end().code] == [DONE, DONE]
    assert [second.code, told.code] == [AGAIN, AGAIN]
    assert f"pid {first.pid} works on it" in second.err
    assert [event["event"] for event in told.events] == ["summary"]
    assert remote.text("a") == "1"


def test_only_the_named_repositories_are_worked_on(shop: Mergetui, remote: Remote) -> None:
    remote.point("refs/heads/next", remote.first)
    shop("repo", "add", "other", remote.url, "--target", "next", "--retest", "true")
    head = remote.propose("feature", a="1")
    shop("enqueue", "shop", "feature")
    shop("enqueue", "other", "feature")
    assert shop("run", "other", "other", "--drain").code == DONE
    assert (remote.tip("next"), remote.tip()) == (head, remote.first)
    assert shop("run", "--drain").code == DONE
    assert remote.tip() == head


def test_a_run_for_ever_works_on_what_is_queued_later(shop: Mergetui, remote: Remote) -> None:
    with shop.running("run"):
        eventually(shop.state.exists, within=30)
        head = remote.propose("feature", a="1")
        shop("enqueue", "shop", "feature")
        assert eventually(lambda: remote.tip() == head, within=30)


@pytest.mark.parametrize("words", [["--drain-wait", "soon"], ["nowhere"], ["--bogus"]], ids="".join)
def test_a_run_that_is_asked_wrongly_starts_nothing(shop: Mergetui, words: list[str]) -> None:
    assert shop("run", "--drain", *words).code == USAGE
