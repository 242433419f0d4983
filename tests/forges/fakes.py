"""A repository that writes down what a webhook does to it."""

from datetime import UTC, datetime

from mergetui.model import Branch, Entry, EntryState, Oid
from mergetui.webhooks.doing import Later, Outcome, Settled


class FakeDoer:
    """The `Doer` port; `done` is what was done, in order."""

    target: Branch = "main"
    me = "hub@box"

    def __init__(self, *entries: Entry, unreachable: bool = False, awaited: tuple[Branch, ...] = ()) -> None:
        self._entries = {entry.branch: entry for entry in entries}
        self._unreachable = unreachable
        self._awaited = set(awaited)
        self.done: list[str] = []

    def entry(self, branch: Branch) -> Entry | None:
        return self._entries.get(branch)

    def enqueue(self, branch: Branch) -> Outcome:
        if self._unreachable:
            return Later("the remote cannot be reached")
        self.done.append(f"enqueue {branch}")
        return Settled(f"queued: {branch}")

    def dequeue(self, branch: Branch) -> Outcome:
        self.done.append(f"dequeue {branch}")
        return Settled(f"out of the queue: {branch}")

    def merged(self, branch: Branch, *, commit: Oid | None, by: str) -> bool:
        self.done.append(f"merged {branch} {commit} by {by}")
        released = branch in self._awaited
        self._awaited.discard(branch)
        return released

    def look_now(self) -> None:
        self.done.append("look now")


def queued(branch: Branch, *, state: EntryState = EntryState.QUEUED, by: str = "ada@box") -> Entry:
    return Entry(
        id=f"e-{branch}",
        branches=(branch,),
        heads=("1" * 40,),
        enqueued_at=datetime(2026, 3, 2, tzinfo=UTC),
        enqueued_by=by,
        state=state,
    )
