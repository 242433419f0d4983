"""Choosing branches of the remote to enqueue."""

import threading
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import ClassVar

from msgspec import Struct
from rich.cells import cell_len
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content
from textual.message import Message
from textual.widgets import Input, Static

from mergetui import cleaning
from mergetui.git_ports import BranchReader
from mergetui.model import Branch, Instant, Oid, Priority
from mergetui.outcome import Unreachable
from mergetui.tui.bound_keys import bound_keys
from mergetui.tui.branch_columns import cells, columns
from mergetui.tui.key_table import bind
from mergetui.tui.messages import SightFound
from mergetui.tui.scout import Scout
from mergetui.tui.screens.dialog import LIST_HEIGHTS, Dialog, Keys
from mergetui.tui.screens.matching import rank
from mergetui.tui.screens.pick_list import PickList, Pieces, found_in
from mergetui.tui.sights import BranchSight, branch_sight
from mergetui.tui.widgets.text_input import TextInput

KEYS: Keys = (("{picker.mark}", "mark"), ("enter", "enqueue"), ("{dialog.close}", "cancel"))
KEYS_IN_TROUBLE: Keys = (("{picker.again}", "try again"), ("{dialog.close}", "cancel"))
_SHORT = 7
_MEND = "\n\nCheck network and credentials (mergetui doctor), then press {picker.again}."
_LOOK = 0.1
"""Seconds between two looks at which rows are on the screen: whoever types or scrolls asks git nothing."""


class Chosen(Struct, frozen=True):
    branches: tuple[Branch, ...]
    """In the order in which they were marked."""
    priority: Priority
    stack: bool
    """All of them as one entry, or an entry each."""


class BranchFilter(TextInput):
    """Where the operator types. No branch has a space in its name, so space is free to mark one."""

    BINDINGS: ClassVar[list[BindingType]] = [
        replace(bind("picker.mark", "screen.mark", "mark"), priority=True),
        bind("picker.down", "screen.move(1)", "down"),
        bind("picker.up", "screen.move(-1)", "up"),
        bind("picker.page-down", "screen.leaf(1)", "page down"),
        bind("picker.page-up", "screen.leaf(-1)", "page up"),
    ]


class EnqueuePicker(Dialog[Chosen | None]):
    """`load` and `reader` block and are called off the event loop; `queued` branches have an entry already.

    The list is there as soon as the remote answers; what git tells of its branches follows, row by row.
    """

    VERTICAL_BREAKPOINTS = LIST_HEIGHTS
    DEFAULT_CSS = """
    EnqueuePicker {
        & > #dialog-box { width: 100%; max-width: 150; height: 90%; max-height: 36; }
        #dialog-body { height: 1fr; }
        BranchFilter { margin-bottom: 1; }
        #picker-choices { padding-top: 1; }
        &.-short #dialog-keys { padding: 0; }
        #picker-trouble { height: 1fr; display: none; }
        &.-trouble {
            BranchFilter, PickList, #picker-choices { display: none; }
            #picker-trouble { display: block; }
        }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        bind("picker.again", "load", "try again"),
        bind("picker.priority", "next_priority", "priority"),
        bind("picker.stack", "toggle_stack", "stack"),
    ]

    class Answered(Message):
        """The remote's branches, or why there are none."""

        def __init__(self, answer: dict[Branch, Oid] | Unreachable) -> None:
            super().__init__()
            self.answer = answer

    def __init__(
        self,
        repository: str,
        load: Callable[[], dict[Branch, Oid] | Unreachable],
        queued: frozenset[Branch],
        *,
        reader: BranchReader,
        tip: Oid | None,
        now: Instant,
    ) -> None:
        super().__init__(f"Enqueue · {repository}", keys=KEYS)
        self._load = load
        self._queued = queued
        self._reader = reader
        self._now = now
        self._scout: Scout[Oid, BranchSight] = Scout(
            partial(branch_sight, reader, tip),
            lambda: self.post_message(SightFound()),
            is_whole=lambda sight: sight.is_whole,
        )
        self._branches: list[tuple[Branch, Oid]] = []
        self._names: list[str] = []
        self._longest = 0
        self._hits: list[int] = []
        self._marked: list[Branch] = []
        self._priority = Priority.NORMAL
        self._stack = False
        self._asking = False

    def compose_body(self) -> ComposeResult:
        yield BranchFilter(placeholder="type to filter the remote's branches", max_length=200)
        yield PickList(self._paint)
        yield Static(id="picker-choices", markup=False)
        yield Static(id="picker-trouble", markup=False)

    def on_mount(self) -> None:
        self._show_choices()
        self.set_interval(_LOOK, self._look_at_visible)
        self.action_load()

    def on_unmount(self) -> None:
        self._scout.end()

    def on_sight_found(self) -> None:
        self._list.refresh()

    def action_load(self) -> None:
        if self._asking:
            return
        self._asking = True
        self.remove_class("-trouble")
        self.show_keys(KEYS)
        self._list.show(0, empty="asking the remote...")
        self._field.disabled = False
        self._field.focus()
        # A worker's thread would hold the exit until git gives up; a daemon does not.
        threading.Thread(target=self._ask, name="branches", daemon=True).start()

    def on_enqueue_picker_answered(self, message: Answered) -> None:
        self._asking = False
        if isinstance(message.answer, Unreachable):
            self._show_trouble(message.answer.message)
            return
        self._branches = sorted(message.answer.items())
        self._names = [cleaning.name(branch) for branch, _ in self._branches]
        self._longest = max(map(len, self._names), default=0)
        self._filter(self._field.value)

    def on_input_changed(self, message: Input.Changed) -> None:
        if not self._asking:
            self._filter(message.value)

    def on_input_submitted(self) -> None:
        branches = self._marked or [self._branches[index][0] for index in self._under_cursor()]
        if branches:
            self.answer(Chosen(tuple(branches), self._priority, self._stack))

    def on_pick_list_clicked(self) -> None:
        self._toggle_mark()

    def action_mark(self) -> None:
        """Mark the branch under the cursor, or take its mark away, and go on to the next one."""
        self._toggle_mark()
        self._list.move(1)

    def action_move(self, rows: int) -> None:
        self._list.move(rows)

    def action_leaf(self, pages: int) -> None:
        self._list.leaf(pages)

    def action_next_priority(self) -> None:
        order = list(Priority)
        self._priority = order[order.index(self._priority) - 1]
        self._show_choices()

    def action_toggle_stack(self) -> None:
        self._stack = not self._stack
        self._show_choices()

    @property
    def _list(self) -> PickList:
        return self.query_one(PickList)

    @property
    def _field(self) -> BranchFilter:
        return self.query_one(BranchFilter)

    def _ask(self) -> None:
        try:
            answer = self._load()
        except Exception as error:
            answer = Unreachable(f"{type(error).__name__}: {error}")
        self.post_message(self.Answered(answer))
        if not isinstance(answer, Unreachable):
            # One git for all of them; what follows is asked branch by branch.
            self._reader.latest(list(answer.values()))

    def _look_at_visible(self) -> None:
        rows = (self._hits[row] for row in self._list.shown_rows if row < len(self._hits))
        self._scout.want([self._branches[index][1] for index in rows])

    def _filter(self, query: str) -> None:
        self._hits = rank(query, self._names)
        nothing = "no branch fits: shorten the filter" if self._branches else "the remote has no other branch"
        self._list.show(len(self._hits), empty=nothing)

    def _under_cursor(self) -> list[int]:
        row = self._list.current
        return [] if row is None else [self._hits[row]]

    def _toggle_mark(self) -> None:
        for index in self._under_cursor():
            branch = self._branches[index][0]
            if branch in self._marked:
                self._marked.remove(branch)
            else:
                self._marked.append(branch)
        self._show_choices()

    def _paint(self, row: int, width: int) -> Pieces:
        index = self._hits[row]
        branch, oid = self._branches[index]
        mark = "  "
        if branch in self._marked:
            mark = f"{self._marked.index(branch) + 1} " if self._stack else "● "
        note = "queued" if branch in self._queued else ""
        commit, sight = cleaning.name(oid[:_SHORT]), self._scout.found.get(oid)
        shown = columns(width - len(mark), self._longest)
        tail = "".join(cells(shown, sight, note=note, commit=commit, now=self._now))
        name = found_in(self._field.value, self._names[index], width - len(mark) - cell_len(tail))
        return [(mark, "mark"), *name, (tail, "faint")]

    def _show_choices(self) -> None:
        marked = f"{len(self._marked)} marked" if self._marked else "none marked"
        stack = "all or nothing" if self._stack else "off"
        bound = bound_keys(self.app)
        line = Content.assemble(
            marked,
            "   ",
            (bound.shown("picker.priority"), "bold $text-accent"),
            (" priority ", "dim"),
            (f"{self._priority.value:<6}", "bold"),
            "   ",
            (bound.shown("picker.stack"), "bold $text-accent"),
            (" stack ", "dim"),
            (stack, "bold"),
        )
        self.query_one("#picker-choices", Static).update(line)
        self._list.refresh()

    def _show_trouble(self, message: str) -> None:
        says = Content.assemble(
            ("The remote cannot be reached.\n\n", "bold $text-error"),
            cleaning.name(cleaning.redact(message)),
            (bound_keys(self.app).say(_MEND), "dim"),
        )
        self.query_one("#picker-trouble", Static).update(says)
        self.add_class("-trouble")
        self.show_keys(KEYS_IN_TROUBLE)
        # Were the field only hidden, a late focus on it would swallow the r.
        self._field.disabled = True
