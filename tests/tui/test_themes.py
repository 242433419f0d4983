from pathlib import Path

import pytest
from textual.theme import BUILTIN_THEMES

from mergetui.tui.app import Console
from mergetui.tui.themes import DARK, LIGHT, THEMES, wanted
from tests.tui.fakes import World
from tests.tui.seat import play, seated


@pytest.mark.parametrize(
    ("said", "expected"),
    [("", DARK.name), (LIGHT.name, LIGHT.name), ("ansi-dark", "ansi-dark"), ("nonsense", DARK.name)],
)
def test_the_theme_is_the_one_that_the_environment_names(said: str, expected: str) -> None:
    assert wanted({"TEXTUAL_THEME": said}, {DARK.name, LIGHT.name, *BUILTIN_THEMES}) == expected


@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.name)
def test_what_is_dimmed_differs_from_what_is_not_and_a_pane_from_its_ground(
    theme: object, tmp_path: Path
) -> None:
    async def scene() -> None:
        async with seated(World(tmp_path)) as seat:
            seat.app.theme = theme.name  # type: ignore[attr-defined]
            colours = seat.app.get_css_variables()
            assert colours["text-disabled"] != colours["foreground"]
            assert colours["border-blurred"].lower() not in (colours["background"].lower(), "ansi_black")

    play(scene())


def test_a_theme_of_ours_from_the_environment_is_painted_from_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Textual has read the variable before it knew the theme, when it was first imported."""
    monkeypatch.setenv("TEXTUAL_THEME", LIGHT.name)
    monkeypatch.setattr(Console.theme, "_default", LIGHT.name)

    async def scene() -> None:
        async with seated(World(tmp_path)) as seat:
            assert seat.app.theme == LIGHT.name
            assert seat.main.styles.background.hex == LIGHT.background.upper()  # type: ignore[union-attr]

    play(scene())
