"""The entry under the cursor, beside the queue when there is room for it."""

from collections.abc import Iterator

from rich.table import Table
from textual.widgets import Static

from mergetui.model import Entry, Instant
from mergetui.tui.bridge import Picture
from mergetui.tui.screens.dialog import facts
from mergetui.tui.screens.entry import next_step
from mergetui.tui.widgets.titled import title
from mergetui.tui.wording import BADGES, span, words


class DetailPane(Static):
    ALLOW_SELECT = False

    def show_entry(self, entry: Entry | None, picture: Picture | None, now: Instant) -> None:
        title(self, "Entry", entry.branch if entry else "")
        rows = _rows(entry, picture, now) if entry and picture else iter(())
        table: Table = facts(rows)
        self.update(table)


def _rows(entry: Entry, picture: Picture, now: Instant) -> Iterator[tuple[str, str]]:
    badge = BADGES[entry.state]
    yield (
        "state",
        f"{badge.glyph} {badge.word}"
        + (f" for {span(now - entry.state_since)}" if entry.state_since else ""),
    )
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
    yield "retests", f"{entry.retests} started, {entry.attempts} runs ended"
    yield "deferred", f"{entry.deferrals} times in a row"
    yield "contended", f"{entry.contended} catch-ups lost"
