"""One pane alone, or all that fit."""

from textual.screen import Screen

_CONTAINERS = {"repositories": "side", "lease": "side", "queue": "work", "retest": "work"}


def zoom(screen: Screen[None], pane: str | None) -> None:
    """Show one pane alone; None: all again. The focus never stays on one that is out of sight."""
    shown = pane if pane in _CONTAINERS else None
    screen.set_class(shown is not None, "-zoom")
    screen.set_class(shown == "retest", "-log-alone")
    for name, container in _CONTAINERS.items():
        screen.query_one(f"#{name}").set_class(name == shown, "-zoomed")
        screen.query_one(f"#{container}").set_class(container == _CONTAINERS.get(shown or ""), "-zoomed")
    focused = screen.focused.id if screen.focused is not None else None
    if shown is None and focused is not None and is_folded(screen, focused):
        screen.query_one("#queue").focus()


def is_folded(screen: Screen[None], pane: str) -> bool:
    """Whether the terminal is too small for the pane, so that it is seen only when it is zoomed."""
    return _CONTAINERS.get(pane) == "side" and (screen.has_class("-narrow") or screen.has_class("-short"))
