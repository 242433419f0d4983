"""mergetui lands branches on main only as the exact commit that was tested on the current main.

The names of the library are loaded on first use, so that `import mergetui` alone stays cheap.
"""

from typing import TYPE_CHECKING

from mergetui.version import __version__

if TYPE_CHECKING:
    from mergetui.adapters.pusher import GitPusher
    from mergetui.model import Change
    from mergetui.outcome import (
        Applied,
        ChangeOutcome,
        Conflict,
        Contended,
        Invalid,
        Pushed,
        Refused,
        Unreachable,
    )

__all__ = [
    "Applied",
    "Change",
    "ChangeOutcome",
    "Conflict",
    "Contended",
    "GitPusher",
    "Invalid",
    "Pushed",
    "Refused",
    "Unreachable",
    "__version__",
]

_HOMES = {"GitPusher": "mergetui.adapters.pusher", "Change": "mergetui.model"}


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module 'mergetui' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES.get(name, "mergetui.outcome")), name)
