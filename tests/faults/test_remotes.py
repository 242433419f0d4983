"""Remotes over HTTPS and ssh: a whole landing, and everything that a server can do instead."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from time import monotonic

import pytest

from mergetui.actions import Why
from mergetui.adapters.git import Git
from mergetui.adapters.mirror import Mirror
from mergetui.adapters.remote import AskedRemote
from mergetui.events import LandingStarted, LandingUnknown, RemoteBack, RemoteLost, RetestEnded, RetestStarted
from mergetui.git_ports import Seen
from mergetui.outcome import Unreachable
from mergetui.repository import Repository
from tests.cli.running import gone
from tests.gate.gate import TestGate
from tests.worlds import fake_ssh, https_remote
from tests.worlds.fake_ssh import FakeSsh, SshRemote
from tests.worlds.https_remote import Conduct, HttpsRemote
from tests.worlds.remote import Remote

pytestmark = [pytest.mark.soak, pytest.mark.fault(7)]

MakeGate = Callable[..., TestGate]
CLEAR = 20.0
"""Seconds within which it is told."""
ASKED_ONCE = timedelta(minutes=1)
"""A look that is due again at once would be measured, too."""


@pytest.fixture
def https(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[HttpsRemote]:
    """Trusted by whoever runs the gate."""
    (tmp_path / "server").mkdir()
    https = HttpsRemote(tmp_path / "server")
    monkeypatch.setenv("GIT_SSL_CAINFO", str(https.authority))
    yield https
    https.close()


@pytest.fixture
def ssh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeSsh:
    ssh = FakeSsh(tmp_path / "bin")
    monkeypatch.setenv("PATH", ssh.path)
    return ssh


def waiting(gate: TestGate) -> None:
    """It has seen the remote once, and `feature` has just been queued."""
    gate.remote.propose("feature", a="1")
    gate.drain()
    gate.enqueue("feature")


def trouble(gate: TestGate) -> str:
    """What the drained gate says of its remote, when it has deferred the entry for that alone."""
    before = gate.state().seen
    assert before is not None
    wait = gate.drain()
    seen = gate.state().seen
    assert (wait.why, gate.reason("feature").code) == (Why.DEFERRED, "remote-unreachable")
    assert seen is not None
    assert (seen.at, seen.tip) == (before.at, before.tip), "a failed fetch is never a new sighting"
    assert seen.failing_since is not None
    assert gate.facts(RetestStarted) == []
    return seen.trouble or ""


def mirror_of(url: str, tmp_path: Path) -> Mirror:
    return Mirror(Repository(name="shop", remote=url), tmp_path / "cache")


# Landing.


def test_a_branch_lands_over_https(https: HttpsRemote, tmp_path: Path) -> None:
    gate = TestGate(https, tmp_path / "gate")
    https.propose("feature", a="1")
    https.push(b="1")
    gate.enqueue("feature")
    gate.drain()
    assert gate.landed() == ["feature"]
    assert https.tip() == https.tip("feature") == gate.run_of("feature").tested_commit
    assert any(asked.endswith("/git-receive-pack") for asked in https.asked)


@pytest.mark.soak
def test_a_branch_of_some_megabytes_lands_over_https(https: HttpsRemote, tmp_path: Path) -> None:
    noise = "".join(f"{number * 2654435761 % 2**32:08x}\n" for number in range(400_000))
    gate = TestGate(https, tmp_path / "gate")
    https.propose("feature", a=noise)
    https.push(b="1")
    gate.enqueue("feature")
    gate.drain()
    assert gate.landed() == ["feature"]
    assert https.text("a") == noise


def test_a_certificate_that_nobody_vouches_for_is_refused(
    https: HttpsRemote, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GIT_SSL_CAINFO")
    monkeypatch.setenv("GIT_SSL_NO_VERIFY", "1")
    answer = mirror_of(https.url, tmp_path).fetch([])
    assert isinstance(answer, Unreachable)
    assert "certificate" in answer.message
    assert https.asked == []


@pytest.mark.parametrize("place", ["in the address", "in netrc"])
def test_a_password_reaches_the_server_and_nobody_else(
    place: str, https: HttpsRemote, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    https.answer(https_remote.want_a_password)
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login ada password analytical\n")
    urls = {"in the address": https.url.replace("//", "//ada:analytical@"), "in netrc": https.url}
    assert isinstance(mirror_of(urls[place], tmp_path).fetch([]), Seen)
    https.answer(https_remote.fail)
    answer = mirror_of(urls[place], tmp_path).fetch([])
    assert isinstance(answer, Unreachable)
    assert "analytical" not in answer.message


def test_a_branch_lands_over_ssh(ssh: FakeSsh, tmp_path: Path) -> None:
    remote = SshRemote(tmp_path / "shop.git")
    gate = TestGate(remote, tmp_path / "gate")
    remote.propose("feature", a="1")
    remote.push(b="1")
    gate.enqueue("feature")
    gate.drain()
    assert gate.landed() == ["feature"]
    assert remote.tip() == gate.run_of("feature").tested_commit
    assert all("-o BatchMode=yes -o ConnectTimeout=10" in words for _, words in ssh.calls())


# Instead of an answer.


@pytest.mark.parametrize(
    ("conduct", "told"),
    [
        (https_remote.want_a_password, "terminal prompts disabled"),
        (https_remote.forbid, "403"),
        (https_remote.fail, "500"),
        (https_remote.hang_up_in_mid_answer, "fatal: "),
        (https_remote.answer_with_a_page, "a login page may stand before it"),
        (https_remote.answer_with_nothing, "not a single branch"),
    ],
    ids=lambda value: getattr(value, "__name__", "").replace("_", " "),
)
def test_a_server_that_does_not_serve_is_unreachable(
    conduct: Conduct, told: str, https: HttpsRemote, tmp_path: Path
) -> None:
    gate = TestGate(https, tmp_path / "gate")
    waiting(gate)
    https.answer(conduct)
    assert told in trouble(gate)
    https.answer(https_remote.serve)
    gate.later(minutes=1)
    gate.drain()
    assert gate.landed() == ["feature"]


def test_a_server_that_does_not_serve_is_lost_once_and_back_once(https: HttpsRemote, tmp_path: Path) -> None:
    gate = TestGate(https, tmp_path / "gate")
    waiting(gate)
    https.answer(https_remote.fail)
    gate.drain()
    gate.later(minutes=1)
    gate.drain()
    https.answer(https_remote.serve)
    gate.later(minutes=1)
    gate.drain()
    assert (len(gate.facts(RemoteLost)), len(gate.facts(RemoteBack))) == (1, 1)


def test_a_server_that_fails_costs_the_mirror_nothing(https: HttpsRemote, tmp_path: Path) -> None:
    mirror = mirror_of(https.url, tmp_path)
    mirror.fetch([])
    made = (tmp_path / "cache" / "mirror.git").stat().st_ino
    https.answer(https_remote.fail)
    assert isinstance(mirror.fetch([]), Unreachable)
    assert (tmp_path / "cache" / "mirror.git").stat().st_ino == made


def test_a_page_is_no_answer_to_a_question(https: HttpsRemote) -> None:
    https.propose("feature", a="1")
    https.answer(https_remote.answer_with_a_page)
    asked = AskedRemote(https.url)
    assert isinstance(asked.heads(["feature"]), Unreachable)
    assert isinstance(asked.all_heads(), Unreachable)


def test_a_landing_that_is_answered_by_a_page_is_undecided_and_not_forgotten(
    https: HttpsRemote, tmp_path: Path
) -> None:
    gate = TestGate(https, tmp_path / "gate")
    https.propose("feature", a="1")
    gate.enqueue("feature")
    gate.when(LandingStarted, lambda: https.answer(https_remote.take_pushes_and_answer_with_a_page))
    gate.until(lambda wait: wait.why is Why.UNDECIDED)
    assert gate.state().landing is not None
    https.answer(https_remote.serve)
    gate.drain()
    assert gate.landed() == ["feature"]


@pytest.mark.parametrize("host", ["127.0.0.1:1", "shop.invalid"], ids=["refused port", "no such host"])
@pytest.mark.parametrize("scheme", ["https", "ssh"])
def test_a_host_that_is_not_there_is_unreachable(scheme: str, host: str, tmp_path: Path) -> None:
    answer = AskedRemote(f"{scheme}://{host}/shop.git").heads(["feature"])
    seen = mirror_of(f"{scheme}://{host}/shop.git", tmp_path).fetch(["feature"])
    assert isinstance(answer, Unreachable)
    assert isinstance(seen, Unreachable)
    assert "no answer" not in answer.message + seen.message


@pytest.mark.parametrize(
    ("script", "told"),
    [
        (fake_ssh.DOES_NOT_KNOW_THE_HOST, "Host key verification failed"),
        (fake_ssh.IS_NOT_LET_IN, "Permission denied"),
        (fake_ssh.ASKS_FOR_A_PASSPHRASE, "/dev/tty"),
    ],
    ids=["unknown host", "no key", "asks the terminal"],
)
def test_an_ssh_that_is_not_let_in_is_unreachable_and_asks_nobody(
    script: str, told: str, ssh: FakeSsh, tmp_path: Path
) -> None:
    gate = TestGate(SshRemote(tmp_path / "shop.git"), tmp_path / "gate")
    waiting(gate)
    ssh.does(script)
    assert told in trouble(gate)
    ssh.does(fake_ssh.LETS_IN)
    gate.later(minutes=1)
    gate.drain()
    assert gate.landed() == ["feature"]


# Silence. Its true length is for the soak runs.


def test_a_command_that_nobody_answers_is_stopped_when_the_patience_is_over(
    https: HttpsRemote, remote: Remote
) -> None:
    https.answer(https_remote.say_nothing)
    ran = Git(remote.path).ask("ls-remote", https.url, timeout=60, patience=0.5)
    assert (ran.timed_out, ran.said) == (True, "no answer within 0.5 s, stopped")


def test_an_ssh_that_nobody_answers_is_gone_when_the_patience_is_over(ssh: FakeSsh, remote: Remote) -> None:
    ssh.does(fake_ssh.SAYS_NOTHING)
    ran = Git(remote.path).ask("ls-remote", "ssh://shop.invalid/shop.git", timeout=60, patience=0.5)
    assert ran.timed_out
    assert [gone(pid) for pid, _ in ssh.calls()] == [True]


@pytest.mark.soak
def test_a_remote_that_goes_on_sending_is_not_silent(ssh: FakeSsh, remote: Remote, tmp_path: Path) -> None:
    slowly = "import sys, time\nfor byte in iter(lambda: sys.stdin.buffer.read1(40), b''):\n"
    slowly += " time.sleep(0.3); sys.stdout.buffer.write(byte); sys.stdout.flush()\n"
    (tmp_path / "slowly.py").write_text(slowly)
    ssh.does(f'while [ $# -gt 2 ]; do shift; done; sh -c "$2" | python3 {tmp_path}/slowly.py')
    url = f"ssh://shop.invalid{remote.path}"
    started = monotonic()
    assert Git(remote.path).ask("-c", "protocol.version=0", "ls-remote", url, timeout=60, patience=1.5).ok
    assert monotonic() - started > 1.5


@pytest.mark.soak
def test_work_on_this_side_is_not_silence(remote: Remote, tmp_path: Path) -> None:
    busy = tmp_path / "git-busy"
    busy.write_text("#!/bin/sh\nwhile :; do :; done\n")
    busy.chmod(0o755)
    ran = Git(remote.path).ask("-c", f"alias.busy=!exec {busy}", "busy", timeout=2.5, patience=1.0)
    assert ran.said == "no answer within 2.5 s, stopped"


@pytest.mark.soak
@pytest.mark.parametrize(
    "conduct",
    [https_remote.say_nothing, https_remote.shake_no_hands, https_remote.fall_silent_in_mid_answer],
    ids=lambda conduct: conduct.__name__.replace("_", " "),
)
def test_a_silent_server_is_told_within_twenty_seconds(
    conduct: Conduct, https: HttpsRemote, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    gate = TestGate(https, tmp_path / "gate", fetch_interval=ASKED_ONCE)
    waiting(gate)
    https.answer(conduct)
    started = monotonic()
    trouble(gate)
    took = monotonic() - started
    record_property("figure", f"{conduct.__name__}: deferred after {took:.1f} s")
    assert took < CLEAR


@pytest.mark.soak
def test_a_silent_ssh_is_told_within_twenty_seconds(
    ssh: FakeSsh, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    gate = TestGate(SshRemote(tmp_path / "shop.git"), tmp_path / "gate", fetch_interval=ASKED_ONCE)
    waiting(gate)
    ssh.does(fake_ssh.SAYS_NOTHING)
    started = monotonic()
    trouble(gate)
    took = monotonic() - started
    record_property("figure", f"silent ssh: deferred after {took:.1f} s")
    assert took < CLEAR


@pytest.mark.soak
def test_a_person_who_asks_a_silent_server_is_told_within_twenty_seconds(
    https: HttpsRemote, record_property: Callable[[str, object], None]
) -> None:
    https.answer(https_remote.shake_no_hands)
    started = monotonic()
    assert isinstance(AskedRemote(https.url).heads(["feature"]), Unreachable)
    took = monotonic() - started
    record_property("figure", f"the question of a command is given up after {took:.1f} s")
    assert took < CLEAR


@pytest.mark.soak
def test_a_server_that_thinks_long_about_a_push_is_waited_for(
    https: HttpsRemote, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    gate = TestGate(https, tmp_path / "gate")
    https.propose("feature", a="1")
    https.take_time(25)
    gate.enqueue("feature")
    started = monotonic()
    gate.drain()
    record_property("figure", f"a hook of 25 s over https: landed after {monotonic() - started:.1f} s")
    assert gate.landed() == ["feature"]
    assert gate.facts(LandingUnknown) == []


@pytest.mark.soak
@pytest.mark.fault(14)
def test_a_retest_that_times_out_while_the_remote_is_silent_is_noticed_soon(
    https: HttpsRemote, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    interval, timeout = timedelta(seconds=3), timedelta(seconds=4)
    gate = TestGate(
        https, tmp_path / "gate", retest="exec sleep 600", retest_timeout=timeout, fetch_interval=interval
    )
    waiting(gate)
    times: list[float] = []

    def fall_silent() -> None:
        times.append(monotonic())
        https.answer(https_remote.say_nothing)

    gate.when(RetestStarted, fall_silent)
    gate.when(RetestEnded, lambda: times.append(monotonic()))
    gate.until(lambda wait: wait.why is not Why.TESTING)
    late = times[1] - times[0] - timeout.total_seconds()
    record_property("figure", f"a time-out is noticed {late:.1f} s late while the remote is silent")
    assert late < 15
