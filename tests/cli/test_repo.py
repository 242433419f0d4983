"""`mergetui repo ...`: repositories are kept in the configuration file."""

import tomllib
from typing import Any

import pytest

from tests.cli.running import DONE, USAGE, Mergetui
from tests.worlds.remote import Remote

_SETTINGS = {
    "target": ("trunk", "trunk"),
    "enabled": ("false", False),
    "retest": ("make test", "make test"),
    "retest-timeout": ("1h30m", "1h30m"),
    "retest-silence": ("90s", "90s"),
    "retest-output-limit": ("20MB", "20MB"),
    "env": ("TZ=UTC,CI=1", {"TZ": "UTC", "CI": "1"}),
    "env-pass": ("CACHE,CI_TOKEN", ["CACHE", "CI_TOKEN"]),
    "fetch-interval": ("30s", "30s"),
    "batch": ("4", 4),
    "parallel": ("2", 2),
    "strategy": ("squash", "squash"),
    "update-branch": ("false", False),
    "landing": ("push", "push"),
}

_WRONG = {
    "unknown key": (["--retset", "true"], "did you mean 'retest'?"),
    "unknown key of one word": (["--colour", "blue"], "allowed: adaptive, batch, "),
    "number": (["--batch", "none"], "a whole number from 1 to 1000"),
    "zero": (["--parallel", "0"], "a whole number from 1 to 1000"),
    "flag": (["--enabled", "maybe"], "true or false"),
    "duration": (["--retest-timeout", "soon"], "a duration such as '90s', '30m' or '1h30m'"),
    "size": (["--retest-output-limit", "much"], "a size such as '200MB' or a number of bytes"),
    "choice": (["--strategy", "octopus"], "'rebase', 'squash', 'merge'"),
    "branch": (["--target", "a..b"], "must not contain '..'"),
    "empty command": (["--retest", " "], "a shell command"),
    "without a value": (["--retest"], "--retest needs a value"),
    "no option": (["stray"], "unexpected 'stray'"),
}


def test_a_repository_is_added_listed_and_removed(bare: Mergetui, remote: Remote) -> None:
    added = bare("repo", "add", "shop", remote.url, "--retest", "make test", "--json")
    listed = bare("repo", "list", "--json")
    removed = bare("repo", "remove", "shop", "--json")
    assert [added.code, listed.code, removed.code] == [DONE] * 3
    assert added.json["repo"] == listed.json["repos"][0]
    assert listed.json["repos"][0]["remote"] == remote.url
    assert listed.json["repos"][0]["retest"] == "make test"
    assert removed.json == {"schema": 1, "removed": "shop"}
    assert bare("repo", "list", "--json").json["repos"] == []


def test_a_path_is_written_down_whole(bare: Mergetui, remote: Remote) -> None:
    assert bare("repo", "add", "shop", remote.path.name).code == DONE
    assert tomllib.loads(bare.config.read_text())["repos"]["shop"]["remote"] == remote.url


def test_every_key_of_a_repository_is_an_option(bare: Mergetui, remote: Remote) -> None:
    words = [f"--{name}={text}" for name, (text, _) in _SETTINGS.items()]
    assert bare("repo", "add", "shop", remote.url, *words).code == DONE
    written: dict[str, Any] = tomllib.loads(bare.config.read_text())["repos"]["shop"]
    expected = {name.replace("-", "_"): value for name, (_, value) in _SETTINGS.items()}
    assert written == {"remote": remote.url, **expected}
    assert bare("status").code == DONE


def test_comments_and_other_tables_stay_as_they_are(bare: Mergetui, remote: Remote) -> None:
    before = '# ours\n[gate]\nlease_ttl = "1m" # short\n\n[repos.other]\nremote = "/srv/other.git" # theirs\n'
    bare.config.write_text(before)
    bare("repo", "add", "shop", remote.url)
    assert bare.config.read_text().startswith(before)
    bare("repo", "remove", "shop")
    assert bare.config.read_text().strip() == before.strip()


@pytest.mark.parametrize("case", _WRONG)
def test_a_wrong_setting_is_refused_and_nothing_is_written(bare: Mergetui, case: str) -> None:
    words, allowed = _WRONG[case]
    answer = bare("repo", "add", "shop", "/srv/shop.git", *words, "--json")
    assert answer.code == USAGE
    assert allowed in answer.error["message"]
    assert not bare.config.exists()


@pytest.mark.parametrize(
    "words",
    [
        ["repo", "add", "shop", "/srv/other.git"],
        ["repo", "add", "../shop", "/srv/other.git"],
        ["repo", "add", "other", "ext::sh -c id"],
        ["repo", "add", "other"],
        ["repo", "remove", "other"],
        ["status", "other"],
    ],
    ids=" ".join,
)
def test_what_cannot_be_configured_leaves_the_file_alone(shop: Mergetui, words: list[str]) -> None:
    before = shop.config.read_text()
    assert shop(*words).code == USAGE
    assert shop.config.read_text() == before


def test_a_target_is_kept_by_one_repository_alone(shop: Mergetui, remote: Remote) -> None:
    answer = shop("repo", "add", "twin", remote.url, "--json")
    assert answer.code == USAGE
    assert "[repos.twin] has the remote and target of [repos.shop]" in answer.error["message"]
    assert shop("repo", "add", "twin", remote.url, "--target", "next").code == DONE


def test_a_password_in_an_address_is_not_shown(bare: Mergetui) -> None:
    added = bare("repo", "add", "shop", "https://ada:secret@example.org/shop.git")
    listed = bare("repo", "list")
    shown = bare("status", "--json")
    assert "secret" not in added.out + added.err + listed.out + shown.out


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[repos.shop]\nremote = '/srv/shop.git'\nretset = 'true'\n", "[repos.shop] unknown key 'retset'"),
        ("[repos.shop]\nremote = '/srv/shop.git'\nbatch = 'many'\n", "[repos.shop] batch = 'many'"),
        ("[repos.shop]\nremote = 3\n", "[repos.shop] remote = 3"),
        ("[repos.shop]\nretest = 'true'\n", "[repos.shop] 'remote' is missing"),
        ("[gate]\nlease_ttl = 'soon'\n", "[gate] lease_ttl = 'soon'"),
        ("[gat]\n", "did you mean 'gate'?"),
        ("repos = 3\n", "a table [repos]"),
        ("[repos.shop\n", "this is not TOML"),
    ],
)
def test_a_configuration_that_is_wrong_starts_nothing(bare: Mergetui, text: str, said: str) -> None:
    bare.config.write_text(text)
    answer = bare("run", "--drain", "--json")
    assert answer.code == USAGE
    assert answer.error["code"] == "config"
    assert said in answer.error["message"]
    assert str(bare.config) in answer.error["message"]
    assert not bare.state.exists()


def test_an_empty_configuration_is_one_without_repositories(bare: Mergetui) -> None:
    bare.config.write_text("")
    assert bare("status", "--json").json == {"schema": 1, "repos": []}
    assert bare("run", "--drain").code == USAGE


def test_a_configuration_that_cannot_be_read_is_refused(bare: Mergetui) -> None:
    bare.config.mkdir()
    answer = bare("status", "--json")
    assert answer.code == USAGE
    assert f"{bare.config} cannot be read" in answer.error["message"]
