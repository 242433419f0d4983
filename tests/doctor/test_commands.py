"""The retest command: there, and its program found."""

from pathlib import Path

import pytest

from mergetui.doctor.commands import examine_retest
from mergetui.doctor.finding import Finding, Level
from mergetui.repository import Repository


@pytest.mark.parametrize(
    ("command", "level"),
    [
        ("sh ./test", Level.OK),
        ("/bin/sh -c x", Level.OK),
        ("'sh' -x", Level.OK),
        ("pytset -q", Level.MEND),
        ("/opt/nowhere/pytest", Level.MEND),
        ("/etc/passwd", Level.MEND),
        ("./run-tests", Level.NOTE),
        ("tools/test --all", Level.NOTE),
        ("true", Level.NOTE),
        ("exec pytset", Level.NOTE),
        ("cd app && pytset", Level.NOTE),
        ("CI=1 pytset", Level.NOTE),
        ("$RUNNER", Level.NOTE),
        ("pytset 'unclosed", Level.NOTE),
    ],
)
def test_the_program_of_a_simple_command_is_looked_for(command: str, level: Level) -> None:
    assert _examine(retest=command).level is level


@pytest.mark.fault(17)
@pytest.mark.parametrize(
    "command", ["TOKEN=secret sh x", "sh --token secret", "no-such --token secret", "./x secret"]
)
def test_no_argument_of_a_command_is_told(command: str) -> None:
    finding = _examine(retest=command)
    assert "secret" not in finding.says + finding.mend


def test_it_is_looked_for_where_the_retest_would_find_it(tmp_path: Path) -> None:
    (tmp_path / "own-runner").write_text("#!/bin/sh\n")
    (tmp_path / "own-runner").chmod(0o700)
    assert _examine(retest="own-runner").level is Level.MEND
    assert _examine(retest="own-runner", env={"PATH": str(tmp_path)}).says == str(tmp_path / "own-runner")


def test_without_a_command_nothing_can_land() -> None:
    finding = _examine()
    assert (finding.level, finding.mend) == (
        Level.MEND,
        "set 'retest' in [repos.shop] of '/etc/my gate.toml'",
    )


def test_a_repository_that_only_lands_needs_no_command() -> None:
    assert _examine(enabled=False).level is Level.NOTE


def _examine(**settings: object) -> Finding:
    repository = Repository(**{"name": "shop", "remote": "/x", **settings})  # type: ignore[arg-type]
    return examine_retest(repository, {"PATH": "/usr/bin:/bin"}, Path("/etc/my gate.toml"))
