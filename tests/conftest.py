import os
from pathlib import Path

import pytest

from tests.worlds.remote import Remote

_PLUGINS = ("TEXTUAL_SNAPSHOT_TEMPDIR",)
"""Set by a plugin for its own tests."""
_INHERITED = ("GIT_", "MERGETUI_", "TEXTUAL", "NO_COLOR", "FORCE_COLOR")


@pytest.fixture(autouse=True)
def _isolated(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of the environment and of the git config of whoever runs the tests reaches them."""
    for name in [n for n in os.environ if n.startswith(_INHERITED) and n not in _PLUGINS]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")


@pytest.fixture
def remote(tmp_path: Path) -> Remote:
    return Remote(tmp_path / "remote.git")
