import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mergetui import cleaning
from mergetui.masking import LONGEST, MASKED, Mask, mask_of

REMOTE = "https://ana:s3cret%21pass@example.org/shop.git"
ENV = {
    "API_TOKEN": "tok-4711-0815",
    "PATH": "/usr/bin",
    "GIT_AUTHOR_NAME": "Ada Lovelace",
    "DEPLOY_PASS": "open-up",
}
MASK = mask_of(REMOTE, ENV)
KEY_LINE = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj"
TOKENS = [
    "ghp_" + "a1B2" * 9,
    "gho_" + "a1B2" * 9,
    "ghs_" + "a1B2" * 9,
    "github_pat_11AAAAAAA0" + "abcDEF_123" * 3,
    "glpat-" + "x1Y2-" * 4,
    "xoxb-123456789012-abcdefABCDEF",
    "AKIAIOSFODNN7EXAMPLE",
    "AIzaSyA-1234567890abcdefghijklmnopqrstu",
    "sk-proj-abc123def456ghi789jkl",
    "npm_" + "a1B2" * 9,
    "pypi-AgEIcHlwaS5vcmc" + "CJGFiY2Rl" * 3,
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl_-",
    KEY_LINE,
    "-----BEGIN OPENSSH PRIVATE KEY-----",
    "-----BEGIN PRIVATE KEY-----\nMIIE\nvQIB\n-----END PRIVATE KEY-----",
]
ORDINARY = [
    "git@example.org:shop.git",
    "ana@example.org",
    "https://example.org/@scope/package",
    "task-1234567890-abc123def456",
    "sk-translations-of-the-whole",
    "3d9f2e6c5a1b4f708192a3b4c5d6e7f83d9f2e6c5a1b4f708192a3b4c5d6e7f8",
    "MAX_TOKENS=100000 in all",
    "token = lexer.next()",
    "Ada Lovelace ran /usr/bin/env",
    "-----BEGIN CERTIFICATE-----",
]


@pytest.mark.parametrize("secret", ["ana:s3cret%21pass", "ana:s3cret!pass", "s3cret%21pass", "s3cret!pass"])
def test_what_the_remotes_address_holds_is_masked_as_written_and_as_meant(secret: str) -> None:
    assert MASK(f"<{secret}>") == "<***>"


def test_the_value_of_a_variable_with_a_telling_name_is_masked() -> None:
    assert MASK("tok-4711-0815, open-up") == "***, ***"


@pytest.mark.parametrize("text", ORDINARY)
def test_ordinary_text_is_left_alone(text: str) -> None:
    assert MASK(text) == text


@pytest.mark.parametrize("secret", TOKENS)
def test_what_looks_like_a_token_is_masked_wherever_it_comes_from(secret: str) -> None:
    assert Mask()(secret) == MASKED


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("https://ana:pw@host/shop.git", "https://***@host/shop.git"),
        ("https://a:p@ss@host/x and http://b@c", "https://***@host/x and http://***@c"),
        ("Authorization: Bearer abc.def", "Authorization: Bearer ***"),
        ("-H 'authorization: basic dXNlcjpw'", "-H 'authorization: basic ***'"),
        ('"Authorization": "token abcdef"', '"Authorization": "token ***"'),
        ("NPM_TOKEN=abcdef CI=1", "NPM_TOKEN=*** CI=1"),
        ("export DB_PASSWORD='hunter22'", "export DB_PASSWORD='***'"),
    ],
)
def test_what_announces_a_secret_is_kept(text: str, masked: str) -> None:
    assert Mask()(text) == masked


@pytest.mark.parametrize("value", ["", "false", "12345"])
def test_a_short_value_is_no_secret(value: str) -> None:
    assert mask_of("/srv/shop.git", {"CI_SECRET": value}).known == ()


def test_each_line_of_a_value_is_a_secret() -> None:
    assert (
        mask_of("/srv/shop.git", {"SSH_PRIVATE_KEY": "first line\nsecond line\n\n"})("> second line")
        == "> ***"
    )


def test_the_user_of_an_ssh_address_is_no_secret_and_a_token_in_its_place_is_one() -> None:
    assert mask_of("ssh://deploy@host/x", {})("deploy") == "deploy"
    assert mask_of("https://sesame-open@host/x", {})("sesame-open") == MASKED


def test_the_longer_of_two_secrets_is_masked_whole() -> None:
    assert mask_of("/srv", {"A_TOKEN": "abcdef", "B_TOKEN": "abcdefgh"})("abcdefgh") == MASKED


@pytest.mark.parametrize(
    "mark",
    [
        "\x1b[31m",
        "\x1b[m",
        "\x1b[1;38:2::1:2:3m",
        "\x1b[K",
        "\x1b[01;31m\x1b[K",
        "\u200b",
        "\u202e",
        "\x00",
        "\x9b",
        "\ufeff",
    ],
)
def test_marks_and_colours_inside_a_secret_do_not_hide_it(mark: str) -> None:
    text = f"a {mark}{mark.join('tok-4711-0815')}{mark} b"
    for shown in (cleaning.line(MASK(text)), MASK(cleaning.line(text)), MASK(cleaning.name(text))):
        assert not re.search("4711|0815|4.*7.*1", cleaning.SGR.sub("", shown))
        assert MASKED in shown


def test_colours_inside_a_secret_go_on_behind_it() -> None:
    assert MASK("tok-\x1b[31m4711-\x1b[1m0815 red") == "***\x1b[31m\x1b[1m red"


SOME = st.sampled_from(
    [*TOKENS, *ORDINARY, "tok-4711-0815", "s3cret!pass", "://", "@", "\x1b[31m", "\x1b[", "eyJ", "TOKEN="]
)
TEXTS = st.lists(SOME | st.text(max_size=5), max_size=8).map("".join)


@given(TEXTS)
def test_masking_twice_changes_nothing_more(text: str) -> None:
    assert MASK(MASK(text)) == MASK(text)


@given(TEXTS, st.sampled_from(MASK.known), TEXTS)
@example("\x1b[", "s3cret%21pass", "")
def test_no_known_secret_is_left(before: str, secret: str, after: str) -> None:
    assert secret not in cleaning.plain(MASK(f"{before}{secret}{after}"))


@given(TEXTS, st.integers(0, 60))
def test_a_text_is_parted_beside_its_secrets(text: str, most: int) -> None:
    place = MASK.cut(text, most)
    assert not any(start < place < end for start, end in MASK.spans(text))


def test_a_secret_longer_than_the_room_is_not_parted() -> None:
    assert MASK.cut("tok-4711-0815 x", 5) == 13
    assert MASK.cut("x tok-4711-0815", 5) == 2


@pytest.mark.parametrize(
    "unit",
    [
        "://",
        "eyJ",
        "eyJaaaaaaaaa.",
        "sk-",
        "-----BEGIN PRIVATE KEY-----",
        "\x1b[",
        "a",
        "TOKEN",
        "Authorization: ",
    ],
)
def test_much_of_one_hostile_thing_is_masked_in_time(unit: str) -> None:
    assert len(MASK(unit * (20 * LONGEST // len(unit)))) <= 20 * LONGEST


def test_a_mask_does_not_tell_what_it_hides() -> None:
    assert "tok-4711" not in repr(MASK)
