"""What went wrong and still does, until it is over."""

from collections.abc import Sequence

from rich.cells import cell_len
from textual.content import Content
from textual.events import Click
from textual.message import Message
from textual.widget import Widget

from mergetui.tui.bound_keys import bound_keys
from mergetui.tui.widgets.cells import cut

_MOST = 3
"""Lines; the rest is told with them when they are opened."""
_LONGEST_KEY = 12


class Banner(Widget):
    ALLOW_SELECT = False

    class Opened(Message):
        pass

    def __init__(self) -> None:
        super().__init__()
        self.lines: tuple[str, ...] = ()

    def show_lines(self, lines: Sequence[str]) -> None:
        """Clean lines; none: no banner."""
        if tuple(lines) != self.lines:
            self.lines = tuple(lines)
            self.display = bool(lines)
            self.styles.height = min(len(lines), _MOST)
            self.refresh()

    def on_click(self, event: Click) -> None:
        event.stop()
        self.post_message(self.Opened())

    def render(self) -> Content:
        shown = list(self.lines[:_MOST])
        hidden = len(self.lines) - len(shown)
        if hidden > 0:
            shown[-1] = f"and {hidden + 1} more: {bound_keys(self.app).shown('notices')} shows them all"
        width = self.size.width - 3
        return Content("\n").join(
            Content.assemble((" ! ", "bold"), _cut(line, max(width, 0))) for line in shown
        )


def _cut(line: str, width: int) -> str:
    """What to press, at the end of some lines, stays where there is room for little else."""
    told, _, key = line.rpartition(" · ")
    if not told or len(key) > _LONGEST_KEY or cell_len(line) <= width:
        return cut(line, width)
    end = f" · {key}"
    return cut(told, max(width - cell_len(end), 0)) + end if width > 2 * len(end) else cut(line, width)
