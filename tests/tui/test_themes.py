from pathlib import Path

import pytest
from textual.color import Color
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


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({"TERM": "xterm"}, "ansi-dark"),
        ({"TERM": "screen"}, "ansi-dark"),
        ({"TERM": "linux", "TEXTUAL_THEME": LIGHT.name}, LIGHT.name),
        ({"TERM": "xterm", "COLORTERM": "truecolor"}, DARK.name),
        ({"TERM": "tmux-256color"}, DARK.name),
        ({"TERM": "dumb"}, DARK.name),
    ],
)
def test_a_terminal_of_sixteen_colours_gets_a_theme_of_its_own_colours(
    environ: dict[str, str], expected: str
) -> None:
    assert wanted(environ, {DARK.name, LIGHT.name, *BUILTIN_THEMES}) == expected


@pytest.mark.sampled("mergetui-*", "textual-light", "ansi-dark", "dracula")
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


@pytest.mark.parametrize("name", [theme.name for theme in THEMES if not theme.ansi])
def test_what_is_dimmed_can_still_be_read(name: str) -> None:
    theme = next(theme for theme in THEMES if theme.name == name)
    colours = theme.to_color_system().generate()
    ground, muted, disabled, ink = (
        Color.parse(colours[key]) for key in ("background", "text-muted", "text-disabled", "foreground")
    )
    far, farther = (abs(one.brightness - ground.brightness) for one in (disabled, muted))
    assert 0.1 < far < farther < abs(ink.brightness - ground.brightness)
    for under in ("block-cursor-background", "footer-background"):
        assert abs(muted.brightness - Color.parse(colours[under]).brightness) > 0.1


def test_a_row_of_a_light_theme_is_painted_in_ink(tmp_path: Path) -> None:
    async def scene() -> None:
        async with seated(World(tmp_path)) as seat:
            seat.app.theme = "textual-light"
            await seat.pilot.pause()
            painted = seat.queue.get_component_rich_style("row--faint").color
            assert painted is not None
            assert Color.from_rich_color(painted).brightness < 0.6

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
