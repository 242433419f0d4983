"""`mergetui report`: the hand-over on the command line."""

import pytest

from tests.cli.running import DONE, USAGE, Mergetui, has
from tests.worlds.remote import Remote

_FIELDS = {
    "name": "str",
    "target": "str",
    "landed": [{"id": "str", "branches": ["str"], "reason": "null", "landed_commit": "commit"}],
    "endings": [{"outcome": "str", "code": "null", "count": "int"}],
    "landed_per_day": ["int"],
    "in_queue": {"p50": "float", "p75": "float", "p95": "float"},
    "contended": "int",
    "contended_per_landing": "float",
    "overrides": [],
}
_RETESTS = {
    "started": "int",
    "green": "int",
    "red": "int",
    "undecided": "int",
    "red_rate": "float",
    "flaky": "int",
    "flake_rate": "float",
}


def test_the_report_tells_what_landed_and_what_is_left(bare: Mergetui, remote: Remote) -> None:
    bare.configure(remote.url, retest="! [ -e red ]")
    remote.propose("green", a="1")
    remote.propose("late", c="1")
    bare("enqueue", "shop", "green")
    bare("run", "--drain")
    bare("pause", "shop", "--reason", "freeze of *ada*")
    bare("enqueue", "shop", "late")
    answer, as_json = bare("report"), bare("report", "shop", "--since", "2h", "--json")
    assert (answer.code, answer.err) == (DONE, "")
    assert answer.out.startswith("# Hand-over: `shop`, `main`\n")
    assert "1 landed, 0 sent back. **Paused now** by `ada@" in answer.out
    assert "freeze of \\*ada\\*" in answer.out
    assert "## Landed (1)\n" in answer.out
    assert "## Queued now (1)\n\n- `late`" in answer.out
    (told,) = as_json.json["repos"]
    landed = told["landed"][0]
    told["landed"] = [{key: landed[key] for key in ("id", "branches", "reason", "landed_commit")}]
    assert has(_FIELDS, told)
    assert has(_RETESTS, told["retests"])
    assert told["landed_per_hour"] == [0, 1]
    assert [entry["branches"] for entry in told["now"]["queued"]] == [["late"]]
    assert told["now"]["paused"]["reason"] == "freeze of *ada*"


@pytest.mark.parametrize("since", ["yesterday", "2999-01-01T00:00:00Z", "0001-01-01", "-3h", "0s"])
def test_a_time_that_cannot_be_is_refused_with_what_is_allowed(shop: Mergetui, since: str) -> None:
    answer = shop("report", f"--since={since}")
    assert (answer.code, answer.out) == (USAGE, "")
    assert since in answer.err


def test_a_time_may_be_written_out(shop: Mergetui) -> None:
    since = shop("report", "--since", "48h", "--json").json["since"]
    answer = shop("report", "--since", since, "--json")
    assert answer.code == DONE
    assert answer.json["since"] == since


def test_nothing_configured_says_how_to_begin(bare: Mergetui) -> None:
    bare.config.write_text("")
    answer = bare("report")
    assert answer.code == DONE
    assert "mergetui repo add" in answer.out
