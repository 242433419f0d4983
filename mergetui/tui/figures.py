"""A repository's numbers in words and bars, a label and a text per row; the texts are untrusted."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import TypeAlias

from mergetui.cleaning import redact
from mergetui.statistics import DAY, EndingCount, Outcome, PauseSpan, Spread, Statistics
from mergetui.tui.wording import OUTCOMES, span

Rows: TypeAlias = Iterator[tuple[str, str]]

BAR = 16
"""Cells of a bar."""
_SHOWN = 5
"""Pauses and overrides that are shown; the hand-over tells of all."""


def bar(part: float, whole: float, width: int = BAR) -> str:
    """`████░░░░`; anything above nothing shows."""
    share = min(max(part / whole, 0.0), 1.0) if whole > 0 else 0.0
    full = max(round(share * width), 1) if share else 0
    return "█" * full + "░" * (width - full)


def pace(numbers: Statistics) -> tuple[Sequence[int], str]:
    """Landings over time, and what one bar of them stands for: an hour, or a day if there are many."""
    daily = numbers.until - numbers.since > 2 * DAY
    counts = numbers.landed_per_day if daily else numbers.landed_per_hour
    mean, most = numbers.landed / max(len(counts), 1), max(counts, default=0)
    unit = "day" if daily else "hour"
    return counts, f"per {unit}, the oldest first: {mean:.1f} on average, {most} at most"


def figures(numbers: Statistics) -> Rows:
    yield from _waits(numbers)
    yield from _retests(numbers)
    if numbers.contended:
        each = (
            ""
            if numbers.contended_per_landing is None
            else f" · {numbers.contended_per_landing:.2f} per landing"
        )
        yield "contention", f"{numbers.contended} lost to somebody else's push{each}"
    for outcome in OUTCOMES:
        if outcome != "landed":
            yield from _endings(outcome, numbers)
    yield from _pauses(numbers)
    yield from _emergencies(numbers)
    yield from _overrides(numbers)


def _waits(numbers: Statistics) -> Rows:
    whole, wait, work = numbers.in_queue, numbers.waited, numbers.worked
    if whole is None or wait is None or work is None:
        return
    for label, lengths in (("in queue", whole), ("  wait", wait), ("  work", work)):
        yield label, _spread(lengths, whole.p95)


def _spread(lengths: Spread, longest: timedelta) -> str:
    shown = bar(lengths.p50.total_seconds(), longest.total_seconds())
    return f"{shown}  p50 {span(lengths.p50):<6} p75 {span(lengths.p75):<6} p95 {span(lengths.p95)}"


def _retests(numbers: Statistics) -> Rows:
    retests = numbers.retests
    if not retests.started and retests.red_rate is None and not retests.undecided:
        return
    each = "" if numbers.retests_per_landing is None else f" · {numbers.retests_per_landing:.1f} per landing"
    stopped = f" · {retests.undecided} stopped or killed" if retests.undecided else ""
    yield "retests", f"{retests.started} started{each}{stopped}"
    if retests.red_rate is not None:
        judged = retests.red + retests.green
        yield "", f"{bar(retests.red, judged)}  {retests.red} red of {judged} ({retests.red_rate:.0%})"
    if retests.flake_rate:
        yield "", f"{bar(retests.flaky, judged)}  {retests.flaky} flaky ({retests.flake_rate:.1%})"


def _endings(outcome: Outcome, numbers: Statistics) -> Rows:
    most = max((ending.count for ending in numbers.endings if ending.outcome != "landed"), default=0)
    for place, ending in enumerate(numbers.ended(outcome)):
        yield "" if place else OUTCOMES[outcome].word, _ending(ending, most)


def _ending(ending: EndingCount, most: int) -> str:
    return f"{bar(ending.count, most)}  {ending.count} {ending.code or ''}".rstrip()


def _pauses(numbers: Statistics) -> Rows:
    for place, pause in enumerate(reversed(numbers.pauses[-_SHOWN:])):
        yield "" if place else "pauses", _pause(pause, len(numbers.pauses) if not place else 0)


def _pause(pause: PauseSpan, total: int) -> str:
    end = "until now" if pause.ended is None else f"for {span(pause.ended - pause.began)}"
    count = f"{total}, the latest: " if total > 1 else ""
    return f"{count}{pause.began:%m-%d %H:%M} {end}, {redact(pause.by)}: {redact(pause.reason)}"


def _emergencies(numbers: Statistics) -> Rows:
    total = len(numbers.emergencies)
    for place, hurried in enumerate(reversed(numbers.emergencies[-_SHOWN:])):
        count, said = f"{total}, the latest: " if total > 1 and not place else "", hurried.said
        who = f"{' + '.join(hurried.branches)} by {said.by}"
        yield (
            "" if place else "emergencies",
            f"{count}{said.at:%m-%d %H:%M} {redact(who)}: {redact(said.reason)}",
        )


def _overrides(numbers: Statistics) -> Rows:
    for place, made in enumerate(reversed(numbers.overrides[-_SHOWN:])):
        count = f"{len(numbers.overrides)}, the latest: " if len(numbers.overrides) > 1 and not place else ""
        who = f"{made.by or 'somebody'} took #{made.token} from {made.holder}"
        yield (
            "" if place else "overrides",
            f"{count}{made.at:%m-%d %H:%M} {redact(who)}: {redact(made.reason)}",
        )
