"""All repositories, one line each."""

from collections.abc import Mapping, Sequence

from textual.geometry import Size

from mergetui import cleaning
from mergetui.model import Instant
from mergetui.tui.bridge import Picture
from mergetui.tui.messages import PictureTaken
from mergetui.tui.widgets.row_list import Cell, RowList
from mergetui.tui.widgets.titled import subtitle, title
from mergetui.tui.wording import Badge, advanced_elsewhere, age_of_sight, short, standing_of

_UNREAD = Badge("·", "reading", "faint")


class RepositoryPane(RowList):
    """The row under the cursor is the repository that the other panes show."""

    MARKABLE = False

    def __init__(self, names: Sequence[str], *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id, classes=classes)
        self._names = names
        self._taken: Mapping[str, PictureTaken] = {}
        self._badges: dict[str, Badge] = {}
        self._now: Instant | None = None

    def on_mount(self) -> None:
        self.show(self._names)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:  # noqa: ARG002 - as in Widget
        return len(self._names)

    def show_pictures(self, taken: Mapping[str, PictureTaken], now: Instant) -> None:
        self._taken = taken
        self.tick(now)

    def tick(self, now: Instant) -> None:
        self._now = now
        self._badges = {
            name: standing_of(taken.picture, taken.listed, now) for name, taken in self._taken.items()
        }
        self.refresh()
        title(self, "1 Repositories")
        subtitle(self, _worker(self._taken.get(self.current or "")))

    def cells(self, key: str, width: int) -> Sequence[Cell]:
        taken, badge = self._taken.get(key), self._badges.get(key, _UNREAD)
        picture = taken.picture if taken else None
        words = max((len(known.word) for known in self._badges.values()), default=7)
        state = 3 + min(words, max(width // 3, 11))
        tip = 8 if width - state >= 16 else 0
        name = min(max(map(len, self._names)) + 1, 16)
        target = self._target_width() if width - state - tip >= name + self._target_width() else 0
        doubtful = picture is not None and self._now is not None and age_of_sight(picture, self._now)
        return (
            Cell(cleaning.name(key), max(width - state - tip - target, 0), "strong"),
            Cell(cleaning.name(picture.repository.target) if picture else "", target, "faint"),
            Cell(_tip(picture), tip, "warn" if doubtful else "faint"),
            Cell(f"{badge.glyph} {badge.word}", state, badge.tone),
        )

    def _target_width(self) -> int:
        targets = (len(taken.picture.repository.target) for taken in self._taken.values())
        return min(max(targets, default=4), 12) + 1


def _worker(taken: PictureTaken | None) -> str:
    """`auto by joe@ci-2 pid 77`; nothing where this console advances it, or nobody."""
    advance = advanced_elsewhere(taken.picture) if taken else None
    return f"{advance.mode} by {advance.holder}" if advance is not None else ""


def _tip(picture: Picture | None) -> str:
    seen = picture.state.seen if picture else None
    return short(seen.tip) if seen else ""
