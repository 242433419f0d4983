"""What follows while a candidate waits to be merged by somebody else."""

from msgspec.structs import replace

from mergetui.actions import Action, RecordMerge, TakeBack, Wait, Why
from mergetui.emergencies import first_emergency
from mergetui.model import Candidate, Entry, Link
from mergetui.news import news
from mergetui.reason import Coded, Reason
from mergetui.state import Handover
from mergetui.view import Policy, View


def awaiting(view: View, handover: Handover, policy: Policy) -> tuple[Action, ...]:
    """Nothing else is tried meanwhile: the lease is kept for what was handed over."""
    candidate = handover.candidate
    if view.is_merged:
        return (RecordMerge(handover),)
    if not view.keeps_lease:
        return (TakeBack(handover, _LEASE_GONE),)
    if view.trouble is None and _has_changed(view, candidate):
        return (TakeBack(handover, None),)
    first = first_emergency(view)
    if first is not None and first.id not in candidate.entries:
        return (TakeBack(handover, None),)
    others = tuple(entry for entry in view.queue if entry.id not in candidate.entries)
    told = ", ".join(branch for link in candidate.links for branch in link.branches)
    until = handover.until if view.now < handover.until else None
    wait = Wait(why=Why.AWAITING_MERGE, detail=told, until=until)
    return news(replace(view, queue=others), policy) or (wait,)


def _has_changed(view: View, candidate: Candidate) -> bool:
    """Whether the target, the queue or the authors have gone on without what was handed over."""
    entries = {entry.id: entry for entry in view.queue}
    stand = (
        link.entry in entries and _is_where_it_was(view, link, entries[link.entry])
        for link in candidate.links
    )
    return view.tip != candidate.base or not all(stand)


def _is_where_it_was(view: View, link: Link, entry: Entry) -> bool:
    return entry.heads == link.heads and all(
        view.heads.get(branch) in (head, tip)
        for branch, head, tip in zip(link.branches, link.heads, link.tips, strict=True)
    )


_LEASE_GONE = Coded(Reason.LEASE_LOST, "an operator released it while it was waiting to be merged")
