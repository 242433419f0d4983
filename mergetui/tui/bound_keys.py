"""Where a widget finds how the keys are bound."""

from typing import Any

from textual.app import App

from mergetui.tui.key_table import DEFAULT_KEYS, Bound


def bound_keys(app: App[Any]) -> Bound:
    """Of the console; of any other app the defaults."""
    bound = getattr(app, "bound", None)
    return bound if isinstance(bound, Bound) else DEFAULT_KEYS
