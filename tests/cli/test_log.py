"""`mergetui log`: the retest's lines from any terminal, with nothing active in them."""

from pathlib import Path

import pytest

from tests.adapters.waiting import eventually
from tests.cli.running import DONE, NO, Mergetui, Stop
from tests.worlds.remote import Remote

_LOUD = r"printf 'plain\n\033[31mred\033[0m\n\033]0;title\007\033[2J\377end'"


@pytest.fixture
def loud(bare: Mergetui, remote: Remote) -> Mergetui:
    """A retest has said things that a terminal would obey."""
    bare.configure(remote.url, retest=_LOUD)
    remote.propose("feature", a="1")
    bare("enqueue", "shop", "feature")
    assert bare("run", "--drain").code == DONE
    return bare


def test_the_lines_of_the_latest_retest_are_printed_and_none_is_obeyed(loud: Mergetui) -> None:
    for words in (["shop"], ["shop", "feature"], ["shop", "--follow"]):
        answer = loud("log", *words)
        assert answer.code == DONE
        assert answer.out == "plain\nred\n␛]0;title␇␛[2J\N{REPLACEMENT CHARACTER}end\n"
        assert answer.err == ""
    path = loud("log", "shop", "--json").json["log"]
    assert Path(path).read_bytes().startswith(b"plain\n\x1b[31mred")


def test_on_a_terminal_colours_stay_and_nothing_else_is_active(loud: Mergetui) -> None:
    _, shown = loud.on_a_terminal("log", "shop")
    assert "\x1b[31mred\x1b[0m" in shown
    assert "␛]0;title␇␛[2J" in shown


def test_no_color_takes_the_colours_away(loud: Mergetui) -> None:
    loud.environment["NO_COLOR"] = "1"
    _, shown = loud.on_a_terminal("log", "shop")
    assert "red" in shown
    assert "\x1b" not in shown


def test_the_journal_shows_every_step_with_its_lease_and_the_refs_before_and_after(
    loud: Mergetui, remote: Remote
) -> None:
    facts = loud("log", "shop", "feature", "--journal", "--json").json["facts"]
    (landing,) = [fact for fact in facts if fact["event"] == "landing-started"]
    (landed,) = [fact for fact in facts if fact["event"] == "ended"]
    refs = [{"ref": "main", "before": landing["base"], "after": remote.tip()}]
    assert landing["refs"] == landed["refs"] == refs
    assert landing["token"] == landed["token"] == 1
    assert all(fact["by"].startswith("ada@") for fact in facts)
    (line,) = [
        line for line in loud("log", "shop", "--journal").out.splitlines() if "landing-started" in line
    ]
    assert (
        f"#1  landing-started      feature  main {landing['base'][:10]} → {remote.tip()[:10]}  by ada@"
        in line
    )


def test_a_retest_is_followed_to_its_end(bare: Mergetui, remote: Remote, stop: Stop) -> None:
    bare.configure(remote.url, retest=f"echo early; {stop.until_let_go}; echo late")
    remote.propose("feature", a="1")
    bare("enqueue", "shop", "feature")
    with bare.running("run", "--drain") as run:
        stop.reached()
        assert bare("log", "shop").out == "early\n"
        with bare.running("log", "shop", "feature", "--follow") as log:
            assert eventually(lambda: log.said() == "early\n", within=30)
            stop.let_go()
            assert log.end().code == DONE
        assert log.said() == "early\nlate\n"
        assert run.end().code == DONE


@pytest.mark.parametrize("words", [["shop"], ["shop", "feature"], ["shop", "x\x1b[31m", "--follow"]])
def test_what_was_never_retested_has_no_log(shop: Mergetui, words: list[str]) -> None:
    answer = shop("log", *words)
    assert answer.code == NO
    assert answer.out == ""
    assert "has no retest output yet" in answer.err
    assert "\x1b" not in answer.err


def test_a_log_that_was_thrown_away_is_said(loud: Mergetui) -> None:
    Path(loud("log", "shop", "--json").json["log"]).unlink()
    answer = loud("log", "shop", "feature")
    assert answer.code == NO
    assert "cannot be read" in answer.err
