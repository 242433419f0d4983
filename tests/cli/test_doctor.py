"""`mergetui doctor`: one line each, the mend with it, and an exit code to rely on."""

import os
import shutil
import signal
import subprocess  # noqa: TID251 - a user without privileges
from pathlib import Path

import psutil
import pytest

from tests.cli.running import DONE, NO, Mergetui, Stop, command, has
from tests.doctor.programs import git_first
from tests.worlds.remote import Remote

_CHECK = {"about": "str", "subject": "str", "level": "str", "says": "str", "mend": "str"}
_STARTS = ("ok    ", "note  ", "warn  ", "mend  ")


def test_a_newcomer_learns_the_first_step(bare: Mergetui) -> None:
    answer = bare("doctor")
    assert answer.code == DONE
    assert (
        f"note  config {bare.config}: there is no configuration yet"
        "  (mergetui repo add NAME REMOTE --retest COMMAND)" in answer.out.splitlines()
    )
    assert answer.err == ""


def test_every_check_is_one_line_that_begins_with_its_level(shop: Mergetui, remote: Remote) -> None:
    lines = shop("doctor").out.splitlines()
    assert [line for line in lines if not line.startswith(_STARTS)] == []
    assert f"ok    remote shop: {remote.url} answers" in lines
    assert "ok    push shop: allowed, as far as a dry run can tell" in lines


def test_the_json_has_the_fields_of_the_contract(shop: Mergetui) -> None:
    answer = shop("doctor", "--json")
    assert (answer.code, answer.json["schema"], answer.json["sound"]) == (DONE, 1, True)
    assert [check for check in answer.json["checks"] if not has(_CHECK, check)] == []
    assert {check["level"] for check in answer.json["checks"]} <= {"ok", "note", "warn", "mend"}


@pytest.mark.fault(24)
def test_a_configuration_that_nothing_else_starts_with_is_a_finding(bare: Mergetui) -> None:
    bare.config.write_text('[repos.shop]\nremote = "/x"\nretset = "true"\n')
    answer = bare("doctor")
    assert answer.code == NO
    assert (
        f"mend  config {bare.config}: [repos.shop] unknown key 'retset'; did you mean 'retest'?"
        f"  (edit {bare.config})" in answer.out.splitlines()
    )


@pytest.mark.fault(22)
def test_an_old_git_is_found_where_the_engine_would_find_it(shop: Mergetui, tmp_path: Path) -> None:
    script = 'case " $* " in *" version "*) echo git version 2.30.2; exit;; esac'
    answer = shop("doctor", PATH=git_first(tmp_path / "bin", script))
    assert answer.code == NO
    [line] = [line for line in answer.out.splitlines() if line.startswith("mend")]
    assert line.startswith(f"mend  git: {tmp_path}/bin/git is git version 2.30.2, which lacks merge-tree")
    assert line.endswith("(install git 2.38 or newer, first in PATH)")


def test_without_git_the_rest_is_looked_at(shop: Mergetui, tmp_path: Path) -> None:
    answer = shop("doctor", "--json", PATH=str(tmp_path))
    levels = {check["about"]: check["level"] for check in answer.json["checks"]}
    assert answer.code == NO
    assert (levels["git"], levels["remote"], levels["config"]) == ("mend", "warn", "ok")


@pytest.mark.fault(1)
@pytest.mark.soak
def test_what_a_killed_engine_left_is_told_and_gone_with_its_mend(
    bare: Mergetui, remote: Remote, stop: Stop
) -> None:
    bare.configure(remote.url, retest=stop.once)
    remote.propose("feature", a="1")
    bare("enqueue", "shop", "feature")
    with bare.running("run", "--drain") as run:
        retest = stop.reached()
        run.signal(signal.SIGKILL)
        run.end()
    found = {check["about"]: check for check in bare("doctor", "--json").json["checks"]}
    assert found["engine"]["says"].endswith("died at work; the next one goes on from there")
    assert found["lease"]["says"].endswith("who is dead; the next engine takes it")
    assert (found["processes"]["level"], str(retest) in found["processes"]["mend"].split()) == ("warn", True)
    assert psutil.pid_exists(retest)
    assert bare(*found["engine"]["mend"].split()[1:]).code == DONE
    after = {check["about"] for check in bare("doctor", "--json").json["checks"]}
    assert after.isdisjoint({"engine", "lease", "processes", "landing"})


@pytest.mark.skipif(shutil.which("setpriv") is None, reason="setpriv of util-linux is not installed")
def test_where_nobody_may_look_is_a_finding_too(shop: Mergetui, remote: Remote) -> None:
    remote.propose("feature", a="1")
    shop("enqueue", "shop", "feature")
    stored = shop.state / "repos" / "shop"
    stored.chmod(0)
    answer = _without_privileges(shop, "doctor")
    stored.chmod(0o700)
    assert answer.returncode == NO
    assert f"mend  files {shop.state}: closed to yourself: repos/shop  (chmod -R u+rwX {shop.state})" in (
        answer.stdout.splitlines()
    )


def test_it_leaves_no_git_directory_in_the_temporary_files(shop: Mergetui, tmp_path: Path) -> None:
    (tmp_path / "tmp").mkdir()
    assert shop("doctor", TMPDIR=str(tmp_path / "tmp")).code == DONE
    assert list((tmp_path / "tmp").iterdir()) == []


def _without_privileges(shop: Mergetui, *words: str) -> "subprocess.CompletedProcess[str]":
    """Root reads what it likes; without its capabilities it is a user like others."""
    drop = ["setpriv", "--bounding-set=-all", "--inh-caps=-all"] if os.geteuid() == 0 else []
    return subprocess.run(
        [*drop, *command(*shop.places, *words)],
        env=shop.environment,
        capture_output=True,
        text=True,
        check=False,
    )
