"""Who has the right to land on the selected repository, and for how long."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.widget import Widget

from mergetui import cleaning
from mergetui.model import Instant, Lease
from mergetui.tui.bound_keys import bound_keys
from mergetui.tui.bridge import Picture
from mergetui.tui.screens.text_view import folded
from mergetui.tui.widgets.cells import cut
from mergetui.tui.widgets.titled import title
from mergetui.tui.wording import countdown, names, span

if TYPE_CHECKING:
    from mergetui.adapters.presence import OpenConsole

Line = tuple[str, str]
"""A text and the style of the whole line."""


class LeasePane(Widget, can_focus=True):
    ALLOW_SELECT = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", "open in full", show=False, id="lease.open")
    ]

    class Opened(Message):
        pass

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id, classes=classes)
        self._picture: Picture | None = None
        self._now: Instant | None = None
        self._others: Sequence[OpenConsole] = ()

    def show_others(self, consoles: "Sequence[OpenConsole]") -> None:
        """The consoles of others, oldest first."""
        self._others = consoles
        self.refresh()

    def show_picture(self, picture: Picture | None, now: Instant) -> None:
        self._picture = picture
        self.tick(now)

    def tick(self, now: Instant) -> None:
        self._now = now
        picture = self._picture
        self.set_class(picture is not None and picture.lease_is_stale, "-stale")
        title(self, "3 Lease", picture.name if picture else "")
        self.refresh()

    def action_open(self) -> None:
        self.post_message(self.Opened())

    def render(self) -> Content:
        width, room = max(self.size.width - 1, 1), max(self.size.height, 0)
        lines = list(self.lines())
        shown = _folded(lines, width, room)
        if len(shown) > room > 0:
            all_of_it = f"… {bound_keys(self.app).shown('lease.open')} shows all {len(lines)} lines"
            shown = [*shown[: room - 1], (cut(all_of_it, width), "$text-muted")]
        return Content("\n").join(Content.styled(f" {text}", style) for text, style in shown[:room])

    def lines(self) -> Iterator[Line]:
        picture, now = self._picture, self._now
        if picture is None or now is None:
            return
        if picture.state.lease is None:
            yield "free: nobody holds it", "$text-muted"
        else:
            take = bound_keys(self.app).shown("force_release")
            yield from _held(picture.state.lease, now, take=take if picture.lease_is_stale else None)
        if picture.worked_on_elsewhere is not None and picture.standing.mode is None:
            yield "", ""
            yield "you watch: worked on by", "$text-muted"
            yield cleaning.name(picture.worked_on_elsewhere), ""
        pause = picture.state.pause
        if pause is not None and pause.holds(now):
            yield "", ""
            yield f"paused by {cleaning.name(pause.by)}", "$text-warning"
            yield cleaning.name(pause.reason), ""
        if self._others:
            yield "", ""
            yield "also looking on", "$text-muted"
        for console in self._others:
            yield f"{cleaning.name(str(console.holder))} since {span(now - console.since)}", ""


def _folded(lines: Sequence[Line], width: int, room: int) -> list[Line]:
    """Each line whole, or the longest with as many rows as there are for it."""
    rows = [folded(text, width) for text, _ in lines]
    over = sum(map(len, rows)) - room
    if over > 0:
        longest = max(rows, key=len)
        kept = max(len(longest) - over, 1) - 1
        longest[kept:] = [cut("".join(longest[kept:]), width)]
    if sum(map(len, rows)) > room:
        return [(cut(text, width), style) for text, style in lines]
    return [(row, style) for (_, style), its in zip(lines, rows, strict=True) for row in its]


def _held(lease: Lease, now: Instant, *, take: str | None) -> Iterator[Line]:
    """`take` is the key that takes it, if it is stale."""
    yield f"{cleaning.name(str(lease.holder))}  #{lease.token}", "bold"
    yield f"for {names(lease.branches)}" + (f": {cleaning.name(lease.phase)}" if lease.phase else ""), ""
    since = f"renewed {span(now - lease.renewed_at)} ago"
    if lease.awaits_merge:
        since = "kept until it is merged"
    if take is not None:
        yield f"stale: {since}", "$text-warning"
        yield f"{take} takes it from the holder", "$text-muted"
    else:
        yield f"{since}, {countdown(lease.expires_at - now)} left", "$text-muted"
