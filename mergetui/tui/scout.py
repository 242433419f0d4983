"""Questions that take git a moment each, answered on a thread of their own, the most wanted first."""

import logging
import time
from collections.abc import Callable, Sequence
from threading import Condition, Thread
from typing import Generic, TypeVar

Q = TypeVar("Q")
A = TypeVar("A")

_AGAIN_AFTER = 3.0
"""Seconds until what was not known is asked again."""
_MOST = 5000
"""Answers that are kept when others are wanted."""

_log = logging.getLogger(__name__)


class Scout(Generic[Q, A]):
    """`find` may block. `told` is called on the scout's thread after each answer.

    What `is_whole` is not satisfied with is asked again as long as it is wanted.
    """

    def __init__(
        self,
        find: Callable[[Q], A],
        told: Callable[[], object],
        *,
        is_whole: Callable[[A], bool],
        again_after: float = _AGAIN_AFTER,
    ) -> None:
        self._find = find
        self._told = told
        self._is_whole = is_whole
        self._again_after = again_after
        self._wanted: tuple[Q, ...] = ()
        self._due: dict[Q, float] = {}
        """Monotonic seconds at which an answer that was not whole is asked again."""
        self._changed = Condition()
        self._thread: Thread | None = None
        self._has_ended = False
        self.found: dict[Q, A] = {}

    def want(self, questions: Sequence[Q]) -> None:
        """These from now on, in this order; what was wanted before and is not among them can wait."""
        wanted = tuple(questions)
        if wanted == self._wanted:
            return
        with self._changed:
            self._wanted = wanted
            if self._thread is None:
                # A daemon, for git may take longer than anybody wants to wait for the exit.
                self._thread = Thread(target=self._run, name="scout", daemon=True)
                self._thread.start()
            self._changed.notify()

    def end(self) -> None:
        with self._changed:
            self._has_ended = True
            self._changed.notify()

    def _run(self) -> None:
        while (following := self._next()) is not None:
            self._answer(following[0])

    def _answer(self, question: Q) -> None:
        whole = False
        try:
            answer = self._find(question)
            whole = self._is_whole(answer)
        except Exception:
            _log.exception("a question was not answered")
        else:
            self.found[question] = answer
        self._due.pop(question, None)
        if not whole:
            self._due[question] = time.monotonic() + self._again_after
        self._told()

    def _next(self) -> tuple[Q] | None:
        """The most wanted one that has no whole answer; None when it is over."""
        with self._changed:
            while not self._has_ended:
                now = time.monotonic()
                self._forget()
                following = next(((q,) for q in self._wanted if self._is_open(q, now)), None)
                if following is not None:
                    return following
                soonest = min((self._due[q] for q in self._wanted if q in self._due), default=None)
                self._changed.wait(None if soonest is None else max(soonest - now, 0.0))
            return None

    def _is_open(self, question: Q, now: float) -> bool:
        if question in self._due:
            return self._due[question] <= now
        return question not in self.found

    def _forget(self) -> None:
        if len(self.found) > max(_MOST, 2 * len(self._wanted)):
            wanted = frozenset(self._wanted)
            self.found = {question: answer for question, answer in self.found.items() if question in wanted}
            self._due = {question: at for question, at in self._due.items() if question in wanted}
