"""The keys of the main screen. The names are binding ids, remapped under `[keys]`."""

from collections.abc import Iterable, Mapping
from functools import partial
from typing import NamedTuple

from textual.binding import ActiveBinding, Binding
from textual.screen import Screen

from mergetui.tui.autos import has_stopped
from mergetui.tui.bound_keys import bound_keys
from mergetui.tui.bridge import Picture
from mergetui.tui.key_table import bind, is_move, printed
from mergetui.tui.widgets.key_bar import Key


class Act(NamedTuple):
    name: str
    key: str
    label: str
    says: str


ACTS = (
    Act("step", "s", "step", "one step, after a look at its commands"),
    Act("auto", "a", "auto", "advance this repository by itself, or stop that"),
    Act("auto_all", "A", "auto: all", "advance every repository by itself, or stop that"),
    Act("pause", "p", "pause", "pause this repository with a reason, or resume it"),
    Act("pause_all", "P", "pause: all", "pause every repository, or resume them"),
    Act("enqueue", "e", "enqueue", "queue branches of the remote"),
    Act("dequeue", "d", "dequeue", "take the entry out of the queue"),
    Act("retry", "r", "retry", "try the entry again, with its branch as it is now"),
    Act("move_up", "K", "move up", "one place up the queue"),
    Act("move_down", "J", "move down", "one place down the queue"),
    Act("raise", "+", "more urgent", "a higher priority"),
    Act("lower", "-", "less urgent", "a lower priority"),
    Act("approve", "v", "approve", "your word for the entry, as it is now, to the checks that ask for it"),
    Act("undo", "u", "undo", "take the last command back, for ten seconds"),
    Act("force_release", "f", "force-release", "take the lease from its holder"),
    Act("emergency", "I", "emergency", "send the entry ahead of everything, judged by the reduced command"),
    Act("settings", "S", "settings", "the settings of this repository"),
    Act("add_repository", "R", "add repository", "add a repository"),
    Act("sandbox", "D", "sandbox", "see it work on a sandbox, while no repository is configured"),
    Act("why", "w", "why?", "why is nothing landing, and what helps"),
    Act("forecast", "c", "forecast", "which branches conflict: with the target, with each other"),
    Act("log", "l", "full log", "the whole log of the entry's latest retest"),
    Act("history", "h", "history", "every run that ended, with its proof and its log"),
    Act("statistics", "t", "statistics", "landings, waits, retests and contention in numbers"),
    Act("flakes", "L", "flakes", "what failed and passed as the same tree, with both logs"),
    Act("train", "T", "train", "every candidate under test, what it assumes, what was thrown away and why"),
    Act("report", "H", "hand-over", "the hand-over report of the last 12 hours, to read and to copy"),
    Act("pager", "o", "log in $PAGER", "the log of the entry's latest retest in $PAGER"),
    Act("editor", "O", "log in $EDITOR", "the same in $EDITOR"),
    Act("shell", "x", "shell", "a shell in the exact tree under test"),
    Act("copy", "y", "copy", "copy the branch's name"),
    Act("commands", "@", "git commands", "the git commands that were run"),
    Act("notices", "!", "notices", "what the banner says, in full"),
    Act("filter", "/", "filter", "filter the queue; in the log: search"),
    Act("help", "?", "help", "the keys of the focused pane"),
    Act("quit", "q", "quit", "leave the console"),
)

PANES = ("repositories", "queue", "lease", "retest")
"""By the digit that focuses them, from 1."""

BINDINGS = [
    *(Binding(act.key, f"act('{act.name}')", act.says, show=False, id=act.name) for act in ACTS),
    *(
        Binding(str(digit), f"pane('{pane}')", f"go to {pane}", show=False, id=f"pane.{pane}")
        for digit, pane in enumerate(PANES, start=1)
    ),
    Binding("z", "zoom", "the focused pane alone, or all again", show=False, id="zoom"),
    Binding("escape", "back", "one step back", show=False, id="back"),
    Binding("left_curly_bracket", "neighbour(-1)", "the repository before", show=False, id="previous"),
    Binding("right_curly_bracket", "neighbour(1)", "the next repository", show=False, id="next"),
    bind("previous_candidate", "candidate(-1)", "the log of the candidate before"),
    bind("next_candidate", "candidate(1)", "the log of the next candidate"),
]

_MAIN = (
    "step",
    "auto",
    "pause",
    "enqueue",
    "why",
    "force_release",
    "dequeue",
    "retry",
    "undo",
    "log",
    "list.open",
    "forecast",
    "history",
    "statistics",
    "train",
)
_HITS = ("log.next-hit", "log.previous-hit")
_LOG = ("log.next-error", "log.follow", "log.choose", "log.copy", "zoom", "log.mark", "log.pager", "back")
_ALWAYS = ("filter", "help")
_LOG_LABELS = {
    "log.next-error": "error",
    "log.follow": "follow",
    "log.choose": "line",
    "log.copy": "copy",
    "log.mark": "mark",
    "log.pager": "pager",
    "log.next-hit": "next hit",
    "log.previous-hit": "previous hit",
    "zoom": "zoom",
    "back": "back",
    "filter": "search",
    "help": "help",
}
_LABELS = {"list.open": "in full"} | {act.name: act.label for act in ACTS}


def footer(
    screen: Screen[None], pane: str | None, picture: Picture | None, *, seeks: bool = False
) -> tuple[list[Key], list[Key]]:
    """The keys below the panes: those that give way when there is no room, and those that stay.

    `seeks`: something is searched for in the log.
    """
    labels, keys = _LABELS | (_now(picture) if picture else {}), bound_keys(screen.app)
    active = {active.binding.id: active for active in screen.active_bindings.values() if active.binding.id}
    found = partial(_found, active)
    palette = Key(keys.keys("palette")[0], keys.shown("palette"), "palette", can_act=True)
    if pane == "prompt":
        return [], [Key("enter", "enter", "keep", can_act=True), Key("escape", "esc", "clear", can_act=True)]
    if picture is None:
        begin = [key for key in found(("add_repository", "sandbox"), labels) if key.can_act]
        return [*begin, *found(("quit", "help"), labels)], [palette]
    if pane == "retest":
        wanted = (*_HITS, *_LOG) if seeks else _LOG
        return found(wanted, _LOG_LABELS), [*found(_ALWAYS, _LOG_LABELS), palette]
    return found(_MAIN, labels), [*found(_ALWAYS, labels), palette]


def help_rows(screen: Screen[None]) -> list[tuple[str, str]]:
    """Every key of the focused pane and what it does; the acts of the pane itself first, its moves last."""
    rows: dict[str, list[str]] = {}
    bindings = [active.binding for active in screen.active_bindings.values()]
    for binding in sorted(bindings, key=lambda binding: is_move(binding.id or "")):
        if binding.description and binding.id:
            rows.setdefault(_searchable(binding), []).append(printed(binding.key))
    return [
        (first, f"{does} (also {' '.join(others)})" if others else does)
        for does, (first, *others) in rows.items()
    ]


def _searchable(binding: Binding) -> str:
    """What the key does, and what it is called elsewhere: both are looked for."""
    label = _LABELS.get(binding.id or "", "").rstrip("?")
    return binding.description if label in binding.description else f"{label}: {binding.description}"


def _found(by_id: Mapping[str, ActiveBinding], wanted: Iterable[str], labels: dict[str, str]) -> list[Key]:
    return [
        Key(active.binding.key, printed(active.binding.key), labels[name], active.enabled)
        for name in wanted
        if (active := by_id.get(name)) is not None
    ]


def _auto(picture: Picture) -> str:
    if has_stopped(picture):
        return "resume auto"
    return "auto off" if picture.standing.mode == "auto" else "auto"


def _now(picture: Picture) -> dict[str, str]:
    return {
        "auto": _auto(picture),
        "pause": "resume" if picture.state.pause else "pause",
    }
