"""The line on top: what all repositories do, and who and when; and the one that stands for two panes."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from rich.cells import cell_len
from textual.content import Content
from textual.widget import Widget

from mergetui import cleaning
from mergetui.model import EntryState, Instant
from mergetui.tui.messages import PictureTaken
from mergetui.tui.widgets.cells import cut
from mergetui.tui.wording import advanced_elsewhere, countdown, short, standing_of

if TYPE_CHECKING:
    from mergetui.adapters.presence import OpenConsole

Piece = tuple[str, str]
"""A text and its style."""
_GAP = 3
_LEASE = ("lease ", "$text-muted")
_TARGET, _LEAST_TARGET = 3, 10
"""Which piece of a folded line is the target, and its fewest cells."""
"""Left out where there is no room: the digit says it too."""
_STYLES = {
    "accent": "$text-primary",
    "good": "$text-success",
    "warn": "$text-warning",
    "bad": "$text-error",
    "faint": "$text-muted",
}


class TopBar(Widget):
    ALLOW_SELECT = False

    def __init__(self, *, read_only: bool = False) -> None:
        super().__init__()
        self._read_only = read_only
        self._operator = ""
        self._pieces: tuple[list[Piece], list[Piece]] = ([], [])
        self._clock = ""
        self._others: tuple[str, ...] = ()

    def show_operator(self, operator: str) -> None:
        self._operator = cleaning.name(operator.partition(" pid ")[0])
        self.refresh()

    def show_others(self, consoles: "Sequence[OpenConsole]") -> None:
        """The consoles of others, oldest first."""
        others = tuple(console.holder.operator for console in consoles)
        if others != self._others:
            self._others = others
            self.refresh()

    def show_pictures(
        self, taken: Mapping[str, PictureTaken], ending: frozenset[str], *, repositories: int, now: Instant
    ) -> None:
        ending |= {name for name, sight in taken.items() if sight.picture.standing.ending}
        autos, elsewhere = _autos(taken.values(), ending), _elsewhere(taken.values(), self._operator)
        off = [("auto off", "$text-muted")] if not (autos or elsewhere or self._read_only) else []
        self._pieces = (_counts(repositories, _tally(taken.values())), [*autos, *elsewhere, *off])
        self._clock = f"{now.astimezone():%H:%M:%S}"
        self.refresh()

    def render(self) -> Content:
        counts, autos = self._pieces
        who, clock = (self._who(), "$text-muted"), (self._clock, "")
        if self._read_only:
            clock = (f"read-only   {self._clock}", "$text-warning")
        head = ("mergetui", "bold $text-primary")
        for left, right in (
            ([head, *counts], [*autos, who, clock]),
            ([head, *counts], [*autos, (self._who(brief=True), "$text-muted"), clock]),
            ([head, *counts], [*autos, clock]),
            ([head, *counts[1:]], [*autos, clock]),
            (counts[1:] or [head], [*autos, clock]),
            (counts[1:] or [head], [clock]),
        ):
            line = _line(left, right, self.size.width)
            if line is not None:
                return line
        told = [("read-only", "")] * self._read_only + counts
        return Content(cut(f" {_text(told)}", self.size.width))

    def _who(self, *, brief: bool = False) -> str:
        if not self._others:
            return self._operator
        count = f"{len(self._others) + 1} consoles"
        me = self._operator.partition("@")[0]
        return count if brief else f"{count}: {_folded_names((me, *self._others))}"


def _folded_names(names: Sequence[str]) -> str:
    """`ana, joe ×2`."""
    times = Counter(map(cleaning.name, names))
    return ", ".join(f"{name} ×{count}" if count > 1 else name for name, count in times.items())


class FoldedLine(Widget):
    """Repository and lease in one line, where there is no room for their panes."""

    ALLOW_SELECT = False

    def __init__(self) -> None:
        super().__init__()
        self._pieces: list[Piece] = []

    def show_repository(self, taken: PictureTaken | None, place: str, now: Instant) -> None:
        self._pieces = _folded(taken, place, now) if taken else []
        self.refresh()

    def render(self) -> Content:
        room, shown = self.size.width - 1, list[Content]()
        for text, style in _fitted(self._pieces, room):
            part = cut(text, room)
            shown.append(Content.styled(part, style))
            room -= len(part)
        return Content(" ") + Content("").join(shown)


def title_of(taken: Mapping[str, PictureTaken]) -> str:
    """The same for the title of the terminal: `mergetui · landing 1 · waiting 7`."""
    stopped = [name for name, sight in taken.items() if sight.picture.standing.stopped_itself is not None]
    counts = [text for text, _ in _counts(len(taken), _tally(taken.values()))[1:]]
    told = [f"{cleaning.name(', '.join(stopped))} stopped"] if stopped else []
    return " · ".join(["mergetui", *told, *counts])


def _tally(taken: Iterable[PictureTaken]) -> Counter[EntryState]:
    return sum((sight.listed.tally for sight in taken), Counter[EntryState]())


def _counts(repositories: int, tally: Counter[EntryState]) -> list[Piece]:
    flying = sum(number for state, number in tally.items() if state.in_flight)
    waiting = tally[EntryState.QUEUED] + tally[EntryState.DEFERRED]
    back, held = tally[EntryState.SENT_BACK], tally[EntryState.HELD]
    return [
        (f"{repositories} repo{'s' * (repositories != 1)}", "$text-muted"),
        (f"landing {flying}", "$text-primary" if flying else "$text-muted"),
        (f"waiting {waiting}", "" if waiting else "$text-muted"),
        *([(f"sent back {back}", "$text-error")] if back else []),
        *([(f"held {held}", "$text-warning")] if held else []),
    ]


def _autos(taken: Iterable[PictureTaken], ending: frozenset[str]) -> list[Piece]:
    modes = {sight.picture.name: sight.picture.standing.mode for sight in taken}
    told = []
    for mode in ("auto", "step"):
        names = [name + " (ending)" * (name in ending) for name, its in modes.items() if its == mode]
        told += [(f"{mode} ▸ {cleaning.name(', '.join(names))}", "$text-primary")] if names else []
    return told


def _elsewhere(taken: Iterable[PictureTaken], me: str) -> list[Piece]:
    """`auto by joe ▸ shop, api`: what others advance; of another process of `me` its number."""
    told = dict[str, list[str]]()
    for sight in taken:
        if (advance := advanced_elsewhere(sight.picture)) is not None:
            holder = advance.holder
            is_mine = f"{holder.operator}@{holder.host}" == me
            who = f"{holder.operator} pid {holder.pid}" if is_mine else holder.operator
            told.setdefault(f"{advance.mode} by {who}", []).append(sight.picture.name)
    pieces = (cleaning.name(f"{who} ▸ {', '.join(names)}") for who, names in told.items())
    return [(piece, "$text-muted") for piece in pieces]


def _folded(taken: PictureTaken, place: str, now: Instant) -> list[Piece]:
    picture = taken.picture
    seen, lease = picture.state.seen, picture.state.lease
    badge = standing_of(picture, taken.listed, now)
    left = "stale" if picture.lease_is_stale else countdown(lease.expires_at - now) if lease else ""
    holder = (
        f"{cleaning.name(lease.holder.operator)}@{cleaning.name(lease.holder.host)} {left}"
        if lease
        else "free"
    )
    return [
        ("1 ", "bold $text-primary"),
        (cleaning.name(picture.name), "bold"),
        (f" {place}" if place else "", "$text-muted"),
        (f"  {cleaning.name(picture.repository.target)} {short(seen.tip) if seen else ''}", "$text-muted"),
        (f"  {badge.glyph} {badge.word}", _STYLES.get(badge.tone, "")),
        ("  3 ", "bold $text-primary"),
        _LEASE,
        (holder, "$text-warning" if picture.lease_is_stale else "" if lease else "$text-muted"),
    ]


def _fitted(pieces: list[Piece], room: int) -> list[Piece]:
    """Without the word for the lease, and with less of the target, where there is no room for all of it."""
    if _over(pieces, room) <= 0:
        return pieces
    shown = [piece for piece in pieces if piece != _LEASE]
    (text, style), over = shown[_TARGET], max(_over(shown, room), 0)
    target, _, tip = text.rpartition(" ")
    shown[_TARGET] = (f"{cut(target, max(cell_len(target) - over, _LEAST_TARGET))} {tip}", style)
    return shown


def _over(pieces: Sequence[Piece], room: int) -> int:
    return cell_len(_text(pieces, "")) - room


def _line(left: Sequence[Piece], right: Sequence[Piece], width: int) -> Content | None:
    """Both ends in one line; None when they do not fit."""
    gap = width - 2 - len(_text(left)) - len(_text(right, "   "))
    if gap < _GAP:
        return None
    first, *rest = left
    parts: list[str | Content | tuple[str, str]] = [" ", first]
    for number, piece in enumerate(rest):
        parts += [("  " if number == 0 and first[0] == "mergetui" else " · ", "$text-disabled"), piece]
    ends: list[str | Content | tuple[str, str]] = []
    for piece in right:
        ends += ["   "] * bool(ends) + [piece]
    return Content.assemble(*parts, " " * gap, *ends)


def _text(pieces: Iterable[Piece], between: str = " · ") -> str:
    return between.join(text for text, _ in pieces)
