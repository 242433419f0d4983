"""What is asked about before an entry goes ahead of everything."""

from mergetui.masking import Mask
from mergetui.model import Entry
from mergetui.queueing import rest_of
from mergetui.tui.bridge import Picture
from mergetui.tui.screens.emergency import Hurry


def hurry(picture: Picture, entry: Entry, mask: Mask) -> Hurry:
    pause = picture.state.pause
    holds = pause is not None and pause.holds(picture.taken_at)
    return Hurry(
        branch=entry.branch,
        command=mask(picture.repository.emergency_retest or ""),
        interrupts=rest_of(picture.state).branches,
        pause=str(pause).removeprefix("paused ") if pause is not None and holds else "",
    )
