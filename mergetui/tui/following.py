"""Which log the retest pane shows."""

from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from mergetui.model import Entry, EntryId, EntryState, Instant
from mergetui.tui.key_table import DEFAULT_KEYS, Bound
from mergetui.tui.messages import PictureTaken
from mergetui.tui.progress import progress
from mergetui.tui.wording import so_far

_HOW = "{step} does one step, {auto} goes on by itself"
_AT_WORK = (EntryState.TESTING, EntryState.LANDING)


class Followed(Struct, frozen=True, kw_only=True):
    repository: str
    entry: EntryId | None = None
    branch: str = ""
    path: Path | None = None
    running: bool = False
    comes: bool = False
    """Its retest is what follows: it is being caught up."""
    kept: bool = False
    """Its retest has ended while it was watched: it stays until the operator looks at something else."""


def follow(
    before: Followed | None, taken: PictureTaken, selected: Entry | None, *, by_hand: bool
) -> Followed:
    """The log of the retest that runs, else of the one that has just ended, else of the selected entry."""
    name = taken.picture.name
    at_work = [entry for entry in taken.listed.flying if entry.state in _AT_WORK and entry.log is not None]
    if at_work:
        return _of(name, selected if selected in at_work else at_work[0], running=True)
    if before is not None and before.repository == name and not by_hand and (before.running or before.kept):
        return replace(before, running=False, kept=True)
    return _of(name, selected, running=False)


def ended_red(before: Followed | None, now: Followed, taken: PictureTaken) -> bool:
    """The retest that was watched has just ended, and its entry was sent back or held."""
    entry = taken.picture.state.entries.get(now.entry or "")
    ended = before is not None and before.running and before.path == now.path and not now.running
    return ended and entry is not None and entry.state.needs_a_person


def progress_of(followed: Followed | None, taken: PictureTaken, percent: int | None, *, now: Instant) -> str:
    """How far the retest that is watched has come; nothing when none runs."""
    entry = taken.picture.state.entries.get(followed.entry or "") if followed else None
    if entry is None or entry.state is not EntryState.TESTING or entry.state_since is None:
        return ""
    picture = taken.picture
    return so_far(progress(now - entry.state_since, percent, picture.usual, picture.slow))


def captions(followed: Followed, keys: Bound = DEFAULT_KEYS) -> tuple[str, str]:
    """The pane's title, and its words when there is no line to show."""
    if not followed.branch:
        return "4 Retest", keys.say(f"no retest yet: {_HOW}")
    return f"4 Retest · {followed.branch}", _without_lines(followed, keys)


def _without_lines(followed: Followed, keys: Bound) -> str:
    if followed.path:
        return "the log is empty"
    return "caught up first, then tested" if followed.comes else keys.say(f"not tested yet: {_HOW}")


def _of(name: str, entry: Entry | None, *, running: bool) -> Followed:
    if entry is None:
        return Followed(repository=name)
    path = Path(entry.log) if entry.log is not None else None
    return Followed(
        repository=name,
        entry=entry.id,
        branch=entry.branch,
        path=path,
        running=running,
        comes=entry.state is EntryState.CATCHING_UP,
    )
