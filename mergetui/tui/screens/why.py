"""Why nothing is landing, and what helps."""

from textual import events
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.keys import format_key
from textual.widgets import Static

from mergetui import cleaning
from mergetui.circumstances import Circumstance, circumstances
from mergetui.tui.bound_keys import bound_keys
from mergetui.tui.key_table import act_named
from mergetui.tui.screens.dialog import HAND, Dialog, Keys
from mergetui.verdict import Knowledge, Verdict

DOES = {
    "a": "auto-advance",
    "e": "enqueue",
    "f": "force-release",
    "l": "the log",
    "p": "resume",
    "r": "retry",
}


class WhyView(Dialog[str | None]):
    """Answers with the key that helps, when it is pressed."""

    DEFAULT_CSS = """
    WhyView {
        #why-says { text-style: bold; }
        #why-mend { padding: 1 0; }
        .why-about { width: 10; }
        .why-says { width: 1fr; }
    }
    """

    def __init__(self, known: Knowledge, verdict: Verdict, *, asked: str = "Why is nothing landing?") -> None:
        super().__init__(f"{asked} · {known.repository.name}", keys=_keys(verdict))
        self._verdict = verdict
        self._circumstances = circumstances(known)

    def compose_body(self) -> ComposeResult:
        yield Static(Content(cleaning.name(self._verdict.says)), id="why-says", markup=False)
        yield Static(self._mend(), id="why-mend", markup=False)
        # What a landing hangs on, link by link; a mark where it is held up.
        for link in self._circumstances:
            with Horizontal(classes="dialog-row"):
                yield Static(_about(link), classes="why-about", markup=False)
                yield Static(Content(cleaning.name(link.says)), classes="why-says", markup=False)

    def on_key(self, event: events.Key) -> None:
        shown = bound_keys(self.app).act_of(self._verdict.key)
        helps = self._verdict.key and shown in (event.character, format_key(event.key))
        if helps and event.time - self.shown_at >= HAND:
            event.stop()
            self.answer(self._verdict.key)

    def _mend(self) -> Content:
        if not self._verdict.mend:
            return Content.styled("nothing to do but wait", "dim")
        key = bound_keys(self.app).act_of(self._verdict.key)
        here = f"{key} {_does(self._verdict)}, or in a shell: " if key else ""
        mend = cleaning.name(self._verdict.mend)
        return Content.assemble(("what helps:\n", "dim"), (here, "dim"), (mend, "$text-accent"))


def _about(link: Circumstance) -> Content:
    mark = ("✗ ", "$text-error") if link.blocks else ("· ", "dim")
    return Content.assemble(mark, (link.about, "dim"))


def _does(verdict: Verdict) -> str:
    return DOES.get(verdict.key, "do it here")


def _keys(verdict: Verdict) -> Keys:
    help_key = ((f"{{{act_named(verdict.key)}}}", _does(verdict)),) if verdict.key else ()
    return (*help_key, ("{dialog.close}", "close"))
