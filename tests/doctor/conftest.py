from pathlib import Path

import pytest

from tests.doctor.patient import Patient
from tests.worlds.remote import Remote


@pytest.fixture
def newcomer(tmp_path: Path) -> Patient:
    """Nothing is configured, and nothing is there."""
    return Patient(tmp_path)


@pytest.fixture
def patient(newcomer: Patient, remote: Remote) -> Patient:
    """One repository, `shop`, that never ran."""
    newcomer.add("shop", remote.url)
    return newcomer
