"""The git that is there, and what the engine asks of it."""

from pathlib import Path

import pytest

import mergetui.adapters
from mergetui.doctor.finding import Level
from mergetui.doctor.git import FEATURES, examine_git, judge

_ADAPTERS = Path(mergetui.adapters.__file__).parent


@pytest.mark.parametrize(
    ("said", "level"),
    [
        ("git version 2.38.0", Level.OK),
        ("git version 2.39.5 (Apple Git-154)", Level.OK),
        ("git version 2.44.0.windows.1", Level.OK),
        ("git version 3.0.0", Level.OK),
        ("git version 2.37.7", Level.MEND),
        ("git version 1.9.1", Level.MEND),
        ("hub", Level.MEND),
        ("", Level.MEND),
    ],
)
def test_a_git_is_judged_by_its_version(said: str, level: Level) -> None:
    assert judge(said, "/usr/bin/git").level is level


@pytest.mark.fault(22)
def test_an_old_git_is_told_by_what_it_lacks() -> None:
    finding = judge("git version 2.30.2", "/opt/git")
    assert finding.says == (
        "/opt/git is git version 2.30.2, which lacks merge-tree --write-tree (2.38), "
        "rebase --strategy=ort (2.33), environment GIT_CONFIG_GLOBAL (2.32)"
    )
    assert finding.mend == "install git 2.38 or newer, first in PATH"


def test_without_a_git_the_mend_is_one() -> None:
    finding = examine_git({"PATH": "/nonexistent"})
    assert (finding.level, finding.says) == (Level.MEND, "there is no git in PATH")


def test_no_feature_is_asked_for_that_the_adapters_do_not_use() -> None:
    source = "".join(path.read_text() for path in _ADAPTERS.glob("*.py"))
    assert [f.word for f in FEATURES if f.word not in source] == []
