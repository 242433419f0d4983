"""Checks from the command line: refused at the start, told by `why`, answered by `approve`."""

from tests.cli.running import AGAIN, DONE, NO, USAGE, Mergetui
from tests.worlds.remote import Remote

OWNED = 'checks = ["paths"]\n[checks.paths]\nowners = { "money" = ["ada"] }'


def _waiting(bare: Mergetui, remote: Remote) -> None:
    bare.configure(remote.url, OWNED)
    remote.propose("dear", money="1")
    bare("enqueue", "shop", "dear")
    assert bare("run", "--drain").code == AGAIN


def test_a_check_that_is_not_there_is_refused_at_the_start(bare: Mergetui, remote: Remote) -> None:
    bare.configure(remote.url, 'checks = ["sizze"]')
    answer = bare("run", "--drain", "--json")
    assert answer.code == USAGE
    assert "[repos.shop] checks has 'sizze'; there are: approved, behind, " in answer.error["message"]
    assert bare("status").code == DONE


def test_what_waits_for_a_check_is_told(bare: Mergetui, remote: Remote) -> None:
    _waiting(bare, remote)
    reason = "money needs the word of ada: mergetui approve shop dear"
    (known,) = bare("why", "--json").json["repos"]
    assert (known["why"], known["says"]) == ("held-back", f"dear waits for paths: {reason}")
    chain = {link["about"]: link for link in known["chain"]}
    assert chain["checks"] == {"about": "checks", "says": f"dear waits for paths: {reason}", "blocks": True}
    assert bare.entry("dear")["held_back"] == {"check": "paths", "reason": reason, "until": None}


def test_a_word_is_kept_with_who_gave_it_and_the_entry_lands(bare: Mergetui, remote: Remote) -> None:
    _waiting(bare, remote)
    answer = bare("approve", "shop", "dear", "--check", "paths", "--json", MERGETUI_OPERATOR="ada")
    assert answer.code == DONE
    assert answer.json["approved"] == ["dear"]
    assert answer.json["by"].startswith("ada@")
    assert bare("run", "--drain").code == DONE
    facts = bare("log", "shop", "--journal", "--json").json["facts"]
    told = [(fact["event"], fact.get("said_by", "")[:4]) for fact in facts]
    assert ("approved", "ada@") in told
    assert [event for event, _ in told if event in ("held-up", "cleared")] == ["held-up", "cleared"]


def test_a_word_for_nothing_is_answered_with_what_there_is(bare: Mergetui, remote: Remote) -> None:
    _waiting(bare, remote)
    assert bare("approve", "shop", "nothing", "--json").code == NO
    answer = bare("approve", "shop", "dear", "--check", "size", "--json")
    assert (answer.code, answer.error["hint"]) == (USAGE, "its checks: paths")


def test_a_repository_that_is_frozen_says_so(bare: Mergetui, remote: Remote) -> None:
    windows = (
        '{ begins = "00:00", ends = "12:00", reason = "day" }, '
        '{ begins = "12:00", ends = "00:00", reason = "day" }'
    )
    bare.configure(remote.url, f'checks = ["freeze"]\n[checks.freeze]\nwindows = [{windows}]')
    remote.propose("feature", a="1")
    bare("enqueue", "shop", "feature")
    assert bare("run", "--drain").code == AGAIN
    (known,) = bare("why", "--json").json["repos"]
    assert (known["why"], known["says"]) == ("frozen", "freeze: day")
    (status,) = bare("status", "--json").json["repos"]
    assert status["frozen"] == {"check": "freeze", "reason": "day", "until": None}
