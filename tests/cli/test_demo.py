"""`mergetui demo`: the main job on a real sandbox."""

from pathlib import Path

import pytest

from tests.cli.running import DONE, USAGE, Mergetui


@pytest.mark.soak
def test_the_story_ends_as_it_should_and_proves_it(bare: Mergetui, tmp_path: Path) -> None:
    answer = bare.bare("demo", str(tmp_path / "sandbox"), "--headless", "--json", SHOP_PACE="0")
    assert answer.code == DONE
    told = answer.json
    assert told["directory"] == str(tmp_path / "sandbox")
    assert [ending["as_expected"] for ending in told["endings"]] == [True] * len(told["endings"])
    outcomes = {ending["outcome"] for ending in told["endings"]}
    codes = {ending["code"] for ending in told["endings"]}
    assert outcomes == {"landed", "sent-back"}
    assert codes >= {None, "conflict", "retest-failed", "already-landed", "nothing-to-land"}
    assert [verified["green"] for verified in told["proof"]] == [True] * len(told["proof"])
    assert "somebody pushed to the target" in answer.err


def test_a_directory_that_is_not_empty_is_refused(bare: Mergetui, tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("precious")
    for place in (tmp_path, tmp_path / "mine"):
        answer = bare.bare("demo", str(place), "--headless", "--json")
        assert answer.code == USAGE
        assert "is not empty" in answer.error["message"]
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]
