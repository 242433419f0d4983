"""The hand-over: what it tells, and that text of others stays text in it."""

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from mergetui import cleaning
from mergetui.events import Event
from mergetui.model import EntryState
from mergetui.reason import Coded, Reason
from mergetui.report import Report, code, markdown, prose, report
from mergetui.state import Pause, RepositoryState
from mergetui.statistics import HOUR
from tests.rules.build import MINUTE, NOW, entry, state
from tests.rules.past import ago, caught_up, contended, ended, forced, paused, queued, retested

SECRET = "ghp_" + "a1B2" * 9
HOSTILE = "x</code>`<img src=x onerror=1>[a](javascript:b)\x1b[31m\u202e|*b*_c_ # h\n# heading ![i](j)"


def told(*facts: Event, known: RepositoryState | None = None) -> Report:
    """Of the last twelve hours."""
    return report("shop", known or state(), facts, target="main", since=NOW - 12 * HOUR, now=NOW)


def section(text: str, heading: str) -> list[str]:
    """The lines below a heading."""
    _, _, rest = text.partition(f"\n## {heading}")
    return [line for line in rest.partition("\n## ")[0].splitlines()[1:] if line]


@pytest.mark.parametrize(
    "heading",
    [
        "Landed",
        "Sent back",
        "Held now",
        "Deferred now",
        "Queued now",
        "With their authors now",
        "Flakes",
        "Pauses",
        "Overrides",
        "Retests",
    ],
)
def test_every_section_stands_there_also_over_nothing(heading: str) -> None:
    assert section(markdown(told()), heading) == ["nothing"]


def test_a_landing_is_told_with_its_commit_and_what_it_took() -> None:
    fact = ended(70, "s1", "s2", landed_commit="c0ffee" * 6 + "abcd", retests=2, contended=1)
    assert section(markdown(told(fact)), "Landed") == [
        "- 2025-12-31 22:50 UTC `s1` + `s2` as `c0ffeec0ff`, took 1m00s, 2 retests, contended 1×"
    ]


def test_what_was_sent_back_stands_by_its_code_the_most_frequent_first() -> None:
    text = markdown(
        told(
            ended(30, "a", outcome="sent-back", code=Reason.CONFLICT, detail="app.py"),
            ended(20, "b", outcome="sent-back", code=Reason.RETEST_FAILED, detail="exit code 1"),
            ended(10, "c", outcome="sent-back", code=Reason.RETEST_FAILED, detail="exit code 2"),
        )
    )
    assert [line.partition(" — ")[::2] for line in section(text, "Sent back")] == [
        ("- **retest-failed**: exit code 1", "`b`, 2025-12-31 23:40 UTC"),
        ("- **retest-failed**: exit code 2", "`c`, 2025-12-31 23:50 UTC"),
        ("- **conflict**: app.py", "`a`, 2025-12-31 23:30 UTC"),
    ]


def test_the_queue_of_this_moment_is_told_by_what_moves_it_on() -> None:
    reason = Coded(Reason.LEASE_BUSY, "held by joe")
    known = state(
        entry("q", author="Zoë"),
        entry("t", state=EntryState.TESTING),
        entry("d", state=EntryState.DEFERRED, reason=reason, available_at=NOW + MINUTE),
        entry("h", state=EntryState.HELD, reason=reason, state_since=ago(5)),
        entry("b", state=EntryState.SENT_BACK, reason=Coded(Reason.CONFLICT, "app.py")),
    )
    text = markdown(told(known=known))
    at = "queued at 2026-01-01 00:00 UTC"
    queue = section(text, "Queued now")
    assert sorted(queue) == [f"- `q` of `Zoë`: queued, normal, {at}", f"- `t`: testing, normal, {at}"]
    assert section(text, "Deferred now") == [
        "- `d`, again at 2026-01-01 00:01 UTC: **lease-busy**: held by joe"
    ]
    assert section(text, "Held now") == ["- `h`, since 2025-12-31 23:55 UTC: **lease-busy**: held by joe"]
    assert section(text, "With their authors now") == ["- `b`: **conflict**: app.py"]


def test_pauses_and_overrides_are_told_with_who_and_why() -> None:
    text = markdown(told(paused(50, "freeze"), forced(10, "stuck")))
    assert section(text, "Pauses") == ["- 2025-12-31 23:10 UTC still holds, by `ada@box`: freeze"]
    assert section(text, "Overrides") == [
        "- 2025-12-31 23:50 UTC `ada@box pid 7` took lease 4 from `joe@ci pid 9`: stuck"
    ]


@pytest.mark.parametrize(("until", "is_told"), [(None, True), (NOW + HOUR, True), (NOW - MINUTE, False)])
def test_a_pause_that_holds_is_in_the_first_paragraph(until: Any, is_told: bool) -> None:
    pause = Pause(by="ada@box", reason="freeze", at=ago(50), until=until)
    text = markdown(told(known=state(pause=pause)))
    assert ("**Paused now**" in text.partition("##")[0]) is is_told


def test_retests_are_told_with_their_red_rate_and_the_waits() -> None:
    lines = section(
        markdown(
            told(
                queued(60, "a"),
                caught_up(40, "a"),
                *retested(30, Reason.RETEST_FAILED),
                contended(20, "a"),
                *retested(15, None),
                ended(10, "a"),
            )
        ),
        "Retests",
    )
    assert lines == [
        "- 2 started: 1 green, 1 red (50% of those with a verdict), 0 stopped or killed",
        "- 2.0 per landing",
        "- contention: 1 lost to somebody else's push",
        "- from queued to landed: half within 50m00s, 95 of 100 within 50m00s",
        "- of that waiting: half within 20m00s, 95 of 100 within 20m00s; at work: half within 30m00s, "
        "95 of 100 within 30m00s",
    ]


def test_no_secret_is_told() -> None:
    known = state(entry("b", state=EntryState.HELD, reason=Coded(Reason.HOOK_REFUSED, f"bad {SECRET}")))
    text = markdown(told(paused(50, f"see https://joe:{SECRET}@host/"), forced(10, SECRET), known=known))
    assert SECRET not in text
    assert text.count("\\*\\*\\*") == 3


def parsed(text: str) -> list[Token]:
    """Inline tokens, with all that the dialects of forges add."""
    (block,) = [
        token for token in MarkdownIt("gfm-like", {"linkify": False}).parse(text) if token.type == "inline"
    ]
    return block.children or []


ANY_TEXT = st.text(
    st.sampled_from("ab `*_~[]()<>!#|\\&;:/@$^-+.\n\t\x1b\u202e") | st.characters(), max_size=60
)


@given(text=ANY_TEXT)
@example(text=HOSTILE)
@example(text="&lt; &amp; https://x.org www.x.org <b> \\")
def test_free_text_stays_text(text: str) -> None:
    tokens = parsed(f"- it said: {prose(text)}")
    shown = cleaning.name(cleaning.redact(text)).strip()
    assert {token.type for token in tokens} <= {"text", "text_special"}
    assert "".join(token.content for token in tokens) == f"it said: {shown}".rstrip()


@given(text=ANY_TEXT.filter(str.strip))
@example(text=HOSTILE)
@example(text="`")
@example(text="``a`")
def test_a_name_is_one_code_span_and_nothing_else(text: str) -> None:
    before, span, after = parsed(f"- the branch {code(text)} landed")
    assert (before.content, span.type, after.content) == ("the branch ", "code_inline", " landed")
    assert span.content.strip() == cleaning.name(cleaning.redact(text)).strip()


def test_hostile_names_add_no_line_and_no_heading() -> None:
    fact = ended(30, HOSTILE, outcome="sent-back", code=Reason.CONFLICT, detail=HOSTILE)
    plain = markdown(told(ended(30, "a", outcome="sent-back", code=Reason.CONFLICT, detail="app.py")))
    text = markdown(told(fact))
    assert len(text.splitlines()) == len(plain.splitlines())
    assert not set("\x1b\u202e") & set(text)


def test_a_long_text_is_cut() -> None:
    assert len(prose("x" * 10_000)) == 300
