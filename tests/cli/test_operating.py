"""`mergetui pause --all`, `drain`, `emergency`: who stops a gate, and who cannot wait for it."""

import signal

import pytest

from tests.adapters.waiting import eventually
from tests.cli.running import AGAIN, DONE, NO, USAGE, Mergetui, Stop, has
from tests.worlds.remote import Remote

REDUCED = 'emergency_retest = "test -e hotfix"'


def _queue(shop: Mergetui, remote: Remote, *branches: str) -> None:
    for branch in branches:
        remote.propose(branch, {branch: "1"})
    assert shop("enqueue", "shop", *branches).code == DONE


def _paused(shop: Mergetui) -> dict[str, str | None]:
    repos = shop("status", "--json").json["repos"]
    return {repo["name"]: repo["paused"] and repo["paused"]["reason"] for repo in repos}


@pytest.fixture
def two(shop: Mergetui, remote: Remote) -> Mergetui:
    """Two repositories."""
    more = f'[repos.api]\nremote = "{remote.url}"\ntarget = "api"\nretest = "true"\n'
    shop.config.write_text(f"{shop.config.read_text()}\n{more}")
    return shop


def test_all_repositories_are_paused_and_resumed_at_once(two: Mergetui) -> None:
    paused = two("pause", "--all", "--reason", "freeze", "--json")
    assert [(row["name"], row["paused"]["reason"]) for row in paused.json["repos"]] == [
        ("shop", "freeze"),
        ("api", "freeze"),
    ]
    assert _paused(two) == {"shop": "freeze", "api": "freeze"}
    two("resume", "api")
    resumed = two("resume", "--all", "--json").json["repos"]
    assert [(row["name"], row["resumed"]) for row in resumed] == [("shop", True), ("api", False)]
    assert _paused(two) == {"shop": None, "api": None}


@pytest.mark.parametrize("command", ["pause", "drain"])
@pytest.mark.parametrize("names", [[], ["shop", "--all"], ["nowhere"]], ids=" ".join)
def test_either_a_repository_or_all_are_named(two: Mergetui, command: str, names: list[str]) -> None:
    assert two(command, *names, "--reason", "x").code == USAGE
    assert _paused(two) == {"shop": None, "api": None}


@pytest.mark.sampled("-*", "*n-emergency")
@pytest.mark.parametrize("command", ["pause", "drain", "emergency"])
@pytest.mark.parametrize("reason", ["", " \t", "\n"])
def test_a_blank_reason_is_refused_and_changes_nothing(
    bare: Mergetui, remote: Remote, command: str, reason: str
) -> None:
    bare.configure(remote.url, REDUCED)
    branch = ["hotfix", "--yes"] if command == "emergency" else []
    answer = bare(command, "shop", *branch, "--reason", reason, "--json")
    assert (answer.code, "--reason" in answer.error["message"]) == (USAGE, True)
    assert (_paused(bare), bare.queue()) == ({"shop": None}, [])


@pytest.mark.parametrize("until", ["9999-12-31T23:59:59-12:00", "0001-01-01T00:00:00+12:00"])
def test_a_time_that_no_calendar_has_is_refused(shop: Mergetui, until: str) -> None:
    assert shop("pause", "shop", "--reason", "x", "--until", until).code == USAGE
    assert _paused(shop) == {"shop": None}


def test_a_pause_whose_time_is_over_is_not_told_as_one(shop: Mergetui) -> None:
    shop("pause", "shop", "--reason", "lunch", "--until", "1ms")
    assert _paused(shop) == {"shop": None}
    assert "paused" not in shop("status").out


def test_a_changed_pause_is_in_the_journal_with_what_it_changes(shop: Mergetui) -> None:
    shop("pause", "shop", "--reason", "release")
    shop("pause", "shop", "--reason", "database", "--until", "2h")
    shop("resume", "shop")
    told = shop("log", "shop", "--journal").out.splitlines()
    assert "database, until " in told[1]
    assert "instead of ada@" in told[1]
    assert told[1].partition("instead of ")[2].partition("  by")[0].endswith(": release")
    assert "database" in told[2]


def test_drain_returns_at_once_when_nothing_runs(shop: Mergetui, remote: Remote) -> None:
    _queue(shop, remote, "one")
    answer = shop("drain", "shop", "--reason", "kernel update", "--json")
    assert answer.code == DONE
    assert (answer.json["left"], answer.json["held_by"]) == ([], None)
    assert _paused(shop) == {"shop": "kernel update"}


def test_drain_returns_when_what_ran_has_landed(bare: Mergetui, remote: Remote, stop: Stop) -> None:
    bare.configure(remote.url, retest=stop.until_let_go)
    _queue(bare, remote, "one", "two")
    with bare.running("run", "--json") as run:
        stop.reached()
        hasty = bare("drain", "shop", "--reason", "kernel update", "--wait", "0s", "--json")
        with bare.running("drain", "shop", "--reason", "kernel update", "--json") as drain:
            eventually(lambda: "shop is draining, 1 left: one" in drain.complaints())
            stop.let_go()
            drained = drain.end()
        assert bare.lease() is None
        run.signal(signal.SIGTERM)
        assert run.end().events[-1]["landed"] == ["one"]
    assert (hasty.code, hasty.json["left"]) == (AGAIN, ["one"])
    assert hasty.json["held_by"].startswith("ada@")
    assert (drained.code, drained.json["left"]) == (DONE, [])
    assert bare.names() == ["two"]


def test_drain_of_all_waits_for_all(two: Mergetui) -> None:
    answer = two("drain", "--all", "--reason", "kernel update", "--json")
    assert answer.code == DONE
    assert [(row["name"], row["left"]) for row in answer.json["repos"]] == [("shop", []), ("api", [])]


@pytest.mark.parametrize("wait", ["soon", "-1s", ""])
def test_a_wait_that_is_no_duration_changes_nothing(shop: Mergetui, wait: str) -> None:
    assert shop("drain", "shop", "--reason", "x", f"--wait={wait}").code == USAGE
    assert _paused(shop) == {"shop": None}


@pytest.fixture
def hurried(bare: Mergetui, remote: Remote) -> Mergetui:
    """A repository with a reduced command; the full one is red on everything."""
    bare.configure(remote.url, REDUCED, retest="false")
    remote.propose("hotfix", hotfix="1")
    return bare


def test_an_emergency_lands_and_history_report_and_verify_tell_of_it(
    hurried: Mergetui, remote: Remote
) -> None:
    words = ["emergency", "shop", "hotfix", "--reason", "login is down", "--yes", "--json"]
    answer = hurried(*words)
    assert answer.code == DONE
    assert has(
        {"by": "str", "reason": "str", "at": "time", "through_pause": "bool"}, answer.json["emergency"]
    )
    assert hurried.entry("hotfix")["emergency"]["reason"] == "login is down"
    assert "emergency of ada@" in hurried("status").out
    assert hurried("run", "--drain").code == DONE
    assert "hotfix" in remote.files()
    assert hurried.runs()[0]["emergency"] == "login is down"
    assert "emergency: login is down" in hurried("history").out
    assert "## Emergencies" in hurried("report").out
    (told,) = hurried("report", "--json").json["repos"][0]["emergencies"]
    assert (told["branches"], told["reason"]) == (["hotfix"], "login is down")
    verified = hurried("verify")
    assert verified.code == DONE
    assert "by the command for emergencies, test -e hotfix" in verified.out


def test_without_a_terminal_an_emergency_has_to_be_confirmed_beforehand(hurried: Mergetui) -> None:
    answer = hurried("emergency", "shop", "hotfix", "--reason", "login is down", "--json")
    assert (answer.code, answer.error["code"]) == (USAGE, "not-confirmed")
    assert "--yes" in answer.error["hint"]
    assert hurried.queue() == []


@pytest.mark.sampled("hotfix*", "y*")
@pytest.mark.parametrize(
    ("typed", "code", "queued"), [("hotfix\n", DONE, ["hotfix"]), ("y\n", NO, []), ("\n", NO, [])]
)
def test_on_a_terminal_its_name_is_typed(hurried: Mergetui, typed: str, code: int, queued: list[str]) -> None:
    words = ["emergency", "shop", "hotfix", "--reason", "login is down"]
    ended, shown = hurried.on_a_terminal(*words, typed=typed)
    assert (ended, hurried.names()) == (code, queued)
    assert "test -e hotfix" in shown


@pytest.mark.parametrize(
    ("branch", "code"), [("nothing", NO), ("main", NO), ("-x", USAGE), ("a\x1b[31m", NO), ("", NO)]
)
def test_a_branch_that_cannot_be_queued_is_refused(hurried: Mergetui, branch: str, code: int) -> None:
    answer = hurried("emergency", "shop", branch, "--reason", "x", "--yes", "--json")
    assert answer.code == code
    assert hurried.queue() == []


def test_without_a_reduced_command_an_emergency_is_refused_with_the_mend(
    shop: Mergetui, remote: Remote
) -> None:
    remote.propose("hotfix", hotfix="1")
    answer = shop("emergency", "shop", "hotfix", "--reason", "login is down", "--yes", "--json")
    assert (answer.code, shop.queue()) == (USAGE, [])
    assert "'emergency_retest' is missing" in answer.error["message"]


def test_in_a_pause_an_emergency_waits_unless_it_goes_through(hurried: Mergetui) -> None:
    hurried("pause", "shop", "--reason", "freeze")
    words = ["emergency", "shop", "hotfix", "--reason", "login is down", "--yes"]
    assert "--through-pause" in hurried(*words).err
    assert hurried("run", "--drain").code == AGAIN
    assert "the emergency hotfix waits for the resume" in hurried("why").out
    assert hurried(*words, "--through-pause").err == ""
    assert hurried("run", "--drain", "--json").events[-1]["landed"] == ["hotfix"]
    assert _paused(hurried) == {"shop": "freeze"}


@pytest.mark.soak
def test_after_kill_nine_in_the_middle_of_an_emergency_nothing_is_lost(
    bare: Mergetui, remote: Remote, stop: Stop
) -> None:
    bare.configure(remote.url, f"emergency_retest = '''{stop.once}'''")
    _queue(bare, remote, "one", "two")
    remote.propose("hotfix", hotfix="1")
    bare("emergency", "shop", "hotfix", "--reason", "login is down", "--yes")
    with bare.running("run", "--drain") as run:
        stop.reached()
        run.signal(signal.SIGKILL)
        run.end()
    assert bare.names() == ["hotfix", "one", "two"]
    assert bare.entry("hotfix")["emergency"]["reason"] == "login is down"
    answer = bare("run", "--drain", "--json")
    assert answer.events[-1]["landed"] == ["hotfix", "one", "two"]
    reduced = [row["branches"] for row in answer.told("retest-started") if row["reduced"]]
    assert reduced == [["hotfix"]]
    assert bare("verify").code == DONE
