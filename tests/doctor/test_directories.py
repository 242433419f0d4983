"""State and caches: whose they are, and who can look into them."""

import os
from pathlib import Path

import pytest

from mergetui.adapters.durable import make_directory
from mergetui.doctor.finding import Level
from tests.adapters.writers import enqueued
from tests.doctor.patient import Patient


@pytest.fixture
def used(patient: Patient) -> Patient:
    """One entry has been queued."""
    patient.store().change(enqueued)
    return patient


def test_what_mergetui_makes_is_as_it_should_be(used: Patient) -> None:
    assert used.found("state", used.where.state).level is Level.OK
    assert used.found("files", used.where.state).level is Level.OK


def test_a_state_directory_that_others_may_enter_has_a_mend(used: Patient) -> None:
    used.where.state.chmod(0o755)
    finding = used.found("state", used.where.state)
    assert (finding.level, finding.says) == (Level.MEND, "has mode 0755, not 0700")
    assert finding.mend == f"chmod 700 {used.where.state}"


def test_a_stored_file_that_others_may_read_is_named(used: Patient) -> None:
    (used.shop / "queue.json").chmod(0o644)
    finding = used.found("files", used.where.state)
    assert (finding.level, finding.says) == (Level.WARN, "open to others: repos/shop/queue.json")
    assert finding.mend == f"chmod -R go= {used.where.state}"


def test_the_mode_of_a_link_means_nothing(used: Patient) -> None:
    (used.shop / "link").symlink_to("queue.json")
    assert used.found("files", used.where.state).level is Level.OK


def test_inside_gits_stores_and_checkouts_only_the_top_counts(used: Patient) -> None:
    for top in ("mirror.git", "slots/0"):
        inner = used.where.cache / "shop" / top
        make_directory(inner)
        (inner / "HEAD").write_text("ref: refs/heads/main")
        (inner / "HEAD").chmod(0o644)
    assert used.found("files", used.where.cache).level is Level.OK
    inner.chmod(0o755)
    assert used.found("files", used.where.cache).says == "open to others: shop/slots/0"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_what_belongs_to_another_user_has_a_mend(used: Patient) -> None:
    os.chown(used.shop / "queue.json", 1, 1)
    inner = used.found("files", used.where.state)
    os.chown(used.where.state, 1, 1)
    outer = used.found("state", used.where.state)
    assert (inner.level, inner.says) == (Level.MEND, "not yours: repos/shop/queue.json")
    assert (outer.level, outer.says) == (Level.MEND, "belongs to uid 1, and this is uid 0")
    assert inner.mend == outer.mend == f"sudo chown -R 0 {used.where.state}"


def test_a_file_in_the_place_of_the_state_has_a_mend(patient: Patient) -> None:
    patient.where.state.touch()
    finding = patient.found("state", patient.where.state)
    assert (finding.level, finding.says) == (Level.MEND, "is not a directory")


def test_what_cannot_even_be_looked_at_is_a_finding(tmp_path: Path) -> None:
    unnameable = Patient(tmp_path / ("x" * 300))
    assert unnameable.found("state", unnameable.where.state).level is Level.MEND


def test_a_state_that_is_not_there_yet_is_not_made(newcomer: Patient) -> None:
    assert newcomer.found("state", newcomer.where.state).level is Level.NOTE
    assert not newcomer.where.state.exists()
