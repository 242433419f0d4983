"""Looking at the remote: when, and what has changed there since the last time."""

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta

from msgspec.structs import replace

from mergetui.driver.record import Record
from mergetui.events import RemoteBack, RemoteLost, TargetMoved
from mergetui.git_ports import Repo, Seen
from mergetui.model import Branch, Entry, EntryId, Instant, Oid
from mergetui.outcome import Unreachable
from mergetui.queueing import order, put
from mergetui.reason import Coded, Reason
from mergetui.state import RepositoryState, Sighting

_DESCRIBED = 20
"""Entries at the head of the queue whose author and distance are looked up; a screenful."""


class Lookout:
    """What is known of the remote, and how old it is."""

    def __init__(
        self,
        record: Record,
        repo: Repo,
        *,
        target: Branch,
        interval: timedelta,
        monotonic: Callable[[], float],
    ) -> None:
        self._record = record
        self._repo = repo
        self._target = target
        self._interval = interval.total_seconds()
        self._monotonic = monotonic
        self._looked_at: float | None = None
        self._asked: frozenset[Branch] = frozenset()
        self._served: Instant | None = None
        self.heads: Mapping[Branch, Oid] = {}
        self.trouble: str | None = None
        self.failing_since: Instant | None = None
        self.rewound: Coded | None = None
        self._described_from: Oid | None = None

    def distrust(self) -> None:
        """What is known is too old for what comes next: look again before the next decision."""
        self._looked_at = None

    def is_due(self, state: RepositoryState) -> bool:
        asked = _branches(tuple(state.entries.values()))
        if self._looked_at is None or state.look_wanted != self._served or not asked <= self._asked:
            return True
        return self._monotonic() - self._looked_at >= self._interval

    def look(self, state: RepositoryState, *, in_flight: frozenset[EntryId]) -> RepositoryState:
        """Fetch, store what was seen, tell what has changed; the state with it.

        `in_flight` are the entries whose work is lost if the target moved: it counts as contention.
        """
        asked = _branches(tuple(state.entries.values()))
        seen = self._repo.fetch(sorted(asked))
        self._looked_at, self._asked, self._served = self._monotonic(), asked, state.look_wanted
        if isinstance(seen, Unreachable):
            self._lost(state, seen)
        else:
            self._saw(state, seen, in_flight)
        return self._record.state()

    def _lost(self, state: RepositoryState, seen: Unreachable) -> None:
        self.trouble = seen.message
        before = state.seen
        since = before.failing_since if before and before.failing_since else self._record.now()
        self.failing_since = since
        known = before or Sighting(at=self._record.now(), target=self._target)
        sighting = replace(known, failing_since=since, trouble=seen.message)
        is_new = before is None or before.trouble is None
        facts = [self._record.fact(RemoteLost, detail=seen.message)] if is_new else []
        self._record.commit(lambda old: replace(old, seen=sighting), *facts)

    def _saw(self, state: RepositoryState, seen: Seen, in_flight: frozenset[EntryId]) -> None:
        self.trouble, self.failing_since, self.heads = None, None, seen.heads
        before = state.seen if state.seen and state.seen.target == self._target else None
        sighting = Sighting(at=self._record.now(), target=self._target, tip=seen.tip)
        facts: list[RemoteBack | TargetMoved] = []
        if before is not None and before.trouble is not None:
            facts.append(self._record.fact(RemoteBack))
        moved = before is not None and before.tip != seen.tip
        if moved and before is not None:
            facts.append(self._record.fact(TargetMoved, before=before.tip, after=seen.tip))
            self.rewound = self._loss(before.tip, seen.tip)
        elif seen.tip is None:
            self.rewound = _no_target(self._target)
        lost = in_flight if moved else frozenset()
        self._record.commit(lambda old: _contended(replace(old, seen=sighting), lost), *facts)
        self._describe(state, seen)

    def _describe(self, state: RepositoryState, seen: Seen) -> None:
        """Who wrote the first entries in the queue, and how far behind they are; for people to see."""
        shown = order(state.entries.values())[:_DESCRIBED]
        everything = seen.tip != self._described_from
        news = [entry for entry in shown if everything or entry.behind is None or not entry.author]
        if not news or seen.tip is None:
            return
        self._described_from = seen.tip
        authors = self._repo.authors([entry.heads[-1] for entry in news])
        known = {
            entry.id: (
                authors.get(entry.heads[-1], entry.author),
                self._repo.behind(entry.heads[-1], seen.tip),
            )
            for entry in news
        }
        self._record.change(lambda old: (_described(old, known), None))

    def _loss(self, before: Oid | None, after: Oid | None) -> Coded | None:
        """What to tell when the target does not contain any more what it contained."""
        if after is None:
            return _no_target(self._target)
        if before is None or self._repo.is_ancestor(before, after):
            return None
        told = f"{self._target} was rewound from {before[:10]} to {after[:10]}; resume when that is meant"
        return Coded(Reason.CONTENDED, told)


def _branches(queue: Sequence[Entry]) -> frozenset[Branch]:
    return frozenset(branch for entry in queue for branch in entry.branches)


def _no_target(target: Branch) -> Coded:
    return Coded(Reason.BRANCH_GONE, f"the remote has no branch {target}; resume when it is there again")


def _described(state: RepositoryState, known: Mapping[EntryId, tuple[str, int]]) -> RepositoryState:
    entries = ((state.entries[key], said) for key, said in known.items() if key in state.entries)
    return put(state, *(replace(entry, author=author, behind=behind) for entry, (author, behind) in entries))


def _contended(state: RepositoryState, lost: frozenset[EntryId]) -> RepositoryState:
    entries = (state.entries[key] for key in lost if key in state.entries)
    return put(state, *(replace(entry, contended=entry.contended + 1) for entry in entries))
