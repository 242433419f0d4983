"""`mergetui simulate` on the command line."""

from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.cli.running import DONE, NO, USAGE, Mergetui, has
from tests.worlds.remote import Remote

_SPANS = {"p50": "float", "p95": "float", "p99": "float"}
_STRATEGY = {
    "strategy": "str",
    "turnaround": _SPANS,
    "times_the_oracle": _SPANS,
    "landed": "int",
    "sent_back": "int",
    "unended": "int",
    "landed_per_hour": "float",
    "retests": "int",
    "retests_per_landing": "float",
    "untested": "int",
    "unfair": "int",
    "backlog": "int",
}
EVERY = ["oracle", "serial", "batch", "speculation", "ours"]


@pytest.fixture
def tried(bare: Mergetui, remote: Remote) -> Mergetui:
    """Two have landed, and one was sent back for its red retest."""
    bare.configure(remote.url, retest="! [ -e red ]")
    remote.propose("one", a="1")
    remote.propose("two", red="1")
    remote.propose("three", c="1")
    bare("enqueue", "shop", "one", "two", "three")
    bare("run", "--drain")
    return bare


def test_every_strategy_is_played_over_the_same_changes(bare: Mergetui) -> None:
    answer, as_json = bare("simulate", "--changes", "200"), bare("simulate", "--changes", "200", "--json")
    assert (answer.code, answer.err) == (DONE, "")
    assert as_json.json["trace"]["changes"] == 200
    told = as_json.json["strategies"]
    assert [one["strategy"] for one in told] == EVERY
    assert all(has(_STRATEGY, one) for one in told)
    assert {one["landed"] + one["sent_back"] for one in told} == {200}
    assert {(one["untested"], one["unfair"], one["unended"]) for one in told} == {(0, 0, 0)}
    assert all(f"\n{strategy}" in answer.out for strategy in EVERY)


def test_it_needs_no_configuration(bare: Mergetui) -> None:
    bare.config.unlink(missing_ok=True)
    assert bare("simulate", "--changes", "20").code == DONE


def test_the_oracle_is_there_whatever_is_asked_for(bare: Mergetui) -> None:
    told = bare("simulate", "--changes", "20", "--strategy", "ours", "--json").json["strategies"]
    assert [one["strategy"] for one in told] == ["oracle", "ours"]


def test_what_cannot_keep_up_is_named(bare: Mergetui) -> None:
    answer = bare("simulate", "--changes", "200", "--strategy", "serial")
    assert "serial cannot keep up" in answer.out


def test_a_drawing_is_written(bare: Mergetui, tmp_path: Path) -> None:
    file = tmp_path / "drawn.svg"
    assert bare("simulate", "--changes", "50", "--svg", str(file)).code == DONE
    assert ElementTree.parse(file).getroot().tag.endswith("svg")


def test_a_drawing_that_cannot_be_written_is_an_error_with_its_path(bare: Mergetui, tmp_path: Path) -> None:
    answer = bare("simulate", "--changes", "20", "--svg", str(tmp_path / "no" / "drawn.svg"))
    assert answer.code == USAGE
    assert "drawn.svg" in answer.err


@pytest.mark.sampled("--changes-*", "--together-*", "--retest-15m*", "--strategy-*", "--ours-bach*")
@pytest.mark.parametrize(
    ("option", "value", "allowed"),
    [
        ("--changes", "0", "from 1 to 1,000,000"),
        ("--slots", "1001", "from 1 to 1,000"),
        ("--batch", "0", "from 1 to 1,000"),
        ("--seed", "-1", "from 0"),
        ("--rate", "20", "20/h"),
        ("--rate", "0/h", "above zero"),
        ("--rate", "0%", "above zero"),
        ("--red", "2", "from 0% to 100%"),
        ("--conflict", "101%", "from 0% to 100%"),
        ("--together", "-1%", "from 0% to 100%"),
        ("--flake", "often", "from 0% to 100%"),
        ("--retest", "6", "6m..15m"),
        ("--retest", "15m..6m", "not shorter"),
        ("--strategy", "magic", "speculation"),
        ("--ours", "batch=0", "from 1 to 1000"),
        ("--ours", "bach=2", "batch, parallel, adaptive, hedge, retries"),
        ("--ours", " ", "batch=4 parallel=3"),
    ],
)
def test_a_bad_value_is_refused_with_what_is_allowed(
    bare: Mergetui, option: str, value: str, allowed: str
) -> None:
    answer = bare("simulate", f"{option}={value}")
    assert (answer.code, answer.out) == (USAGE, "")
    assert option in answer.err
    assert allowed in answer.err


@pytest.mark.parametrize(
    "options",
    [
        ["--what-if", "batch=2"],
        ["--repo", "shop"],
        ["--what-if", "batch=2", "--repo", "shop", "--strategy", "ours"],
        ["--from-journal", "shop", "--red", "2%"],
        ["--what-if", "batch=2", "--repo", "shop", "--seed", "2"],
    ],
)
def test_options_that_do_not_go_together_are_refused(shop: Mergetui, options: list[str]) -> None:
    answer = shop("simulate", *options)
    assert (answer.code, answer.out) == (USAGE, "")
    assert options[-2] in answer.err or options[0] in answer.err


def test_the_journal_is_played_again(tried: Mergetui) -> None:
    answer = tried("simulate", "--from-journal", "shop", "--json")
    assert answer.code == DONE
    about = answer.json["trace"]
    assert (about["kind"], about["repo"], about["changes"], about["measured"]) == ("journal", "shop", 3, 3)
    assert {(one["landed"], one["sent_back"]) for one in answer.json["strategies"]} == {(2, 1)}


def test_what_if_tells_the_verdict_in_two_lines_and_a_table(tried: Mergetui) -> None:
    answer = tried("simulate", "--what-if", "batch=4 parallel=3", "--repo", "shop")
    assert (answer.code, answer.err) == (DONE, "")
    first, second, _, *table = answer.out.splitlines()
    assert first.endswith("batch=4 parallel=3 instead of batch=1 parallel=1")
    assert second.startswith("95 of 100 would be through in ")
    assert any(row.startswith("now, batch=1 parallel=1") for row in table)
    assert any(row.startswith("what if batch=4 parallel=3") for row in table)


def test_a_repository_that_is_not_configured_is_refused(shop: Mergetui) -> None:
    answer = shop("simulate", "--from-journal", "shopp")
    assert answer.code == USAGE
    assert "shopp" in answer.err


def test_a_journal_that_tells_of_nothing_says_so(shop: Mergetui) -> None:
    answer = shop("simulate", "--from-journal", "shop")
    assert (answer.code, answer.out) == (NO, "")
    assert "the journal of shop" in answer.err
