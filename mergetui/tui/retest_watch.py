"""The retest pane's log: the right one for what is selected, and how far its retest has come."""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from mergetui.masking import Mask
from mergetui.model import Entry, EntryId, EntryState, Instant, Oid
from mergetui.tui.bound_keys import bound_keys
from mergetui.tui.following import Followed, captions, ended_red, follow, progress_of, switch
from mergetui.tui.messages import PictureTaken
from mergetui.tui.report_file import ReportFile
from mergetui.tui.widgets.log_pane import LogPane


class RetestWatch:
    """`mask_of` a repository is what must not be shown of its logs."""

    def __init__(self, pane: LogPane, mask_of: Callable[[str], Mask]) -> None:
        self._pane = pane
        self._mask_of = mask_of
        self._followed: Followed | None = None

    @property
    def commit(self) -> Oid | None:
        """The candidate whose log is shown, if the journal tells of it."""
        return self._followed.commit if self._followed is not None else None

    def follow(self, taken: PictureTaken, selected: Entry | None, *, by_hand: bool) -> None:
        """`by_hand`: the operator has just moved to `selected`."""
        before = self._followed
        self._show(follow(before, taken, selected, by_hand=by_hand), taken)
        if self._followed is not None and ended_red(before, self._followed, taken):
            self._pane.stand_at_first_error()

    def switch(self, taken: PictureTaken, steps: int) -> None:
        """To the log of another candidate that runs."""
        other = switch(self._followed, taken, steps)
        if other is not None:
            self._show(other, taken)

    def percents(self, taken: PictureTaken, told: Mapping[Oid, int]) -> dict[EntryId, int]:
        """How far the retests say they are, by the entries that they tell of."""
        followed, percent, train = self._followed, self._pane.percent, taken.picture.train
        watched = followed if followed is not None and followed.running else None
        commits, entries = dict(told), dict[EntryId, int]()
        if watched is not None and percent is not None:
            if watched.commit is not None:
                commits[watched.commit] = percent
            elif watched.entry is not None:
                entries[watched.entry] = percent
        tested = ((e.id, train.tests(e.branches)) for e in taken.listed.flying if _is_testing(e))
        return entries | {key: commits[one.commit] for key, one in tested if one and one.commit in commits}

    def tell_progress(self, taken: PictureTaken, now: Instant) -> None:
        self._pane.tell_progress(partial(progress_of, self._followed, taken, now=now))

    def _show(self, now: Followed, taken: PictureTaken) -> None:
        before, self._followed = self._followed, now
        title, empty = captions(now, bound_keys(self._pane.app))
        if before is None or _subject(before) != _subject(now):
            mask, report = self._mask_of(taken.picture.name), _report_of(now, taken)
            self._pane.show_log(now.path, mask, title=title, empty=empty, report=report, over=not now.running)
        else:
            self._pane.retitle(title, empty=empty, over=not now.running)


def _is_testing(entry: Entry) -> bool:
    return entry.state is EntryState.TESTING


def _subject(followed: Followed) -> tuple[object, ...]:
    """What the pane is given once: the log, or none of this repository."""
    return followed.repository, followed.path


def _report_of(followed: Followed, taken: PictureTaken) -> ReportFile | None:
    """The report log of the retest that runs, where the repository offers one."""
    entry = taken.picture.state.entries.get(followed.entry or "")
    inner, log = taken.picture.repository.report_log, followed.path
    if entry is None or not followed.running or inner is None or log is None:
        return None
    if entry.checkout is None or entry.state_since is None or entry.log != str(log):
        return None
    return ReportFile(Path(entry.checkout), inner, since=entry.state_since, log=log)
