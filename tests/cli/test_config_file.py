"""Changing the configuration file under hard conditions."""

from contextlib import ExitStack
from pathlib import Path

from tests.cli.running import DONE, USAGE, Mergetui
from tests.worlds.remote import Remote


def test_adding_to_a_configuration_that_is_a_directory_is_refused(bare: Mergetui) -> None:
    bare.config.mkdir()
    answer = bare("repo", "add", "shop", "/srv/shop.git", "--json")
    assert (answer.code, answer.error["code"]) == (USAGE, "config")


def test_adding_to_a_configuration_that_is_no_text_is_refused(bare: Mergetui) -> None:
    bare.config.write_bytes(b"# \xff\n")
    answer = bare("repo", "add", "shop", "/srv/shop.git", "--json")
    assert (answer.code, answer.error["code"]) == (USAGE, "config")


def test_a_wrong_setting_is_told_with_the_table_that_was_meant(bare: Mergetui) -> None:
    answer = bare("repo", "add", "shop", "/srv/shop.git", "--retset", "true", "--json")
    assert "[repos.shop] unknown key 'retset'" in answer.error["message"]


def test_a_configuration_stays_as_private_as_it_was(bare: Mergetui, remote: Remote) -> None:
    bare.config.write_text("")
    bare.config.chmod(0o600)
    bare("repo", "add", "shop", remote.url)
    assert bare.config.stat().st_mode & 0o777 == 0o600


def test_repositories_that_are_added_at_once_are_all_kept(bare: Mergetui, tmp_path: Path) -> None:
    adding = [["repo", "add", f"r{number}", str(tmp_path / f"r{number}.git")] for number in range(8)]
    with ExitStack() as stack:
        hands = [stack.enter_context(bare.running(*words)) for words in adding]
        assert [hand.end().code for hand in hands] == [DONE] * 8
    assert len(bare("repo", "list", "--json").json["repos"]) == 8
