"""One entry in full."""

from collections.abc import Iterator
from typing import assert_never

from textual.app import ComposeResult
from textual.widgets import Static

from mergetui.model import Entry, EntryState, Instant
from mergetui.tui.bridge import Picture
from mergetui.tui.screens.dialog import Dialog, Keys, facts, spoken

KEYS: Keys = (("j k", "move"), ("esc", "close"))


class EntryView(Dialog[None]):
    """All that is known of the entry in the picture."""

    def __init__(self, picture: Picture, entry: str) -> None:
        self._picture = picture
        self._entry = picture.state.entries.get(entry)
        super().__init__(self._entry.branch if self._entry else f"entry {entry}", keys=KEYS)

    def compose_body(self) -> ComposeResult:
        gone = [("", f"it is not in the queue of {self._picture.name} any more: h shows what became of it")]
        rows = list(_rows(self._entry, self._picture)) if self._entry else gone
        yield Static(facts(rows), markup=False)


def _rows(entry: Entry, picture: Picture) -> Iterator[tuple[str, str]]:
    now = picture.taken_at
    yield "state", entry.state.value + (f", {_since(entry.state_since, now)}" if entry.state_since else "")
    yield "next", next_step(entry, picture)
    if entry.reason:
        yield "reason", f"{entry.reason.code}: {entry.reason.detail}"
    for number, (branch, head) in enumerate(zip(entry.branches, entry.heads, strict=True)):
        yield "" if number else "pinned", f"{branch}  {head}"
    yield "author", entry.author or "unknown"
    yield "queued by", f"{entry.enqueued_by or 'unknown'}, {_since(entry.enqueued_at, now)}"
    yield "priority", entry.priority.value
    yield "behind", "unknown" if entry.behind is None else f"{entry.behind} of {picture.repository.target}"
    yield "retests", f"{entry.retests} started; runs ended: {entry.attempts}"
    yield "taken up", f"{entry.retries} times again by itself"
    yield "deferred", f"{entry.deferrals} times in a row"
    yield "contended", f"{entry.contended} catch-ups lost to a moving target"
    yield "log", entry.log or "none yet"


def next_step(entry: Entry, picture: Picture) -> str:
    """What happens to the entry next, or who has to make it happen."""
    target, state = picture.repository.target, entry.state
    match state:
        case EntryState.QUEUED:
            return _turn(entry, picture)
        case EntryState.CATCHING_UP:
            return f"a retest, once it stands on the tip of {target}"
        case EntryState.TESTING:
            return f"it lands on {target} if the retest is green"
        case EntryState.LANDING:
            return "the remote decides on the push"
        case EntryState.AWAITING_MERGE:
            return "somebody merges it; the lease is kept until then"
        case EntryState.DEFERRED:
            return _again(entry.available_at, picture.taken_at)
        case EntryState.HELD:
            return "an operator decides: r tries again, d takes it out"
        case EntryState.SENT_BACK:
            return "its author pushes a mend, or an operator presses r"
        case _:
            assert_never(state)


def _turn(entry: Entry, picture: Picture) -> str:
    place = picture.positions().get(entry.id, 0)
    if place > 1:
        return f"its turn comes after {place - 1} before it"
    return f"it is the next one; {picture.verdict.says}"


def _again(at: Instant | None, now: Instant) -> str:
    return f"tried again in {spoken(at - now)}, at {at:%H:%M:%S} UTC" if at else "tried again soon"


def _since(at: Instant, now: Instant) -> str:
    return f"{spoken(now - at)} ago, at {at:%Y-%m-%d %H:%M:%S} UTC"
