"""The `Doer` of a real repository: an operator's desk, at which the forge sits."""

from collections.abc import Callable

from mergetui import queueing
from mergetui.model import Branch, Entry, Oid
from mergetui.operations import Desk, NotQueued, Queued
from mergetui.outcome import Unreachable
from mergetui.webhooks.doing import Later, Outcome, Settled


class DeskDoer:
    def __init__(self, desk: Desk, *, me: str, glance: Callable[[], None]) -> None:
        """`glance` looks at the remote, and settles what was handed over, unless an engine does."""
        self._desk = desk
        self._glance = glance
        self.me = me

    @property
    def target(self) -> Branch:
        return self._desk.repository.target

    def entry(self, branch: Branch) -> Entry | None:
        return queueing.find(self._desk.state(), branch)

    def enqueue(self, branch: Branch) -> Outcome:
        answers = self._desk.enqueue([(branch,)])
        if isinstance(answers, Unreachable):
            return Later(f"the remote cannot be reached: {answers.message}")
        match answers[0]:
            case Queued(pinned_anew=pinned_anew):
                return Settled(f"{'pinned anew' if pinned_anew else 'queued'}: {branch}")
            case NotQueued(why=why):
                return Settled(f"refused: {branch}: {why}")

    def dequeue(self, branch: Branch) -> Outcome:
        answer = self._desk.dequeue(branch)
        if isinstance(answer, NotQueued):
            return Settled(f"{branch} stays: {answer.why}")
        return Settled(f"out of the queue: {branch}")

    def merged(self, branch: Branch, *, commit: Oid | None, by: str) -> bool:
        waited = self._desk.merged(branch, commit=commit, by=by)
        if waited:
            self._glance()
        return waited

    def look_now(self) -> None:
        self._desk.look_now()
