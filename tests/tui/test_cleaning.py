import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mergetui import cleaning

pytestmark = pytest.mark.fault(16)

SGR = re.compile(r"\x1b\[[0-9;:]*m")
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u202e]")
HOSTILE = [
    "\x1b]52;c;cm0gLXJmIC8=\x07",
    "\x1b]52;c;cm0gLXJmIC8=\x1b\\",
    "\x1b]0;you are root\x07",
    "\x1b]2;title\x1b\\",
    "\x1b]8;;https://evil.example\x1b\\click\x1b]8;;\x1b\\",
    "\x1b]1337;File=inline=1:AAAA\x07",
    "\x1b]9;notify\x07",
    "\x1b]4;1;rgb:00/00/00\x07",
    "\x1b[2J",
    "\x1b[H\x1b[3J",
    "\x1b[1A\x1b[2K",
    "\x1b[?1049h",
    "\x1b[?25l",
    "\x1b[?2004l",
    "\x1b[6n",
    "\x1b[c",
    "\x1b[>4;2m",
    "\x1b[?4m",
    "\x1b[21t",
    "\x1b[8;1;1t",
    "\x1b[1;1;1 q",
    "\x1b[" + "1;" * 200 + "m",
    "\x1b[31",
    "\x1b[",
    "\x1b",
    "\x1b\x1b[31",
    '\x1bP$q"p\x1b\\',
    "\x1bPq#0;2;0;0;0~\x1b\\",
    "\x1b_Gf=24;AAAA\x1b\\",
    "\x1b^private\x1b\\",
    "\x1bXstring\x1b\\",
    "\x1bc",
    "\x1b(0lqk",
    "\x1bD\x1bM\x1bE",
    "\x9b2J",
    "\x9b31m",
    "\x9d52;c;AAAA\x9c",
    "\x90q\x9c",
    "\x84\x85\x8d",
    "\x0e\x0f\x05\x07\x08\x0b\x0c\x00\x7f",
    "\u202egnp.exe",
    "\u2066a\u2069\u2067b\u2069\u061c",
    "ad\u200bmin\u200c\u200d\ufeff\u2060",
    "main\ufe0f",
    "so\u00adft",
    "\u2028\u2029",
    "\U000e0041\U000e0042",
    "\ud800",
    "\u115f\u3164\uffa0",
]
MARKUP = ["[/x]", "[/]", "[b]bold", "[@click=app.bell]x[/]", "[link=file:///etc]x", "\\[x]", "$x", "[red on"]


def is_active(character: str) -> bool:
    return unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") or character in "\u200b\u202e\ufeff"


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_hostile_stays_active_in_a_name(text: str) -> None:
    assert not any(map(is_active, cleaning.name(text)))
    assert cleaning.name(text) != text


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_hostile_stays_active_in_a_line(text: str) -> None:
    assert not any(map(is_active, cleaning.line(f"a{text}b")))
    assert cleaning.line(f"a{text}b") != f"a{text}b"


@pytest.mark.parametrize("text", MARKUP)
def test_what_looks_like_markup_is_text_like_any_other(text: str) -> None:
    assert cleaning.name(text) == text
    assert cleaning.line(text) == text


@given(st.text())
def test_no_name_holds_a_control_character(text: str) -> None:
    assert not any(map(is_active, cleaning.name(text)))


@given(st.text(st.sampled_from("\x1b[]m;:0123456789?>\t\r\n\x07\x9b\u202eab "), max_size=40) | st.text())
def test_a_line_holds_no_control_character_but_those_of_colours(text: str) -> None:
    assert not any(map(is_active, SGR.sub("", cleaning.line(text))))


@given(st.text())
def test_cleaning_a_clean_name_changes_nothing(text: str) -> None:
    assert cleaning.name(cleaning.name(text)) == cleaning.name(text)


@given(st.text(st.sampled_from("\x1b[m;31\t\r\nab") | st.characters(), max_size=40))
def test_cleaning_a_clean_line_changes_nothing(text: str) -> None:
    assert cleaning.line(cleaning.line(text)) == cleaning.line(text)


@given(st.text())
def test_a_plain_line_holds_no_control_character(text: str) -> None:
    assert not any(map(is_active, cleaning.plain(text)))


@given(st.text(st.characters(categories=["L", "N", "P", "Sm", "Sc"], max_codepoint=0x2FF)))
def test_ordinary_text_is_left_alone(text: str) -> None:
    assert cleaning.name(text) == text
    assert cleaning.line(text) == text


@pytest.mark.parametrize(
    ("text", "marked"),
    [
        ("a\x1b[31mb", "a␛[31mb"),
        ("one\ntwo", "one␊two"),
        ("one\ttwo", "one␉two"),
        ("a\x7f", "a␡"),
        ("\x00", "␀"),
        ("\u202eevil", "‹U+202E›evil"),
        ("\x9b2J", "‹U+009B›2J"),
        ("x\udcff", "x‹U+DCFF›"),
        ("\U000e0041", "‹U+E0041›"),
    ],
)
def test_an_active_character_becomes_a_mark_that_is_read(text: str, marked: str) -> None:
    assert cleaning.name(text) == marked


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[1;31mFAILED\x1b[0m", "\x1b[1;31mFAILED\x1b[0m"),
        ("\x1b[38:2::1:2:3mx\x1b[m", "\x1b[38:2::1:2:3mx\x1b[m"),
        ("\x1b[31mred\x1b[2J", "\x1b[31mred␛[2J"),
        ("a\tb", "a       b"),
        ("\x1b[31mab\x1b[0m\tc", "\x1b[31mab\x1b[0m      c"),
        ("12345678\tx", "12345678        x"),
        (" 10%\r 50%\r100%", "100%"),
        (" 10%\r100%\r", "100%"),
        ("dos\r\n", "dos"),
        ("a\nb", "a␊b"),
    ],
)
def test_a_line_keeps_colours_and_columns(text: str, shown: str) -> None:
    assert cleaning.line(text) == shown


@pytest.mark.parametrize(
    "unit", ["\x1b[", "\x1b[1;31", "\x1b[m", "\x1b]", "\t", "\r", "://", "\u202e", "\x9b"]
)
def test_much_of_one_hostile_thing_is_cleaned_whole(unit: str) -> None:
    text = unit * (100_000 // len(unit))
    assert not CONTROL.search(SGR.sub("", cleaning.line(text)))
    assert not CONTROL.search(cleaning.name(cleaning.redact(text)))


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("https://ana:s3cret@host/shop.git", "https://***@host/shop.git"),
        ("fetch of https://ghp_token@host failed", "fetch of https://***@host failed"),
        ("https://a:p@ss@host/x and http://b@c", "https://***@host/x and http://***@c"),
        ("https://a:p#?x@host", "https://***@host"),
        ("https://host/@scope/pkg", "https://host/@scope/pkg"),
        ("git@host:shop.git", "git@host:shop.git"),
        ("ana@example.org", "ana@example.org"),
    ],
)
def test_secrets_in_urls_are_masked(text: str, masked: str) -> None:
    assert cleaning.redact(text) == masked
