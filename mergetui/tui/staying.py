"""One console in the place of another, without the shell between: the last picture stays until the next."""

import os
import sys

from textual.driver import Driver

from mergetui.tui.terminal import LastingDriver

_ENTER, _LEAVE = "\x1b[?1049h", "\x1b[?1049l"
_SHOW_CURSOR = "\x1b[?25h"


class StayingDriver(LastingDriver):
    """Enters the alternate screen unless its app `follows` another, leaves it unless it `is_followed`."""

    _has_entered = False

    def write(self, data: str) -> None:
        is_there = data == _ENTER and not self._has_entered and getattr(self._app, "follows", False)
        stays = data in (_LEAVE, _SHOW_CURSOR) and getattr(self._app, "is_followed", False)
        self._has_entered |= data == _ENTER
        if not (is_there or stays):
            super().write(data)


def driver() -> type[Driver] | None:
    """None where somebody chose another one."""
    return None if os.environ.get("TEXTUAL_DRIVER") else StayingDriver


def give_the_screen_back() -> None:
    """When nothing came after a console that left its picture."""
    if sys.__stderr__ is not None and sys.__stderr__.isatty():
        sys.__stderr__.write(_LEAVE + _SHOW_CURSOR)
        sys.__stderr__.flush()
