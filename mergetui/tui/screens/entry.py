"""One entry in full."""

from collections.abc import Callable, Iterator, Sequence
from typing import assert_never

from textual.app import ComposeResult
from textual.widgets import Static

from mergetui.events import Event
from mergetui.forecasting import ahead_of
from mergetui.git_ports import BranchReader
from mergetui.model import Entry, EntryState, Instant
from mergetui.queueing import order
from mergetui.tui.bound_keys import bound_keys
from mergetui.tui.bridge import Picture
from mergetui.tui.key_table import DEFAULT_KEYS, Bound
from mergetui.tui.messages import SightFound
from mergetui.tui.reading import READING
from mergetui.tui.scout import Scout
from mergetui.tui.screens.dialog import Dialog, Keys, facts, spoken
from mergetui.tui.sight_words import sight_rows, story_rows
from mergetui.tui.sights import MOST_AHEAD, EntrySight, Story, entry_sight, question, story
from mergetui.tui.train_words import red_behind

KEYS: Keys = (("{dialog.down} {dialog.up}", "move"), ("{dialog.close}", "close"))


_MOST_COMMITS, _MOST_FILES = 100, 300


class EntryView(Dialog[None]):
    """All that is known of the entry in the picture: what is stored at once, what git and the journal tell
    as soon as they have told it. `journal` blocks, and is read off the event loop, as is `reader`."""

    DEFAULT_CSS = "EntryView > #dialog-box { width: 100; max-width: 100%; }"

    def __init__(
        self, picture: Picture, entry: str, reader: BranchReader, journal: Callable[[], Sequence[Event]]
    ) -> None:
        self._picture = picture
        self._entry = picture.state.entries.get(entry)
        self._reader = reader
        self._journal = journal
        self._scout: Scout[Entry, tuple[EntrySight, Story, int]] = Scout(
            self._find, lambda: self.post_message(SightFound()), is_whole=lambda found: found[0].is_whole
        )
        super().__init__(self._entry.branch if self._entry else f"entry {entry}", keys=KEYS)

    def compose_body(self) -> ComposeResult:
        keys = bound_keys(self.app)
        history = keys.shown("history")
        gone = f"it is not in the queue of {self._picture.name} any more: {history} shows what became of it"
        rows = list(_rows(self._entry, self._picture, keys)) if self._entry else [("", gone)]
        yield Static(facts(rows), markup=False)
        if self._entry is not None:
            yield Static(id="entry-sight", markup=False)

    def on_mount(self) -> None:
        if self._entry is not None:
            self._show_sight()
            self._scout.want([self._entry])

    def on_unmount(self) -> None:
        self._scout.end()

    def on_sight_found(self) -> None:
        self._show_sight()

    def _find(self, entry: Entry) -> tuple[EntrySight, Story, int]:
        """What git tells, what was written down, and how many entries are ahead but not asked about."""
        state = self._picture.state
        ahead = ahead_of(entry.id, order(state.entries.values()))
        asked = question(entry, state.seen.tip if state.seen else None, ahead)
        sight = entry_sight(self._reader, asked)
        return sight, story(self._journal(), entry), max(len(ahead) - MOST_AHEAD, 0)

    def _show_sight(self) -> None:
        found = self._scout.found.get(self._entry) if self._entry is not None else None
        self.query_one("#entry-sight", Static).update(facts(self._sight_rows(found)))

    def _sight_rows(self, found: tuple[EntrySight, Story, int] | None) -> Iterator[tuple[str, str]]:
        sight, told, unasked = found or (None, None, 0)
        now, target = self._picture.taken_at, self._picture.repository.target
        if told is None:
            yield "candidate", READING
        else:
            yield from story_rows(told, now)
        if unasked:
            forecast = bound_keys(self.app).shown("forecast")
            yield "ahead", f"{unasked:,} more than the forecast tells of: {forecast} shows more of them"
        yield "", ""
        yield from sight_rows(
            sight, target=target, now=now, most_commits=_MOST_COMMITS, most_files=_MOST_FILES
        )


def _rows(entry: Entry, picture: Picture, keys: Bound) -> Iterator[tuple[str, str]]:
    now = picture.taken_at
    behind = red_behind(picture.train, entry.branches)
    state = f"red {behind}" if behind else entry.state.value.replace("-", " ")
    yield "state", state + (f", {_since(entry.state_since, now)}" if entry.state_since and not behind else "")
    yield "next", next_step(entry, picture, keys)
    if why := what_holds_it_up(entry, picture, keys):
        yield "held up", why
    if entry.held_back is not None:
        yield "waits for", f"{entry.held_back.check}: {entry.held_back.reason}"
    for word in entry.approvals:
        still = "" if word.heads == entry.heads else ", for earlier heads"
        yield "approved", f"by {word.by} for {word.check or 'every check'}{still}"
    if entry.reason:
        yield "reason", f"{entry.reason.code}: {entry.reason.detail}"
    for number, (branch, head) in enumerate(zip(entry.branches, entry.heads, strict=True)):
        yield "" if number else "pinned", f"{branch}  {head}"
    yield "author", entry.author or "unknown"
    yield "queued by", f"{entry.enqueued_by or 'unknown'}, {_since(entry.enqueued_at, now)}"
    if entry.emergency is not None:
        yield "emergency", f"{entry.emergency.reason}; said by {entry.emergency.by}"
    yield "priority", entry.priority.value
    yield "behind", "unknown" if entry.behind is None else f"{entry.behind} of {picture.repository.target}"
    yield "retests", f"{entry.retests} started; runs that ended: {entry.attempts}"
    yield "taken up", f"{entry.retries} times again by itself"
    yield "deferred", f"{entry.deferrals} times in a row"
    yield "contended", f"{entry.contended} catch-ups lost to a moving target"
    yield "log", entry.log or "none yet"


def next_step(entry: Entry, picture: Picture, keys: Bound = DEFAULT_KEYS) -> str:
    """What happens to the entry next, or who has to make it happen."""
    target, state = picture.repository.target, entry.state
    match state:
        case EntryState.QUEUED:
            return _turn(entry, picture)
        case EntryState.CATCHING_UP:
            return f"a retest, once it stands on the tip of {target}"
        case EntryState.TESTING:
            return _what_it_hangs_on(entry, picture)
        case EntryState.LANDING:
            return "the remote decides on the push"
        case EntryState.AWAITING_MERGE:
            return "somebody merges it; the lease is kept until then"
        case EntryState.DEFERRED:
            return _again(entry.available_at, picture.taken_at)
        case EntryState.HELD:
            return keys.say("an operator decides: {retry} tries again, {dequeue} takes it out")
        case EntryState.SENT_BACK:
            return keys.say("its author pushes a mend, or an operator presses {retry}")
        case _:
            assert_never(state)


def what_holds_it_up(entry: Entry, picture: Picture, keys: Bound = DEFAULT_KEYS) -> str | None:
    """Why it is not landing, where that is not its own doing: what holds the whole queue up."""
    if entry.state.needs_a_person or entry.state.in_flight or picture.positions().get(entry.id, 0) <= 1:
        return None
    helps = (keys.act_of(picture.verdict.key), picture.verdict.mend)
    mend = ", or ".join(help_ for help_ in helps if help_)
    return f"{picture.verdict.says}{f'; what helps: {mend}' if mend else ''}"


def _what_it_hangs_on(entry: Entry, picture: Picture) -> str:
    if red_behind(picture.train, entry.branches):
        return "it is at fault only if those ahead of it are green: they are waited for"
    return f"it lands on {picture.repository.target} if the retest is green"


def _turn(entry: Entry, picture: Picture) -> str:
    if entry.held_back is not None:
        return "it keeps its place, and its turn comes when the check says yes"
    place = picture.positions().get(entry.id, 0)
    if place > 1:
        return f"its turn comes after {place - 1} before it"
    return f"it is the next one; {picture.verdict.says}"


def _again(at: Instant | None, now: Instant) -> str:
    return f"tried again in {spoken(at - now)}, at {at:%H:%M:%S} UTC" if at else "tried again soon"


def _since(at: Instant, now: Instant) -> str:
    return f"{spoken(now - at)} ago, at {at:%Y-%m-%d %H:%M:%S} UTC"
