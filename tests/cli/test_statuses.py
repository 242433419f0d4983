"""Statuses of whole processes: told before they end, kept when they cannot be, and found by the next one."""

import json
import os
import signal
import time

import pytest

from tests.adapters.waiting import eventually
from tests.cli.running import DONE, Mergetui
from tests.worlds.forge import PROJECT, TOKEN, TestForge, be_silent
from tests.worlds.remote import Remote


@pytest.fixture
def told(bare: Mergetui, remote: Remote, forge: TestForge) -> Mergetui:
    """A repository whose forge is told statuses."""
    bare.configure(remote.url, 'forge = "hub"', f"project = {json.dumps(PROJECT)}")
    table = ["[forges.hub]", 'kind = "github"', f'api = "{forge.address}"', 'token_env = "MERGE_TOKEN"', ""]
    bare.config.write_text(bare.config.read_text() + "\n".join(table))
    bare.environment["MERGE_TOKEN"] = TOKEN
    return bare


def waiting(shop: Mergetui) -> list[str]:
    return [path.name for path in (shop.state / "repos" / "shop" / "statuses").glob("*.*")]


def test_a_run_tells_what_it_did_before_it_ends(told: Mergetui, remote: Remote, forge: TestForge) -> None:
    head = remote.propose("feat/a", a="1")
    told("enqueue", "shop", "feat/a")
    assert told("run", "--drain").code == DONE
    assert forge.last()[head] == f"success: landed as {remote.tip()[:10]}"
    assert waiting(told) == []


def test_a_run_whose_forge_is_down_lands_and_the_next_one_tells_it(
    told: Mergetui, remote: Remote, forge: TestForge
) -> None:
    forge.go_down()
    head = remote.propose("feat/a", a="1")
    told("enqueue", "shop", "feat/a")
    assert told("run", "--drain").code == DONE
    assert waiting(told) != []
    forge.go_up()
    assert told("run", "--drain").code == DONE
    assert forge.last()[head] == f"success: landed as {remote.tip()[:10]}"


@pytest.mark.soak
def test_an_engine_that_is_killed_while_it_sends_loses_no_status(
    told: Mergetui, remote: Remote, forge: TestForge
) -> None:
    forge.conduct = be_silent
    head = remote.propose("feat/a", a="1")
    told("enqueue", "shop", "feat/a")
    with told.running("run") as engine:
        eventually(lambda: remote.tip() == head and forge.asked, within=30)
        eventually(lambda: "landed" in engine.complaints())
        os.kill(engine.pid, signal.SIGKILL)
    forge.conduct = lambda request: request.take()
    assert told("run", "--drain").code == DONE
    assert forge.last()[head] == f"success: landed as {head[:10]}"


def test_a_silent_forge_keeps_no_command_waiting(told: Mergetui, remote: Remote, forge: TestForge) -> None:
    forge.conduct = be_silent
    remote.propose("feat/a", a="1")
    begun = time.monotonic()
    told("enqueue", "shop", "feat/a")
    assert forge.asked == []
    assert told("run", "--drain").code == DONE
    assert time.monotonic() - begun < 12


def test_a_token_that_cannot_be_read_stops_nothing_and_the_doctor_tells_it(
    told: Mergetui, remote: Remote
) -> None:
    del told.environment["MERGE_TOKEN"]
    remote.propose("feat/a", a="1")
    told("enqueue", "shop", "feat/a")
    assert told("run", "--drain").code == DONE
    assert "MERGE_TOKEN is not set" in told("doctor").out
