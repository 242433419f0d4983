"""Engines, a console, operators, authors and a server that all get in each other's way."""

import os
import random
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.adapters.waiting import eventually
from tests.cli.running import AGAIN, DONE, Mergetui
from tests.conftest import Length
from tests.faults.afterwards import facts, untested, violations
from tests.faults.crash_points import Crowd, Rules, World
from tests.faults.nemesis import Nemesis
from tests.worlds.remote import Remote

_SEED = int(os.environ.get("NEMESIS_SEED") or random.randrange(1_000_000))
"""Random unless told."""


@pytest.fixture
def crowd() -> Iterator[Crowd]:
    crowd = Crowd()
    yield crowd
    crowd.close()


@pytest.fixture
def unleash(tmp_path: Path) -> Iterator[Callable[[str | None], Nemesis]]:
    made: list[Nemesis] = []

    def unleash(guardless: str | None) -> Nemesis:
        made.append(Nemesis(tmp_path, seed=_SEED, guardless=guardless))
        return made[-1]

    yield unleash
    for nemesis in made:
        nemesis.close()


@pytest.mark.soak
@pytest.mark.timeout(1500)
@pytest.mark.fault(1)
@pytest.mark.fault(2)
@pytest.mark.fault(3)
@pytest.mark.fault(8)
@pytest.mark.fault(9)
def test_whatever_befalls_many_engines_at_once_nothing_untested_lands_and_nothing_is_lost(
    unleash: Callable[[str | None], Nemesis],
    crowd: Crowd,
    tmp_path: Path,
    length: Length,
    record_property: Callable[[str, object], None],
) -> None:
    nemesis = unleash(None)
    nemesis.rage(length(short=40, full=600))
    nemesis.relent()
    rest = crowd.drain(World(tmp_path, Rules()), hurried=True)
    runs = [fact["run"]["outcome"] for fact in facts(nemesis.place.state) if fact["event"] == "ended"]
    record_property("figure", f"seed {_SEED}, {nemesis.deeds.total()} deeds, {runs.count('landed')} landings")
    assert "landed" in runs
    assert (_SEED, rest.at_rest, violations(nemesis.place, nemesis.told)) == (_SEED, True, [])


@pytest.mark.soak
@pytest.mark.timeout(360)
@pytest.mark.parametrize("guard", ["looking", "judging"])
def test_a_gate_without_its_guard_is_found_out(unleash: Callable[[str | None], Nemesis], guard: str) -> None:
    nemesis = unleash(guard)
    nemesis.nag(240, enough=lambda: untested(nemesis.place, nemesis.told) != [])
    assert (_SEED, untested(nemesis.place, nemesis.told)) != (_SEED, [])


@pytest.fixture
def before_the_landing(tmp_path: Path, remote: Remote) -> Mergetui:
    """The server keeps the push of the task branch waiting: what comes next is the landing."""
    remote.propose("feature", a="1")
    remote.push(b="1")
    hook = remote.path / "hooks" / "pre-receive"
    hook.write_text("#!/bin/sh\necho > halted\nwhile [ ! -e go ]; do sleep 0.01; done\n")
    hook.chmod(0o755)
    mergetui = Mergetui(tmp_path)
    mergetui.configure(remote.url, gate='lease_ttl = "1s"')
    mergetui("enqueue", "shop", "feature")
    return mergetui


@pytest.mark.fault(9)
@pytest.mark.soak
def test_a_holder_that_was_stopped_past_its_ttl_and_superseded_lands_nothing(
    before_the_landing: Mergetui, remote: Remote
) -> None:
    mergetui, main = before_the_landing, remote.tip()
    release = ["lease", "release", "shop", "--reason", "it does not answer"]
    with mergetui.running("run", "--drain", "--json") as holder:
        eventually((remote.path / "halted").exists)
        holder.halt(mergetui.state / "repos" / "shop" / "queue.json")
        eventually(lambda: mergetui.lease()["stale"])
        with mergetui.running(*release) as releasing:
            eventually(lambda: _has_happened("lease-forced", mergetui))
            holder.signal(signal.SIGCONT)
            (remote.path / "go").touch()
            answer = holder.end()
            assert releasing.end().code == DONE
    assert answer.code == AGAIN
    assert remote.tip() == main
    assert answer.events[-1]["landed"] == []


def _has_happened(event: str, mergetui: Mergetui) -> bool:
    return event in [fact["event"] for fact in facts(mergetui.state / "repos" / "shop")]
