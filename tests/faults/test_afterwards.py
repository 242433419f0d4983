"""The judge of the fault runs, judged: every violation is made by hand, and seen."""

import json
import os
import subprocess  # noqa: TID251 - a process that a retest left behind
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.adapters.waiting import eventually
from tests.faults.afterwards import (
    LEDGER,
    Place,
    Row,
    Told,
    keep_log_of_refs,
    left_running,
    litter,
    lost,
    strayed,
    unfinished,
    unordered_tokens,
    untested,
    violations,
)
from tests.faults.afterwards import landed_twice as twice
from tests.worlds.remote import Remote


class Scene:
    """`feature` was queued as e1, tested and landed; `other` was left alone. Nothing is wrong yet."""

    def __init__(self, remote: Remote, directory: Path) -> None:
        self.remote = remote
        state = directory / "state"
        state.mkdir()
        self.place = Place(remote=remote.path, state=state, ledger=directory / "ledger")
        keep_log_of_refs(remote)
        remote.propose("other", b="1")
        self.told = Told(
            first=remote.tip(),
            branches={"feature": remote.propose("feature", a="1"), "other": remote.tip("other")},
            acknowledged={"e1": "feature"},
        )
        self.test("feature", code=0)
        remote.point("main", "feature")
        self.note(event="lease-granted", token=1)
        self.end("e1.1", "landed", landed_commit=remote.tip())
        self.store({})

    def test(self, revision: str, *, code: int) -> None:
        with self.place.ledger.open("a") as ledger:
            ledger.write(f"{self.remote.tree(revision)} {code}\n")

    def note(self, **fact: object) -> None:
        with (self.place.state / "journal.jsonl").open("a") as journal:
            journal.write(json.dumps(fact) + "\n")

    def end(self, run: str, outcome: str, **fields: object) -> None:
        self.note(event="ended", run={"id": run, "outcome": outcome, "branches": ["feature"], **fields})

    def store(self, entries: Row, **singles: object) -> None:
        tables = json.dumps({"entries": entries, "singles": singles})
        (self.place.state / "queue.json").write_text(f"header\n{tables}")


@pytest.fixture
def scene(remote: Remote, tmp_path: Path) -> Scene:
    return Scene(remote, tmp_path)


def test_a_sound_landing_is_not_complained_of(scene: Scene) -> None:
    assert violations(scene.place, scene.told) == []


def test_a_landing_without_a_retest_is_seen(scene: Scene) -> None:
    scene.remote.push(c="1")
    assert "whose tree no green retest was run on" in untested(scene.place, scene.told)[0]


def test_a_landing_after_a_red_retest_is_seen(scene: Scene) -> None:
    scene.remote.push(c="1")
    scene.test("main", code=1)
    assert "whose tree no green retest was run on" in untested(scene.place, scene.told)[0]


def test_a_push_by_hand_needs_no_retest(scene: Scene) -> None:
    told = replace(scene.told, pushed=frozenset({scene.remote.push(c="1")}))
    assert untested(scene.place, told) == []


def test_a_landing_that_was_overwritten_later_is_seen(scene: Scene) -> None:
    scene.remote.push(c="1")
    scene.remote.point("main", "feature")
    told = ["which does not contain it", "whose tree no green retest was run on"]
    assert [word for word in told if word in str(untested(scene.place, scene.told))] == told


def test_a_main_that_was_forced_to_a_tested_tree_is_seen(scene: Scene) -> None:
    scene.test("other", code=0)
    scene.remote.point("main", "other")
    assert "which does not contain it" in untested(scene.place, scene.told)[0]


def test_a_main_that_moved_past_its_log_is_seen(scene: Scene) -> None:
    scene.remote.configure("core.logAllRefUpdates", "false")
    (scene.remote.path / "logs" / "refs" / "heads" / "main").unlink()
    assert "which is not in its log" in untested(scene.place, scene.told)[0]


@pytest.mark.parametrize("token", [1, 0])
def test_a_token_that_does_not_grow_is_seen(scene: Scene, token: int) -> None:
    scene.note(event="lease-granted", token=token)
    assert unordered_tokens(scene.place) == [f"token {token} was granted after token 1"]


def test_a_torn_line_of_the_journal_hides_no_other(scene: Scene) -> None:
    with (scene.place.state / "journal.jsonl").open("a") as journal:
        journal.write('{"event": "lease-gra\n')
    scene.note(event="lease-granted", token=1)
    assert len(unordered_tokens(scene.place)) == 1


def test_an_entry_that_is_nowhere_is_seen(scene: Scene) -> None:
    told = replace(scene.told, acknowledged={"e1": "feature", "e2": "other"})
    assert lost(scene.place, told) == ["other was queued as e2 and is nowhere"]


def test_a_deferred_entry_that_left_the_queue_is_seen(scene: Scene) -> None:
    told = replace(scene.told, acknowledged={"e2": "other"})
    scene.end("e2.1", "deferred")
    assert lost(scene.place, told) == ["other was queued as e2 and is nowhere"]


def test_entries_that_wait_or_were_taken_out_are_not_lost(scene: Scene) -> None:
    scene.store({"e2": {"branches": ["other"], "state": "queued"}})
    scene.end("e3.1", "dequeued")
    assert lost(scene.place, replace(scene.told, acknowledged={"e2": "other", "e3": "more"})) == []


def test_a_landing_that_main_does_not_have_is_seen(scene: Scene) -> None:
    scene.end("e2.1", "landed", landed_commit=scene.remote.tip("other"))
    assert "which main does not have" in lost(scene.place, scene.told)[0]


def test_a_bystander_that_moved_is_seen(scene: Scene) -> None:
    scene.remote.push("other", c="1")
    assert "refs/heads/other is at" in strayed(scene.place, scene.told)[0]


def test_a_bystander_that_was_rebased_is_seen(scene: Scene) -> None:
    scene.remote.propose("other", b="1", on="main")
    assert "refs/heads/other is at" in strayed(scene.place, scene.told)[0]


def test_a_queued_branch_that_was_caught_up_has_not_strayed(scene: Scene) -> None:
    scene.remote.propose("feature", a="1", on="other")
    assert strayed(scene.place, scene.told) == []


def test_a_queued_branch_with_another_change_on_it_is_seen(scene: Scene) -> None:
    scene.remote.propose("feature", a="2", on="other")
    assert "refs/heads/feature is at" in strayed(scene.place, scene.told)[0]


def test_a_branch_that_vanished_or_came_from_nowhere_is_seen(scene: Scene) -> None:
    scene.remote.delete("other")
    scene.remote.propose("new", d="1")
    told = str(strayed(scene.place, scene.told))
    assert ("refs/heads/other is gone" in told, "refs/heads/new is at" in told) == (True, True)


def test_a_change_that_is_on_main_twice_is_seen(scene: Scene) -> None:
    scene.remote.push(a=None)
    scene.remote.push(a="1")
    assert "is on main 2 times" in twice(scene.place, scene.told)[0]


def test_an_entry_that_landed_twice_by_its_history_is_seen(scene: Scene) -> None:
    scene.end("e1.2", "landed", landed_commit=scene.remote.tip())
    assert twice(scene.place, scene.told) == [f"e1 landed 2 times as {scene.remote.tip()}"]


def test_an_entry_that_landed_again_with_a_newer_head_has_not_landed_twice(scene: Scene) -> None:
    scene.end("e1.2", "landed", landed_commit=scene.remote.push(a="2"))
    assert twice(scene.place, scene.told) == []


def test_two_landings_of_one_name_are_seen(scene: Scene) -> None:
    scene.end("e1.1", "landed", landed_commit=scene.remote.push(a="2"))
    assert twice(scene.place, scene.told) == ["e1.1 names 2 landings"]


def test_a_landing_that_was_written_down_twice_is_one_landing(scene: Scene) -> None:
    scene.end("e1.1", "landed", landed_commit=scene.remote.tip())
    assert twice(scene.place, scene.told) == []


@pytest.mark.parametrize("state", ["catching-up", "testing", "landing"])
def test_an_entry_that_is_still_in_flight_is_seen(scene: Scene, state: str) -> None:
    scene.store({"e2": {"branches": ["other"], "state": state}})
    assert unfinished(scene.place) == [f"other is {state}"]


@pytest.mark.parametrize("row", ["lease", "landing", "advance"])
def test_a_lease_an_intent_or_a_seat_that_was_not_given_back_is_seen(scene: Scene, row: str) -> None:
    scene.store({}, **{row: {"token": 1}})
    assert unfinished(scene.place) == [f"{row} is not free"]


@pytest.mark.parametrize("name", ["queue.json.x1.tmp", "logs/r1.tmp", "queue.json.damaged-1"])
def test_litter_is_seen(scene: Scene, name: str) -> None:
    path = scene.place.state / name
    path.parent.mkdir(exist_ok=True)
    path.touch()
    assert litter(scene.place) == [f"{path} is left"]


@pytest.fixture
def leftover(scene: Scene) -> "Iterator[subprocess.Popen[bytes]]":
    environment = {**os.environ, "MERGETUI_RETEST": "x:r1", LEDGER: str(scene.place.ledger)}
    process = subprocess.Popen(
        [sys.executable, "-c", "input()"], env=environment, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    yield process
    process.kill()
    process.communicate()


def test_a_process_of_a_retest_is_seen(scene: Scene, leftover: "subprocess.Popen[bytes]") -> None:
    told = [f"process {leftover.pid} of a retest is left"]
    assert eventually(lambda: left_running(scene.place)) == told
