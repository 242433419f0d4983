"""Two calm themes with one accent colour; the states' colours are spent on what needs a person."""

from collections.abc import Collection, Mapping
from dataclasses import replace

from textual.color import Color
from textual.theme import BUILTIN_THEMES, Theme

_CURSOR = {"block-cursor-text-style": "none", "block-cursor-blurred-text-style": "none"}

DARK = Theme(
    name="mergetui-dark",
    primary="#7cb7c9",
    secondary="#8a93a3",
    accent="#7cb7c9",
    warning="#dfae67",
    error="#e07a7a",
    success="#8fbc7f",
    foreground="#d3d7de",
    background="#15181d",
    surface="#15181d",
    panel="#1e222a",
    variables=_CURSOR
    | {
        "text-muted": "#8a93a3",
        "text-disabled": "#5b6270",
        "text-primary": "#7cb7c9",
        "text-warning": "#dfae67",
        "text-error": "#e88c8c",
        "text-success": "#9ccb8b",
        "border": "#7cb7c9",
        "border-blurred": "#39404c",
        "block-cursor-foreground": "#f2f4f7",
        "block-cursor-background": "#2b3a45",
        "block-cursor-blurred-foreground": "#d3d7de",
        "block-cursor-blurred-background": "#22262e",
        "scrollbar": "#39404c",
        "scrollbar-hover": "#4a5361",
        "scrollbar-active": "#7cb7c9",
        "scrollbar-background": "#15181d",
        "scrollbar-background-hover": "#15181d",
        "scrollbar-background-active": "#15181d",
        "footer-background": "#1e222a",
        "footer-key-foreground": "#7cb7c9",
    },
)

LIGHT = Theme(
    name="mergetui-light",
    primary="#1f6f86",
    secondary="#6b7079",
    accent="#1f6f86",
    warning="#8f5f00",
    error="#b3302c",
    success="#3a7434",
    foreground="#2b2f36",
    background="#fbfaf7",
    surface="#fbfaf7",
    panel="#efede7",
    dark=False,
    variables=_CURSOR
    | {
        "text-muted": "#656a73",
        "text-disabled": "#9a9ea6",
        "text-primary": "#1f6f86",
        "text-warning": "#8f5f00",
        "text-error": "#b3302c",
        "text-success": "#3a7434",
        "border": "#1f6f86",
        "border-blurred": "#c9c6bd",
        "block-cursor-foreground": "#14171c",
        "block-cursor-background": "#d6e6ea",
        "block-cursor-blurred-foreground": "#2b2f36",
        "block-cursor-blurred-background": "#eeece5",
        "scrollbar": "#c9c6bd",
        "scrollbar-hover": "#b3afa4",
        "scrollbar-active": "#1f6f86",
        "scrollbar-background": "#fbfaf7",
        "scrollbar-background-hover": "#fbfaf7",
        "scrollbar-background-active": "#fbfaf7",
        "footer-background": "#efede7",
        "footer-key-foreground": "#1f6f86",
    },
)

_MUTED, _DISABLED = 0.3, 0.55
"""How far they are from the ink towards the ground."""
_CURSOR_TINT, _FOOTER_SHADE = 0.25, 0.08
"""How far they are from the ground."""
_ON_ANY_GROUND = {
    "border-blurred": "ansi_bright_black",
    "text-disabled": "ansi_bright_black",
}
"""Textual's own are the colour of the ground in most terminals, or that of what is not dimmed."""


def _ansi(name: str) -> Theme:
    theme = BUILTIN_THEMES[name]
    return replace(theme, variables=theme.variables | _ON_ANY_GROUND)


def _on_its_ground(theme: Theme) -> Theme:
    """Textual's greys are `auto`, as their ground asks for: rows and keys that have no ground of their own
    take that for black, and were white on white in light themes. Its cursor is as strong as its ink, and
    hides the states' colours."""
    ground = Color.parse(theme.background or ("#121212" if theme.dark else "#efefef"))
    ink = Color.parse(theme.foreground) if theme.foreground else ground.inverse
    tint = Color.parse(theme.primary)
    calm = {
        "text-muted": ink.blend(ground, _MUTED),
        "text-disabled": ink.blend(ground, _DISABLED),
        "block-cursor-foreground": ink,
        "block-cursor-background": ground.blend(tint, _CURSOR_TINT),
        "block-cursor-blurred-foreground": ink,
        "block-cursor-blurred-background": ground.blend(tint, _CURSOR_TINT / 2),
        "footer-background": ground.blend(ink, _FOOTER_SHADE),
        "footer-key-foreground": ink,
    }
    variables = theme.variables | {name: colour.hex6 for name, colour in calm.items()} | _CURSOR
    return replace(theme, variables=variables)


def _ours(theme: Theme) -> Theme:
    return _ansi(theme.name) if theme.ansi else _on_its_ground(theme)


SIXTEEN = "ansi-dark"
"""Takes the terminal's own sixteen colours, on its own ground."""
THEMES = (DARK, LIGHT, *map(_ours, BUILTIN_THEMES.values()))


def wanted(environ: Mapping[str, str], known: Collection[str]) -> str:
    """What `TEXTUAL_THEME` names, if there is such a theme; else what the terminal can show."""
    said = environ.get("TEXTUAL_THEME", "")
    if said in known:
        return said
    return SIXTEEN if _has_sixteen_colours(environ) else DARK.name


def _has_sixteen_colours(environ: Mapping[str, str]) -> bool:
    """As Rich decides it: of sixteen, the colours of a state in a theme of ours would all be grey."""
    if environ.get("COLORTERM", "").strip().lower() in ("truecolor", "24bit"):
        return False
    term = environ.get("TERM", "").strip().lower()
    return term not in ("", "dumb", "unknown") and term.rpartition("-")[2] not in ("256color", "kitty")
