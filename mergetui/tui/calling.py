"""Calling an operator who looks at something else: bell, notification (OSC 9) and terminal title (OSC 2).

Calls are for what waits for an operator and for nobody else: auto-advance that stopped itself, an entry that
is held, a gate that paused itself or has no room to write. A landing calls nobody; what is sent back is for
its author.
"""

from collections.abc import Callable, Collection, Mapping
from typing import Any

from textual.driver import Driver

from mergetui import cleaning
from mergetui.actions import Why
from mergetui.integrations import Channel
from mergetui.state import GATE_ITSELF
from mergetui.tui.clipboard import wrapped_for_tmux
from mergetui.tui.messages import PictureTaken
from mergetui.tui.widgets.cells import cut
from mergetui.tui.widgets.top_bar import title_of
from mergetui.tui.wording import names, words

BELL = "\a"
PUSH_TITLE, POP_TITLE = "\x1b[22;2t", "\x1b[23;2t"
_LONGEST = 160
"""Cells of a notification or a title."""


def matters(taken: PictureTaken) -> dict[str, str]:
    """What waits for the operator, by a key that stays while it does; the texts are clean."""
    picture, found = taken.picture, dict[str, str]()
    name = picture.name
    stopped, ending = picture.standing.stopped_itself, picture.standing.ending
    wait, pause = picture.wait, picture.state.pause
    if stopped is not None:
        found[f"stopped {stopped}"] = f"{name} stopped advancing: {stopped}"
    if ending is not None and wait is not None and wait.why is Why.UNDECIDED:
        # It cannot stop before that is known, which may be never.
        found["undecided"] = f"{name}: {wait.why}: {ending}"
    if wait is not None and wait.why is Why.NO_ROOM:
        found["room"] = f"{name}: {wait.why}: {wait.detail}"
    if pause is not None and pause.by == GATE_ITSELF:
        found[f"paused {pause.at}"] = f"{name} paused itself: {pause.reason}"
    for entry in taken.listed.held:
        why = f": {words(entry.reason)}" if entry.reason else ""
        found[f"held {entry.id} {entry.state_since}"] = f"{name}: {names(entry.branches)} is held{why}"
    return {key: _safe(text) for key, text in found.items()}


class Caller:
    """`write` sends to the terminal as it is; whoever calls `notice` is on the event loop."""

    def __init__(
        self, write: Callable[[str], object], channels: Collection[Channel], environ: Mapping[str, str]
    ) -> None:
        self._write = write
        self._channels = channels
        self._in_tmux = bool(environ.get("TMUX"))
        self._known: dict[str, Collection[str]] = {}
        self._title = ""

    def notice(self, taken: PictureTaken, all_taken: Mapping[str, PictureTaken]) -> None:
        """A newer picture: call for what was not so before. What was so at the start is on the screen."""
        found = matters(taken)
        known = self._known.get(taken.picture.name, found)
        self._known[taken.picture.name] = found.keys()
        self._call([text for key, text in found.items() if key not in known])
        self._show_title(_safe(title_of(all_taken)))

    def show_title_again(self) -> None:
        """After another program had the terminal."""
        title, self._title = self._title, ""
        self._show_title(title)

    def _call(self, texts: list[str]) -> None:
        if not texts:
            return
        if "osc9" in self._channels:
            more = f" · and {len(texts) - 1} more" if len(texts) > 1 else ""
            notification = osc9(cut(texts[0], _LONGEST - len(more)) + more)
            self._write(wrapped_for_tmux(notification) if self._in_tmux else notification)
        if "bell" in self._channels:
            self._write(BELL)

    def _show_title(self, title: str) -> None:
        if "title" in self._channels and title and title != self._title:
            self._title = title
            self._write(osc2(title))


def osc9(text: str) -> str:
    """`text` is clean and does not begin with a digit: terminals know `9;4;` as something else."""
    return f"\x1b]9;{text}\a"


def osc2(text: str) -> str:
    return f"\x1b]2;{text}\a"


def keeping_title(kind: type[Driver]) -> type[Driver]:
    """That driver; whenever it gives the terminal back, also after a crash, the title is what it was."""
    base: Any = kind

    class TitleKeeper(base):  # type: ignore[misc]
        def start_application_mode(self) -> None:
            super().start_application_mode()
            self.write(PUSH_TITLE)

        def stop_application_mode(self) -> None:
            self.write(POP_TITLE)
            super().stop_application_mode()

    return TitleKeeper


def _safe(text: str) -> str:
    # Marks that combine take no cells: without the second cut there is no end to them.
    return cut(cleaning.name(cleaning.redact(text)), _LONGEST)[:_LONGEST]
