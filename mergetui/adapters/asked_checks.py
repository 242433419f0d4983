"""Checks asked in threads of their own, with a time limit; whoever asks never waits long for them."""

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

from msgspec.structs import replace

from mergetui.adapters.check_registry import LoadedCheck
from mergetui.checks import Answer, CheckView, Pass, Reads, Refuses, Waits
from mergetui.checks.ruling import Cleared, Ruling, Unanswered, of_everything, ruling
from mergetui.cleaning import redact
from mergetui.model import Entry, Instant, Oid
from mergetui.ports import Clock, Stand
from mergetui.reason import HeldBack
from mergetui.repository import Repository

_log = logging.getLogger(__name__)

GRACE = 0.2
"""Seconds that all together are given in a round, so that what is answered at once needs no other one."""
MOST_AT_ONCE = 16
"""Threads of one check; those that hang count."""
_BELIEVED = 5.0
"""Seconds that a yes or a no for an entry is believed, at most."""
_FRESH = 1.0
"""Seconds that an answer nobody has heard yet may be old."""
_REMEMBERED = 2_000
_LONGEST = 500
"""Characters of a reason."""

_Key: TypeAlias = tuple[object, ...]


class AskedChecks:
    """The `Checks` port. What waits is asked again at its `until`, and every `fetch_interval`."""

    def __init__(
        self, repository: Repository, loaded: Sequence[LoadedCheck], reads: Reads, clock: Clock
    ) -> None:
        self._repository = repository
        self._loaded = loaded
        self._reads = reads
        self._clock = clock
        self._questions: dict[_Key, _Question] = {}
        self._arrived = threading.Event()
        self._free = {known.name: threading.Semaphore(MOST_AT_ONCE) for known in loaded}
        self._patience = 0.0

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(known.name for known in self._loaded)

    def of_everything(self) -> HeldBack | Unanswered | Cleared:
        self._arrived.clear()
        self._patience = self._clock.monotonic() + GRACE
        whole = [known for known in self._loaded if known.check.concerns == "repository"]
        return of_everything(self._answers([(known, self._view()) for known in whole]))

    def of_entry(self, entry: Entry, *, tip: Oid | None, stand: Stand | None = None) -> Ruling:
        view = replace(
            self._view(),
            branches=entry.branches,
            heads=entry.heads,
            tip=tip,
            base=stand.base if stand else None,
            candidate=stand.commit if stand else None,
        )
        mine = [known for known in self._loaded if known.check.concerns == "entry"]
        return ruling(
            self._answers([(known, replace(view, approved_by=_words(entry, known.name))) for known in mine])
        )

    def has_news(self) -> bool:
        now = self._clock.monotonic()
        return self._arrived.is_set() or any(known.runs_out(now) for known in self._questions.values())

    def _view(self) -> CheckView:
        return CheckView(
            repository=self._repository.name,
            target=self._repository.target,
            now=self._clock.now(),
            reads=self._reads,
        )

    def _answers(self, asked: Sequence[tuple[LoadedCheck, CheckView]]) -> Mapping[str, Answer | None]:
        questions = {known.name: self._question(known, view) for known, view in asked}
        for question in questions.values():
            question.wait(self._patience - self._clock.monotonic())
        return {name: question.answer(self._clock.monotonic()) for name, question in questions.items()}

    def _question(self, known: LoadedCheck, view: CheckView) -> "_Question":
        key = (known.name, view.heads, view.tip, view.base, view.candidate, view.approved_by)
        question, monotonic = self._questions.get(key), self._clock.monotonic()
        if question is None or question.is_stale(monotonic, view.now, self._believed(question)):
            self._forget(monotonic)
            question = _Question(known, view, began=monotonic, before=question)
            self._questions[key] = question
        question.begin(self._free[known.name], self._arrived.set)
        return question

    def _believed(self, question: "_Question") -> float:
        interval = self._repository.fetch_interval.total_seconds()
        if isinstance(question.said, Waits):
            return interval
        return 0.0 if question.known.check.concerns == "repository" else min(interval, _BELIEVED)

    def _forget(self, monotonic: float) -> None:
        if len(self._questions) >= _REMEMBERED:
            kept = {key: known for key, known in self._questions.items() if known.is_open(monotonic)}
            self._questions = kept


class _Question:
    """One check, asked once; an answer that comes after the time limit is taken all the same."""

    def __init__(
        self, known: LoadedCheck, view: CheckView, *, began: float, before: "_Question | None"
    ) -> None:
        self.known = known
        self.said: Answer | None = None
        self._view = view
        self._began = began
        self._before = before.said if before is not None and isinstance(before.said, Waits) else None
        self._thread: threading.Thread | None = None
        self._done = threading.Event()
        self._was_heard = False
        self._said_at = began

    def begin(self, free: threading.Semaphore, arrived: Callable[[], None]) -> None:
        """Unless that is done already, or as many hang as may be asked at once."""
        if self._thread is None and free.acquire(blocking=False):
            self._thread = threading.Thread(
                target=self._ask, args=(free, arrived), name=f"check-{self.known.name}", daemon=True
            )
            self._thread.start()

    def wait(self, seconds: float) -> None:
        if not self._done.is_set() and seconds > 0:
            self._done.wait(seconds)

    def answer(self, monotonic: float) -> Answer | None:
        """None: not yet. While it is asked again, what it waited for before still holds."""
        if self._done.is_set() and not self._was_heard:
            self._was_heard, self._said_at = True, monotonic
        elif self._has_no_answer(monotonic):
            self.said, self._said_at = Waits(f"no answer within {self.known.seconds:g} s"), monotonic
        return self.said if self.said is not None else self._before

    def is_open(self, monotonic: float) -> bool:
        return not self._done.is_set() and monotonic - self._began < self.known.seconds

    def runs_out(self, monotonic: float) -> bool:
        """Once, when its time limit answers for it."""
        return self._has_no_answer(monotonic) and self.answer(monotonic) is not None

    def is_stale(self, monotonic: float, now: Instant, believed: float) -> bool:
        if self.said is None:
            return False
        if isinstance(self.said, Waits) and self.said.until is not None and now >= self.said.until:
            return True
        return monotonic - self._said_at >= (believed if self._was_heard else max(believed, _FRESH))

    def _has_no_answer(self, monotonic: float) -> bool:
        return self.said is None and not self.is_open(monotonic) and not self._done.is_set()

    def _ask(self, free: threading.Semaphore, arrived: Callable[[], None]) -> None:
        try:
            answer = _sound(self.known.check.ask(self._view), self._view.now)
        except BaseException as error:
            _log.warning("the check %s failed", self.known.name, exc_info=error)
            answer = Waits(_short(f"it failed: {type(error).__name__}: {error}"))
        finally:
            free.release()
        self.said = answer
        self._done.set()
        arrived()


def _sound(answer: object, now: Instant) -> Answer:
    match answer:
        case Pass():
            return answer
        case Refuses(reason=reason):
            return Refuses(_short(reason))
        case Waits(reason=reason, until=until):
            is_to_come = until is not None and until.tzinfo is not None and until > now
            return Waits(_short(reason), until if is_to_come else None)
        case _:
            return Waits(_short(f"its answer is none: {answer!r}"))


def _short(reason: str) -> str:
    told = redact(str(reason))
    return told if len(told) <= _LONGEST else told[: _LONGEST - 1] + "…"


def _words(entry: Entry, check: str) -> tuple[str, ...]:
    """Whose word the check has for these very heads."""
    given = (
        known.by for known in entry.approvals if known.heads == entry.heads and known.check in (None, check)
    )
    return tuple(dict.fromkeys(given))
