"""`x`: a shell in the exact tree under test, and the console again."""

import os
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from textual.app import App
from textual.screen import Screen
from textual.widgets import Input

from mergetui import cleaning
from mergetui.model import Entry
from mergetui.outcome import Run
from mergetui.tui.bridge import Bridge
from mergetui.tui.errands import Errands
from mergetui.tui.outside import Visit, hand_over, shell
from mergetui.tui.under_test import UnderTest, under_test, was_tested_in
from mergetui.tui.wording import names, short

if TYPE_CHECKING:
    from mergetui.adapters.shells import Checkout

_ELSEWHERE = "something else was begun meanwhile: x makes the checkout anew"
_LONG = 600.0
"""Seconds that the word may stay on the screen while a checkout is made."""


class Ready(NamedTuple):
    tested: UnderTest
    checkout: "Checkout"


class Shelling:
    """Checkouts come and go off the event loop; while the shell is open the console stands still, and the
    engine, on its own threads, does not. `failed` is told of the repository and what went wrong."""

    def __init__(
        self, app: App[Any], bridge: Bridge, errands: Errands, failed: Callable[[str, str], object]
    ) -> None:
        self._app = app
        self._bridge = bridge
        self._errands = errands
        self._failed = failed
        self._is_busy = False

    def at_entry(self, name: str, entry: Entry) -> None:
        self._open(name, entry.branch, lambda: under_test(entry, self._bridge.desk(name).facts()))

    def at_run(self, run: Run) -> None:
        self._open(run.repo, run.branches[-1], lambda: was_tested_in(run))

    def sweep(self) -> None:
        """Remove the checkouts of consoles that were killed."""
        for name in self._bridge.names:
            shells = self._bridge.shells(name)
            self._errands.run(_lane(name), shells.sweep, lambda _: None, partial(self._failed, name))

    def _open(self, name: str, branch: str, find: Callable[[], UnderTest | None]) -> None:
        program = shell(os.environ)
        if self._is_busy or isinstance(program, str):
            self._warn(program if isinstance(program, str) else "a checkout is being made already")
            return
        self._is_busy = True
        self._app.notify(f"making a checkout of {names([branch])}", markup=False, timeout=_LONG)
        made = partial(self._made, name, program, self._app.screen)
        self._errands.run(_lane(name), partial(self._make, name, find), made, partial(self._not_made, name))

    def _make(self, name: str, find: Callable[[], UnderTest | None]) -> Ready | str:
        """Or why there is none."""
        from mergetui.adapters.shells import Gone

        tested = find()
        if tested is None:
            return "nothing that was written down tells which commit was tested"
        if lack := self._bridge.room(name).peek():
            return lack
        checkout = self._bridge.shells(name).check_out(tested.commit)
        if isinstance(checkout, Gone):
            return f"{short(tested.commit)} is not in the engine's copy of {name} any more"
        return Ready(tested, checkout)

    def _made(self, name: str, program: list[str], beneath: Screen[Any], answer: Ready | str) -> None:
        self._is_busy = False
        self._app.clear_notifications()
        if isinstance(answer, str):
            self._warn(f"no shell: {answer}")
            return
        told = self._hand_over(name, program, answer) if self._is_still_wanted(beneath) else _ELSEWHERE
        dispose = answer.checkout.dispose
        self._errands.run(_lane(name), dispose, lambda _: None, partial(self._failed, name))
        if told is None:
            back = f"back from the shell at {short(answer.tested.commit)}"
            self._app.notify(back, markup=False, timeout=5)
        else:
            self._warn(f"no shell: {told}")

    def _not_made(self, name: str, told: str) -> None:
        self._is_busy = False
        self._app.clear_notifications()
        self._failed(name, f"no shell: {told}")

    def _is_still_wanted(self, beneath: Screen[Any]) -> bool:
        """What is being typed into a field must not go on in a shell."""
        return self._app.screen is beneath and not isinstance(beneath.focused, Input)

    def _hand_over(self, name: str, program: list[str], ready: Ready) -> str | None:
        from mergetui.adapters.shells import surroundings

        tested, checkout = ready
        repository = self._bridge.desk(name).repository
        command = self._bridge.mask(name)(repository.retest or "")
        greeting = greet(tested, command, target=repository.target)
        told = surroundings(os.environ, repository, tested.commit)
        return hand_over(self._app, Visit(program, told, checkout.tree, greeting))

    def _warn(self, text: str) -> None:
        self._app.notify(cleaning.name(text), severity="warning", markup=False, timeout=8)


def greet(tested: UnderTest, command: str, *, target: str) -> Sequence[str]:
    """What stands above the prompt; clean."""
    base = tested.base or "not known"
    lines = [
        f"mergetui: the tree of {tested.commit}",
        f"  branches  {', '.join(tested.branches)}",
        f"  base      {base}, of {target}",
        f"  retest    {command or 'none is configured'}",
        '  sh -c "$MERGETUI_RETEST_COMMAND" runs it here',
        "  exit goes back, and the tree is removed then",
    ]
    return [cleaning.name(line) for line in lines]


def _lane(name: str) -> str:
    return f"{name} shell"
