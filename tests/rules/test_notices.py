"""What is told of which fact, in whose words, and how often."""

import re
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mergetui.events import Broken, Event
from mergetui.integrations import NOTICE_KINDS, Notify, Rate
from mergetui.notices import (
    COMMON,
    FIELDS,
    TEMPLATES,
    Throttle,
    broken_notify_rule,
    harmless,
    notice_of,
    stop_notice,
    told,
)
from mergetui.reason import Reason
from tests.rules.build import NOW
from tests.rules.past import contended, ended, forced, queued

HOUR = Rate(3, timedelta(hours=1))


def notify(**templates: str) -> Notify:
    return Notify(
        urls_env="URLS", templates={kind.replace("_", "-"): text for kind, text in templates.items()}
    )


def text(fact: Event, words: Notify | None = None) -> str | None:
    notice = notice_of(fact)
    return told(notice, words or notify(), target="main") if notice else None


@pytest.mark.parametrize(
    ("fact", "expected"),
    [
        (ended(0, "feat/x", landed_commit="0123456789abcdef"), "feat/x landed on main of shop as 0123456789"),
        (ended(0, "a", "b", landed_commit="c"), "a + b landed on main of shop as c"),
        (
            ended(0, "a", outcome="sent-back", code=Reason.CONFLICT, detail="app.py"),
            "a of shop was sent back: conflict: app.py",
        ),
        (
            ended(0, "a", outcome="held", code=Reason.REMOTE_UNREACHABLE, detail="timeout"),
            "a of shop is held and needs an operator: remote-unreachable: timeout",
        ),
        (forced(0, "on call"), "ada＠box pid 7 took the lease of shop from joe＠ci pid 9: on call"),
        (Broken(repo="shop", at=NOW, detail="git"), "the gate itself failed on shop: git"),
    ],
)
def test_a_fact_is_told_in_one_line(fact: Event, expected: str) -> None:
    assert text(fact) == expected


@pytest.mark.parametrize(
    "fact",
    [
        queued(0, "a"),
        contended(0, "a"),
        ended(0, "a", outcome="deferred", code=Reason.LEASE_BUSY),
        ended(0, "a", outcome="dequeued", code=Reason.DEQUEUED),
        ended(0, "a", outcome="broken", code=Reason.INTERNAL),
    ],
)
def test_what_waits_for_nobody_is_not_told(fact: Event) -> None:
    assert text(fact) is None


def test_a_stop_is_told_with_its_reason() -> None:
    notice = stop_notice("shop", "3 entries in a row", at="now")
    assert told(notice, notify(), target="main") == "shop stopped advancing: 3 entries in a row"


def test_the_words_of_the_configuration_are_used() -> None:
    words = notify(landed="{at}: {branch} is in {target} of {repo}")
    assert text(ended(0, "a"), words) == "2026-01-01 00:00 UTC: a is in main of shop"


def test_every_kind_has_words_that_keep_the_rules() -> None:
    assert set(TEMPLATES) == set(FIELDS) == set(NOTICE_KINDS)
    assert broken_notify_rule(Notify(urls_env="X", templates=dict(TEMPLATES))) is None


HOSTILE = [
    "{repo}{branch}",
    "{branch.__class__.__mro__}",
    "{0.__init__.__globals__}",
    "%(repo)s${repo}",
    "\\1\\g<0>",
    "}{",
]


@pytest.mark.parametrize("branch", HOSTILE)
def test_a_name_that_looks_like_a_field_stays_a_name(branch: str) -> None:
    said = text(ended(0, branch), notify(landed="<{branch}>"))
    assert said == f"<{branch.replace('<', '‹').replace('>', '›')}>"


@pytest.mark.parametrize(
    ("hostile", "shown"),
    [
        ("x\x1b]52;c;aGk=\x07", "x␛]52;c;aGk=␇"),
        ("a\nb", "a␊b"),
        ("feat/\u202egnp", "feat/‹U+202E›gnp"),
        ("@everyone", "＠everyone"),
        ("<!channel>", "‹!channel›"),
        ("https://ada:hunter22@example.org/x", "https://***＠example.org/x"),
    ],
)
def test_what_is_active_secret_or_a_mention_is_made_text(hostile: str, shown: str) -> None:
    assert (
        text(ended(0, "a", outcome="held", code=Reason.INTERNAL, detail=hostile), notify(held="{detail}"))
        == shown
    )


def test_a_secret_is_masked_before_it_is_cut_in_two() -> None:
    detail = f"{'x' * 250} https://ada:{'hunter22' * 8}@example.org/"
    assert "hunter22" not in (text(Broken(repo="shop", at=NOW, detail=detail)) or "")


def test_a_document_keeps_its_lines() -> None:
    assert harmless("# A\n- @b\x1b") == "# A\n- ＠b␛"


def test_a_long_detail_is_cut() -> None:
    said = text(Broken(repo="shop", at=NOW, detail="x" * 10_000))
    assert said is not None
    assert len(said) < 400


@given(st.text())
def test_no_name_breaks_the_words_or_leaves_anything_active(branch: str) -> None:
    said = text(ended(0, branch)) or ""
    assert said.endswith(" landed on main of shop as ")
    assert not {"\x1b", "\x07", "@", "<", "\u202e"} & set(said)


@pytest.mark.parametrize(
    ("templates", "message"),
    [
        (
            {"landed": "{brnch}"},
            "templates.landed = '{brnch}' has '{brnch}'; allowed: {branch}, {commit}, {repo}",
        ),
        ({"landed": "{branch.__class__}"}, "has '{branch.__class__}'; allowed: "),
        ({"landed": "{branch!r}"}, "has '{branch!r}'; allowed: "),
        ({"landed": "{0}"}, "has '{0}'; allowed: "),
        ({"landed": "{}"}, "has '{}'; allowed: "),
        ({"landed": "{branch"}, "has '{branch'; allowed: "),
        ({"landed": "branch}"}, "has '}'; allowed: "),
        ({"landed": "{{branch}}"}, "has '{'; allowed: "),
        ({"landed": "{detail}"}, "has '{detail}'; allowed: "),
        ({"landed": " "}, "templates.landed = ' '; allowed: a text"),
        ({"laned": "x"}, "templates has 'laned'; allowed: landed, sent-back"),
    ],
)
def test_a_template_that_cannot_be_filled_is_refused(templates: Mapping[str, str], message: str) -> None:
    assert message in (broken_notify_rule(Notify(urls_env="X", templates=templates)) or "")


def test_without_addresses_nothing_can_be_sent() -> None:
    assert "'urls_env' or 'urls_file' is missing" in (broken_notify_rule(Notify()) or "")


@pytest.mark.parametrize("kind", NOTICE_KINDS)
def test_every_field_of_a_kind_can_be_filled(kind: Any) -> None:
    facts: Mapping[str, Event] = {
        "landed": ended(0, "a"),
        "sent-back": ended(0, "a", outcome="sent-back", code=Reason.CONFLICT),
        "held": ended(0, "a", outcome="held", code=Reason.CONFLICT),
        "lease-forced": forced(0, "why"),
        "broken": Broken(repo="shop", at=NOW, detail="git"),
    }
    template = " ".join(f"{{{field}}}" for field in (*FIELDS[kind], *COMMON))
    words = Notify(urls_env="X", templates={kind: template})
    notice = notice_of(facts[kind]) if kind in facts else stop_notice("shop", "why", at="now")
    assert notice is not None
    assert "{" not in told(notice, words, target="main")


def burst(throttle: Throttle, count: int, *, now: float = 0.0) -> list[str]:
    return [sent for number in range(count) for sent in throttle.admit("landed", str(number), now=now)]


def test_what_is_too_much_is_told_in_one_message_once_there_is_room() -> None:
    throttle = Throttle(HOUR)
    assert burst(throttle, 5) == ["0", "1", "2"]
    assert throttle.late(now=3_599) == []
    assert throttle.late(now=3_600) == ["and 2 more: 2 landed"]
    assert throttle.late(now=3_601) == []


def test_the_one_message_counts_by_kind_and_comes_before_what_is_new() -> None:
    throttle = Throttle(HOUR)
    burst(throttle, 4)
    throttle.admit("held", "x", now=1)
    assert throttle.admit("held", "new", now=3_600) == ["and 2 more: 1 landed, 1 held", "new"]


def test_the_one_message_is_one_of_those_that_are_limited() -> None:
    throttle = Throttle(Rate(1, timedelta(hours=1)))
    burst(throttle, 2)
    assert throttle.admit("held", "new", now=3_600) == ["and 1 more: 1 landed"]
    assert throttle.late(now=7_200) == ["and 1 more: 1 held"]


def test_at_the_end_the_rest_is_told_whatever_the_limit() -> None:
    throttle = Throttle(HOUR)
    burst(throttle, 4)
    assert throttle.rest() == ["and 1 more: 1 landed"]
    assert throttle.rest() == []


@given(st.lists(st.floats(0, 3_000), max_size=60), st.integers(1, 5))
def test_no_span_has_more_messages_than_the_limit_and_none_is_lost(gaps: list[float], most: int) -> None:
    throttle, now, sent = Throttle(Rate(most, timedelta(hours=1))), 0.0, list[tuple[float, str]]()
    for gap in gaps:
        now += gap
        sent += [(now, one) for one in throttle.admit("landed", "x", now=now)]
    assert all(sum(at <= other < at + 3_600 for other, _ in sent) <= most for at, _ in sent)
    more = [int(one.split()[1]) for one in [*(one for _, one in sent), *throttle.rest()] if one != "x"]
    assert sum(more) + [one for _, one in sent].count("x") == len(gaps)


def test_the_page_tells_every_kind_and_its_fields() -> None:
    page = Path(__file__).parents[2].joinpath("docs", "notifications.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `([a-z-]+)` \| .* \| (.*) \|$", page, re.MULTILINE)
    assert {kind: tuple(re.findall(r"\{([a-z]+)\}", told)) for kind, told in rows} == FIELDS
