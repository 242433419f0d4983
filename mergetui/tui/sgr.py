"""Colour sequences of a cleaned log line -> styled segments.

Concealed and blinking text is shown as it is: a log must not hide a line or claim attention for one.
"""

import re
from collections.abc import Iterable, Iterator
from typing import TypeAlias

from rich.color import Color
from rich.segment import Segment
from rich.style import Style

from mergetui.cleaning import SGR

State: TypeAlias = dict[str, Color | bool]
"""What is switched on, by the names of `rich.style.Style`."""

_ON = {1: "bold", 2: "dim", 3: "italic", 4: "underline", 7: "reverse", 9: "strike", 21: "underline2"}
_OFF = {
    22: ("bold", "dim"),
    23: ("italic",),
    24: ("underline", "underline2"),
    27: ("reverse",),
    29: ("strike",),
    39: ("color",),
    49: ("bgcolor",),
}


def segments(cleaned: str) -> list[Segment]:
    """The text of a line that went through `cleaning.line`, in pieces of one style each."""
    state: State = {}
    pieces: list[Segment] = []
    position = 0
    for found in SGR.finditer(cleaned):
        pieces.append(_segment(cleaned[position : found.start()], state))
        _obey(state, found[0][2:-1])
        position = found.end()
    pieces.append(_segment(cleaned[position:], state))
    return [piece for piece in pieces if piece.text]


def colourless(cleaned: str) -> list[Segment]:
    """As `segments`, but without colours: a red turned grey can vanish in the background."""
    return list(Segment.remove_color(segments(cleaned)))


def highlighted(pieces: list[Segment], needle: re.Pattern[str], style: Style) -> list[Segment]:
    """`pieces` with `style` over every place where `needle` is found in their joined text."""
    text = "".join(piece.text for piece in pieces)
    edges = [edge for found in needle.finditer(text) for edge in found.span()]
    return list(_restyled(pieces, edges, style))


def _restyled(pieces: list[Segment], edges: list[int], style: Style) -> Iterator[Segment]:
    position, passed = 0, 0
    for piece in pieces:
        start, end = position, position + len(piece.text)
        while position < end:
            while passed < len(edges) and edges[passed] <= position:
                passed += 1
            until = min([end, *edges[passed : passed + 1]])
            base = piece.style or Style.null()
            yield Segment(piece.text[position - start : until - start], base + style if passed % 2 else base)
            position = until


def _segment(text: str, state: State) -> Segment:
    return Segment(text, Style(**state) if state else Style.null())  # type: ignore[arg-type]


def _obey(state: State, body: str) -> None:
    codes = iter(_codes(body))
    for code in codes:
        if code == 0:
            state.clear()
        elif code in _ON:
            state[_ON[code]] = True
        elif code in _OFF:
            for switched in _OFF[code]:
                state.pop(switched, None)
        elif code in (38, 48):
            _set_colour(state, "color" if code == 38 else "bgcolor", _extended(codes))
        else:
            _set_colour(state, *_basic(code))


def _codes(body: str) -> Iterator[int]:
    for group in body.split(";"):
        numbers = [min(int(number or 0), 255) for number in group.split(":")]
        if numbers[:2] == [38, 2] or numbers[:2] == [48, 2]:
            yield from (*numbers[:2], *numbers[-3:])  # the colour space, when there is one, comes before
        elif numbers[0] in (38, 48):
            yield from numbers
        else:
            yield 24 if group == "4:0" else numbers[0]


def _extended(codes: Iterable[int]) -> Color | None:
    """The colour after 38 or 48: `5;n` or `2;r;g;b`; None if it is cut short or of another kind."""
    rest = iter(codes)
    match next(rest, None):
        case 5:
            number = next(rest, None)
            return None if number is None else Color.from_ansi(number)
        case 2:
            red, green, blue = next(rest, None), next(rest, None), next(rest, None)
            return None if red is None or green is None or blue is None else Color.from_rgb(red, green, blue)
        case _:
            return None


def _basic(code: int) -> tuple[str, Color | None]:
    for first, number, where in ((30, 0, "color"), (40, 0, "bgcolor"), (90, 8, "color"), (100, 8, "bgcolor")):
        if first <= code < first + 8:
            return where, Color.from_ansi(number + code - first)
    return "color", None


def _set_colour(state: State, where: str, colour: Color | None) -> None:
    if colour is not None:
        state[where] = colour
