from pathlib import Path

import pytest

from mergetui.adapters.remote import AskedRemote
from mergetui.outcome import Unreachable
from tests.worlds.remote import Remote


def test_heads_tells_where_branches_stand_and_leaves_out_what_is_not_there(remote: Remote) -> None:
    feature = remote.propose("feature", a="1")
    asked = AskedRemote(remote.url).heads(["feature", "main", "gone"])
    assert asked == {"feature": feature, "main": remote.first}


def test_heads_takes_the_requests_of_a_forge_by_their_full_refs(remote: Remote) -> None:
    request = remote.propose("refs/pull/7/head", a="1")
    assert AskedRemote(remote.url).heads(["refs/pull/7/head"]) == {"refs/pull/7/head": request}


def test_a_branch_that_ends_like_another_is_not_taken_for_it(remote: Remote) -> None:
    remote.propose("feat/x", a="1")
    remote.propose("refs/heads/refs/heads/x", a="2")
    remote.propose("refs/tags/x", a="3")
    assert AskedRemote(remote.url).heads(["x"]) == {}


def test_nothing_asked_is_nothing_told(remote: Remote) -> None:
    assert AskedRemote(remote.url).heads([]) == {}


@pytest.mark.parametrize("name", ["$(id)", "feat/ü", "a'b", "+main", "--mirror", "-x", "b" * 200])
def test_a_branch_of_any_name_means_exactly_that_branch(name: str, remote: Remote) -> None:
    feature = remote.propose(f"refs/heads/{name}", a="1")
    assert AskedRemote(remote.url).heads([name]) == {name: feature}


def test_all_heads_are_the_branches_and_nothing_else(remote: Remote) -> None:
    feature = remote.propose("feat/x", a="1")
    remote.propose("refs/pull/7/head", a="2")
    remote.propose("refs/tags/v1", a="3")
    assert AskedRemote(remote.url).all_heads() == {"main": remote.first, "feat/x": feature}


@pytest.mark.fault(7)
def test_a_remote_that_is_not_there_is_unreachable(tmp_path: Path) -> None:
    asked = AskedRemote(str(tmp_path / "gone.git"))
    assert isinstance(asked.heads(["main"]), Unreachable)
    assert isinstance(asked.all_heads(), Unreachable)


def test_credentials_are_masked_in_what_is_said_of_an_unreachable_remote() -> None:
    asked = AskedRemote("https://bot:s3cret@127.0.0.1:1/shop.git").all_heads()
    assert isinstance(asked, Unreachable)
    assert "s3cret" not in asked.message
    assert "127.0.0.1" in asked.message


@pytest.mark.parametrize("url", ["ext::sh -c touch% {}", "git://127.0.0.1:1/x", "--upload-pack=touch {}"])
def test_an_address_is_never_a_command_or_an_unencrypted_protocol_in_disguise(
    url: str, tmp_path: Path
) -> None:
    asked = AskedRemote(url.format(tmp_path / "ran")).all_heads()
    assert isinstance(asked, Unreachable)
    assert not (tmp_path / "ran").exists()
