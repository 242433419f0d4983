"""Which log the retest pane shows."""

from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from mergetui.model import Entry, EntryId, EntryState, Instant, Oid
from mergetui.reason import RED
from mergetui.train import Course, OnTrial, Train
from mergetui.tui.key_table import DEFAULT_KEYS, Bound
from mergetui.tui.messages import PictureTaken
from mergetui.tui.progress import progress
from mergetui.tui.train_words import came_to, line_of
from mergetui.tui.wording import so_far, words

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
    settled: str = ""
    """Why it waits for a person: it was sent back, or is held."""
    is_red: bool = False
    """It is settled by its retest."""
    kept: bool = False
    """Its retest has ended while it was watched: it stays until the operator looks at something else."""
    candidate: OnTrial | None = None
    """Whose log it is; None where only the stored entry tells of a retest."""
    place: str = ""
    """`2/4`: which of several candidates."""
    chosen: bool = False
    """The operator went from candidate to candidate: it stays on this one's commit, not on the entry's."""
    gone_to: EntryId | None = None
    """The entry that the operator has gone to while it ran, which it does not tell of."""

    @property
    def commit(self) -> Oid | None:
        return self.candidate.commit if self.candidate else None


def follow(
    before: Followed | None, taken: PictureTaken, selected: Entry | None, *, by_hand: bool
) -> Followed:
    """The log of the retest that runs, else of the one that has just ended, else of the selected entry.

    Of several that run: the chosen one, else the one that tells of the selected entry, else the first.
    """
    name, train = taken.picture.name, taken.picture.train
    same = before if before is not None and before.repository == name else None
    if same is not None and same.chosen and not by_hand and (one := _stays(train, same)) is not None:
        return _candidate(taken, one, chosen=True)
    if train.running:
        one = train.tests(selected.branches) if selected is not None else None
        gone_to = None if one is not None else _gone_to(same, selected, by_hand=by_hand)
        return replace(_candidate(taken, one or train.running[0], chosen=False), gone_to=gone_to)
    if at_work := _at_work(taken):
        gone_to = None if selected in at_work else _gone_to(same, selected, by_hand=by_hand)
        shown = _of(taken, selected if selected in at_work else at_work[0], running=True)
        return replace(shown, gone_to=gone_to)
    if same is not None and not by_hand and (same.running or same.kept):
        ended = _latest(train, same) or same.candidate or _written_by(train, same.path)
        kept = replace(same, running=False, kept=True, candidate=ended, place="", chosen=False)
        is_left = selected is not None and same.gone_to == selected.id
        if not is_left or _is_red(kept, taken):
            return kept
    return _of(taken, selected, running=False)


def switch(before: Followed | None, taken: PictureTaken, steps: int) -> Followed | None:
    """The candidate so many places after the one that is watched; None when there is no other."""
    running = taken.picture.train.running
    commits = [one.commit for one in running]
    watched = before.commit if before is not None else None
    if not running or commits == [watched]:
        return None
    place = commits.index(watched) + steps if watched in commits else min(steps, 0)
    return _candidate(taken, running[place % len(running)], chosen=True)


def ended_red(before: Followed | None, now: Followed, taken: PictureTaken) -> bool:
    """The retest that was watched has just ended, and was red, or its entry was sent back or held."""
    ended = before is not None and before.running and before.path == now.path and not now.running
    return ended and _is_red(now, taken)


def progress_of(followed: Followed | None, taken: PictureTaken, percent: int | None, *, now: Instant) -> str:
    """How far the retest that is watched has come; nothing when none runs."""
    picture, since = taken.picture, _began(followed, taken)
    return so_far(progress(now - since, percent, picture.usual, picture.slow)) if since else ""


def captions(followed: Followed, keys: Bound = DEFAULT_KEYS) -> tuple[str, str]:
    """The pane's title, and its words when there is no line to show."""
    if not followed.branch:
        return "4 Retest", keys.say(f"no retest yet: {_HOW}")
    place = f" {followed.place}" if followed.place else ""
    # Before the names, for what there is no room for is cut off at the end.
    came = came_to(followed.candidate) if followed.candidate is not None else ""
    came = came or (f"red: {followed.settled}" if followed.is_red else "")
    title = " · ".join(part for part in (f"4 Retest{place}", came, followed.branch) if part)
    return title, _without_lines(followed, keys)


def _without_lines(followed: Followed, keys: Bound) -> str:
    if followed.path:
        return "it runs, and has printed nothing yet" if followed.running else "the log is empty"
    if followed.settled:
        return f"not tested: {followed.settled}"
    return "caught up first, then tested" if followed.comes else keys.say(f"not tested yet: {_HOW}")


def ending(entry: Entry, train: Train) -> str:
    """How the retest ended that wrote the entry's log, as far as it is known; nothing while it runs."""
    one = _written_by(train, Path(entry.log)) if entry.log is not None else None
    if one is not None:
        return came_to(one)
    return f"red: {words(entry.reason)}" if entry.reason is not None and _is_judged(entry) else ""


def _gone_to(same: Followed | None, selected: Entry | None, *, by_hand: bool) -> EntryId | None:
    if by_hand:
        return selected.id if selected is not None else None
    return same.gone_to if same is not None else None


def _is_red(ended: Followed, taken: PictureTaken) -> bool:
    entry = taken.picture.state.entries.get(ended.entry or "")
    is_red = ended.candidate is not None and ended.candidate.course is Course.RED
    return is_red or (entry is not None and entry.state.needs_a_person)


def _at_work(taken: PictureTaken) -> list[Entry]:
    """Entries whose retest runs or whose candidate lands, unless the journal tells that it has ended."""
    over = {one.log for one in taken.picture.train.ended}
    return [e for e in taken.listed.flying if e.state in _AT_WORK and e.log is not None and e.log not in over]


def _began(followed: Followed | None, taken: PictureTaken) -> Instant | None:
    """When the retest that is watched did, if it runs."""
    if followed is not None and followed.candidate is not None:
        return followed.candidate.began if followed.running else None
    entry = taken.picture.state.entries.get(followed.entry or "") if followed else None
    return entry.state_since if entry is not None and entry.state is EntryState.TESTING else None


def _stays(train: Train, before: Followed) -> OnTrial | None:
    """The chosen candidate as it is now; one that ended stays as long as one runs that ran beside it."""
    one = _latest(train, before)
    if one is None or one.ended is None:
        return one
    return one if any(other.began <= one.ended for other in train.running) else None


def _latest(train: Train, before: Followed) -> OnTrial | None:
    """None when its commit is told of no more; what came to an end unseen is told as it was."""
    return train.find(before.commit) if before.commit is not None else None


def _written_by(train: Train, log: Path | None) -> OnTrial | None:
    """The candidate whose retest wrote the log, if it has ended and is told of still."""
    return next((one for one in train.ended if Path(one.log) == log), None)


def _candidate(taken: PictureTaken, one: OnTrial, *, chosen: bool) -> Followed:
    running = taken.picture.train.running
    place = f"{running.index(one) + 1}/{len(running)}" if one in running and len(running) > 1 else ""
    entries = taken.picture.state.entries.values()
    return Followed(
        repository=taken.picture.name,
        entry=next((entry.id for entry in entries if entry.branches == one.entries[-1]), None),
        branch=line_of(one),
        path=Path(one.log),
        running=one in running,
        kept=one not in running,
        candidate=one,
        place=place,
        chosen=chosen,
    )


def _of(taken: PictureTaken, entry: Entry | None, *, running: bool) -> Followed:
    name = taken.picture.name
    if entry is None:
        return Followed(repository=name)
    path = Path(entry.log) if entry.log is not None else None
    return Followed(
        repository=name,
        candidate=None if running else _written_by(taken.picture.train, path),
        is_red=_is_judged(entry),
        entry=entry.id,
        branch=entry.branch,
        path=path,
        running=running,
        comes=entry.state is EntryState.CATCHING_UP,
        settled=words(entry.reason) if entry.state.needs_a_person and entry.reason is not None else "",
    )


def _is_judged(entry: Entry) -> bool:
    """It waits for a person because of its retest."""
    return entry.state.needs_a_person and entry.reason is not None and entry.reason.code in RED
