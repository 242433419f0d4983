"""How it is started: options, environment, streams, and what an error looks like."""

import os
import subprocess  # noqa: TID251 - the reader of a pipe goes away
import sys
from pathlib import Path

import pytest

from tests.cli.running import AGAIN, BROKEN, DONE, NO, USAGE, Mergetui, command, has
from tests.worlds.remote import Remote

_ERRORS = {
    "no such command": (["bogus"], USAGE, "usage"),
    "no such option": (["status", "--bogus"], USAGE, "usage"),
    "no such repository": (["status", "nowhere"], USAGE, "config"),
    "a word too many": (["status", "shop", "shop"], USAGE, "usage"),
    "a word too few": (["enqueue", "shop"], USAGE, "usage"),
    "a command too few": (["lease"], USAGE, "usage"),
    "not a number": (["history", "--limit", "x"], USAGE, "usage"),
    "no terminal": ([], USAGE, "usage"),
    "not queued": (["dequeue", "shop", "x"], NO, "not-found"),
    "no log": (["log", "shop"], NO, "not-found"),
}


@pytest.mark.parametrize("case", _ERRORS)
def test_an_error_has_one_form(shop: Mergetui, case: str) -> None:
    words, code, said = _ERRORS[case]
    answer = shop(*words, "--json")
    assert answer.code == code
    assert answer.json["schema"] == 1
    assert has({"code": "str", "message": "str", "hint": "str"}, answer.error)
    assert answer.error["code"] == said
    assert answer.err == ""


def test_without_json_an_error_is_on_stderr(shop: Mergetui) -> None:
    answer = shop("dequeue", "shop", "x")
    assert (answer.code, answer.out) == (NO, "")
    assert answer.err == "mergetui: x of shop: it is not in the queue\n  mergetui status shop\n"


def test_an_option_without_its_path_is_an_error_of_that_form(bare: Mergetui) -> None:
    answer = bare.bare("status", "--json", "--config")
    assert (answer.code, answer.error["code"]) == (USAGE, "usage")


def test_no_arguments_without_a_terminal_is_an_error(bare: Mergetui) -> None:
    answer = bare.bare()
    assert answer.code == USAGE
    assert "the console needs a terminal" in answer.err


def test_help_and_version_are_answers(bare: Mergetui) -> None:
    for words in (["--help"], ["run", "--help"], ["--version"]):
        answer = bare.bare(*words)
        assert (answer.code, answer.err) == (DONE, "")
        assert answer.out


_FAMILIES = (
    ["repo", "list"],
    ["enqueue", "shop", "feature"],
    ["run", "--drain"],
    ["lease", "list"],
    ["status"],
    ["why"],
    ["log", "shop"],
    ["report"],
    ["flakes"],
    ["verify"],
    ["doctor"],
)


@pytest.mark.sampled("few")
@pytest.mark.parametrize("families", [_FAMILIES[1:4], _FAMILIES], ids=["few", "all"])
def test_a_command_that_starts_afresh_brings_what_it_needs(
    shop: Mergetui, remote: Remote, families: tuple[list[str], ...]
) -> None:
    remote.propose("feature", a="1")
    codes = {words[0]: shop.afresh(*words).code for words in families}
    assert {word: code for word, code in codes.items() if code != DONE} == {}


def test_global_options_stand_before_or_after_the_command(shop: Mergetui) -> None:
    places = [f"--config={shop.config}", "--state-dir", str(shop.state)]
    before = shop.bare("--json", *places, "status", "shop")
    after = shop.bare("status", "shop", *places, "--json")
    between = shop.bare("--json", "status", *places, "shop")
    assert before.json["repos"][0]["name"] == "shop"
    assert before == after == between


def test_a_word_behind_two_dashes_is_no_option(shop: Mergetui) -> None:
    answer = shop("--json", "dequeue", "shop", "--", "--json")
    assert (answer.code, answer.error["message"]) == (NO, "--json of shop: it is not in the queue")


def test_places_come_from_the_environment_and_options_stand_above_it(shop: Mergetui, remote: Remote) -> None:
    remote.propose("feature", a="1")
    there = {"MERGETUI_CONFIG": str(shop.config), "MERGETUI_STATE_DIR": str(shop.state)}
    assert shop.bare("enqueue", "shop", "feature", **there).code == DONE
    assert shop.names() == ["feature"]
    nowhere = {"MERGETUI_CONFIG": "/nowhere/c.toml", "MERGETUI_STATE_DIR": "/nowhere/state"}
    assert len(shop("status", "--json", **nowhere).json["repos"][0]["queue"]) == 1


def test_without_a_word_the_xdg_directories_are_used(bare: Mergetui, remote: Remote) -> None:
    home = {f"XDG_{kind}_HOME": str(bare.directory / kind) for kind in ("CONFIG", "STATE", "CACHE")}
    remote.propose("feature", a="1")
    assert bare.bare("repo", "add", "shop", remote.url, "--retest", "true", **home).code == DONE
    assert bare.bare("enqueue", "shop", "feature", **home).code == DONE
    assert bare.bare("run", "--drain", **home).code == DONE
    assert (bare.directory / "CONFIG" / "mergetui" / "mergetui.toml").is_file()
    assert (bare.directory / "STATE" / "mergetui" / "repos" / "shop").is_dir()
    assert (bare.directory / "CACHE" / "mergetui" / "shop").is_dir()


def test_a_setting_comes_from_the_environment_above_the_file(shop: Mergetui, remote: Remote) -> None:
    remote.propose("feature", a="1")
    shop("enqueue", "shop", "feature")
    red = shop("run", "--drain", "--json", MERGETUI_REPOS__SHOP__RETEST="echo from outside; false")
    assert red.code == NO
    assert "from outside" in red.events[-1]["sent_back"][0]["detail"]
    wrong = shop("status", "--json", MERGETUI_REPOS__SHOP__RETSET="true")
    assert wrong.code == USAGE
    assert "did you mean 'retest'?" in wrong.error["message"]
    assert shop("status", MERGETUI_GATE__LEASE_TTL="soon").code == USAGE


_GIT = ("DIR", "WORK_TREE", "INDEX_FILE", "OBJECT_DIRECTORY", "QUARANTINE_PATH", "COMMITTER_NAME", "EDITOR")


@pytest.mark.sampled("GIT_DIR")
@pytest.mark.parametrize(
    "odd",
    [
        {f"GIT_{name}": "/nowhere" for name in _GIT},
        {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "core.bare", "GIT_CONFIG_VALUE_0": "nonsense"},
        {"LANG": "tlh_QO.KOI8-R", "LC_ALL": "tlh_QO.KOI8-R", "TERM": "dumb", "TZ": "Nowhere/Land"},
        {"PYTHONIOENCODING": "ascii", "LC_ALL": "C"},
    ],
    ids=lambda odd: next(iter(odd)),
)
def test_an_odd_environment_changes_nothing(shop: Mergetui, remote: Remote, odd: dict[str, str]) -> None:
    shop.configure(remote.url, retest="test ! -e bad")
    remote.propose("füße", a="1")
    remote.propose("red", bad="1")
    assert shop.afresh("enqueue", "shop", "füße", "red", **odd).code == DONE
    answer = shop.afresh("run", "--drain", "--json", **odd)
    assert (answer.code, answer.events[-1]["landed"]) == (NO, ["füße"])
    assert remote.log("main", "%cn") == ["Ada", "Ada"]
    assert shop.afresh("status", **odd).code == DONE


def test_a_bare_environment_changes_nothing(shop: Mergetui, remote: Remote) -> None:
    shop.environment = {name: shop.environment[name] for name in ("PATH", "PYTHONPATH")}
    remote.propose("feature", a="1")
    assert shop.afresh("enqueue", "shop", "feature").code == DONE
    assert shop.afresh("run", "--drain").code == DONE


def test_started_from_a_hook_of_another_repository_that_one_stays_as_it_is(
    shop: Mergetui, remote: Remote, tmp_path: Path
) -> None:
    checkout = remote.clone(tmp_path / "checkout")
    before = sorted((path, path.stat().st_mtime_ns) for path in (checkout / ".git").rglob("*"))
    remote.propose("feature", a="1")
    hook = {"GIT_DIR": str(checkout / ".git"), "GIT_INDEX_FILE": str(checkout / ".git" / "index")}
    assert shop("enqueue", "shop", "feature", **hook).code == DONE
    assert shop("run", "--drain", **hook).code == DONE
    assert sorted((path, path.stat().st_mtime_ns) for path in (checkout / ".git").rglob("*")) == before


def test_a_reader_that_goes_away_is_no_error(shop: Mergetui) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    argv = command(*shop.places, "status")
    ran = subprocess.run(
        argv, env=shop.environment, stdout=writing, stderr=subprocess.PIPE, timeout=60, check=False
    )
    os.close(writing)
    assert (ran.returncode, ran.stderr) == (DONE, b"")


def test_bytes_that_are_no_text_do_no_harm(shop: Mergetui) -> None:
    paused = shop.afresh("pause", "shop", "--reason", "a\udcff\x1b[31m", "--json")
    assert (paused.code, ascii(paused.json["paused"]["reason"])) == (DONE, r"'a\udcff\x1b[31m'")
    answers = [shop.afresh(command, option) for command in ("status", "why") for option in ("--json", "shop")]
    assert [answer.code for answer in answers] == [DONE] * 4
    assert ["\x1b" in answer.out for answer in answers] == [False] * 4


def test_a_state_that_cannot_be_written_is_the_gates_own_trouble(shop: Mergetui, remote: Remote) -> None:
    remote.propose("feature", a="1")
    shop.state.write_text("a file where the directory should be")
    answer = shop("enqueue", "shop", "feature", "--json")
    assert answer.code == BROKEN
    assert str(shop.state) in answer.error["message"]


def test_a_remote_that_does_not_answer_is_the_same_for_every_command(bare: Mergetui, remote: Remote) -> None:
    bare.configure(remote.url)
    remote.propose("feature", a="1")
    bare("enqueue", "shop", "feature")
    remote.path.rename(remote.path.with_name("away.git"))
    answers = [bare("retry", "shop", "feature", "--json"), bare("enqueue", "shop", "feature", "--json")]
    assert [(answer.code, answer.error["code"]) for answer in answers] == [(AGAIN, "remote-unreachable")] * 2


@pytest.mark.sampled("import mergetui-*", "from mergetui.cli*")
@pytest.mark.parametrize(
    ("code", "unwanted"),
    [
        ("import mergetui", ["git", "tinydb", "typer", "textual", "msgspec"]),
        ("from mergetui.cli.main import run; run(['status'])", ["textual", "git"]),
        ("import mergetui.tui.start", ["git", "tinydb", "psutil", "filelock", "tomlkit", "typer"]),
        ("from mergetui import Change, GitPusher; GitPusher.push; Change('feature')", ["textual", "typer"]),
    ],
)
def test_what_is_not_needed_is_not_imported(shop: Mergetui, code: str, unwanted: list[str]) -> None:
    told = f"{code}\nimport sys\nprint(sorted(set({unwanted}) & set(sys.modules)))"
    places = {"MERGETUI_CONFIG": str(shop.config), "MERGETUI_STATE_DIR": str(shop.state)}
    ran = subprocess.run(
        [sys.executable, "-c", told], env={**shop.environment, **places}, capture_output=True, check=True
    )
    assert ran.stdout.splitlines()[-1] == b"[]"
