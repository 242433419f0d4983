"""The entry under the cursor, beside the queue when there is room for it."""

from collections.abc import Callable, Iterator

from rich.table import Table
from textual.widgets import Static

from mergetui.forecasting import ahead_of
from mergetui.git_ports import BranchReader
from mergetui.model import Entry, Instant
from mergetui.tui.bridge import Picture
from mergetui.tui.messages import PictureTaken, SightFound
from mergetui.tui.scout import Scout
from mergetui.tui.screens.dialog import facts
from mergetui.tui.screens.entry import next_step
from mergetui.tui.sight_words import sight_rows
from mergetui.tui.sights import EntryQuestion, EntrySight, entry_sight, question
from mergetui.tui.train_words import badge_of, red_behind
from mergetui.tui.widgets.titled import title
from mergetui.tui.wording import span, words

_MOST_COMMITS, _MOST_FILES, _MOST_AHEAD = 6, 12, 5
"""What fits beside the queue; enter shows the rest."""


class DetailPane(Static):
    """`reader` is that of a repository; what it tells is asked for off the event loop."""

    ALLOW_SELECT = False

    def __init__(self, reader: Callable[[str], BranchReader], *, id: str, classes: str) -> None:  # noqa: A002
        super().__init__(id=id, classes=classes)
        self._reader = reader
        self._shown: tuple[Entry, PictureTaken, Instant] | None = None
        self._scout: Scout[tuple[str, EntryQuestion], EntrySight] = Scout(
            self._find, lambda: self.post_message(SightFound()), is_whole=lambda sight: sight.is_whole
        )

    def on_unmount(self) -> None:
        self._scout.end()

    def show_entry(self, entry: Entry | None, taken: PictureTaken | None, now: Instant) -> None:
        title(self, "Entry", entry.branch if entry else "")
        self._shown = (entry, taken, now) if entry and taken else None
        self._scout.want([_asked(entry, taken)] if entry and taken else [])
        self._draw()

    def on_sight_found(self) -> None:
        self._draw()

    def _find(self, asked: tuple[str, EntryQuestion]) -> EntrySight:
        name, of_entry = asked
        return entry_sight(self._reader(name), of_entry)

    def _draw(self) -> None:
        rows = iter(()) if self._shown is None else self._rows(*self._shown)
        table: Table = facts(rows)
        self.update(table)

    def _rows(self, entry: Entry, taken: PictureTaken, now: Instant) -> Iterator[tuple[str, str]]:
        yield from _rows(entry, taken.picture, now)
        yield "", ""
        yield from sight_rows(
            self._scout.found.get(_asked(entry, taken)),
            target=taken.picture.repository.target,
            now=now,
            most_commits=_MOST_COMMITS,
            most_files=_MOST_FILES,
        )


def _asked(entry: Entry, taken: PictureTaken) -> tuple[str, EntryQuestion]:
    seen = taken.picture.state.seen
    ahead = ahead_of(entry.id, taken.queue)[:_MOST_AHEAD]
    return taken.picture.name, question(entry, seen.tip if seen else None, ahead)


def _rows(entry: Entry, picture: Picture, now: Instant) -> Iterator[tuple[str, str]]:
    badge, behind = badge_of(entry, picture.train), red_behind(picture.train, entry.branches)
    lasts = f"for {span(now - entry.state_since)}" if entry.state_since else ""
    yield "state", f"{badge.glyph} {badge.word} {behind or lasts}"
    yield "next", next_step(entry, picture)
    if entry.reason:
        yield "reason", words(entry.reason)
    yield "", ""
    for number, (branch, head) in enumerate(zip(entry.branches, entry.heads, strict=True)):
        yield "" if number else "pinned", f"{branch} {head[:12]}"
    yield "author", entry.author or "unknown"
    yield "behind", "unknown" if entry.behind is None else f"{entry.behind} of {picture.repository.target}"
    yield "", ""
    yield "queued", f"{span(now - entry.enqueued_at)} ago by {entry.enqueued_by or 'unknown'}"
    yield "priority", entry.priority.value
    yield "retests", f"{entry.retests} started; runs that ended: {entry.attempts}"
    yield "deferred", f"{entry.deferrals} times in a row"
    yield "contended", f"{entry.contended} catch-ups lost"
