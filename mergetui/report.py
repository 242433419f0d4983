"""The hand-over: what happened on a repository since a time, and what is left, as Markdown.

Names stand in code spans, where nothing is active; free text has what is active in Markdown escaped.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta

from msgspec import Struct

from mergetui import cleaning
from mergetui.events import Event
from mergetui.model import Branch, Entry, EntryState, Instant
from mergetui.outcome import Run
from mergetui.queueing import order
from mergetui.reason import Coded, Reason
from mergetui.results import Flake
from mergetui.state import Pause, RepositoryState
from mergetui.statistics import Hurried, Outcome, PauseSpan, Spread, Statistics, journeys, statistics
from mergetui.verdict import spell

SHIFT = timedelta(hours=12)
"""What a report tells of when nothing is said."""

_SHORT = 10
_ACTIVE = re.compile(r"[\\`*_\[\]<>&|~#!$@^]|:(?=//)|(?<=www)\.", re.IGNORECASE)
_LONGEST = 300
"""Characters of a free text that are told; the history has it whole."""


class Report(Struct, frozen=True, kw_only=True):
    repo: str
    target: Branch
    numbers: Statistics
    landed: tuple[Run, ...]
    """Of the span, oldest first, as the others."""
    sent_back: tuple[Run, ...]
    deferred: tuple[Entry, ...]
    """Now, in the order of the queue, as the others."""
    held: tuple[Entry, ...]
    queued: tuple[Entry, ...]
    """What moves on without a person and is not deferred: waiting, or under way."""
    returned: tuple[Entry, ...]
    """Sent back, and their authors have not pushed since."""
    pause: Pause | None
    """The one that holds now."""


def report(
    repo: str, state: RepositoryState, facts: Sequence[Event], *, target: Branch, since: Instant, now: Instant
) -> Report:
    """`facts` is the repository's whole journal."""
    runs = [one.run for one in journeys(facts) if since < one.run.finished_at <= now]
    queue = order(state.entries.values())
    return Report(
        repo=repo,
        target=target,
        numbers=statistics(facts, since=since, now=now),
        landed=_of("landed", runs),
        sent_back=_of("sent-back", runs),
        deferred=_in(queue, EntryState.DEFERRED),
        held=_in(queue, EntryState.HELD),
        queued=tuple(
            entry
            for entry in queue
            if not entry.state.needs_a_person and entry.state is not EntryState.DEFERRED
        ),
        returned=_in(queue, EntryState.SENT_BACK),
        pause=_holding(state.pause, now),
    )


def markdown(told: Report) -> str:
    """The report as a document; every heading stands there, also over nothing."""
    numbers = told.numbers
    lines = [
        f"# Hand-over: {code(told.repo)}, {code(told.target)}",
        "",
        f"From {_time(numbers.since)} to {_time(numbers.until)}. {_summary(told)}",
        *_section("Landed", map(_landing, told.landed)),
        *_section("Sent back", _sent_back(told)),
        *_section("Held now", map(_stuck, told.held)),
        *_section("Deferred now", map(_deferral, told.deferred)),
        *_section("Queued now", map(_waiting, told.queued)),
        *_section("With their authors now", map(_stuck, told.returned)),
        *_section("Flakes", map(_flake, numbers.flakes)),
        *_section("Pauses", map(_pause, numbers.pauses)),
        *_section("Emergencies", map(_emergency, numbers.emergencies)),
        *_section("Overrides", (_override(told, place) for place in range(len(numbers.overrides)))),
        *_section("Retests", _retests(numbers)),
    ]
    return "\n".join(lines) + "\n"


def code(untrusted: str) -> str:
    """A code span: a fence longer than any in it, and nothing in it is Markdown."""
    shown = cleaning.name(cleaning.redact(untrusted))
    longest = max((len(ticks) for ticks in re.findall("`+", shown)), default=0)
    fence = "`" * (longest + 1)
    pad = " " if longest or shown != shown.strip() or not shown else ""
    return f"{fence}{pad}{shown}{pad}{fence}"


def prose(untrusted: str) -> str:
    """Free text of others in a line of our own."""
    shown = cleaning.name(cleaning.redact(untrusted))
    cut = shown if len(shown) <= _LONGEST else shown[: _LONGEST - 1] + "…"
    return _ACTIVE.sub(r"\\\g<0>", cut).strip()


def _holding(pause: Pause | None, now: Instant) -> Pause | None:
    return pause if pause is not None and pause.holds(now) else None


def _of(outcome: Outcome, runs: Iterable[Run]) -> tuple[Run, ...]:
    return tuple(run for run in runs if run.outcome == outcome)


def _in(queue: Iterable[Entry], state: EntryState) -> tuple[Entry, ...]:
    return tuple(entry for entry in queue if entry.state is state)


def _section(heading: str, items: Iterable[str]) -> Iterator[str]:
    lines = [f"- {item}" for item in items]
    count = f" ({len(lines)})" if lines and heading != "Retests" else ""
    yield from ("", f"## {heading}{count}", "", *(lines or ["nothing"]))


def _summary(told: Report) -> str:
    numbers = told.numbers
    landings = f"{numbers.landed} landed, {numbers.count('sent-back')} sent back"
    if told.pause is None:
        return f"{landings}."
    until = f" until {_time(told.pause.until)}" if told.pause.until else ""
    return f"{landings}. **Paused now**{until} by {code(told.pause.by)}: {prose(told.pause.reason)}"


def _landing(run: Run) -> str:
    commit = f" as {code(run.landed_commit[:_SHORT])}" if run.landed_commit else ""
    retests = "" if run.retests <= 1 else f", {run.retests} retests"
    contended = f", contended {run.contended}×" if run.contended else ""
    took = spell(run.finished_at - run.started_at)
    return f"{_time(run.finished_at)} {_branches(run.branches)}{commit}, took {took}{retests}{contended}"


def _sent_back(told: Report) -> Iterator[str]:
    """By code, the most frequent first."""
    for ending in told.numbers.ended("sent-back"):
        for run in told.sent_back:
            if _code(run.reason) is ending.code:
                yield f"{_because(run.reason)} — {_branches(run.branches)}, {_time(run.finished_at)}"


def _stuck(entry: Entry) -> str:
    since = f", since {_time(entry.state_since)}" if entry.state_since else ""
    return f"{_branches(entry.branches)}{since}: {_because(entry.reason)}"


def _deferral(entry: Entry) -> str:
    again = f", again at {_time(entry.available_at)}" if entry.available_at else ""
    return f"{_branches(entry.branches)}{again}: {_because(entry.reason)}"


def _waiting(entry: Entry) -> str:
    author = f" of {code(entry.author)}" if entry.author else ""
    queued = f"queued at {_time(entry.enqueued_at)}"
    return f"{_branches(entry.branches)}{author}: {entry.state}, {entry.priority}, {queued}"


def _flake(flake: Flake) -> str:
    judged = f"tree {code(flake.tree[:_SHORT])} failed {flake.reds}×, and passed"
    return f"{_time(flake.at)} {_branches(flake.branches)}: {judged}; {_because(flake.failed.reason)}"


def _pause(pause: PauseSpan) -> str:
    end = "still holds" if pause.ended is None else f"to {_time(pause.ended)}"
    return f"{_time(pause.began)} {end}, by {code(pause.by)}: {prose(pause.reason)}"


def _emergency(hurried: Hurried) -> str:
    said, branches = hurried.said, _branches(hurried.branches)
    through = ", through the pause" if said.through_pause else ""
    return f"{_time(said.at)} {branches} by {code(said.by)}{through}: {prose(said.reason)}"


def _override(told: Report, place: int) -> str:
    made = told.numbers.overrides[place]
    who = code(made.by) if made.by else "somebody"
    return f"{_time(made.at)} {who} took lease {made.token} from {code(made.holder)}: {prose(made.reason)}"


def _retests(numbers: Statistics) -> Iterator[str]:
    retests = numbers.retests
    if retests.started or retests.green or retests.red:
        rate = "" if retests.red_rate is None else f" ({retests.red_rate:.0%} of those with a verdict)"
        yield f"{retests.started} started: {retests.green} green, {retests.red} red{rate}, " + (
            f"{retests.undecided} stopped or killed"
        )
    if numbers.retests_per_landing is not None:
        yield f"{numbers.retests_per_landing:.1f} per landing"
    if numbers.contended:
        yield f"contention: {numbers.contended} lost to somebody else's push"
    if numbers.in_queue is not None and numbers.waited is not None and numbers.worked is not None:
        yield f"from queued to landed: {_spread(numbers.in_queue)}"
        yield f"of that waiting: {_spread(numbers.waited)}; at work: {_spread(numbers.worked)}"


def _spread(lengths: Spread) -> str:
    return f"half within {spell(lengths.p50)}, 95 of 100 within {spell(lengths.p95)}"


def _branches(branches: Iterable[Branch]) -> str:
    return " + ".join(code(branch) for branch in branches)


def _because(reason: Coded | None) -> str:
    if reason is None:
        return "no reason is known"
    detail = prose(reason.detail)
    return f"**{reason.code}**: {detail}" if detail else f"**{reason.code}**"


def _code(reason: Coded | None) -> Reason | None:
    return reason.code if reason else None


def _time(at: Instant) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"
