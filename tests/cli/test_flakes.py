"""`mergetui flakes`: the ledger on the command line."""

from pathlib import Path

from tests.cli.running import DONE, Mergetui, has
from tests.worlds.remote import Remote

_TRIED = {"at": "time", "commit": "commit", "seconds": "float", "log": "str"}
_FLAKE = {"repo": "str", "branches": ["str"], "tree": "commit", "command": "str", "reds": "int"}


def test_the_ledger_has_the_flake_with_both_logs(bare: Mergetui, remote: Remote, tmp_path: Path) -> None:
    seen = tmp_path / "seen"
    failing_once = f"[ -e {seen} ] || {{ touch {seen}; exit 4; }}"
    bare.configure(remote.url, "retries = 1", retest=failing_once)
    remote.propose("shaky", a="1")
    bare("enqueue", "shop", "shaky")
    assert bare("run", "--drain").code == DONE
    answer, as_json = bare("flakes"), bare("flakes", "shop", "--json")
    (flake,) = as_json.json["flakes"]
    assert has(_FLAKE, flake)
    assert has(_TRIED, flake["failed"])
    assert has(_TRIED, flake["passed"])
    assert flake["failed"]["reason"]["code"] == "retest-failed"
    assert flake["failed"]["log"] in answer.out
    assert flake["passed"]["log"] in answer.out


def test_without_flakes_it_says_so(shop: Mergetui) -> None:
    assert shop("flakes").out == "no tree has both failed and passed yet\n"
    assert shop("flakes", "--json").json["flakes"] == []
