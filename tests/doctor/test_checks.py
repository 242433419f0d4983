"""Whether the checks of a repository are there and load."""

from mergetui.doctor.finding import Level
from tests.doctor.patient import Patient
from tests.worlds.remote import Remote


def test_a_check_is_told_with_where_it_comes_from(patient: Patient, remote: Remote) -> None:
    patient.configure(f'[repos.shop]\nremote = "{remote.url}"\nchecks = ["size"]\n[checks.size]\nlines = 3\n')
    finding = patient.found("check", "shop size")
    assert (finding.level, finding.says) == (Level.OK, "loads, built in")


def test_a_check_that_does_not_load_is_to_be_mended(patient: Patient, remote: Remote) -> None:
    patient.configure(f'[repos.shop]\nremote = "{remote.url}"\nchecks = ["size", "sizze"]\n')
    size, sizze = patient.found("check", "shop size"), patient.found("check", "shop sizze")
    assert (size.level, size.says) == (
        Level.MEND,
        "[checks.size] 'lines' or 'files' is missing; it says how large a change may be",
    )
    assert sizze.says.startswith("[repos.shop] checks has 'sizze'; there are: ")
