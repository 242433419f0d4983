"""Every key by its id: what it is without `[keys]`, what it is with it, and what is wrong with it."""

import difflib
import re
from collections.abc import Iterator, Mapping
from itertools import combinations

from msgspec import Struct
from textual.binding import Binding
from textual.keys import _character_to_key, format_key

_ACTS = {
    "step": "s",
    "auto": "a",
    "auto_all": "A",
    "pause": "p",
    "pause_all": "P",
    "enqueue": "e",
    "dequeue": "d",
    "retry": "r",
    "move_up": "K",
    "move_down": "J",
    "raise": "+",
    "lower": "-",
    "approve": "v",
    "undo": "u",
    "force_release": "f",
    "emergency": "I",
    "why": "w",
    "forecast": "c",
    "log": "l",
    "history": "h",
    "statistics": "t",
    "flakes": "L",
    "report": "H",
    "train": "T",
    "shell": "x",
    "pager": "o",
    "editor": "O",
    "copy": "y",
    "commands": "@",
    "notices": "!",
    "filter": "/",
    "help": "?",
    "settings": "S",
    "add_repository": "R",
    "sandbox": "D",
    "quit": "q",
    "zoom": "z",
    "back": "escape",
    "previous": "left_curly_bracket",
    "next": "right_curly_bracket",
    "previous_candidate": "left_square_bracket",
    "next_candidate": "right_square_bracket",
    "palette": "colon",
}
_MOVES = {
    "down": "j,down",
    "up": "k,up",
    "half-down": "ctrl+d",
    "half-up": "ctrl+u",
    "page-down": "pagedown",
    "page-up": "pageup",
    "first": "g,home",
    "last": "G,end",
}
_GROUPS: Mapping[str, Mapping[str, str]] = {
    "pane": {"repositories": "1", "queue": "2", "lease": "3", "retest": "4"},
    "list": _MOVES | {"mark": "m,space", "open": "enter"},
    "lease": {"open": "enter"},
    "log": _MOVES
    | {
        "follow": "F",
        "left": "left,less_than_sign",
        "right": "right,greater_than_sign",
        "next-error": "E",
        "next-hit": "n",
        "previous-hit": "N",
        "mark": "m",
        "next-mark": "apostrophe",
        "copy": "y",
        "pager": "o",
        "editor": "O",
        "choose": "enter",
    },
    "log-view": {"close": "escape", "search": "/"},
    "dialog": _MOVES | {"close": "escape"},
    "text": {key: keys.split(",")[0] for key, keys in _MOVES.items() if not key.startswith("page")},
    "history": {
        "close": "escape",
        "filter": "/",
        "log": "l",
        "all": "0",
        "landed": "1",
        "sent-back": "2",
        "deferred": "3",
        "held": "4",
        "dequeued": "5",
        "broken": "6",
    },
    "flakes": {"close": "escape"},
    "train": {"close": "escape,T"},
    "run": {"log": "l", "shell": "x"},
    "report": {"copy": "y"},
    "statistics": {"day": "1", "week": "2", "month": "3", "next": "t"},
    "forecast": {"close": "escape,c"},
    "matrix": _MOVES
    | {"left": "left", "right": "right", "target": "0", "last-column": "dollar_sign", "open": "enter"},
    "picker": {
        "mark": "space,tab",
        "down": "down",
        "up": "up",
        "page-down": "pagedown",
        "page-up": "pageup",
        "again": "r",
        "priority": "ctrl+o",
        "stack": "ctrl+t",
    },
}
DEFAULTS: Mapping[str, str] = _ACTS | {
    f"{group}.{key}": keys for group, known in _GROUPS.items() for key, keys in known.items()
}
"""By id, the keys with commas between them."""

SCREENS: Mapping[str, tuple[str, ...]] = {
    "the queue": ("", "pane", "list"),
    "the lease": ("", "pane", "lease"),
    "the retest": ("", "pane", "log"),
    "the log": ("log-view", "log"),
    "a text": ("dialog", "text"),
    "the history": ("history", "list"),
    "the flakes": ("flakes", "list"),
    "the train": ("train", "list"),
    "a run": ("run", "dialog"),
    "the report": ("report", "dialog", "text"),
    "the statistics": ("statistics", "dialog"),
    "the forecast": ("forecast", "matrix"),
    "the picker": ("picker",),
}
"""Which groups of ids share the keyboard; acts have no group."""

_PLACE = re.compile(r"\{([\w.-]+)\}")


class Bound(Struct, frozen=True):
    """The keys as they are bound now; `remapped` is the table `[keys]`."""

    remapped: Mapping[str, str] = {}

    def keys(self, name: str) -> tuple[str, ...]:
        """As Textual names them."""
        return _split(self.remapped.get(name, "")) or _split(DEFAULTS[name])

    def keymap(self) -> dict[str, str]:
        """What is remapped, as Textual wants it."""
        return {name: ",".join(self.keys(name)) for name in self.remapped if name in DEFAULTS}

    def shown(self, name: str) -> str:
        """The first of them, as it is printed."""
        return printed(self.keys(name)[0])

    def say(self, words: str) -> str:
        """`{step} does one step` as `s does one step`; not for words of others."""
        return _PLACE.sub(lambda place: self.shown(place[1]), words)

    def act_of(self, key: str) -> str:
        """What the act is printed as now that has `key` without `[keys]`."""
        return self.shown(act_named(key)) if key else ""


def printed(key: str) -> str:
    """A key as Textual names it, as people read it: `enter`, `^d`, `/`."""
    *modifiers, key = key.split("+")
    shown = "enter" if key == "enter" else format_key(key)
    if "ctrl" in modifiers:
        modifiers.remove("ctrl")
        shown = f"^{shown}"
    return "+".join([*modifiers, shown])


DEFAULT_KEYS = Bound()
_BY_KEY = {key: name for name, key in _ACTS.items()}


def act_named(key: str) -> str:
    """The id of the act that has `key` without `[keys]`."""
    return _BY_KEY[key]


def is_move(name: str) -> bool:
    """Whether the key only goes somewhere, as it does in every list and log."""
    return name.rpartition(".")[2] in _MOVES.keys() | {"left", "right"}


def bind(name: str, action: str, says: str) -> Binding:
    return Binding(DEFAULTS[name], action, says, show=False, id=name)


def faults(remapped: Mapping[str, str]) -> Iterator[str]:
    """What to tell of `[keys]`: names that there are not, and keys that mean two things at a place."""
    for name in sorted(remapped.keys() - DEFAULTS.keys()):
        near = difflib.get_close_matches(name, DEFAULTS, n=1)
        yield f"[keys] knows no {name}" + (f"; did you mean {near[0]}?" if near else ": ? shows the keys")
    seen: set[tuple[str, str]] = set()
    for screen, groups in SCREENS.items():
        for pair in _clashes(Bound(remapped), groups):
            if pair not in seen:
                seen.add(pair)
                yield f"[keys] gives one key to several: {' and '.join(pair)}, in {screen}"


def _clashes(bound: Bound, groups: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Pairs with a key in common that they have not without `[keys]`."""
    names = [name for name in DEFAULTS if name.rpartition(".")[0] in groups]
    for one, other in combinations(names, 2):
        if one in bound.remapped or other in bound.remapped:
            common = set(bound.keys(one)) & set(bound.keys(other))
            if common - (set(DEFAULT_KEYS.keys(one)) & set(DEFAULT_KEYS.keys(other))):
                yield one, other


def _split(keys: str) -> tuple[str, ...]:
    return tuple(_named(key) for said in keys.split(",") if (key := said.strip()))


def _named(key: str) -> str:
    """`F6` is what terminals call `f6`; of single characters the upper case is another key."""
    return _character_to_key(key) if len(key) == 1 else key.lower()
