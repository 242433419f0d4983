"""Where a widget finds how the keys are bound."""

from typing import Any, Protocol, runtime_checkable

from textual.app import App

from mergetui.tui.key_table import DEFAULT_KEYS, Bound


@runtime_checkable
class HasKeys(Protocol):
    bound: Bound


def bound_keys(app: App[Any]) -> Bound:
    """Of the console; of any other app the defaults."""
    return app.bound if isinstance(app, HasKeys) else DEFAULT_KEYS
