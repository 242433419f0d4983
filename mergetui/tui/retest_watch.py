"""The retest pane's log: the right one for what is selected, and how far its retest has come."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from mergetui.masking import Mask
from mergetui.model import Entry, EntryId, Instant
from mergetui.tui.bound_keys import bound_keys
from mergetui.tui.following import Followed, captions, ended_red, follow, progress_of
from mergetui.tui.messages import PictureTaken
from mergetui.tui.report_file import ReportFile
from mergetui.tui.widgets.log_pane import LogPane


class RetestWatch:
    """`mask_of` a repository is what must not be shown of its logs."""

    def __init__(self, pane: LogPane, mask_of: Callable[[str], Mask]) -> None:
        self._pane = pane
        self._mask_of = mask_of
        self._followed: Followed | None = None

    def follow(self, taken: PictureTaken, selected: Entry | None, *, by_hand: bool) -> None:
        """`by_hand`: the operator has just moved to `selected`."""
        before = self._followed
        now = self._followed = follow(before, taken, selected, by_hand=by_hand)
        if before is None or _shown(before) != _shown(now):
            title, empty = captions(now, bound_keys(self._pane.app))
            mask, report = self._mask_of(taken.picture.name), _report_of(now, taken)
            self._pane.show_log(now.path, mask, title=title, empty=empty, report=report)
        if ended_red(before, now, taken):
            self._pane.stand_at_first_error()

    @property
    def percent(self) -> tuple[EntryId, int] | None:
        """How far the retest of an entry is that is watched, where it says so itself."""
        followed, percent = self._followed, self._pane.percent
        if followed is None or followed.entry is None or percent is None or not followed.running:
            return None
        return followed.entry, percent

    def tell_progress(self, taken: PictureTaken, now: Instant) -> None:
        self._pane.tell_progress(partial(progress_of, self._followed, taken, now=now))


def _shown(followed: Followed) -> tuple[object, ...]:
    """What the pane is given once: its log, and the words while that has no line."""
    return followed.path, followed.entry, followed.comes and followed.path is None


def _report_of(followed: Followed, taken: PictureTaken) -> ReportFile | None:
    """The report log of the retest that runs, where the repository offers one."""
    entry = taken.picture.state.entries.get(followed.entry or "")
    inner, log = taken.picture.repository.report_log, followed.path
    if entry is None or not followed.running or inner is None or log is None:
        return None
    if entry.checkout is None or entry.state_since is None:
        return None
    return ReportFile(Path(entry.checkout), inner, since=entry.state_since, log=log)
