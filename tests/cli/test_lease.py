"""`mergetui lease ...`: who has the right to land, and taking it away."""

import signal

import pytest

from tests.cli.running import AGAIN, DONE, NO, Mergetui, Stop, gone, has
from tests.worlds.remote import Remote


@pytest.fixture
def testing(bare: Mergetui, remote: Remote, stop: Stop) -> Mergetui:
    """One branch is queued whose first retest does not end."""
    bare.configure(remote.url, retest=stop.once)
    remote.propose("feature", a="1")
    bare("enqueue", "shop", "feature")
    return bare


def test_nobody_holds_a_lease_when_nothing_runs(shop: Mergetui) -> None:
    assert shop("lease", "list", "--json").json == {"schema": 1, "leases": [{"repo": "shop", "lease": None}]}
    assert shop("lease", "list").out == "nobody holds a lease\n"
    answer = shop("lease", "release", "shop", "--reason", "x", "--json")
    assert answer.code == NO
    assert answer.error["code"] == "not-released"


def test_a_holder_that_is_alive_is_not_cut_off_unasked(testing: Mergetui, stop: Stop) -> None:
    with testing.running("run", "--drain") as run:
        stop.reached()
        token = testing.lease()["token"]
        unasked = testing("lease", "release", "shop", "--reason", "x", "--json")
        another = testing(
            "lease", "release", "shop", "--reason", "x", f"--token={token + 1}", "--yes", "--json"
        )
        listed = testing("lease", "list")
        assert testing.lease()["token"] == token
    assert [unasked.code, another.code] == [NO, NO]
    assert f"pid {run.pid} is alive" in unasked.error["message"]
    assert unasked.error["hint"] == "--yes releases it all the same"
    assert f"the lease is #{token} by now" in another.error["message"]
    assert f"shop: #{token} ada@" in listed.out


def test_a_forced_release_stops_the_holder_and_defers_its_branch(
    testing: Mergetui, remote: Remote, stop: Stop
) -> None:
    with testing.running("run", "--drain", "--json") as run:
        retest = stop.reached()
        token = testing.lease()["token"]
        words = ["--reason", "it hangs", "--token", str(token), "--yes", "--json"]
        released = testing("lease", "release", "shop", *words)
        answer = run.end()
    assert released.code == DONE
    assert released.json["released"] == token
    assert has({"operator": "str", "host": "str", "pid": "int"}, released.json["holder"])
    assert answer.code == AGAIN
    assert [(row["branch"], row["code"]) for row in answer.events[-1]["deferred"]] == [
        ("feature", "lease-lost")
    ]
    assert gone(retest)
    assert remote.tip() == remote.first
    assert testing("retry", "shop", "feature").code == DONE
    assert testing("run", "--drain").code == DONE
    assert testing.runs()[-1]["token"] > token


def test_the_lease_of_a_dead_holder_is_released_without_a_question(testing: Mergetui, stop: Stop) -> None:
    with testing.running("run", "--drain") as run:
        stop.reached()
        run.signal(signal.SIGKILL)
        run.end()
    left = testing.lease()
    assert left["stale"] is True
    assert ", stale" in testing("lease", "list").out
    assert testing("lease", "release", "shop", "--reason", "the machine died").code == DONE
    assert testing.lease() is None
    granted = testing("run", "--drain", "--json").told("lease-granted")
    assert [row["token"] > left["token"] for row in granted] == [True]


def test_on_a_terminal_a_person_is_asked(testing: Mergetui, stop: Stop) -> None:
    words = ["lease", "release", "shop", "--reason", "x"]
    with testing.running("run", "--drain"):
        stop.reached()
        code, shown = testing.on_a_terminal(*words, typed="\n")
        assert (code, "Release it all the same? [y/N]" in shown) == (NO, True)
        assert testing.lease() is not None
        code, _ = testing.on_a_terminal(*words, typed="y\n")
        assert code == DONE
        assert testing.lease() is None
