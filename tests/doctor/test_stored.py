"""The stored state of a repository, and what an engine that died left in it."""

import os
import subprocess  # noqa: TID251 - a holder that dies

import pytest
from msgspec.structs import replace

from mergetui.adapters.generations import previous_of
from mergetui.adapters.journal import FileJournal
from mergetui.adapters.occupancy import DirectoryLock
from mergetui.adapters.process import identify
from mergetui.doctor.finding import Level
from mergetui.events import PauseEnded
from mergetui.model import Holder, Instant, Lease
from mergetui.state import Advance, LandingIntent
from tests.adapters.writers import NEW_YEAR, enqueued
from tests.doctor.patient import Patient
from tests.rules.build import chain, entry


@pytest.fixture
def used(patient: Patient) -> Patient:
    """Two entries have been queued, one after the other."""
    patient.store().change(enqueued)
    patient.store().change(enqueued)
    return patient


@pytest.fixture
def dead() -> Holder:
    process = subprocess.Popen(["sleep", "60"])
    holder = identify(process.pid, operator="bob")
    process.kill()
    process.wait()
    return holder


def test_a_store_and_a_journal_that_can_be_read_are_sound(used: Patient) -> None:
    _write(used, lines=b"")
    assert used.found("store").says == "entries: 2"
    assert used.found("journal").says == "lines: 1"


@pytest.mark.fault(12)
def test_a_damaged_generation_is_told_with_the_one_that_is_served(used: Patient) -> None:
    (used.shop / "queue.json").write_bytes(b"\0" * 100)
    finding = used.found("store")
    assert finding.level is Level.WARN
    assert finding.says.endswith("queue.json.prev is served")
    assert finding.mend == "mergetui status shop"


@pytest.mark.fault(12)
def test_a_file_that_was_set_aside_is_told(used: Patient) -> None:
    (used.shop / "queue.json").write_bytes(b"\0" * 100)
    used.store().change(enqueued)
    finding = used.found("store")
    assert finding.level is Level.WARN
    assert f"{used.shop}/queue.json.damaged-1 was damaged and is set aside" in finding.says


@pytest.mark.fault(12)
def test_two_damaged_generations_have_to_be_mended_and_are_left_alone(used: Patient) -> None:
    files = (used.shop / "queue.json", previous_of(used.shop / "queue.json"))
    for file in files:
        file.write_bytes(b"\0" * 100)
    assert used.found("store").level is Level.MEND
    assert [file.read_bytes() for file in files] == [b"\0" * 100] * 2


def test_lines_of_the_journal_that_cannot_be_read_are_counted(used: Patient) -> None:
    _write(used, lines=b'{"event":"from a newer mergetui"}\ntorn\n')
    finding = used.found("journal")
    assert (finding.level, finding.says) == (Level.WARN, "lines that cannot be read, of 3: 2")


def test_a_journal_that_cannot_be_read_has_a_mend(used: Patient) -> None:
    os.mkfifo(used.shop / "journal.jsonl")
    assert used.found("journal").level is Level.MEND


@pytest.mark.fault(1)
def test_the_leftovers_of_a_dead_engine_are_told(used: Patient, dead: Holder) -> None:
    _leave(used, dead)
    (used.where.cache / "shop" / "mirror.git" / "worktrees" / "catch-up" / "rebase-merge").mkdir(parents=True)
    told = {f.about: (f.level, f.says) for f in used.findings() if f.subject == "shop"}
    assert told["engine"] == (Level.NOTE, f"{dead} died at work; the next one goes on from there")
    assert told["lease"] == (Level.NOTE, f"#7 of {dead}, who is dead; the next engine takes it")
    assert told["landing"][0] is Level.WARN
    assert "mirror.git/worktrees/catch-up/rebase-merge" in told["leftovers"][1]


def test_the_tree_of_a_shell_is_a_leftover_only_when_no_console_uses_it(used: Patient) -> None:
    home = used.where.cache / "shop" / "shells" / "0"
    (home / "0").mkdir(parents=True)
    assert "shells/0" in used.found("leftovers").says
    console = DirectoryLock(home)
    assert console.take()
    assert "leftovers" not in used.levels()
    console.leave()


def test_an_engine_at_work_is_no_finding_to_act_on(used: Patient) -> None:
    me = identify(operator="ada")
    _leave(used, me, until=Instant.fromisoformat("2100-01-01T00:00:00+00:00"))
    (used.where.cache / "shop" / "slots").mkdir(parents=True)
    (used.where.cache / "shop" / "slots" / "0.index.lock").touch()
    levels = used.levels()
    assert (levels["engine"], levels["landing"]) == (Level.NOTE, Level.NOTE)
    assert levels.keys().isdisjoint({"lease", "leftovers", "processes"})


def test_a_lease_of_another_machine_that_is_not_renewed_has_a_release(used: Patient, dead: Holder) -> None:
    _leave(used, replace(dead, host="elsewhere"))
    finding = used.found("lease")
    assert (finding.level, finding.mend) == (Level.WARN, "mergetui lease release shop --reason TEXT")


def test_the_state_of_a_repository_that_is_no_longer_configured_is_looked_at(used: Patient) -> None:
    used.configure("")
    assert used.found("store").level is Level.OK
    assert used.found("repository").says == f"is not configured; its queue and history stay in {used.shop}"


def _leave(patient: Patient, holder: Holder, *, until: Instant = NEW_YEAR) -> None:
    """What an engine of this holder has stored when it is killed while it pushes."""
    lease = Lease(
        token=7, holder=holder, branches=("x",), acquired_at=NEW_YEAR, renewed_at=NEW_YEAR, expires_at=until
    )
    landing = LandingIntent(candidate=chain("m", entry("x")), token=7, started_at=NEW_YEAR)
    advance = Advance(holder=holder, mode="auto", since=NEW_YEAR)
    patient.store().change(
        lambda state: (replace(state, lease=lease, landing=landing, advance=advance, last_token=7), None)
    )


def _write(patient: Patient, *, lines: bytes) -> None:
    path = patient.shop / "journal.jsonl"
    FileJournal(path).append(PauseEnded(repo="shop", at=NEW_YEAR, by="ada"))
    with path.open("ab") as file:
        file.write(lines)
