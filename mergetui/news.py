"""What follows from what authors did to their branches."""

from mergetui.actions import Action, Hold, PinAnew, SendBack, TakeUp
from mergetui.model import Entry, EntryState, Oid
from mergetui.reason import Coded, Reason
from mergetui.view import Policy, View


def news(view: View, policy: Policy) -> tuple[Action, ...]:
    """What authors did to their branches since they were queued."""
    if view.trouble is not None or view.tip is None:
        return ()
    head_of = view.heads.get
    maybe = (
        entry
        for entry in view.queue
        # Asked here, for nothing else is done with every entry of a long queue at every step.
        if tuple(map(head_of, entry.branches)) != entry.heads or entry.state.needs_a_person
    )
    found = (_news_of(entry, view, policy) for entry in maybe)
    return tuple(action for action in found if action is not None)


def _news_of(entry: Entry, view: View, policy: Policy) -> Action | None:
    gone = [branch for branch in entry.branches if branch not in view.heads]
    if gone:
        known = entry.state.needs_a_person
        return None if known else SendBack(entry, Coded(Reason.BRANCH_GONE, f"{gone[0]} is gone"))
    heads = tuple(view.heads[branch] for branch in entry.branches)
    came_back = entry.reason is not None and entry.reason.code is Reason.BRANCH_GONE
    match entry.state:
        case EntryState.HELD:
            return None
        case EntryState.SENT_BACK if not (came_back or _is_authors(entry, heads)):
            return None
        case EntryState.SENT_BACK if entry.retries < policy.max_retries:
            return TakeUp(entry, heads)
        case EntryState.SENT_BACK:
            return Hold(entry, _taken_up_enough(entry, policy))
        case _:
            return PinAnew(entry, heads) if heads != entry.heads else None


def _is_authors(entry: Entry, heads: tuple[Oid, ...]) -> bool:
    """Whether anybody but the gate itself moved the branches to `heads`."""
    return any(
        head != pinned and head not in entry.pushed for head, pinned in zip(heads, entry.heads, strict=True)
    )


def _taken_up_enough(entry: Entry, policy: Policy) -> Coded:
    code = entry.reason.code if entry.reason else Reason.INTERNAL
    return Coded(code, f"its author pushed again after {policy.max_retries} retries; retry it by hand")
