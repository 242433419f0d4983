"""What is shown of a branch or an entry, put together from what git tells; every part may be unknown yet."""

from collections.abc import Sequence

from msgspec import Struct

from mergetui.events import CaughtUp, Event, RetestEnded
from mergetui.forecasting import Commit, Distance, FileChange, Forecast, Unrelated
from mergetui.git_ports import BranchReader
from mergetui.model import Branch, Candidate, Entry, Oid

MOST_AHEAD = 20
"""Entries ahead of one that its forecast is made with."""


class BranchSight(Struct, frozen=True, kw_only=True):
    """A branch of the remote in the picker."""

    latest: Commit | None = None
    distance: Distance | None = None
    forecast: Forecast | None = None

    @property
    def is_whole(self) -> bool:
        return None not in (self.latest, self.distance, self.forecast)


class EntryQuestion(Struct, frozen=True, kw_only=True):
    tip: Oid | None
    head: Oid
    ahead: tuple[tuple[Branch, Oid], ...] = ()


class EntrySight(Struct, frozen=True, kw_only=True):
    """An entry in full."""

    forecast: Forecast | None = None
    ahead: tuple[tuple[Branch, Forecast | None], ...] = ()
    distance: Distance | None = None
    commits: tuple[Commit, ...] | None = None
    files: tuple[FileChange, ...] | None = None

    @property
    def is_whole(self) -> bool:
        if None in (self.forecast, self.distance, self.commits):
            return False
        has_files = self.files is not None or isinstance(self.forecast, Unrelated)
        return has_files and all(forecast is not None for _, forecast in self.ahead)


class Story(Struct, frozen=True, kw_only=True):
    """What the gate did with an entry, as far as it was written down."""

    candidate: Candidate | None = None
    retests: tuple[RetestEnded, ...] = ()
    """Oldest first."""


def branch_sight(reader: BranchReader, tip: Oid | None, head: Oid) -> BranchSight:
    latest = reader.latest([head]).get(head)
    if latest is None or tip is None:
        return BranchSight(latest=latest)
    return BranchSight(
        latest=latest, distance=reader.distance(tip, head), forecast=reader.forecast(tip, head)
    )


def question(entry: Entry, tip: Oid | None, ahead: Sequence[Entry]) -> EntryQuestion:
    others = tuple((other.branch, other.heads[-1]) for other in ahead[:MOST_AHEAD])
    return EntryQuestion(tip=tip, head=entry.heads[-1], ahead=others)


def entry_sight(reader: BranchReader, asked: EntryQuestion) -> EntrySight:
    tip, head = asked.tip, asked.head
    ahead = tuple((branch, reader.forecast(other, head)) for branch, other in asked.ahead)
    if tip is None:
        return EntrySight(ahead=ahead)
    return EntrySight(
        forecast=reader.forecast(tip, head),
        ahead=ahead,
        distance=reader.distance(tip, head),
        commits=reader.commits(tip, head),
        files=reader.files(tip, head),
    )


def story(facts: Sequence[Event], entry: Entry) -> Story:
    """Of the entry since it was queued."""
    since = [fact for fact in facts if fact.at >= entry.enqueued_at]
    candidates = (
        fact.candidate
        for fact in reversed(since)
        if isinstance(fact, CaughtUp) and entry.id in fact.candidate.entries
    )
    retests = (
        fact for fact in since if isinstance(fact, RetestEnded) and set(entry.branches) <= set(fact.branches)
    )
    return Story(candidate=next(candidates, None), retests=tuple(retests))
