"""How the console says what the train is: clean, and without secrets where a retest had a word in it."""

from collections.abc import Mapping, Sequence

from mergetui import cleaning
from mergetui.model import Branch, Entry, Instant
from mergetui.train import Course, Member, OnTrial, Train
from mergetui.tui.wording import BADGES, Badge, names, short, span, words

COURSES: Mapping[Course, Badge] = {
    Course.TESTING: Badge("▶", "testing", "accent"),
    Course.CACHED: Badge("=", "cached", "good"),
    Course.PASSED: Badge("✓", "passed", "good"),
    Course.RED: Badge("✗", "red", "bad"),
    Course.LANDED: Badge("✓", "landed", "good"),
    Course.THROWN_AWAY: Badge("−", "thrown away", "warn"),
}
_MOST_NAMED = 3


def joined(members: Sequence[Member]) -> str:
    """`feat/a + feat/b`, or `feat/a + 6 more + feat/h`: the first and the last one tell the most."""
    called = [member[-1] for member in members]
    if len(called) > _MOST_NAMED:
        called = [called[0], f"{len(called) - 2} more", called[-1]]
    return names([" + ".join(called)])


def line_of(one: OnTrial) -> str:
    """What it is called by: the entries that have not landed yet, or had not when it ended."""
    return joined(one.line or one.entries)


def own_of(train: Train, one: OnTrial) -> str:
    """What it alone is to tell: its entries without those that it takes for granted."""
    return joined(one.line[len(train.ahead_in(one)) :] or one.entries)


def assumed(train: Train, one: OnTrial) -> str:
    """`after feat/a`, or `on 9f3c2a1`; and what is left out: `without feat/b`, `in case feat/b is red`."""
    ahead, left_out, hedged = train.ahead_in(one), train.left_out_of(one), train.hedged_against(one)
    onto = f"on {short(one.onto)}" if one.onto else ""
    parts = [f"after {joined(ahead)}" if ahead else onto, f"without {joined(left_out)}" if left_out else ""]
    parts += [f"in case {joined(hedged)} is red"] if hedged else []
    return ", ".join(part for part in parts if part)


def red_behind(train: Train, entry: Member) -> str:
    """`behind feat/a`: the entry is red there, and at fault only if those ahead of it are green."""
    if train.tests(entry) is not None:
        return ""
    ends = (one for one in train.standing if one.course is Course.RED and one.line[-1:] == (entry,))
    red = next(ends, None)
    return f"behind {joined(red.line[:-1])}" if red is not None and len(red.line) > 1 else ""


def badge_of(entry: Entry, train: Train) -> Badge:
    """Its state, or what is known of it already though it is not decided."""
    return COURSES[Course.RED] if red_behind(train, entry.branches) else BADGES[entry.state]


def came_to(one: OnTrial) -> str:
    """`thrown away: a shorter candidate is red`; nothing while it runs."""
    if one.course is Course.TESTING:
        return ""
    why = why_of(one)
    return f"{COURSES[one.course].word}: {why}" if why else COURSES[one.course].word


def why_of(one: OnTrial) -> str:
    """Why it is red, cached, landed or thrown away; a stop is told by its reason alone."""
    if one.course is Course.CACHED and one.earlier is not None:
        return f"its tree passed as {short(one.earlier)}"
    if one.course is Course.LANDED:
        return "a longer candidate was green first"
    if one.reason is None:
        return ""
    is_stop = one.course is Course.THROWN_AWAY and one.reason.detail
    return cleaning.redact(cleaning.name(one.reason.detail) if is_stop else words(one.reason))


def since(one: OnTrial, now: Instant) -> str:
    """`12s ago`; when it ended."""
    return f"{span(now - one.ended)} ago" if one.ended is not None else ""


def branch_of(one: OnTrial) -> Branch:
    """The last one: it contains the others."""
    return one.entries[-1][-1]
