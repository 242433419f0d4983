"""What must hold after any fault, found out from outside: git, lines of JSON, the list of processes.

None of the gate's own rules is asked. That a tree was tested is known from a ledger that the retests
write themselves; where main has been is known from the reflog that the remote keeps.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeAlias

import psutil
from msgspec import Struct, field

from tests.worlds.remote import Remote, full, git_in

Row: TypeAlias = dict[str, Any]

LEDGER = "RETEST_LEDGER"
"""The variable of the repository's `env` that names the ledger."""
_MARK = "MERGETUI_RETEST"
_MAIN = full("main")
_AT_WORK = {"catching-up", "testing", "landing", "awaiting-merge"}
_OVER = {"landed", "sent-back", "dequeued"}


class Place(Struct, frozen=True, kw_only=True):
    """Where the evidence is."""

    remote: Path
    state: Path
    """Of the one repository: its queue and its journal."""
    ledger: Path
    """A line per retest that came to its end: the tree of its checkout, and its exit code."""


class Told(Struct, frozen=True, kw_only=True):
    """What people did, and what they were told: nothing of it comes from the gate's files."""

    first: str
    """Main, before the gate began."""
    pushed: frozenset[str] = frozenset()
    """What people pushed to main themselves."""
    branches: Mapping[str, str] = field(default_factory=dict)
    """Where each branch was last put by its author."""
    acknowledged: Mapping[str, str] = field(default_factory=dict)
    """The branch of every entry that `enqueue` answered for, by its id."""


def evidence(check: str) -> str:
    """A retest that runs `check` and writes down itself what it tested, and how that ended."""
    tree = "$(git rev-parse 'HEAD^{tree}')"
    return f'( {check} ); code=$?; echo "{tree} $code" >> "${LEDGER}"; exit $code'


def keep_log_of_refs(remote: Remote) -> None:
    """From now on the remote writes down where its branches have been."""
    remote.configure("core.logAllRefUpdates", "always")


def violations(place: Place, told: Told) -> list[str]:
    """Everything that must not be so, once the gate has come to rest."""
    return [
        *untested(place, told),
        *unordered_tokens(place),
        *lost(place, told),
        *strayed(place, told),
        *landed_twice(place, told),
        *unfinished(place),
        *left_running(place),
        *litter(place),
    ]


def untested(place: Place, told: Told) -> list[str]:
    """Values that main had and that nobody pushed by hand nor tested; moves of it other than forward."""
    # In this order: a main that moves meanwhile is in its log before it is there.
    tip = git_in(place.remote, "rev-parse", _MAIN)
    values = [told.first, *_values_of_main(place.remote)]
    green = _green_trees(place.ledger)
    found = [
        f"main was at {value}, whose tree no green retest was run on"
        for value in values[1:]
        if value not in told.pushed and _tree(place.remote, value) not in green
    ]
    found += [
        f"main moved from {before} to {after}, which does not contain it"
        for before, after in pairwise(values)
        if not _is_ancestor(place.remote, before, after)
    ]
    return [*found, *([] if tip in values else [f"main is at {tip}, which is not in its log"])]


def unordered_tokens(place: Place) -> list[str]:
    tokens = [fact["token"] for fact in facts(place.state) if fact["event"] == "lease-granted"]
    return [
        f"token {later} was granted after token {sooner}"
        for sooner, later in pairwise(tokens)
        if later <= sooner
    ]


def lost(place: Place, told: Told) -> list[str]:
    """Acknowledged entries that are in no queue and came to no end, and landings that main does not have."""
    queued = entries(place.state).keys()
    ended = {run["id"].partition(".")[0]: run for run in _runs(place.state) if run["outcome"] in _OVER}
    found = [
        f"{branch} was queued as {entry} and is nowhere"
        for entry, branch in told.acknowledged.items()
        if entry not in queued and entry not in ended
    ]
    return found + [
        f"{run['id']} is said to have landed as {run['landed_commit']}, which main does not have"
        for run in _runs(place.state)
        if run["outcome"] == "landed" and not _is_ancestor(place.remote, run["landed_commit"], _MAIN)
    ]


def strayed(place: Place, told: Told) -> list[str]:
    """Refs that are neither where their author put them nor, being queued, the same change caught up."""
    rows = git_in(place.remote, "for-each-ref", "--format=%(objectname) %(refname)").splitlines()
    refs = {ref: commit for commit, ref in (row.split(" ", 1) for row in rows)}
    put = {full(branch): commit for branch, commit in told.branches.items()}
    queued = {full(branch) for branch in told.acknowledged.values()}
    found = [
        f"{ref} is at {commit}, and its author put it at {put.get(ref)}"
        for ref, commit in refs.items()
        if ref != _MAIN
        and commit != put.get(ref)
        and not (ref in queued and ref in put and _is_same_change(place.remote, commit, put[ref]))
    ]
    return found + [f"{ref} is gone, and its author put it at {put[ref]}" for ref in put.keys() - refs.keys()]


def landed_twice(place: Place, told: Told) -> list[str]:
    """Changes that main got twice, landings that are told twice, and two landings told as one."""
    changes = Counter(_patches(place.remote, f"{told.first}..{_MAIN}"))
    twice = [
        f"the change {change} is on main {times} times" for change, times in changes.items() if times > 1
    ]
    landed = {(run["id"], run["landed_commit"]) for run in _runs(place.state) if run["outcome"] == "landed"}
    times_told = Counter((run.partition(".")[0], commit) for run, commit in landed)
    twice += [
        f"{entry} landed {times} times as {commit}"
        for (entry, commit), times in times_told.items()
        if times > 1
    ]
    times_named = Counter(run for run, _ in landed)
    return twice + [f"{run} names {times} landings" for run, times in times_named.items() if times > 1]


def unfinished(place: Place) -> list[str]:
    """What is still under way, or still held, although nobody works."""
    found = [
        f"{'+'.join(entry['branches'])} is {entry['state']}"
        for entry in entries(place.state).values()
        if entry["state"] in _AT_WORK
    ]
    singles = _tables(place.state).get("singles", {})
    return found + [f"{name} is not free" for name in ("lease", "landing", "advance") if singles.get(name)]


def left_running(place: Place) -> list[str]:
    """Processes of retests."""
    return [f"process {pid} of a retest is left" for pid in _processes(place)]


def litter(place: Place) -> list[str]:
    files = (path for path in place.state.rglob("*") if path.is_file())
    return [f"{path} is left" for path in files if path.suffix == ".tmp" or "damaged" in path.name]


def facts(state: Path) -> list[Row]:
    """The journal, oldest first, without lines that were torn."""
    return [fact for line in (state / "journal.jsonl").read_bytes().splitlines() if (fact := _fact(line))]


def entries(state: Path) -> dict[str, Row]:
    """The rows of the queue by their ids."""
    return dict(_tables(state).get("entries", {}))


def _fact(line: bytes) -> Row | None:
    try:
        fact: Row = json.loads(line)
    except ValueError:
        return None
    return fact


def _runs(state: Path) -> Iterable[Row]:
    return (fact["run"] for fact in facts(state) if fact["event"] == "ended")


def _tables(state: Path) -> dict[str, Row]:
    queue = state / "queue.json"
    tables: dict[str, Row] = json.loads(queue.read_bytes().partition(b"\n")[2]) if queue.exists() else {}
    return tables


def _values_of_main(remote: Path) -> list[str]:
    log = remote / "logs" / _MAIN
    return [line.split(" ", 2)[1] for line in log.read_text().splitlines()] if log.exists() else []


def _green_trees(ledger: Path) -> set[str]:
    rows = (line.split() for line in ledger.read_text().splitlines()) if ledger.exists() else iter(())
    return {row[0] for row in rows if row[1:] == ["0"]}


def _tree(remote: Path, commit: str) -> str:
    return git_in(remote, "rev-parse", f"{commit}^{{tree}}")


def _is_ancestor(remote: Path, commit: str, of: str) -> bool:
    return git_in(remote, "rev-list", "--max-count=1", commit, f"^{of}") == ""


def _is_same_change(remote: Path, one: str, other: str) -> bool:
    return _patches(remote, "-1", one) == _patches(remote, "-1", other)


def _patches(remote: Path, *revisions: str) -> list[str]:
    """What each commit changes, as git-patch-id(1) names it."""
    git_log = f"git log -p {' '.join(revisions)} | git patch-id --stable"
    return [row.split()[0] for row in git_in(remote, "-c", f"alias.ids=!{git_log}", "ids").splitlines()]


def _processes(place: Place) -> Iterator[int]:
    for process in psutil.process_iter():
        try:
            environment = process.environ()
        except psutil.Error:
            continue
        if _MARK in environment and environment.get(LEDGER) == str(place.ledger):
            yield process.pid
