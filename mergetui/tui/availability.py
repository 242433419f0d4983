"""Why a key cannot act now, in words for the person who pressed it."""

from collections.abc import Callable, Mapping

from msgspec import Struct

from mergetui.emergencies import no_emergencies
from mergetui.model import Entry, Oid
from mergetui.tui.bridge import Picture
from mergetui.tui.key_table import DEFAULT_KEYS, Bound
from mergetui.tui.reopening import WAITS
from mergetui.tui.wording import names


class Ground(Struct, frozen=True, kw_only=True):
    """What a key would act on."""

    picture: Picture | None = None
    """Of the selected repository."""
    entries: tuple[Entry, ...] = ()
    """Those that are marked, or the one under the cursor."""
    undoable: bool = False
    keys: Bound = DEFAULT_KEYS
    read_only: bool = False
    """This console only looks on."""
    unconfigured: bool = False
    """There is no repository yet."""
    watches: Oid | None = None
    """The candidate whose log is shown."""
    reopening: bool = False
    """Changed settings are taken over as soon as nothing runs here."""


def why_not(act: str, ground: Ground) -> str | None:
    """None when the key can act."""
    if ground.read_only and act not in LOOKS:
        return "read-only"
    if ground.reopening and act in _BEGINS:
        return WAITS
    if act == "sandbox":
        return None if ground.unconfigured else "mergetui demo opens one beside your repositories"
    if act in _ANYWHERE:
        return None
    if act == "undo":
        return None if ground.undoable else "there is nothing to undo"
    return _nothing_there(ground) if ground.picture is None else _here(act, ground, ground.picture)


def _nothing_there(ground: Ground) -> str:
    if ground.unconfigured:
        return f"no repository is configured: {ground.keys.shown('add_repository')} adds one"
    return "no repository has been read yet"


def _here(act: str, ground: Ground, picture: Picture) -> str | None:
    if act == "step" and picture.standing.mode == "auto":
        return f"{picture.name} advances by itself: {ground.keys.shown('auto')} turns that off"
    if act in CANDIDATES:
        return _other_candidate(picture, ground.watches)
    rule = _RULES.get(act)
    return rule(picture, ground.entries) if rule else None


def _auto(picture: Picture, _: tuple[Entry, ...]) -> str | None:
    if picture.standing.mode == "step":
        return f"a step of {picture.name} is under way"
    if picture.worked_on_elsewhere is None or picture.standing.mode is not None:
        return None
    return names([f"{picture.worked_on_elsewhere} works on {picture.name}"])


def _other_candidate(picture: Picture, watched: Oid | None) -> str | None:
    commits = [one.commit for one in picture.train.running]
    if not commits:
        return f"nothing is under test on {picture.name}"
    return "only one candidate is under test" if commits == [watched] else None


def _some_entry(picture: Picture, entries: tuple[Entry, ...]) -> str | None:
    if entries:
        return None
    return f"the queue of {picture.name} is empty" if not picture.state.entries else "no entry is selected"


def _retry(picture: Picture, entries: tuple[Entry, ...]) -> str | None:
    flying = [entry for entry in entries if entry.state.in_flight]
    if len(flying) < len(entries) or not entries:
        return _some_entry(picture, entries)
    return f"{names(flying[0].branches)} is {flying[0].state} already"


def _force_release(picture: Picture, _: tuple[Entry, ...]) -> str | None:
    return None if picture.state.lease else f"nobody holds the lease of {picture.name}"


def _emergency(picture: Picture, entries: tuple[Entry, ...]) -> str | None:
    if len(entries) != 1:
        return "one emergency at a time" if entries else _some_entry(picture, entries)
    if entries[0].emergency is not None and not entries[0].state.needs_a_person:
        return f"{names(entries[0].branches)} goes ahead of everything already"
    return no_emergencies(picture.repository)


def _approve(picture: Picture, entries: tuple[Entry, ...]) -> str | None:
    if not picture.repository.checks:
        return f"[repos.{picture.name}] has no 'checks': none asks for a word"
    return _some_entry(picture, entries)


def _log(picture: Picture, entries: tuple[Entry, ...]) -> str | None:
    if not entries or entries[0].log is not None:
        return _some_entry(picture, entries)
    return f"{names(entries[0].branches)} has not been tested yet"


CANDIDATES = frozenset({"previous_candidate", "next_candidate"})
LOOKS = CANDIDATES | frozenset(
    {"why", "log", "pager", "copy", "commands", "notices", "filter", "help", "quit"}
    | {"history", "statistics", "flakes", "report", "forecast", "train", "settings"}
)
"""What changes nothing, or does not in a read-only console: there everything else is refused, also what
is yet to come."""
_ANYWHERE = frozenset({"help", "quit", "add_repository"})
_BEGINS = frozenset({"step", "auto", "auto_all", "settings", "add_repository"})
"""What would start new work, or change again what is about to be taken over."""
_RULES: Mapping[str, Callable[[Picture, tuple[Entry, ...]], str | None]] = {
    "step": _auto,
    "auto": _auto,
    "dequeue": _some_entry,
    "retry": _retry,
    "move_up": _some_entry,
    "move_down": _some_entry,
    "raise": _some_entry,
    "lower": _some_entry,
    "approve": _approve,
    "copy": _some_entry,
    "force_release": _force_release,
    "emergency": _emergency,
    "log": _log,
    "pager": _log,
    "editor": _log,
    "shell": _log,
}
