"""What a checkout says of its origin, to whoever stands in it."""

from pathlib import Path

import pytest

from mergetui.adapters.checkout import origin_of
from tests.worlds.remote import git_in


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    git_in(tmp_path, "init", "--quiet")
    return tmp_path


def test_the_origin_is_found_from_within(checkout: Path) -> None:
    git_in(checkout, "remote", "add", "origin", "git@example.org:shop.git")
    (checkout / "deep" / "er").mkdir(parents=True)
    assert origin_of(checkout) == origin_of(checkout / "deep" / "er") == "git@example.org:shop.git"


@pytest.mark.parametrize("origin", [None, "x\x1b[2Jy", "a\nb"])
def test_without_an_origin_that_can_be_shown_there_is_none(checkout: Path, origin: str | None) -> None:
    if origin is not None:
        git_in(checkout, "config", "remote.origin.url", origin)
    assert origin_of(checkout) is None


def test_outside_of_a_checkout_there_is_none(tmp_path: Path) -> None:
    assert origin_of(tmp_path) is None
    assert origin_of(tmp_path / "gone") is None
