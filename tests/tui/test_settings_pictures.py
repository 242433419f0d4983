import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from textual.screen import ModalScreen

from mergetui.config import Config
from mergetui.masking import Mask
from mergetui.settings import sheet_of
from mergetui.tui.screens.add_repository import AddForm
from mergetui.tui.screens.form import DiscardQuestion
from mergetui.tui.screens.settings import SettingsForm
from tests.tui.asking import Host, after

OURS = """\
[repos.shop]
remote = "https://joe:hunter22@example.org/shop.git"
retest = "python -m pytest tests/ -q"
env = { TZ = "UTC" }
"""
PATH = Path("/c.toml")
Compare = Callable[..., bool]


@pytest.fixture(autouse=True)
def _surroundings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TEXTUAL_SNAPSHOT_TEMPDIR", os.environ.get("TEXTUAL_SNAPSHOT_TEMPDIR", str(tmp_path)))


def settings(**typed: str) -> SettingsForm:
    environ = {"MERGETUI_REPOS__SHOP__BATCH": "4"}
    sheet = sheet_of("shop", path=PATH, seen=OURS, environ=environ)
    return SettingsForm(sheet, dict, Mask(), typed)


def adding(suggested: str) -> AddForm:
    return AddForm(Config(path=PATH), ask=lambda _: {"main": ""}, save=lambda *_: None, suggested=suggested)


PICTURES: dict[str, tuple[Callable[[], ModalScreen[Any]], tuple[str, ...]]] = {
    "settings": (settings, ("up",)),
    "settings-wrong": (partial(settings, retest_timeout="soon"), ("ctrl+s",)),
    "add": (partial(adding, "git@example.org:team/shop.git"), ("ctrl+t",)),
    "add-empty": (partial(adding, ""), ()),
    "discard": (lambda: DiscardQuestion(["retest", "batch"]), ()),
}


@pytest.mark.sampled("*(80, 24)", "settings-wrong-*")
@pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=str)
@pytest.mark.parametrize("name", PICTURES)
def test_it_looks_well(name: str, size: tuple[int, int], snap_compare: Compare) -> None:
    form, keys = PICTURES[name]
    assert snap_compare(Host(form()), run_before=after(*keys), terminal_size=size)
