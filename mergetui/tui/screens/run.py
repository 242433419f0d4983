"""One run in full: what became of it, and the proof."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.widgets import Static

from mergetui import cleaning
from mergetui.masking import Mask
from mergetui.outcome import Run
from mergetui.tui.key_table import bind
from mergetui.tui.screens.dialog import Dialog, Keys, facts, spoken
from mergetui.tui.screens.log_view import LogView
from mergetui.tui.under_test import was_tested_in
from mergetui.tui.wording import OUTCOMES, names, words

NO_LOG = "nothing was retested in this run"
KEYS: Keys = (("{dialog.down} {dialog.up}", "move"), ("{run.log}", "log"), ("{dialog.close}", "close"))


class RunView(Dialog[None]):
    BINDINGS: ClassVar[list[BindingType]] = [
        bind("run.log", "log", "log"),
        bind("run.shell", "shell", "shell"),
    ]

    def __init__(self, run: Run, mask: Mask, *, shell: Callable[[Run], object] | None = None) -> None:
        """`shell` opens one in the run's tree; None where that is not offered."""
        super().__init__(
            title_of(run), keys=KEYS if shell is None else (KEYS[0], ("{run.shell}", "shell"), *KEYS[1:])
        )
        self._run = run
        self._mask = mask
        self._shell = shell

    def compose_body(self) -> ComposeResult:
        yield Static(facts(run_facts(self._run, self._mask)), markup=False)

    def action_log(self) -> None:
        if self._run.log is None:
            self.notify(NO_LOG, severity="warning", markup=False)
        else:
            self.app.push_screen(log_of(self._run, self._mask))

    def action_shell(self) -> None:
        refusal = "read-only" if self._shell is None else why_no_shell(self._run)
        if self._shell is None or refusal is not None:
            self.notify(refusal or "", severity="warning", markup=False)
        else:
            self._shell(self._run)


def title_of(run: Run) -> str:
    return f"Run {run.id} · {run.branches[-1]}"


def log_of(run: Run, mask: Mask) -> LogView:
    return LogView(Path(run.log) if run.log is not None else None, run.branches[-1], mask, over=True)


def why_no_shell(run: Run) -> str | None:
    return None if was_tested_in(run) else NO_LOG


def run_facts(run: Run, mask: Mask) -> Iterator[tuple[str, str]]:
    """Without secrets."""
    badge = OUTCOMES[run.outcome]
    took = spoken(run.finished_at - run.started_at)
    yield "ended", f"{badge.glyph} {badge.word}, {run.finished_at:%Y-%m-%d %H:%M:%S} UTC, took {took}"
    if run.reason is not None:
        yield "reason", mask(cleaning.redact(words(run.reason)))
    yield "branches", names([" + ".join(run.branches)])
    yield "base", run.base or "it was not caught up"
    yield "tested", run.tested_commit or "it was not tested"
    yield "  tree", run.tested_tree or ""
    yield "landed", run.landed_commit or "it did not land"
    yield "  tree", run.landed_tree or ""
    if run.landed_tree is not None and run.tested_tree is not None:
        same = run.landed_tree == run.tested_tree
        yield "proof", "the tree that landed is the tree that was tested" if same else "THE TREES DIFFER"
    if run.emergency is not None:
        yield "emergency", mask(cleaning.redact(run.emergency))
    if run.merged_by is not None:
        yield "merged", f"by somebody else: {cleaning.name(run.merged_by)}"
    yield "token", f"#{run.token}" if run.token is not None else "none: it did not come to a landing"
    yield from _changes(run)
    yield "retests", str(run.retests)
    yield "contended", f"{run.contended} times"
    yield "log", run.log or "none"


def _changes(run: Run) -> Iterator[tuple[str, str]]:
    for change in run.changes:
        said = "committed" if change.status == "committed" else "the target had it already"
        yield "change", f"{change.branch}: {said}"
        for commit in change.commits:
            yield "", commit
