"""Configurations that are wrong: refused by file, place and value, before anything has begun."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from mergetui.config import parse
from mergetui.config_tables import ConfigError
from tests.cli.running import DONE, USAGE, Mergetui
from tests.worlds.remote import Remote

pytestmark = pytest.mark.fault(24)

SHOP = '[repos.shop]\nremote = "{remote}"\nretest = "true"\n'
WRONG = {
    "unknown key": (SHOP + 'retset = "x"\n', "[repos.shop] unknown key 'retset'; did you mean 'retest'?"),
    "unknown table": ("[gates]\n" + SHOP, "unknown key 'gates'; did you mean 'gate'?"),
    "wrong type": (SHOP + 'batch = "many"\n', "[repos.shop] batch = 'many'; allowed: a whole number"),
    "bad duration": ("[gate]\nlease_ttl = '9 parsecs'\n" + SHOP, "[gate] lease_ttl = '9 parsecs'; allowed: "),
    "no remote": ("[repos.shop]\n", "[repos.shop] 'remote' is missing"),
    "the same twice": (SHOP + SHOP.replace("shop]", "shop2]"), "[repos.shop2] has the remote and target of"),
    "half a file": (SHOP[:-8], "this is not TOML"),
    "only one of two is wrong": (SHOP + '[repos.other]\nremote = "-x"\n', "[repos.other] remote = '-x'"),
}


def directory(path: Path) -> None:
    path.mkdir()


def not_utf8(path: Path) -> None:
    path.write_bytes(b'[repos.shop]\nremote = "\xff"\n')


def huge(path: Path) -> None:
    path.write_text("# nothing\n" * 1_000_000)


def endless(path: Path) -> None:
    path.symlink_to("/dev/zero")


def link_to_itself(path: Path) -> None:
    path.symlink_to(path)


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_named_and_nothing_is_begun(name: str, bare: Mergetui, remote: Remote) -> None:
    text, told = WRONG[name]
    remote.propose("feature", a="1")
    bare.config.write_text(text.replace("{remote}", remote.url))
    answer = bare("run", "--drain", "--json")
    assert answer.code == USAGE
    assert answer.error["message"].startswith(f"{bare.config}: {told}")
    assert not bare.state.exists()
    assert remote.tip() == remote.first


@pytest.mark.parametrize(
    "make", [directory, not_utf8, huge, endless, link_to_itself], ids=lambda m: m.__name__
)
def test_what_cannot_be_read_is_named_and_nothing_is_begun(
    make: Callable[[Path], None], bare: Mergetui
) -> None:
    make(bare.config)
    answer = bare("status", "--json")
    assert answer.code == USAGE
    assert str(bare.config) in answer.error["message"]
    assert not bare.state.exists()


@pytest.mark.skipif(os.getuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_named(shop: Mergetui) -> None:
    shop.config.chmod(0)
    answer = shop("status", "--json")
    assert answer.code == USAGE
    assert str(shop.config) in answer.error["message"]


def test_a_missing_file_is_no_error(bare: Mergetui) -> None:
    answer = bare("status", "--json")
    assert (answer.code, answer.json["repos"]) == (DONE, [])


@pytest.mark.parametrize("text", ["", "# nothing yet\n"], ids=["empty", "comments"])
def test_a_file_that_configures_nothing_is_no_error(text: str, bare: Mergetui) -> None:
    bare.config.write_text(text)
    answer = bare("status", "--json")
    assert (answer.code, answer.json["repos"]) == (DONE, [])


@pytest.mark.parametrize(
    "other",
    [
        "git@example.org:team/shop.git",
        "git@example.org:team/shop",
        "git@example.org:/team/shop.git",
        "example.org:team/shop.git",
        "ssh://git@example.org/team/shop.git",
        "ssh://example.org/team/shop/",
        "https://example.org/team/shop.git",
        "https://ada:secret@EXAMPLE.org//team/shop.git/",
    ],
)
def test_one_target_is_kept_by_one_repository_however_its_address_is_written(other: str) -> None:
    text = '[repos.a]\nremote = "git@example.org:team/shop.git"\n[repos.b]\nremote = "' + other + '"\n'
    with pytest.raises(ConfigError, match=r"\[repos\.b\] has the remote and target of \[repos\.a\]"):
        parse(text, path=Path("mergetui.toml"), environ={})


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("git@example.org:team/shop.git", "git@example.org:team/shop2.git"),
        ("git@example.org:team/shop.git", "git@example.net:team/shop.git"),
        ("git@example.org:team/shop.git", "git@example.org:Team/shop.git"),
        ("https://example.org/shop", "https://example.org:8443/shop"),
        ("/srv/shop.git", "/srv/old/shop.git"),
        ("/srv/shop.git", "srv:shop.git"),
    ],
)
def test_two_places_are_not_taken_for_one(one: str, other: str) -> None:
    text = f'[repos.a]\nremote = "{one}"\n[repos.b]\nremote = "{other}"\n'
    assert set(parse(text, path=Path("mergetui.toml"), environ={}).repos) == {"a", "b"}
