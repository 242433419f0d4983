import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.segment import Segment
from rich.style import Style

from mergetui import cleaning
from mergetui.tui.sgr import highlighted, segments

MATCH = Style(reverse=True)


def style_after(*codes: str) -> Style:
    (piece,) = segments("".join(f"\x1b[{code}m" for code in codes) + "x")
    return piece.style or Style.null()


@pytest.mark.parametrize(
    ("codes", "style"),
    [
        (["31"], "color(1)"),
        (["1;92;44"], "bold color(10) on color(4)"),
        (["103"], "on color(11)"),
        (["38;5;200"], "color(200)"),
        (["38:5:200"], "color(200)"),
        (["48;2;1;2;3"], "on #010203"),
        (["38:2:1:2:3"], "#010203"),
        (["38:2::1:2:3;1"], "bold #010203"),
        (["38;5;200;4"], "underline color(200)"),
        (["4:3"], "underline"),
        (["4", "4:0"], "none"),
        (["1;2;3;9", "22;23"], "strike"),
        (["31;42", "39"], "on color(2)"),
        (["31;42", "49"], "color(1)"),
        (["31;1", ""], "none"),
        (["31;1", "0"], "none"),
        (["31", "0;32"], "color(2)"),
        (["38"], "none"),
        (["38;5"], "none"),
        (["38;2;1"], "none"),
        (["999"], "none"),
        (["5"], "none"),
        (["8"], "none"),
    ],
)
def test_a_colour_sequence_is_obeyed(codes: list[str], style: str) -> None:
    assert style_after(*codes) == Style.parse(style)


@given(st.text(st.sampled_from("\x1b[m;:0123456789ab "), max_size=60) | st.text())
def test_the_text_is_what_is_left_without_colours(text: str) -> None:
    pieces = segments(cleaning.line(text))
    assert "".join(piece.text for piece in pieces) == cleaning.plain(text)
    assert all(piece.text for piece in pieces)


@given(st.lists(st.text("ab", min_size=1)), st.text("ab", min_size=1, max_size=2))
def test_a_highlight_changes_styles_and_no_text(texts: list[str], needle: str) -> None:
    pieces = highlighted([Segment(text) for text in texts], re.compile(needle), MATCH)
    joined = "".join(texts)
    assert "".join(piece.text for piece in pieces) == joined
    marked = "".join("#" * len(piece.text) if piece.style == MATCH else piece.text for piece in pieces)
    assert marked == re.sub(needle, "#" * len(needle), joined)
