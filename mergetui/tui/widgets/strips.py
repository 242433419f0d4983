"""Lines of a log as a line-API widget draws them."""

import re
import textwrap
from collections.abc import Callable, Sequence
from functools import lru_cache

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.cache import LRUCache
from textual.geometry import Size
from textual.strip import Strip

from mergetui import cleaning
from mergetui.tui.log_file import LogFile
from mergetui.tui.sgr import highlighted, segments

ELLIPSIS = "…"
_LEAST_TITLE = 20
"""Cells that a title has before the progress beside it is shown."""
_MORE = Segment(ELLIPSIS, Style(dim=True))


class LineStrips:
    """Cleaned and coloured lines, each as a strip of its full length without the widget's own style."""

    def __init__(self, parse: Callable[[str], list[Segment]] = segments) -> None:
        self._parse = parse
        self._known: LRUCache[tuple[int, int], Strip] = LRUCache(512)
        self._needle: re.Pattern[str] | None = None

    def strip(self, source: LogFile, number: int, match: Style) -> Strip:
        """The line; `match` is the style of what is searched for. Remembered once it is complete."""
        key = (source.incarnation, number)
        if (known := self._known.get(key)) is not None:
            return known
        complete = source.is_complete(number)
        pieces = self._parse(cleaning.line(source.line(number)))
        strip = Strip(pieces if self._needle is None else highlighted(pieces, self._needle, match))
        if complete:
            self._known[key] = strip
        return strip

    def highlight(self, text: str) -> None:
        """What to mark from now on; nothing if empty. As in `LogFile.find`, only upper case is exact."""
        self.forget()
        flags = re.IGNORECASE if text == text.lower() else 0
        self._needle = re.compile(re.escape(text), flags) if text else None

    def forget(self) -> None:
        self._known.clear()


def window(strip: Strip, start: int, width: int) -> list[Segment]:
    """The cells of `strip` from `start` on, `width` of them; an ellipsis stands where the line goes on."""
    length = strip.cell_length
    if start == 0 and length <= width:
        return [*strip, Segment(" " * (width - length))]
    left, right = start > 0 and length > 0, length > start + width
    cut = strip.crop(start + left, max(start + left, start + width - right))
    blank = Segment(" " * (width - left - cut.cell_length - right))
    return [*[_MORE] * left, *cut, *[_MORE] * right, blank]


def centred(text: str, y: int, size: Size, style: Style) -> Strip:
    """Row `y` of `text`, wrapped and put in the middle of `size`."""
    rows = _wrapped(text, max(size.width - 2, 1))
    row = y - (size.height - len(rows)) // 2
    shown = rows[row] if 0 <= row < len(rows) else ""
    return Strip([Segment(shown.center(size.width), style)]).adjust_cell_length(size.width, style)


@lru_cache(maxsize=16)
def _wrapped(text: str, width: int) -> Sequence[str]:
    """Asked for every row that the text is in the middle of."""
    return textwrap.wrap(text, width)


def headed(title: str, progress: str, place: str, width: int) -> str:
    """`title · progress · place`; what gives way: brackets, the title's end, the estimate, the progress."""
    if cell_len(whole := " · ".join(filter(None, (title, progress, place)))) <= width:
        return whole
    for gives_way in (r" \(", " of about |, ~"):
        brief = " · ".join(filter(None, (re.split(gives_way, progress)[0], place)))
        if width - cell_len(f" · {brief}") >= min(_LEAST_TITLE, cell_len(title)):
            return fitted(title, brief, width)
    return fitted(title, place, width)


def fitted(title: str, place: str, width: int) -> str:
    """`title · place`; when there is not enough room the title is shortened, never the place."""
    room = width - cell_len(place) - 3 if place else width
    if cell_len(title) > room:
        title = set_cell_size(title, max(room - 1, 0)).rstrip() + ELLIPSIS if room > 1 else ""
    return " · ".join(filter(None, (title, place)))
