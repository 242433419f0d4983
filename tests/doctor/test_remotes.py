"""Remotes as they are met: there or not, with the target or without, open to pushes or not."""

from pathlib import Path

import pytest

from mergetui.doctor.finding import Level
from tests.doctor.patient import Patient
from tests.doctor.programs import git_first
from tests.doctor.upload_only import silent, upload_only
from tests.worlds.remote import Remote


def test_a_remote_that_takes_pushes_is_sound_and_stays_as_it_is(patient: Patient, remote: Remote) -> None:
    remote.refuse("a hook is not asked by a dry run")
    before = remote.refs()
    assert patient.levels() == dict.fromkeys(("remote", "target", "push", "retest"), Level.OK)
    assert remote.refs() == before


@pytest.mark.fault(7)
def test_a_remote_that_is_not_there_is_told_in_gits_words(patient: Patient, remote: Remote) -> None:
    remote.path.rename(remote.path.with_name("away.git"))
    finding = patient.found("remote")
    assert finding.level is Level.MEND
    assert "does not appear to be a git repository" in finding.says
    assert finding.mend == f"git ls-remote {remote.url}"
    assert patient.levels().keys() == {"remote", "retest"}


def test_a_target_that_the_remote_lacks_is_named(patient: Patient, remote: Remote) -> None:
    remote.propose("other", a="1")
    remote.delete("main")
    finding = patient.found("target")
    assert (finding.level, finding.says) == (Level.MEND, "the remote has no branch main")
    assert finding.mend == f"git push {remote.url} HEAD:refs/heads/main"


@pytest.mark.fault(6)
def test_a_remote_that_only_hands_out_refuses_the_push(newcomer: Patient, remote: Remote) -> None:
    with upload_only(remote.path.parent) as address:
        newcomer.add("shop", f"{address}/{remote.path.name}")
        finding = newcomer.found("push")
        assert newcomer.found("target").level is Level.OK
    assert finding.level is Level.MEND
    assert "access denied or repository not exported" in finding.says


@pytest.mark.fault(6)
def test_a_target_that_is_hidden_from_pushes_cannot_be_pushed(patient: Patient, remote: Remote) -> None:
    remote.configure("receive.hideRefs", "refs/heads/main")
    finding = patient.found("push")
    assert (finding.level, finding.says) == (Level.MEND, "the remote hides main from those who push")


def test_a_target_that_moves_meanwhile_may_be_pushed_all_the_same(
    patient: Patient, remote: Remote, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rival = remote.propose("rival", a="1")
    landing = f"git --git-dir={remote.path} update-ref refs/heads/main {rival}"
    monkeypatch.setenv("PATH", git_first(tmp_path / "bin", f'case " $* " in *" push "*) {landing};; esac'))
    assert patient.found("push").level is Level.OK
    assert remote.tip() == rival


@pytest.mark.fault(7)
def test_a_remote_that_says_nothing_is_given_up(newcomer: Patient) -> None:
    with silent() as address:
        newcomer.add("shop", f"{address}/shop.git")
        finding = newcomer.found("remote", patience=0.3)
    assert (finding.level, finding.says) == (Level.MEND, "cannot be reached: no answer within 0.3 s, stopped")


def test_remotes_are_asked_side_by_side(newcomer: Patient) -> None:
    with silent(expecting=3) as address:
        for name in ("one", "two", "three"):
            newcomer.add(name, f"{address}/{name}.git")
        told = [f.says for f in newcomer.findings() if f.about == "remote"]
    assert len(told) == 3
    assert [says for says in told if "no answer" in says] == []


@pytest.mark.fault(17)
def test_no_password_of_an_address_is_told(newcomer: Patient) -> None:
    newcomer.add("shop", "https://ada:secret@127.0.0.1:1/shop.git")
    told = "".join(f.says + f.mend for f in newcomer.findings())
    assert newcomer.found("remote").level is Level.MEND
    assert "secret" not in told
