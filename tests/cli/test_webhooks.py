"""`mergetui webhooks`: what a forge tells makes a difference to the queue, and none of it is lost."""

import json
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from http.client import HTTPException
from pathlib import Path

import pytest

from tests.adapters.waiting import eventually
from tests.cli.running import AGAIN, INTERRUPTED, USAGE, Mergetui, Running
from tests.forges.posting import Answered, send
from tests.forges.signing import SECRET, altered, event_in, headers_of, recorded
from tests.worlds.remote import Remote

HUB = '\n[forges.hub]\nkind = "github"\nsecret_env = "HUB_SECRET"\n'
THERE = ('forge = "hub"', 'project = "acme/shop"', 'label = "merge"')


class Hooks:
    def __init__(self, running: Running, address: str) -> None:
        self.running = running
        self.address = address

    def tell(self, name: str, body: bytes | None = None, *, delivery: str = "d-1") -> Answered:
        """A recorded delivery of GitHub's, or `body` in its place."""
        said = recorded(name) if body is None else body
        headers = headers_of("github", event_in(name), said, delivery=delivery)
        return send(self.address, said, headers)

    def log(self) -> str:
        return self.running.complaints()


@pytest.fixture
def forged(bare: Mergetui, remote: Remote) -> Mergetui:
    """A repository that is kept on a forge, with two branches to queue."""
    bare.configure(remote.url, *THERE)
    with bare.config.open("a") as config:
        config.write(HUB)
    bare.environment["HUB_SECRET"] = SECRET
    for branch in ("feature", "other"):
        remote.propose(branch, {branch: "1"})
    return bare


@contextmanager
def hearing(mergetui: Mergetui, *words: str, afresh: bool = False) -> Iterator[Hooks]:
    start = mergetui.running_afresh if afresh else mergetui.running
    with start("webhooks", "--listen", "127.0.0.1:0", *words) as running:
        address = eventually(lambda: _address(running.said()), within=30)
        yield Hooks(running, address)


def _address(said: str) -> str | None:
    return next((line.split()[-1] for line in said.splitlines() if line.startswith("listening on")), None)


def test_a_request_that_is_closed_leaves_the_queue(forged: Mergetui) -> None:
    forged("enqueue", "shop", "feature", "other")
    with hearing(forged) as hooks:
        assert hooks.tell("github-closed").status == 202
        eventually(lambda: forged.names() == ["other"])
    assert [(run["branches"], run["outcome"]) for run in forged.runs()] == [(["feature"], "dequeued")]


def test_a_request_with_the_label_is_queued_in_the_name_of_the_forge(forged: Mergetui) -> None:
    with hearing(forged) as hooks:
        hooks.tell("github-labeled")
        eventually(lambda: forged.names() == ["feature"])
        assert "shop: queued: feature" in hooks.log()
    journal = forged("log", "shop", "--journal").out
    assert "hub@" in journal


def test_the_label_of_a_forks_request_queues_its_ref(forged: Mergetui, remote: Remote) -> None:
    remote.propose("refs/pull/7/head", {"fork": "1"})
    fork = altered("github-labeled", "pull_request", "head", "repo", to={"full_name": "eve/shop"})
    with hearing(forged) as hooks:
        hooks.tell("github-labeled", fork)
        eventually(lambda: forged.names() == ["refs/pull/7/head"])


def test_an_entry_whose_request_is_merged_by_a_person_lands(forged: Mergetui, remote: Remote) -> None:
    forged.configure(remote.url, *THERE, 'landing = "external"', 'fetch_interval = "1h"')
    with forged.config.open("a") as config:
        config.write(HUB)
    forged("enqueue", "shop", "feature")
    with forged.running("run") as engine, hearing(forged) as hooks:
        eventually(lambda: forged.entry("feature")["state"] == "awaiting-merge", within=30)
        remote.point("main", remote.tip("feature"))
        hooks.tell("github-merged")
        eventually(lambda: forged.names() == [], within=30)
        engine.signal(signal.SIGTERM)
    assert [run["outcome"] for run in forged.runs()] == ["landed"]


def test_a_merge_that_is_told_while_no_engine_lives_lets_the_lease_go(
    forged: Mergetui, remote: Remote
) -> None:
    forged.configure(remote.url, *THERE, 'landing = "external"')
    with forged.config.open("a") as config:
        config.write(HUB)
    forged("enqueue", "shop", "feature")
    assert forged("run", "--drain").code == AGAIN
    assert forged.lease()["for"] == ["feature"]
    remote.point("main", remote.tip("feature"))
    with hearing(forged) as hooks:
        hooks.tell("github-merged")
        eventually(lambda: forged.names() == [], within=30)
    assert forged.lease() is None
    assert [run["outcome"] for run in forged.runs()] == ["landed"]


def test_the_same_delivery_after_a_restart_does_nothing(forged: Mergetui) -> None:
    with hearing(forged) as hooks:
        hooks.tell("github-labeled")
        eventually(lambda: forged.names() == ["feature"])
        hooks.running.signal(signal.SIGTERM)
        hooks.running.end()
    forged("dequeue", "shop", "feature")
    with hearing(forged) as hooks:
        answer = hooks.tell("github-labeled")
        assert (answer.status, answer.said) == (200, "known already")
    assert forged.names() == []


def test_a_signal_ends_it_cleanly_and_keeps_what_is_spooled(forged: Mergetui, remote: Remote) -> None:
    away = remote.path.rename(remote.path.with_suffix(".away"))
    with hearing(forged, afresh=True) as hooks:
        hooks.tell("github-labeled")
        eventually(lambda: "later" in hooks.log())
        hooks.running.signal(signal.SIGTERM)
        ended = hooks.running.end()
        assert ended.code == INTERRUPTED
        assert "Traceback" not in ended.err
    away.rename(remote.path)
    with hearing(forged):
        eventually(lambda: forged.names() == ["feature"])


def _tell(hooks: Hooks, bodies: list[bytes], answered: set[int]) -> None:
    """Those that were answered with 2xx are in `answered` as soon as they were."""

    def one(number: int) -> None:
        with suppress(OSError, HTTPException):
            answer = hooks.tell("github-push-target", bodies[number], delivery=f"load-{number}")
            if 200 <= answer.status < 300:
                answered.add(number)

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(one, range(len(bodies))))


def _done(log: str) -> set[int]:
    """The numbers of the deliveries that the log tells to be done."""
    rows = (line.split() for line in log.splitlines() if " shop: " in line)
    return {int(row[2].removeprefix("load-")) for row in rows}


@pytest.mark.parametrize("number", [100, pytest.param(1000, marks=pytest.mark.soak)])
def test_of_a_load_none_is_lost(forged: Mergetui, number: int) -> None:
    bodies = [altered("github-push-target", "before", to=f"{n:040x}") for n in range(number)]
    answered = set[int]()
    with hearing(forged) as hooks:
        _tell(hooks, bodies, answered)
        assert answered == set(range(number))
        eventually(lambda: _done(hooks.log()) == set(range(number)), within=60)


@pytest.mark.parametrize("number", [100, pytest.param(1000, marks=pytest.mark.soak)])
def test_what_was_answered_before_a_kill_is_done_after_the_restart(forged: Mergetui, number: int) -> None:
    bodies = [altered("github-push-target", "before", to=f"{n:040x}") for n in range(number)]
    answered = set[int]()
    with hearing(forged) as hooks, ThreadPoolExecutor(1) as pool:
        load = pool.submit(_tell, hooks, bodies, answered)
        eventually(lambda: len(answered) > number // 10, within=60)
        hooks.running.signal(signal.SIGKILL)
        load.result()
        before = _done(hooks.log())
    with hearing(forged) as hooks:
        eventually(lambda: before | _done(hooks.log()) >= answered, within=60)


def test_two_of_them_never_work_on_one_state(forged: Mergetui) -> None:
    with hearing(forged):
        second = forged("webhooks", "--listen", "127.0.0.1:0", "--json")
    assert (second.code, second.error["code"]) == (AGAIN, "busy")


def test_an_address_that_is_taken_is_named(forged: Mergetui, tmp_path: Path) -> None:
    with hearing(forged) as hooks:
        taken = hooks.address.removeprefix("http://").removesuffix("/hub")
        answer = forged("--state-dir", str(tmp_path / "other"), "webhooks", "--listen", taken)
    assert answer.code == USAGE
    assert f"--listen {taken}: Address already in use" in answer.err


@pytest.mark.parametrize(
    "address", ["", "8787", "127.0.0.1", "127.0.0.1:", ":8787", "127.0.0.1:x", "127.0.0.1:65536", "a:-1"]
)
def test_an_address_that_is_none_is_refused(forged: Mergetui, address: str) -> None:
    answer = forged("webhooks", f"--listen={address}")
    assert answer.code == USAGE
    assert "allowed: HOST:PORT such as" in answer.err


def test_a_limit_that_is_none_is_refused(forged: Mergetui) -> None:
    assert forged("webhooks", "--body-limit", "much").code == USAGE


def test_without_a_forge_it_says_what_to_configure(shop: Mergetui) -> None:
    answer = shop("webhooks")
    assert answer.code == USAGE
    assert "[forges.NAME]" in answer.err


def test_a_forge_without_a_secret_is_named_at_the_start(forged: Mergetui) -> None:
    del forged.environment["HUB_SECRET"]
    with hearing(forged) as hooks:
        assert hooks.tell("github-closed").status == 401
        assert "[forges.hub] nothing is believed: HUB_SECRET is not set" in hooks.log()


@pytest.mark.sampled("starlette")
@pytest.mark.parametrize("missing", ["starlette", "uvicorn", "standardwebhooks"])
def test_without_the_extra_it_says_what_to_install(forged: Mergetui, tmp_path: Path, missing: str) -> None:
    hiding = tmp_path / "hiding"
    hiding.mkdir()
    (hiding / f"{missing}.py").write_text(f"raise ModuleNotFoundError('No module named {missing}')\n")
    path = f"{hiding}:{forged.environment['PYTHONPATH']}"
    with forged.running_afresh("webhooks", "--listen", "127.0.0.1:0", PYTHONPATH=path) as running:
        answer = running.end()
    assert answer.code == USAGE
    assert "pip install 'mergetui[forges]'" in answer.err
    assert missing in answer.err


def test_with_json_every_line_is_an_object(forged: Mergetui) -> None:
    with forged.running("webhooks", "--listen", "127.0.0.1:0", "--json") as running:
        first = eventually(running.said, within=30)
        hooks = Hooks(running, json.loads(first)["addresses"][0])
        hooks.tell("github-push-target")
        eventually(lambda: running.said().count("\n") == 3)
        running.signal(signal.SIGTERM)
        rows = running.end().events
    assert sorted(row["event"] for row in rows) == ["answered", "done", "listening"]
    assert {row.get("delivery") for row in rows} == {None, "d-1"}


def test_the_log_has_neither_secrets_nor_anything_that_a_terminal_obeys(forged: Mergetui) -> None:
    token = "ghp_" + "a" * 36
    with hearing(forged) as hooks:
        hooks.tell("github-push-target", delivery=f"\x9b2J{token}")
        eventually(lambda: " shop: " in hooks.log())
        log = hooks.log() + hooks.running.said()
    assert [secret for secret in (SECRET, token, "\x9b") if secret in log] == []
    assert "***" in log


def test_nothing_on_disk_has_a_secret(forged: Mergetui, remote: Remote) -> None:
    remote.path.rename(remote.path.with_suffix(".away"))
    body = altered("github-labeled", "sender", to={"token": SECRET})
    with hearing(forged) as hooks:
        hooks.tell("github-labeled", body)
        eventually(lambda: "later" in hooks.log())
    files = [path.read_bytes() for path in forged.state.rglob("*") if path.is_file()]
    assert files != []
    assert [SECRET.encode() in content for content in files] == [False] * len(files)
