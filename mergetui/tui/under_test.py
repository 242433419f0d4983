"""Which commit is being tested of an entry, or was tested last; and of a run that ended."""

from collections.abc import Sequence

from msgspec import Struct

from mergetui.events import CaughtUp, Event, RetestStarted
from mergetui.model import Branch, Entry, Oid
from mergetui.outcome import Run


class UnderTest(Struct, frozen=True, kw_only=True):
    commit: Oid
    branches: tuple[Branch, ...]
    base: Oid | None


def under_test(entry: Entry, facts: Sequence[Event]) -> UnderTest | None:
    """What the log of the entry is the output of; None if the journal does not tell."""
    for fact in reversed(facts):
        if isinstance(fact, RetestStarted) and fact.log == entry.log and _is_in(entry, fact):
            return UnderTest(commit=fact.commit, branches=fact.branches, base=_base(fact.commit, facts))
    return None


def was_tested_in(run: Run) -> UnderTest | None:
    """What was tested in the run, or what landed where nothing is tested."""
    commit = run.tested_commit or run.landed_commit
    return UnderTest(commit=commit, branches=run.branches, base=run.base) if commit else None


def _is_in(entry: Entry, fact: RetestStarted) -> bool:
    # A state that was restored counts its logs from an earlier number on.
    return set(entry.branches) <= set(fact.branches)


def _base(commit: Oid, facts: Sequence[Event]) -> Oid | None:
    made = (f.candidate for f in reversed(facts) if isinstance(f, CaughtUp) and f.candidate.commit == commit)
    return next((candidate.base for candidate in made), None)
