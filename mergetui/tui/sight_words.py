"""How the console says what git tells of branches; the words of others are still to be cleaned."""

from collections.abc import Iterator, Sequence
from typing import assert_never

from mergetui.forecasting import Clashing, Clean, Commit, Distance, FileChange, Forecast, Unrelated
from mergetui.model import Branch, Instant
from mergetui.tui.reading import READING
from mergetui.tui.sights import EntrySight, Story
from mergetui.tui.wording import Badge, short, span

UNKNOWN = "not known yet"
APART = "no common past"
_NAMED = 8
"""Paths of a conflict that are named in a row."""


def badge(forecast: Forecast | None) -> Badge:
    match forecast:
        case None:
            return Badge("·", UNKNOWN, "faint")
        case Clean():
            return Badge("✓", "clean", "good")
        case Clashing(paths=paths):
            return Badge("✗", counted(len(paths), "file"), "bad")
        case Unrelated():
            return Badge("✗", APART, "bad")
        case _:
            assert_never(forecast)


def in_full(forecast: Forecast | None, other: str) -> str:
    """`✗ 2 files clash with main: a.py, b.py`."""
    glyph, word, _ = badge(forecast)
    match forecast:
        case None:
            return f"{glyph} with {other}: {word}"
        case Clashing(paths=paths):
            verb = "clashes" if len(paths) == 1 else "clash"
            return f"{glyph} {word} {verb} with {other}: {', '.join(cut_off(paths, _NAMED))}"
        case Clean():
            return f"{glyph} {word} with {other}"
        case Unrelated():
            return f"{glyph} {word} with {other}"
        case _:
            assert_never(forecast)


def counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def cut_off(items: Sequence[str], most: int) -> list[str]:
    """The first `most`, and how many there are beyond them."""
    more = len(items) - most
    return [*items[:most], f"and {more:,} more"] if more > 0 else list(items)


def age(at: Instant | None, now: Instant) -> str:
    """`3d04h`, or `` when it is not known."""
    return span(now - at) if at is not None else ""


def brief_age(at: Instant | None, now: Instant) -> str:
    """`12d`, `4h`, `7m`, `30s`: one figure."""
    if at is None:
        return ""
    seconds = max(int((now - at).total_seconds()), 0)
    for length, unit in ((365 * 86_400, "y"), (86_400, "d"), (3600, "h"), (60, "m")):
        if seconds >= length:
            return f"{seconds // length}{unit}"
    return f"{seconds}s"


def apart(distance: Distance | None) -> str:
    """`+3 −12`: commits ahead and behind."""
    return f"+{distance.ahead} −{distance.behind}" if distance is not None else ""


def sight_rows(
    sight: EntrySight | None, *, target: Branch, now: Instant, most_commits: int, most_files: int
) -> Iterator[tuple[str, str]]:
    """Forecast, commits and files of an entry, as facts; None: git has not been asked yet."""
    if sight is None:
        yield from (("forecast", READING), ("", ""), ("commits", READING), ("", ""), ("files", READING))
        return
    yield "forecast", in_full(sight.forecast, target)
    for branch, forecast in sight.ahead:
        yield "", in_full(forecast, f"{branch}, ahead of it")
    yield "", ""
    yield from _commit_rows(sight, target, now, most_commits)
    yield "", ""
    yield from _file_rows(sight, most_files)


def story_rows(told: Story, now: Instant) -> Iterator[tuple[str, str]]:
    candidate = told.candidate
    if candidate is None:
        yield "candidate", "none yet: it has not been caught up"
    else:
        others = f", {len(candidate.links):,} entries in it"
        many = others if len(candidate.links) > 1 else ""
        yield "candidate", f"{short(candidate.commit)} on {short(candidate.base)}{many}"
    for retest in told.retests[-3:]:
        ended = f"{retest.reason.code}: {retest.reason.detail}" if retest.reason else "passed"
        yield "retest", f"of {short(retest.commit)}, {age(retest.at, now)} ago: {ended}"


def _commit_rows(seen: EntrySight, target: Branch, now: Instant, most: int) -> Iterator[tuple[str, str]]:
    if seen.commits is None or seen.distance is None:
        yield "commits", UNKNOWN
        return
    yield "commits", f"{seen.distance.ahead:,} ahead of {target}, {seen.distance.behind:,} behind"
    for commit in seen.commits[:most]:
        yield short(commit.oid), _commit(commit, now)
    yield from _more(seen.distance.ahead - len(seen.commits[:most]), "commit")


def _commit(commit: Commit, now: Instant) -> str:
    written = brief_age(commit.at, now)
    return f"{commit.subject} · {commit.author}" + (f", {written} ago" if written else "")


def _file_rows(seen: EntrySight, most: int) -> Iterator[tuple[str, str]]:
    if seen.files is None:
        yield "files", APART if isinstance(seen.forecast, Unrelated) else UNKNOWN
        return
    added = sum(file.added or 0 for file in seen.files)
    removed = sum(file.removed or 0 for file in seen.files)
    yield "files", f"{len(seen.files):,} changed, +{added:,} −{removed:,}"
    for file in seen.files[:most]:
        yield _size(file), f"{file.before} → {file.path}" if file.before else file.path
    yield from _more(len(seen.files) - most, "file")


def _size(file: FileChange) -> str:
    if file.added is None or file.removed is None:
        return "not text"
    return f"+{_brief(file.added)} −{_brief(file.removed)}"


def _brief(number: int) -> str:
    return f"{number // 1000}k" if number >= 1000 else str(number)


def _more(number: int, what: str) -> Iterator[tuple[str, str]]:
    if number > 0:
        yield "", f"and {counted(number, f'more {what}')}"
