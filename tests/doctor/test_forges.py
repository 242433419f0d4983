"""Forges: tokens that cannot be read, APIs that do not answer, statuses that wait."""

import sys
from pathlib import Path

import pytest

from mergetui.adapters.spool import Refusal, Spool
from mergetui.adapters.status_outlets import spool_in
from mergetui.doctor.finding import Level
from mergetui.doctor.forges import examine_forges, examine_spool
from mergetui.integrations import Forge
from tests.adapters.outlets import ONE, OTHER, status
from tests.doctor.patient import Patient
from tests.rules.build import NOW
from tests.worlds.forge import TOKEN, TestForge, answer, be_silent, redirect


@pytest.fixture
def forge() -> TestForge:
    return TestForge("gitlab")


@pytest.fixture
def told(patient: Patient, forge: TestForge) -> Patient:
    """The repository's forge is configured, and all is well with it."""
    patient.environ["MERGE_TOKEN"] = TOKEN
    text = patient.where.config.read_text() + 'forge = "hub"\nproject = "acme/shop"\n'
    table = f'[forges.hub]\nkind = "gitlab"\napi = "{forge.address}"\ntoken_env = "MERGE_TOKEN"\n'
    patient.configure(text + table)
    return patient


@pytest.fixture
def spool(told: Patient) -> Spool:
    return spool_in(told.shop)


def test_a_forge_that_answers_and_takes_the_token_is_sound(told: Patient, forge: TestForge) -> None:
    assert told.found("token", "hub").says == "can be read from MERGE_TOKEN"
    assert told.found("forge", "hub").says == f"{forge.address}/api/v4 answers"
    assert told.found("statuses").says == "none wait"
    assert not [f for f in told.findings() if f.about in ("token", "forge") and f.level is not Level.OK]


def test_a_token_that_cannot_be_read_is_told_with_the_place(told: Patient, forge: TestForge) -> None:
    del told.environ["MERGE_TOKEN"]
    finding = told.found("token", "hub")
    assert finding.level is Level.MEND
    assert finding.says == "MERGE_TOKEN is not set; it should have the secret"
    assert forge.asked == []


def test_a_forge_without_a_token_is_only_noted(forge: TestForge, tmp_path: Path) -> None:
    [finding] = examine_forges([Forge(name="hub", kind="gitlab", api=forge.address)], {}, tmp_path)
    assert finding.level is Level.NOTE
    assert finding.says == "none is named, so no statuses are sent"


def test_a_forge_that_is_down_is_a_warning(told: Patient, forge: TestForge) -> None:
    forge.go_down()
    finding = told.found("forge", "hub")
    assert finding.level is Level.WARN
    assert f"{forge.address}/api/v4 cannot be reached" in finding.says


def test_a_silent_forge_holds_the_doctor_up_for_a_moment_only(forge: TestForge, tmp_path: Path) -> None:
    forge.conduct = be_silent
    *_, finding = examine_forges([forge.table()], {"MERGE_TOKEN": TOKEN}, tmp_path, patience=0.1)
    assert "cannot be reached: it is silent" in finding.says


def test_a_token_that_goes_over_the_network_in_the_open_is_a_warning(tmp_path: Path) -> None:
    hub = Forge(name="hub", kind="gitea", api="http://192.0.2.1", token_env="MERGE_TOKEN")
    token, _ = examine_forges([hub], {"MERGE_TOKEN": TOKEN}, tmp_path, patience=0.1)
    assert token.level is Level.WARN
    assert token.mend.startswith("use https")


@pytest.mark.parametrize("code", [401, 403])
def test_a_token_that_is_refused_has_to_be_mended(told: Patient, forge: TestForge, code: int) -> None:
    forge.conduct = answer(code)
    finding = told.found("forge", "hub")
    assert finding.level is Level.MEND
    assert finding.says == f"{forge.address}/api/v4 refuses the token ({code})"


def test_an_api_that_has_moved_elsewhere_has_to_be_mended(told: Patient, forge: TestForge) -> None:
    forge.conduct = redirect("http://elsewhere.example.org/", 301)
    finding = told.found("forge", "hub")
    assert finding.level is Level.MEND
    assert "it redirects to http://elsewhere.example.org/" in finding.says


def test_a_token_that_no_header_can_hold_has_to_be_mended(told: Patient) -> None:
    told.environ["MERGE_TOKEN"] = "two\nlines"
    finding = told.found("forge", "hub")
    assert finding.level is Level.MEND
    assert "two" not in finding.says


def test_statuses_that_wait_are_counted(told: Patient, spool: Spool) -> None:
    spool.put(status(ONE))
    spool.put(status(OTHER))
    finding = told.found("statuses")
    assert finding.level is Level.NOTE
    assert finding.says == "2 wait to be told"


def test_what_the_forge_refused_is_told(told: Patient, spool: Spool) -> None:
    spool.put(status())
    spool.note(Refusal(at=NOW, commit=ONE, why="it answers 404: Not Found"))
    finding = told.found("statuses")
    assert finding.level is Level.WARN
    assert "refused 1111111111, 2026-01-01 00:00 UTC: it answers 404: Not Found" in finding.says


def test_a_spool_that_is_no_directory_is_told(tmp_path: Path) -> None:
    (tmp_path / "statuses").write_text("in the way")
    assert examine_spool("shop", Spool(tmp_path / "statuses")).level is Level.MEND


def test_a_proxy_that_cannot_be_used_is_told_without_its_password(
    told: Patient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALL_PROXY", "gopher://ada:analytical@127.0.0.1:1")
    finding = told.found("forge", "hub")
    assert finding.level is Level.MEND
    assert "analytical" not in finding.says


def test_a_client_that_is_not_installed_is_told_with_the_mend(
    told: Patient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "httpx2", None)
    monkeypatch.delitem(sys.modules, "mergetui.adapters.forge_client", raising=False)
    finding = told.found("forge", "hub")
    assert finding.level is Level.MEND
    assert finding.mend == "pip install 'mergetui[forges]'"


def test_no_finding_has_the_token_in_it(told: Patient, forge: TestForge) -> None:
    forge.conduct = lambda request: request.say(401, TOKEN)
    assert TOKEN not in repr(told.findings())
