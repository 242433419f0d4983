"""What a step would do, before it does it: the next entry and the commands, in order."""

from mergetui import cleaning
from mergetui.actions import Why
from mergetui.masking import Mask
from mergetui.model import Entry, EntryState, Instant
from mergetui.naming import full_ref
from mergetui.queueing import order
from mergetui.repository import Repository
from mergetui.tui.bridge import Picture
from mergetui.tui.wording import names, short, span

_CATCH_UP = {"rebase": "git rebase {tip} {head}", "squash": "git merge --squash {head}"}

_OTHERS_FIRST = (Why.LEASE_BUSY, Why.AWAITING_MERGE)
"""What only somebody else ends; of all other waits a step asks again whether they are over."""


def preview(picture: Picture, mask: Mask) -> list[str] | None:
    """Lines to read, cleaned and without secrets; None where there is no step: the verdict says why."""
    entry = next_entry(picture, picture.taken_at)
    if entry is None or _is_held_up(entry, picture) or _cannot_be_judged(entry, picture.repository):
        return None
    return [*_headline(entry, picture), "", *(mask(line) for line in _commands(entry, picture))]


def aim(picture: Picture) -> tuple[str, tuple[str, ...]] | None:
    """The entry that a step would begin with, and its commits; None when there is none."""
    entry = next_entry(picture, picture.taken_at)
    return (entry.id, entry.heads) if entry is not None else None


def next_entry(picture: Picture, now: Instant) -> Entry | None:
    """The first that can move without a person now."""
    queue = order(picture.state.entries.values())
    return next((entry for entry in queue if not entry.state.needs_a_person and not _rests(entry, now)), None)


def _rests(entry: Entry, now: Instant) -> bool:
    waits = entry.available_at is not None and entry.available_at > now
    return entry.state is EntryState.DEFERRED and waits


def _is_held_up(entry: Entry, picture: Picture) -> bool:
    if picture.verdict.why in _OTHERS_FIRST:
        return True
    pause = picture.state.pause
    goes_through = entry.emergency is not None and entry.emergency.through_pause
    return pause is not None and pause.holds(picture.taken_at) and not goes_through


def _cannot_be_judged(entry: Entry, repository: Repository) -> bool:
    return repository.enabled and _command(entry, repository) is None


def _command(entry: Entry, repository: Repository) -> str | None:
    reduced = repository.emergency_retest if entry.emergency is not None else None
    return reduced or repository.retest


def _headline(entry: Entry, picture: Picture) -> list[str]:
    repository = picture.repository
    author = f", by {entry.author}" if entry.author else ""
    behind = f", {entry.behind} behind {repository.target}" if entry.behind else ""
    told = [f"next: {names(entry.branches)}{author}{behind}"]
    if entry.emergency is not None:
        told.append(f"{entry.emergency!s}: it goes ahead of everything, and alone")
    elif repository.batch > 1:
        told.append(f"with up to {repository.batch - 1} of those behind it: they are tested together")
    if picture.usual is not None:
        told.append(f"usually done in {span(picture.usual)}")
    return [cleaning.name(line) for line in told]


def _commands(entry: Entry, picture: Picture) -> list[str]:
    repository, seen = picture.repository, picture.state.seen
    tip = short(seen.tip) if seen and seen.tip else repository.target
    retest = [("retest", _command(entry, repository) or "")] if repository.enabled else []
    push_branches = [("push branch", _branch_push(entry))] if repository.update_branch else []
    steps = [
        ("look", f"git fetch {repository.remote}"),
        *(("catch up", _catch_up(head, repository, tip)) for head in entry.heads),
        *retest,
        *push_branches,
        ("land", f"git push COMMIT:{full_ref(repository.target)}, never forced"),
    ]
    return [cleaning.name(f"{n}. {what:<13}{command}") for n, (what, command) in enumerate(steps, start=1)]


def _catch_up(head: str, repository: Repository, tip: str) -> str:
    form = _CATCH_UP.get(repository.strategy, "git merge {head}")
    return form.format(tip=tip, head=short(head))


def _branch_push(entry: Entry) -> str:
    leases = (
        f"--force-with-lease={full_ref(branch)}:{short(head)}"
        for branch, head in zip(entry.branches, entry.heads, strict=True)
    )
    return f"git push {' '.join(leases)}"
