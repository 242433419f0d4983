"""The moments right before Python has an effect on files, as its table of audit events names them."""

import sys
from collections.abc import Callable

_EFFECTS = ("open", "os.", "fcntl.", "tempfile.")


def before_effects(do: Callable[[], None]) -> None:
    """From now on and for as long as this process lives, `do` comes before each of them."""

    def look(event: str, _: tuple[object, ...]) -> None:
        if event.startswith(_EFFECTS):
            do()

    sys.addaudithook(look)
