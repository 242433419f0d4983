"""The output of a retest, and the keys to read it with."""

import os
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.message import Message
from textual.notifications import SeverityLevel

from mergetui.tui.bound_keys import bound_keys
from mergetui.tui.clipboard import copy
from mergetui.tui.marks import mark_after, toggled
from mergetui.tui.outside import EDITOR, PAGER, Program, open_outside
from mergetui.tui.widgets.log_lines import LogLines

NO_LINES = "there is no log here yet"


class LogPane(LogLines):
    """Errors, hits and marks to go to; lines to copy; the log in the operator's own programs."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("E", "next_error", "next error", id="log.next-error"),
        Binding("n", "next_hit", "next hit", show=False, id="log.next-hit"),
        Binding("N", "previous_hit", "previous hit", show=False, id="log.previous-hit"),
        Binding("m", "mark", "mark the line, or unmark it", show=False, id="log.mark"),
        Binding("apostrophe", "next_mark", "next mark", show=False, id="log.next-mark"),
        Binding("y", "copy", "copy the line", show=False, id="log.copy"),
        Binding("o", "pager", "the log in $PAGER", show=False, id="log.pager"),
        Binding("O", "editor", "the log in $EDITOR", show=False, id="log.editor"),
        Binding("enter", "choose", "whole line", show=False, id="log.choose"),
    ]

    class LineChosen(Message):
        """The reader wants to see one line whole; `text` is clean and without colours."""

        def __init__(self, pane: "LogPane", text: str) -> None:
            super().__init__()
            self.pane = pane
            self.text = text

        @property
        def control(self) -> "LogPane":
            return self.pane

    def __init__(
        self,
        *,
        empty: str = "",
        read_only: bool = False,
        id: str | None = None,  # noqa: A002
        classes: str | None = None,
    ) -> None:
        super().__init__(empty=empty, id=id, classes=classes)
        self._read_only = read_only

    @property
    def seeks(self) -> bool:
        """There is something that is searched for."""
        return self._seeking.is_begun

    def search(self, text: str) -> None:
        """Go to the next line that holds `text`, and show where it is found; the empty text ends a search."""
        self._strips.highlight(text)
        self._seeking.begin(self._source, text, self.current)
        self.caption()
        self.refresh()

    def action_next_error(self) -> None:
        line = self._source.error_after(self.current) if self._source else None
        if line is not None and line < self.line_total:
            self.jump_to(line)
        else:
            self._say("no line here is an error", severity="warning")

    def action_next_hit(self) -> None:
        self._seek(self.current + 1, forward=True)

    def action_previous_hit(self) -> None:
        self._seek(self.current - 1, forward=False)

    def action_mark(self) -> None:
        if not self._has_lines():
            return
        self._marks = toggled(self._marks, self.current)
        if self.current in self._marks:
            self.look_up()
        self.refresh()

    def action_next_mark(self) -> None:
        """The next mark below, or else the first of all."""
        line = mark_after(self._marks, self.current)
        if line is not None:
            self.jump_to(line)
        else:
            self._say(bound_keys(self.app).say("no line is marked: {log.mark} marks one"), severity="warning")

    def action_copy(self) -> None:
        if self._has_lines():
            told = copy(self.app, self.current_text(), os.environ)
            self._say(f"copied: {len(told):,} characters of line {self.current + 1:,}")

    def action_pager(self) -> None:
        self._open(PAGER)

    def action_editor(self) -> None:
        if self._read_only:
            self._say("read-only", severity="warning")
        else:
            self._open(EDITOR)

    def action_choose(self) -> None:
        if self._has_lines():
            self.post_message(self.LineChosen(self, self.current_text()))

    def _seek(self, start: int, *, forward: bool) -> None:
        if self._seeking.is_begun:
            self._seeking.go_on(self._source, start, forward=forward)
            self.caption()
        else:
            self._say(bound_keys(self.app).say("{filter} searches first"), severity="warning")

    def _has_lines(self) -> bool:
        if not self.line_total:
            self._say(NO_LINES, severity="warning")
        return bool(self.line_total)

    def _open(self, program: Program) -> None:
        if self._source is None:
            self._say(NO_LINES, severity="warning")
            return
        told = open_outside(self.app, program, self._source.path, os.environ, secure=self._read_only)
        if told is not None:
            self._say(told, severity="warning")

    def _say(self, told: str, *, severity: SeverityLevel = "information") -> None:
        self.app.notify(told, severity=severity, markup=False)
