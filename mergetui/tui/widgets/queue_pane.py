"""The queue of one repository."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from msgspec.structs import replace

from mergetui import cleaning
from mergetui.actions import Why
from mergetui.model import Entry, EntryId, EntryState, Instant, Priority
from mergetui.train import Train
from mergetui.tui.bound_keys import bound_keys
from mergetui.tui.bridge import Picture
from mergetui.tui.key_table import Bound
from mergetui.tui.messages import PictureTaken
from mergetui.tui.reading import READING
from mergetui.tui.train_words import badge_of, red_behind
from mergetui.tui.widgets.cells import fit_with_end
from mergetui.tui.widgets.row_list import Cell, RowList
from mergetui.tui.widgets.titled import subtitle, title
from mergetui.tui.wording import age_of_sight, span, told

_STATE = 12
"""Cells for `catching up` and a space."""
_BRANCH = 20
"""Cells for a branch, before there are any for its author and its priority."""
_TOLD, _TOLD_BRIEFLY = 27, 22
"""Cells for `lease busy, again in 0:20` and a space; and for `stack of 2 · 3 behind` and a space."""
_TONE = {Priority.URGENT: "bad", Priority.HIGH: "accent", Priority.LOW: "faint"}


class Columns(NamedTuple):
    """Cells per column, each with the space that follows it."""

    position: int
    branch: int
    state: int
    told: int
    author: int
    priority: int


class QueuePane(RowList):
    """Rows are entries; the cursor, the marks and the filter hold for the repository that is shown."""

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id, classes=classes)
        self.filter = ""
        self._held = ""
        """The filter that let the rows through which are shown."""
        self._taken: PictureTaken | None = None
        self._columns = (0, Columns(0, 0, 0, 0, 0, 0))
        self._now: Instant | None = None
        self._percents: Mapping[EntryId, int] = {}

    @property
    def entry(self) -> Entry | None:
        """The one under the cursor."""
        return self._entries.get(self.current) if self.current is not None else None

    def entries(self) -> tuple[Entry, ...]:
        """Those that a key acts on."""
        return tuple(self._entries[key] for key in self.chosen() if key in self._entries)

    def show_queue(self, taken: PictureTaken | None, now: Instant) -> None:
        if self._taken is not None and (taken is None or taken.picture.name != self._taken.picture.name):
            self.clear_marks()
        goes_on = self._taken is taken and self._held and self._held in self.filter
        known = self.keys if goes_on else None
        self._taken, self._held = taken, self.filter
        self._columns = (0, self._columns[1])
        self.empty = self._nothing_to_show()
        if taken is not None and not self.filter:
            self.show(taken.listed.keys, taken.listed.places)
        else:
            self.show(taken.listed.holding(self.filter, known) if taken else ())
        self.tick(now)

    def show_percents(self, told: Mapping[EntryId, int]) -> None:
        """How far the retests say they are, by the entries that they tell of."""
        if told != self._percents:
            self._percents = told
            self.refresh()

    def tick(self, now: Instant) -> None:
        """Ages and waits are those of this moment."""
        self._now = now
        self.refresh()
        self.caption()

    def cells(self, key: str, width: int) -> Sequence[Cell]:
        taken, entry = self._taken, self._tested(self._entries[key])
        place = taken.listed.places[key] if taken else 0
        sizes = self._sizes(width)
        train = taken.picture.train if taken else Train()
        badge, behind = badge_of(entry, train), red_behind(train, entry.branches)
        usual = taken.picture.usual if taken else None
        text, end = told(entry, self._now or entry.enqueued_at, usual, self._percents.get(key))
        text = behind or text
        text = " · ".join(part for part in (_haste(entry), text) if part)
        priority = "" if entry.priority is Priority.NORMAL else entry.priority.value
        text = text if sizes.priority else " · ".join(part for part in (priority, text) if part)
        quiet = "faint" if entry.state.needs_a_person else "plain"
        return (
            Cell(f"{place:>{sizes.position - 1}}", sizes.position, "faint"),
            Cell(badge.glyph, 2, badge.tone),
            Cell(cleaning.name(entry.branch), sizes.branch, quiet),
            Cell(badge.word, sizes.state, badge.tone),
            Cell(fit_with_end(text, "" if behind else end, max(sizes.told - 1, 0)), sizes.told, _tone(entry)),
            Cell(cleaning.name(entry.author), sizes.author, "faint"),
            Cell(priority, sizes.priority, _TONE.get(entry.priority, "plain")),
        )

    def _tested(self, entry: Entry) -> Entry:
        """Since its latest retest began, which may be a later one than made it `testing`."""
        is_testing = self._taken is not None and entry.state is EntryState.TESTING
        one = self._taken.picture.train.tests(entry.branches) if self._taken and is_testing else None
        return replace(entry, state_since=one.began) if one is not None else entry

    def _sizes(self, width: int) -> Columns:
        known, columns = self._columns
        if known != width and self._taken is not None:
            listed = self._taken.listed
            columns = columns_for(
                width,
                len(listed.queue),
                listed.longest,
                special=listed.is_special,
                reasons=listed.has_reasons,
            )
            self._columns = (width, columns)
        return columns

    @property
    def _entries(self) -> Mapping[str, Entry]:
        return self._taken.picture.state.entries if self._taken else {}

    def _nothing_to_show(self) -> str:
        keys = bound_keys(self.app)
        if self._entries:
            sought, back = cleaning.name(self.filter), keys.shown("back")
            return f"nothing in the queue has “{sought}” in it: {back} shows all"
        return READING if self._taken is None else keys.say("queue is empty: {enqueue} enqueues a branch")

    def caption(self) -> None:
        """The title says how many are marked."""
        picture = self._taken.picture if self._taken else None
        age = age_of_sight(picture, self._now) if picture and self._now else None
        self.set_class(age is not None, "-stale")
        title(
            self,
            "2 Queue",
            picture.name if picture else "",
            f"remote seen {span(age)} ago" if age is not None else "",
            f"/{self.filter}: {len(self.keys)} of {len(self._entries)}" if self.filter else "",
            f"{len(self.marked)} marked" if self.marked else "",
        )
        subtitle(self, *(_verdict(picture, bound_keys(self.app)) if picture else ("",)))


def columns_for(width: int, total: int, longest: tuple[int, int], *, special: bool, reasons: bool) -> Columns:
    """`longest` branch and author in characters; `special`: some priority is not normal."""
    position = max(len(str(total)), 2) + 1
    state = _STATE if width >= position + _STATE + 10 else 0
    room = max(width - position - 2 - state, 0)
    told = _TOLD if reasons else _TOLD_BRIEFLY
    priority = 7 if special and room - told - 7 >= _BRANCH else 0
    spare = room - told - priority - _BRANCH
    # Half an author is not worth the end of a reason.
    sizes = (min(longest[1], 14) + 1, *(() if reasons else (10,)))
    author = next((size for size in sizes if longest[1] and size <= spare), 0)
    rest = max(room - author - priority, 0)
    told = max(told, rest - rest // 2) if reasons else told
    branch = min(max(longest[0], 14) + 1, max(rest - told, rest * 2 // 5, min(rest, 12)))
    most = rest - branch if reasons else min(rest - branch, _TOLD)
    return Columns(position, branch, state, most, author, priority)


def _haste(entry: Entry) -> str:
    return "emergency" if entry.emergency is not None else ""


def _tone(entry: Entry) -> str:
    return "plain" if entry.state.in_flight else "faint"


def _verdict(picture: Picture, keys: Bound) -> tuple[str, str]:
    """Why nothing lands, where the rows do not say it themselves, and what to press; without times, for it
    does not tick."""
    verdict = picture.verdict
    if verdict.why in (Why.TESTING, Why.IDLE):
        return "", ""
    if verdict.why is Why.DEFERRED:
        return verdict.why, ""
    return verdict.says, f"press {keys.act_of(verdict.key)}" if verdict.key else ""
