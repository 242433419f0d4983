import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.screen import ModalScreen

from mergetui.outcome import Unreachable
from mergetui.tui.screens.help import HelpView
from mergetui.tui.screens.log_view import LogView
from mergetui.tui.screens.pause import PauseForm
from mergetui.tui.screens.step import StepPreview
from mergetui.tui.screens.text_view import TextView
from tests.tui.asking import (
    HOSTILE,
    Host,
    after,
    picture,
)
from tests.tui.modals import HELP, STEP, alive, entry, entry_view, picker, quit_question, stale, why


@pytest.fixture(autouse=True)
def _surroundings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    # The plugin sets this in the controlling process, too late for the workers of pytest-xdist.
    monkeypatch.setenv("TEXTUAL_SNAPSHOT_TEMPDIR", os.environ.get("TEXTUAL_SNAPSHOT_TEMPDIR", str(tmp_path)))


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "run.log"
    lines = [f"tests/test_{number}.py ....... ok" for number in range(60)]
    lines[20] = "FAILED tests/test_cart.py - assert 3 == 4"
    lines[40] = f"{'x' * 120}{HOSTILE}"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


Act = Callable[[Pilot[Any]], Any]
SMALL, MIDDLE, LARGE = (60, 20), (80, 24), (120, 40)


def has(text: str) -> Callable[[str], bool]:
    return lambda screen: text in screen


PICTURES: dict[str, tuple[Callable[[], ModalScreen[Any]], Act]] = {
    "enqueue": (picker, after(*"fc", "space", fact=has("1 marked"))),
    "enqueue-unreachable": (
        lambda: picker(load=lambda: Unreachable("ssh: connection refused")),
        after(fact=has("cannot be reached")),
    ),
    "force-stale": (stale, after()),
    "force-alive": (alive, after()),
    "pause": (lambda: PauseForm("shop", True), after("x", "tab", *"soon", "enter")),
    "step": (lambda: StepPreview("shop", STEP), after()),
    "why": (why, after()),
    "help": (lambda: HelpView("Keys · queue", HELP), after(*"le")),
    "quit": (quit_question, after("down")),
    "entry": (lambda: entry_view(picture(entry())), after()),
    "text": (lambda: TextView("Commands · shop", [f"git fetch origin {n}" for n in range(90)]), after()),
}


@pytest.mark.sampled("enqueue", "force-*", "step", "help", "entry")
@pytest.mark.parametrize("name", PICTURES)
def test_it_looks_well_in_a_small_pane(name: str, snap_compare: Callable[..., bool]) -> None:
    modal, act = PICTURES[name]
    assert snap_compare(Host(modal()), run_before=act, terminal_size=MIDDLE)


@pytest.mark.sampled("*-ansi-dark", "enqueue-size3-*")
@pytest.mark.parametrize(
    ("name", "size", "theme"),
    [
        ("enqueue", LARGE, "textual-dark"),
        ("force-alive", MIDDLE, "textual-light"),
        ("force-alive", SMALL, "textual-dark"),
        ("enqueue", SMALL, "textual-dark"),
        ("force-stale", MIDDLE, "ansi-dark"),
    ],
)
def test_it_looks_well_elsewhere(
    name: str, size: tuple[int, int], theme: str, snap_compare: Callable[..., bool]
) -> None:
    modal, act = PICTURES[name]
    assert snap_compare(Host(modal(), theme), run_before=act, terminal_size=size)


def test_a_log_fills_the_screen(log: Path, snap_compare: Callable[..., bool]) -> None:
    act = after(fact=has("following · 60"))
    assert snap_compare(Host(LogView(log, "feat/cart")), run_before=act, terminal_size=MIDDLE)
