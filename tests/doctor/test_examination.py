"""The whole of it: it looks, and that is all."""

from pathlib import Path

import pytest

from mergetui.doctor.examination import is_sound
from mergetui.doctor.finding import Level
from tests.doctor.patient import Patient
from tests.gate.gate import TestGate
from tests.worlds.remote import Remote


def test_a_newcomer_is_sound(newcomer: Patient) -> None:
    assert is_sound(newcomer.findings())


def test_a_repository_that_has_worked_is_sound(patient: Patient, remote: Remote, tmp_path: Path) -> None:
    _land(remote, tmp_path)
    worse = [f for f in patient.findings() if f.level in (Level.WARN, Level.MEND) and f.about != "space"]
    assert worse == []


def test_nothing_is_changed(patient: Patient, remote: Remote, tmp_path: Path) -> None:
    _land(remote, tmp_path)
    before = _world(tmp_path)
    patient.findings()
    assert _world(tmp_path) == before


def test_an_engine_works_beside_it(patient: Patient, remote: Remote, tmp_path: Path) -> None:
    gate = _land(remote, tmp_path)
    assert gate.driver.occupy("auto") is None
    finding = patient.found("engine")
    assert gate.engine().occupy("auto") is not None
    gate.driver.leave()
    assert (finding.level, finding.says.endswith("works on it")) == (Level.NOTE, True)


@pytest.mark.fault(16)
def test_nothing_active_in_the_name_of_a_directory_is_told(tmp_path: Path) -> None:
    patient = Patient(tmp_path / "a\x1b]0;x\x07\u202e")
    patient.where.state.mkdir(parents=True, mode=0o755)
    findings = patient.findings()
    assert not is_sound(findings)
    assert [f for f in findings if {"\x1b", "\x07", "\u202e"} & {*f.subject, *f.says, *f.mend}] == []


def _land(remote: Remote, directory: Path) -> TestGate:
    gate = TestGate(remote, directory)
    remote.propose("feature", a="1")
    gate.enqueue("feature")
    gate.drain()
    assert gate.landed() == ["feature"]
    return gate


def _world(top: Path) -> dict[str, tuple[int, bytes]]:
    """Mode and content of everything below `top`."""
    return {
        str(path): (path.lstat().st_mode, path.read_bytes() if path.is_file() else b"")
        for path in top.rglob("*")
    }
