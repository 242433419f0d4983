"""What is wrong with a configuration, and what is looked at all the same."""

import pytest

from mergetui.doctor.finding import Level
from tests.doctor.patient import Patient
from tests.worlds.remote import Remote

pytestmark = pytest.mark.fault(24)

_ACTIVE = "\x1b]52;c;aGk=\x07\u202e"


def test_a_newcomer_is_told_the_first_step(newcomer: Patient) -> None:
    finding = newcomer.found("config", newcomer.where.config)
    assert finding.level is Level.NOTE
    assert finding.mend == "mergetui repo add NAME REMOTE --retest COMMAND"


def test_every_table_with_a_fault_is_told(patient: Patient) -> None:
    patient.configure(
        '[gate]\nlease_ttl = "soon"\n'
        '[repos.one]\nremote = "/x"\nretset = "true"\n'
        '[repos.two]\nremote = "/y"\nbatch = "many"\n'
    )
    told = [f for f in patient.findings() if f.about == "config"]
    assert [finding.level for finding in told] == [Level.MEND] * 3
    assert sorted(finding.says for finding in told) == [
        "[gate] lease_ttl = 'soon'; allowed: a duration such as '90s', '30m' or '1h30m'",
        "[repos.one] unknown key 'retset'; did you mean 'retest'?",
        "[repos.two] batch = 'many'; allowed: a whole number from 1 to 1000",
    ]


def test_a_repository_whose_own_table_is_right_is_looked_at_beside_a_wrong_one(
    patient: Patient, remote: Remote
) -> None:
    patient.configure(f'[repos.bad]\nremot = "x"\n[repos.shop]\nremote = "{remote.url}"\nretest = "sh x"\n')
    assert patient.levels() == dict.fromkeys(("remote", "target", "push", "retest"), Level.OK)


def test_a_variable_of_the_environment_counts_for_its_repository_alone(
    patient: Patient, remote: Remote
) -> None:
    patient.configure(f'[repos.bad]\nremot = "x"\n[repos.shop]\nremote = "{remote.url}"\n')
    patient.environ["MERGETUI_REPOS__SHOP__RETEST"] = "sh x"
    patient.environ["MERGETUI_REPOS__OTHER__RETEST"] = "sh y"
    assert patient.found("retest").level is Level.OK


@pytest.mark.parametrize("text", ["[repos", "repos = 3", "\0", "[[repos]]", "gate = 1"])
def test_what_is_no_configuration_at_all_stops_nothing_else(patient: Patient, text: str) -> None:
    patient.configure(text)
    assert patient.found("config", patient.where.config).level is Level.MEND
    assert patient.found("git", "").level is Level.OK


def test_a_configuration_that_cannot_be_read_is_a_finding(patient: Patient) -> None:
    patient.where.config.unlink()
    patient.where.config.mkdir()
    assert "cannot be read" in patient.found("config", patient.where.config).says


@pytest.mark.fault(16)
@pytest.mark.parametrize(
    "table",
    [
        '[repos."{}"]\nremote = "/x"',
        '[repos.shop]\nremote = "/x"\ntarget = "{}"',
        '[repos.shop]\nremote = "/x"\n"{}" = 1',
        '[repos.shop]\nremote = "https://ada:secret@example.org/{}"',
        '[repos.shop]\nremote = "--upload-pack={}"',
    ],
)
def test_nothing_in_a_hostile_configuration_is_active_or_secret(patient: Patient, table: str) -> None:
    escaped = "".join(f"\\u{ord(char):04x}" for char in _ACTIVE)
    patient.configure(table.replace("{}", escaped))
    told = "".join(f.subject + f.says + f.mend for f in patient.findings())
    assert patient.found("config", patient.where.config).level is Level.MEND
    assert [char for char in (*_ACTIVE[:1], *_ACTIVE[-2:], "secret") if char in told] == []


@pytest.mark.parametrize(
    ("mode", "levels"), [(0o600, ["ok"]), (0o644, ["ok", "mend"]), (0o622, ["ok", "mend"]), (0o400, ["ok"])]
)
def test_others_may_neither_read_a_password_nor_choose_what_runs(
    newcomer: Patient, mode: int, levels: list[str]
) -> None:
    newcomer.add("shop", "https://ada:secret@127.0.0.1:1/shop.git")
    newcomer.where.config.chmod(mode)
    assert [f.level for f in newcomer.findings() if f.about == "config"] == levels


def test_a_configuration_without_a_password_may_be_read(patient: Patient) -> None:
    patient.where.config.chmod(0o644)
    assert patient.found("config", patient.where.config).level is Level.OK


def test_a_repository_with_a_forge_is_used_although_another_table_is_wrong(
    newcomer: Patient, remote: Remote
) -> None:
    newcomer.configure(
        f'[gate]\nleese_ttl = "1s"\n[forges.hub]\nkind = "github"\n'
        f'[repos.shop]\nremote = "{remote.url}"\nforge = "hub"\nproject = "acme/shop"\n'
    )
    faults = [finding for finding in newcomer.findings() if finding.about == "config"]
    assert len(faults) == 1
    assert newcomer.found("remote").level is Level.OK
