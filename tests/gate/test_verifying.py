"""Proofs of what landed, from the journal and the remote alone: the honest hold, every enemy is named."""

import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from mergetui.adapters.archive import Archive, Busy
from mergetui.adapters.durable import as_json
from mergetui.adapters.git import RecentCommands
from mergetui.adapters.journal import FileJournal
from mergetui.events import Event
from mergetui.landings import Landing, landings, work_of_the_gate
from mergetui.model import Candidate, Link
from mergetui.outcome import Unreachable
from mergetui.proving import Arrival, History, Proof, past_the_gate, prove, question
from tests.conftest import Length
from tests.gate.gate import TestGate
from tests.rules.landed import facts
from tests.worlds.remote import Remote

MakeGate = Callable[..., TestGate]


class Verifier:
    """What `mergetui verify` asks, of the gate's journal and remote."""

    def __init__(self, gate: TestGate) -> None:
        self.cache = gate.directory / "cache" / "shop"
        self.path = gate.directory / "state" / "repos" / "shop" / "journal.jsonl"
        self.commands = RecentCommands()
        self.archive = Archive(gate.repository, self.cache, self.commands)

    @property
    def told(self) -> tuple[Landing, ...]:
        return landings(FileJournal(self.path).read())

    def answer(self) -> History | Unreachable | Busy:
        return self.archive.answer(question(self.told))

    def history(self) -> History:
        history = self.answer()
        assert isinstance(history, History), history
        return history

    def proofs(self) -> tuple[Proof, ...]:
        return prove(self.told, self.history())

    def past(self) -> tuple[Arrival, ...]:
        return past_the_gate(work_of_the_gate(FileJournal(self.path).read()), self.history())

    def failures(self) -> dict[str, list[str]]:
        """By branch: the claims that do not hold."""
        return {p.run.branches[-1]: [claim.claim for claim in p.failures] for p in self.proofs()}

    def rewrite(self, change: Callable[[dict[str, Any]], bool | None]) -> None:
        """Have every fact changed in place; one for which `change` says False is cut out."""
        facts = [json.loads(line) for line in self.path.read_text().splitlines()]
        kept = [fact for fact in facts if change(fact) is not False]
        self.path.write_text("".join(f"{json.dumps(fact)}\n" for fact in kept))

    def insert(self, fact: dict[str, Any], *, before: str) -> None:
        """Put `fact` ahead of the first one of the kind `before`."""
        lines = self.path.read_text().splitlines()
        place = next(number for number, line in enumerate(lines) if json.loads(line)["event"] == before)
        self.path.write_text("\n".join([*lines[:place], json.dumps(fact), *lines[place:], ""]))


def land(gate: TestGate, *branches: str) -> Verifier:
    gate.enqueue(*branches)
    gate.drain()
    assert gate.landed()[-len(branches) :] == [*branches]
    return Verifier(gate)


def propose(remote: Remote, names: Sequence[str]) -> None:
    for name in names:
        remote.propose(name, {name: "1"})
        remote.push(name, {f"{name}-more": "2"})


def is_all_true(proof: Proof) -> bool:
    return {claim.holds for claim in proof.claims} == {True}


@pytest.mark.sampled("merge")
@pytest.mark.parametrize("strategy", ["rebase", "squash", "merge"])
def test_honest_landings_of_every_strategy_are_proven(
    remote: Remote, make_gate: MakeGate, strategy: str
) -> None:
    propose(remote, "ab")
    remote.propose("c", {"c": "1"}, on="a")
    remote.push("c", {"c2": "1"}, also=["b"])
    remote.push(other="1")
    verifier = land(make_gate(strategy=strategy), *"abc")
    assert [is_all_true(proof) for proof in verifier.proofs()] == [True] * 3
    assert verifier.past() == ()


@pytest.mark.sampled("rebase")
@pytest.mark.parametrize("strategy", ["rebase", "squash", "merge"])
def test_an_honest_batch_is_proven_entry_by_entry(remote: Remote, make_gate: MakeGate, strategy: str) -> None:
    propose(remote, "abcd")
    verifier = land(make_gate(batch=4, strategy=strategy), *"abcd")
    proofs = verifier.proofs()
    assert [is_all_true(proof) for proof in proofs] == [True] * 4
    assert len({proof.run.landed_commit for proof in proofs}) == 1
    assert verifier.past() == ()


def test_an_honest_stack_and_what_was_tested_side_by_side_are_proven(
    remote: Remote, make_gate: MakeGate
) -> None:
    gate = make_gate(parallel=3)
    propose(remote, "abc")
    remote.propose("top", {"top": "1"}, on="a")
    gate.enqueue("a", "top", stack=True)
    verifier = land(gate, "b", "c")
    assert [is_all_true(proof) for proof in verifier.proofs()] == [True] * 3
    assert verifier.past() == ()


def test_a_landing_after_a_lost_answer_and_another_engine_is_proven(remote: Remote, gate: TestGate) -> None:
    remote.propose("feature", a="1")
    remote.lose_the_answer()
    verifier = land(gate, "feature")
    gate.driver = gate.engine()
    remote.behave()
    remote.propose("next", b="1")
    land(gate, "next")
    assert [is_all_true(proof) for proof in verifier.proofs()] == [True, True]


def test_a_merge_that_made_another_line_the_first_parent_takes_no_proof_away(
    remote: Remote, gate: TestGate
) -> None:
    propose(remote, "ab")
    verifier = land(gate, *"ab")
    remote.propose("elsewhere", on=remote.first, x="1")
    remote.push("elsewhere", also=["main"])
    remote.point("main", remote.tip("elsewhere"))
    assert [is_all_true(proof) for proof in verifier.proofs()] == [True, True]


def test_a_landing_that_was_rewound_away_is_named(remote: Remote, gate: TestGate) -> None:
    propose(remote, "ab")
    verifier = land(gate, *"ab")
    first = verifier.told[0].commit
    remote.point("main", first)
    assert verifier.failures() == {"a": [], "b": ["in-target"]}


def test_a_landing_that_was_rewound_away_is_named_also_when_the_archive_had_seen_it(
    remote: Remote, gate: TestGate
) -> None:
    propose(remote, "ab")
    verifier = land(gate, *"ab")
    verifier.proofs()
    remote.point("main", verifier.told[0].commit)
    assert verifier.failures() == {"a": [], "b": ["in-target"]}


def test_what_landed_after_the_target_was_rewound_below_the_gate_is_proven(
    remote: Remote, gate: TestGate
) -> None:
    propose(remote, "ab")
    verifier = land(gate, "a")
    remote.point("main", remote.first)
    gate.drain()
    gate.desk.resume()
    land(gate, "b")
    assert verifier.failures() == {"a": ["in-target"], "b": []}


def test_what_landed_again_below_the_first_base_is_proven(remote: Remote, gate: TestGate) -> None:
    early = remote.propose("early", x="1")
    remote.point("main", early)
    propose(remote, "a")
    verifier = land(gate, "a")
    remote.point("main", remote.first)
    gate.drain()
    gate.desk.resume()
    land(gate, "early")
    assert remote.tip() == early
    assert verifier.failures() == {"a": ["in-target"], "early": []}


def test_dates_that_do_not_rise_take_no_proof_away(remote: Remote, gate: TestGate) -> None:
    verifier = Verifier(gate)
    _make_up(verifier, remote, 100)
    _grow(remote, 3000, lambda _: 1_740_990_600 - 86_400, on=remote.tip())
    assert [is_all_true(proof) for proof in verifier.proofs()] == [True] * 100


def test_a_target_that_is_gone_has_no_landing(remote: Remote, gate: TestGate) -> None:
    remote.propose("a", a="1")
    verifier = land(gate, "a")
    remote.delete("main")
    assert verifier.history().tip is None
    assert verifier.failures() == {"a": ["in-target"]}


@pytest.mark.sampled("ended-landed*")
@pytest.mark.parametrize(
    ("event", "key", "fails"), [("ended", "tested_tree", "tree"), ("ended", "landed_tree", "tree")]
)
def test_a_tree_that_the_commit_does_not_have_is_named(
    remote: Remote, gate: TestGate, event: str, key: str, fails: str
) -> None:
    propose(remote, "ab")
    verifier = land(gate, *"ab")
    other = remote.tree("a")

    def edit(fact: dict[str, Any]) -> None:
        if fact["event"] == event and fact["run"]["branches"] == ["b"]:
            fact["run"][key] = other

    verifier.rewrite(edit)
    assert verifier.failures() == {"a": [], "b": [fails]}


@pytest.mark.sampled("by a higher one")
@pytest.mark.parametrize(
    "superseding",
    [
        {"event": "lease-granted", "token": 9, "branches": []},
        {"event": "lease-granted", "token": 1, "branches": []},
        {"event": "lease-forced", "token": 1, "holder": "x", "reason": "y"},
    ],
    ids=["by a higher one", "by another of the same number", "by an operator"],
)
def test_a_token_that_had_been_superseded_is_named(
    remote: Remote, gate: TestGate, superseding: dict[str, Any]
) -> None:
    propose(remote, "ab")
    verifier = land(gate, "a")
    verifier.insert({"repo": "shop", "at": "2025-03-03T12:00:00Z", **superseding}, before="landing-started")
    assert verifier.failures() == {"a": ["token"]}


def test_a_lease_that_is_taken_away_after_the_push_began_takes_no_proof_away(
    remote: Remote, gate: TestGate
) -> None:
    propose(remote, "a")
    verifier = land(gate, "a")
    forced = {"event": "lease-forced", "token": 1, "holder": "x", "reason": "y"}
    verifier.insert({"repo": "shop", "at": "2025-03-03T12:00:00Z", **forced}, before="ended")
    assert verifier.failures() == {"a": []}


@pytest.mark.sampled("retest-ended-*", "lease-granted-*")
@pytest.mark.parametrize(
    ("event", "fails"),
    [
        ("retest-started", ["tested"]),
        ("retest-ended", ["tested"]),
        ("lease-granted", ["token"]),
        ("caught-up", ["base"]),
        ("landing-started", ["tested", "token"]),
    ],
)
def test_a_landing_whose_ground_is_cut_out_of_the_journal_is_named(
    remote: Remote, gate: TestGate, event: str, fails: list[str]
) -> None:
    propose(remote, "a")
    verifier = land(gate, "a")
    verifier.rewrite(lambda fact: fact["event"] != event)
    assert verifier.failures() == {"a": fails}


def test_a_landing_that_was_red_is_named(remote: Remote, gate: TestGate) -> None:
    propose(remote, "a")
    verifier = land(gate, "a")

    def redden(fact: dict[str, Any]) -> None:
        if fact["event"] == "retest-ended":
            fact["reason"] = {"code": "retest-failed", "detail": "exit code 1"}

    verifier.rewrite(redden)
    assert verifier.failures() == {"a": ["tested"]}


def test_who_pushed_past_the_gate_is_told(remote: Remote, gate: TestGate) -> None:
    remote.push(early="1")
    propose(remote, "ab")
    verifier = land(gate, "a")
    direct = remote.push(by="Mallory", x="1")
    land(gate, "b")
    latest = remote.push(by="Trudy", y="1")
    past = verifier.past()
    assert [(arrival.commit, arrival.author) for arrival in past] == [(latest, "Trudy"), (direct, "Mallory")]
    assert [is_all_true(proof) for proof in verifier.proofs()] == [True, True]


def test_what_somebody_slipped_below_a_landing_is_named(remote: Remote, gate: TestGate) -> None:
    remote.propose("a", a="1")
    verifier = land(gate, "a")
    landed = verifier.told[0].commit
    slipped = remote.propose("x", on=landed, x="1")

    def claim(fact: dict[str, Any]) -> None:
        if fact["event"] in ("ended", "landing-started"):
            run = fact.get("run", fact)
            run["base"] = slipped

    remote.point("main", slipped)
    verifier.rewrite(claim)
    assert verifier.failures() == {"a": ["base"]}


def test_what_lands_without_a_retest_was_promised_nothing(remote: Remote, make_gate: MakeGate) -> None:
    propose(remote, "a")
    verifier = land(make_gate(enabled=False), "a")
    [proof] = verifier.proofs()
    said = {claim.claim: claim.holds for claim in proof.claims}
    assert said == {"in-target": True, "tree": None, "tested": None, "base": True, "token": True}
    assert proof.holds


def test_a_torn_line_is_counted_and_takes_no_proof_away(remote: Remote, gate: TestGate) -> None:
    propose(remote, "ab")
    verifier = land(gate, "a")
    journal = FileJournal(verifier.path)
    before = journal.unreadable_lines()
    with verifier.path.open("a") as file:
        file.write('{"event":"retest-sta')
    land(gate, "b")
    assert (before, journal.unreadable_lines(), journal.unreadable_lines()) == (0, 1, 1)
    assert verifier.failures() == {"a": [], "b": []}


def test_a_run_that_was_written_down_again_counts_once(remote: Remote, gate: TestGate) -> None:
    propose(remote, "a")
    verifier = land(gate, "a")
    ended = next(line for line in verifier.path.read_text().splitlines() if '"ended"' in line)
    with verifier.path.open("a") as journal:
        journal.write(f"{ended}\n")
    assert [is_all_true(proof) for proof in verifier.proofs()] == [True]


def test_a_word_of_the_journal_is_never_an_option_of_git(remote: Remote, gate: TestGate) -> None:
    propose(remote, "a")
    verifier = land(gate, "a")
    planted = gate.directory / "planted"

    def inject(fact: dict[str, Any]) -> None:
        if fact["event"] == "ended":
            fact["run"]["landed_commit"] = fact["run"]["base"] = f"--output={planted}"

    verifier.rewrite(inject)
    assert "in-target" in verifier.failures()["a"]
    assert not planted.exists()


@pytest.mark.sampled("an object is gone")
@pytest.mark.fault(22)
@pytest.mark.parametrize("damage", ["no HEAD", "an object is gone", "shallow"])
def test_a_damaged_archive_is_made_anew(remote: Remote, gate: TestGate, damage: str) -> None:
    propose(remote, "ab")
    verifier = land(gate, *"ab")
    verifier.proofs()
    _damage(verifier.cache / "archive.git", damage, landed=verifier.told[0].commit)
    assert verifier.failures() == {"a": [], "b": []}


def _damage(bare: Path, damage: str, *, landed: str) -> None:
    match damage:
        case "no HEAD":
            (bare / "HEAD").unlink()
        case "an object is gone":
            (bare / "objects" / landed[:2] / landed[2:]).unlink()
        case _:
            (bare / "shallow").write_text(f"{landed}\n")


def test_a_remote_that_is_away_proves_nothing(remote: Remote, gate: TestGate) -> None:
    propose(remote, "a")
    verifier = land(gate, "a")
    verifier.proofs()
    remote.path.rename(remote.path.with_name("away.git"))
    assert isinstance(verifier.answer(), Unreachable)


def test_an_archive_is_read_by_one_at_a_time(remote: Remote, gate: TestGate) -> None:
    remote.propose("a", a="1")
    verifier = land(gate, "a")
    other = Archive(gate.repository, verifier.cache, patience=0)
    with FileLock(verifier.cache / "archive.lock"):
        assert isinstance(other.answer(question(verifier.told)), Busy)
    assert isinstance(other.answer(question(verifier.told)), History)


def test_the_engines_mirror_and_slots_are_not_touched(remote: Remote, gate: TestGate) -> None:
    propose(remote, "a")
    verifier = land(gate, "a")
    before = _times(verifier.cache)
    verifier.proofs()
    verifier.archive.check_out(verifier.told[0].commit)
    assert {path: at for path, at in _times(verifier.cache).items() if path in before} == before


def _times(cache: Path) -> dict[Path, int]:
    engines = [path for path in cache.iterdir() if path.name in ("mirror.git", "catch-up", "slots")]
    return {path: path.stat().st_mtime_ns for top in engines for path in (top, *top.rglob("*"))}


def test_git_is_asked_as_often_for_many_landings_as_for_one(remote: Remote, gate: TestGate) -> None:
    verifier = Verifier(gate)
    asked = [_commands_for(verifier, remote, landed) for landed in (1, 40)]
    assert asked[0] == asked[1]


@pytest.mark.soak
def test_a_thousand_landings_are_proven_in_seconds(
    remote: Remote, gate: TestGate, length: Length, record_property: Callable[[str, str], None]
) -> None:
    landed = length(short=1000, full=10_000)
    verifier = Verifier(gate)
    _make_up(verifier, remote, landed)
    times = []
    for _ in range(2):
        began = time.monotonic()
        proofs = verifier.proofs()
        times.append(time.monotonic() - began)
    assert [is_all_true(proof) for proof in proofs] == [True] * landed
    assert times[-1] < 10 * landed / 1000
    record_property("figure", f"{landed} landings proven in {times[0]:.2f} s, again in {times[1]:.2f} s")


def _commands_for(verifier: Verifier, remote: Remote, landed: int) -> int:
    _make_up(verifier, remote, landed)
    verifier.proofs()
    before = len(verifier.commands.lines)
    assert all(is_all_true(proof) for proof in verifier.proofs())
    return len(verifier.commands.lines) - before


def _make_up(verifier: Verifier, remote: Remote, landed: int) -> None:
    """A remote and a journal of so many landings of three commits each, without the work."""
    _grow(remote, 3 * landed, lambda _: 1_740_990_600, on=remote.first)
    rows = [row.split() for row in remote.log("main", "%H %T")]
    events = list[Event]()
    for token in range(1, landed + 1):
        base, *added = rows[3 * token - 3 : 3 * token + 1]
        events += facts(_candidate(f"e{token}", base[0], added), token)
    verifier.path.parent.mkdir(parents=True, exist_ok=True)
    verifier.path.write_bytes(b"".join(as_json(event) + b"\n" for event in events))


def _grow(remote: Remote, commits: int, date: Callable[[int], int], *, on: str) -> None:
    start = f"from {on}\n"
    stream = "".join(
        f"commit refs/heads/main\ncommitter Ada <ada@example.org> {date(number)} +0000\n"
        f"data 1\nx\n{'' if number else start}"
        f"M 644 inline f\ndata <<.\n{number}\n.\n\n"
        for number in range(commits)
    )
    remote._git("fast-import", "--quiet", "--force", stdin=stream.encode())


def _candidate(entry: str, base: str, rows: list[list[str]]) -> Candidate:
    """One entry of several commits; each row is a commit and its tree."""
    commits = tuple(commit for commit, _ in rows)
    [tip, tree] = rows[-1]
    link = Link(
        entry=entry,
        branches=(entry,),
        heads=(tip,),
        commit=tip,
        tree=tree,
        tips=(tip,),
        commits=(commits,),
    )
    return Candidate(base=base, links=(link,))
