"""Asking the checks about what comes next, and writing down what they let it wait for."""

from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct
from msgspec.structs import replace

from mergetui.checks.ruling import Cleared, Unanswered
from mergetui.driver.bench import Bench
from mergetui.driver.record import Record
from mergetui.events import Cleared as ClearedFact
from mergetui.events import HeldUp
from mergetui.model import Candidate, Entry, EntryId
from mergetui.ports import Checks, Stand
from mergetui.prospects import in_line
from mergetui.queueing import put
from mergetui.reason import Coded, HeldBack
from mergetui.state import RepositoryState
from mergetui.view import Policy, Verdict, View


class Checked(Struct, frozen=True, kw_only=True):
    """What the checks let a plan do."""

    frozen: HeldBack | None = None
    held_back: Mapping[EntryId, HeldBack] = {}
    refused: Mapping[EntryId, Coded] = {}
    unanswered: frozenset[EntryId] = frozenset()


_NOT_YET = "it has not answered yet"
_NOT_ASKED = HeldBack(check="", reason="it is not asked about yet")


class Checking:
    """An entry is asked about before it is caught up, and when it could land; not while it is tested.

    So a check that waits for a moment costs no retest that runs.
    """

    def __init__(self, record: Record, checks: Checks, bench: Bench, *, policy: Policy) -> None:
        self._record = record
        self._checks = checks
        self._bench = bench
        self._good = (Verdict.GREEN,) if policy.enabled else (Verdict.GREEN, Verdict.BUILT)
        self._most = policy.batch * policy.parallel + 1
        self._is_clean = False

    @property
    def is_idle(self) -> bool:
        """There are no checks, and nothing is stored of earlier ones."""
        return not self._checks.names and self._is_clean

    def look(self, view: View, state: RepositoryState) -> Checked:
        """Ask about what could be caught up or land next; what was said before is stored when it changed."""
        whole = self._checks.of_everything()
        if isinstance(whole, Unanswered):
            return Checked(unanswered=frozenset(state.entries))
        checked = Checked(frozen=whole) if isinstance(whole, HeldBack) else self._ask(view, state)
        self._write_down(checked, state)
        self._is_clean = True
        return checked

    def _ask(self, view: View, state: RepositoryState) -> Checked:
        sieve = _Sieve()
        for entry, stand in self._could_land(state):
            sieve.put(entry, self._checks.of_entry(entry, tip=view.tip, stand=stand))
        self._ask_in_line(view, sieve)
        return Checked(
            held_back=sieve.held_back, refused=sieve.refused, unanswered=frozenset(sieve.unanswered)
        )

    def _could_land(self, state: RepositoryState) -> Iterator[tuple[Entry, Stand]]:
        for trial in self._bench.trials:
            if trial.verdict in self._good:
                yield from _stands(trial.candidate, state)

    def _ask_in_line(self, view: View, sieve: "_Sieve") -> None:
        """As many as can be taken next, and one more for each that is under test or in the way."""
        under_way = self._bench.entries()
        most = self._most + len(under_way) + len(self._bench.obstacles)
        for entry in in_line(view) if self._checks.names else ():
            if entry.id in under_way:
                continue
            if most <= 0:
                sieve.held_back[entry.id] = _NOT_ASKED
                continue
            said = self._checks.of_entry(entry, tip=view.tip)
            sieve.put(entry, said)
            if isinstance(said, Unanswered):
                # What runs is not stopped for one that may not come before it.
                sieve.held_back[entry.id] = HeldBack(check=said.check, reason=_NOT_YET)
            most -= not isinstance(said, HeldBack)

    def _write_down(self, checked: Checked, state: RepositoryState) -> None:
        """Store, then say: what waits, for which check, and what does not wait any more."""
        frozen, told = checked.frozen, {}
        known = {entry.id: entry for entry in state.entries.values() if entry.held_back is not None}
        if frozen is None:
            told = {key: held for key, held in checked.held_back.items() if held.reason not in _UNTOLD}
        asked = {*known, *told} if frozen is None else set()
        changed = [key for key in sorted(asked) if _before(known, key) != told.get(key)]
        if not changed and frozen == state.frozen:
            return
        entries = tuple(state.entries[key] for key in changed if key in state.entries)
        facts = [*self._facts(entries, told), *self._fact_of(state.frozen, frozen)]
        self._record.commit(lambda old: _held(replace(old, frozen=frozen), entries, told), *facts)

    def _facts(
        self, entries: Iterable[Entry], told: Mapping[EntryId, HeldBack]
    ) -> Iterator[HeldUp | ClearedFact]:
        for entry in entries:
            yield from self._fact_of(entry.held_back, told.get(entry.id), entry.branches)

    def _fact_of(
        self, before: HeldBack | None, held: HeldBack | None, branches: tuple[str, ...] = ()
    ) -> Iterator[HeldUp | ClearedFact]:
        if held is not None and held != before:
            yield self._record.fact(HeldUp, branches=branches, held=held)
        elif before is not None and held is None:
            yield self._record.fact(ClearedFact, branches=branches, check=before.check)


_UNTOLD = frozenset({_NOT_YET, _NOT_ASKED.reason})


class _Sieve:
    """What was said, by kind."""

    def __init__(self) -> None:
        self.held_back: dict[EntryId, HeldBack] = {}
        self.refused: dict[EntryId, Coded] = {}
        self.unanswered: set[EntryId] = set()

    def put(self, entry: Entry, said: HeldBack | Coded | Unanswered | Cleared) -> None:
        match said:
            case HeldBack():
                self.held_back[entry.id] = said
            case Coded():
                self.refused[entry.id] = said
            case Unanswered():
                self.unanswered.add(entry.id)
            case Cleared():
                return


def _stands(candidate: Candidate, state: RepositoryState) -> Iterator[tuple[Entry, Stand]]:
    base = candidate.base
    for link in candidate.links:
        entry = state.entries.get(link.entry)
        if entry is not None and entry.heads == link.heads:
            yield entry, Stand(base, link.commit)
        base = link.commit


def _before(known: Mapping[EntryId, Entry], key: EntryId) -> HeldBack | None:
    return known[key].held_back if key in known else None


def _held(
    state: RepositoryState, entries: Iterable[Entry], told: Mapping[EntryId, HeldBack]
) -> RepositoryState:
    latest = ((state.entries[entry.id], entry) for entry in entries if entry.id in state.entries)
    # One that was pinned anew meanwhile is another question.
    return put(
        state, *(replace(now, held_back=told.get(now.id)) for now, then in latest if now.heads == then.heads)
    )
