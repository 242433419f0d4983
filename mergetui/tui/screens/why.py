"""Why nothing is landing, and what helps."""

from textual import events
from textual.app import ComposeResult
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
        #why-mend, #why-chain { padding-top: 1; }
    }
    """

    def __init__(self, known: Knowledge, verdict: Verdict) -> None:
        super().__init__(f"Why is nothing landing? · {known.repository.name}", keys=_keys(verdict))
        self._verdict = verdict
        self._circumstances = circumstances(known)

    def compose_body(self) -> ComposeResult:
        yield Static(Content(cleaning.name(self._verdict.says)), id="why-says", markup=False)
        yield Static(self._mend(), id="why-mend", markup=False)
        yield Static(self._chain(), id="why-chain", markup=False)

    def on_key(self, event: events.Key) -> None:
        shown = bound_keys(self.app).act_of(self._verdict.key)
        helps = self._verdict.key and shown in (event.character, format_key(event.key))
        if helps and event.time - self.shown_at >= HAND:
            event.stop()
            self.answer(self._verdict.key)

    def _mend(self) -> Content:
        if not self._verdict.mend:
            return Content.styled("nothing to do but wait", "dim")
        mend = cleaning.name(self._verdict.mend)
        return Content.assemble(("what helps:\n", "dim"), (mend, "$text-accent"))

    def _chain(self) -> Content:
        """What a landing hangs on, link by link; a mark where it is held up."""
        return Content("\n").join(_link(link) for link in self._circumstances)


def _link(link: Circumstance) -> Content:
    mark = ("✗ ", "$text-error") if link.blocks else ("· ", "dim")
    return Content.assemble(mark, (f"{link.about:<7} ", "dim"), cleaning.name(link.says))


def _keys(verdict: Verdict) -> Keys:
    help_key = (
        ((f"{{{act_named(verdict.key)}}}", DOES.get(verdict.key, "do it here")),) if verdict.key else ()
    )
    return (*help_key, ("{dialog.close}", "close"))
