"""Names that a shell, git or a terminal would obey: refused by their rule, or handled exactly."""

import re
from collections.abc import Sequence
from pathlib import Path

import pytest

from mergetui.cleaning import name as shown_as
from tests.cli.running import DONE, NO, Mergetui
from tests.gate.gate import TestGate
from tests.worlds.hostile import CLIPBOARD, MARKER, REFUSED, TAKEN
from tests.worlds.remote import Remote
from tests.worlds.terminal_bytes import kinds, sent_by, text_of

pytestmark = [pytest.mark.fault(16), pytest.mark.fault(19)]

HARMLESS = {"text", "C0 0a", "C0 0d", "CSI m"}
SGR = re.compile(rb"\x1b\[[0-9;:]*m")
WORST = (
    f"x\x1b]52;c;{CLIPBOARD}\x07\x1b[2J\x1b]0;{MARKER}\x07\u202e\u200b\x9b2J\u2028\udcff[/x][@click=x]\n\r"
)


def all_in_one(shop: Mergetui, commands: Sequence[Sequence[str]]) -> bytes:
    return sent_by([[*shop.places, *words] for words in commands], cwd=shop.directory, env=shop.environment)


def files_of(directory: Path) -> set[str]:
    return {str(path.relative_to(directory)) for path in directory.rglob("*")}


def test_every_hostile_name_is_refused_by_its_rule_and_nothing_else_happens(
    shop: Mergetui, remote: Remote
) -> None:
    remote.propose("good", a="1")
    refs, files = remote.refs(), files_of(shop.directory)
    answer = shop("enqueue", "--json", "shop", "--", "good", *REFUSED)
    assert answer.code == NO
    refused = {row["branch"]: row["why"] for row in answer.json["refused"]}
    assert {name: rule for name, rule in REFUSED.items() if rule not in refused.get(name, "")} == {}
    assert [row["branch"] for row in answer.json["queued"]] == ["good"]
    assert remote.refs() == refs
    assert {name for name in files_of(shop.directory) - files if not name.startswith("state")} == set()


def test_what_is_refused_is_told_to_a_terminal_without_one_active_byte(
    shop: Mergetui, remote: Remote
) -> None:
    sent = all_in_one(
        shop, [["enqueue", "shop", "--", *REFUSED], ["enqueue", "shop", "--json", "--", *REFUSED]]
    )
    assert kinds(sent) <= HARMLESS - {"CSI m"}
    assert len(
        re.findall(
            "^refused: ", text_of(sent.replace(b"\r\n", b"")).replace("refused: ", "\nrefused: "), re.M
        )
    ) == len(REFUSED)
    assert remote.refs().keys() == {"refs/heads/main"}


def test_no_command_sends_a_hostile_word_back_to_the_terminal(shop: Mergetui, remote: Remote) -> None:
    remote.propose("good", a="1")
    words = [
        ["dequeue", "shop", WORST],
        ["move", "shop", WORST, "--to", "1"],
        ["move", "shop", "good", "--to", WORST],
        ["retry", "shop", WORST],
        ["log", "shop", WORST],
        ["log", "shop", WORST, "--follow"],
        ["status", WORST],
        ["why", WORST],
        ["history", WORST],
        ["history", "--limit", WORST],
        ["run", WORST],
        ["pause", "shop", "--reason", WORST],
        ["pause", "shop", "--reason", "x", "--until", WORST],
        ["status"],
        ["why"],
        ["resume", "shop"],
        ["lease", "release", "shop", "--reason", WORST],
        ["enqueue", "shop", "good", "--priority", WORST],
        ["repo", "add", "other", WORST],
        ["enqueue", "shop", f"--{WORST}"],
        [WORST],
        [f"--{WORST}"],
        ["run", "--drain", "--drain-wait", WORST],
    ]
    sent = all_in_one(shop, [*words, *([*line, "--json"] for line in words)])
    assert kinds(sent) <= HARMLESS
    assert text_of(sent).count("␛]52;c;") >= 5


def test_no_name_of_a_repository_is_sent_back_to_the_terminal(shop: Mergetui) -> None:
    sent = all_in_one(shop, [["repo", "add", WORST, "/srv/x.git"], ["repo", "remove", WORST]])
    assert kinds(sent) <= HARMLESS


@pytest.mark.soak
def test_odd_names_land_and_history_says_them_exactly(bare: Mergetui, remote: Remote) -> None:
    bare.configure(remote.url, "batch = 50", "update_branch = true")
    for number, branch in enumerate(TAKEN):
        remote.propose(branch, {f"file-{number}": "1"}, by="Ada")
    before, files = remote.refs().keys(), files_of(bare.directory)
    assert bare("enqueue", "shop", "--", *TAKEN).code == DONE
    assert bare("run", "--drain", "--json").events[-1]["landed"] == TAKEN
    assert [run["branches"] for run in bare.runs()] == [[branch] for branch in TAKEN]
    assert remote.refs().keys() == before
    assert len(remote.files()) == len(TAKEN) + 1
    places = ("state", remote.path.name)
    assert {name for name in files_of(bare.directory) - files if not name.startswith(places)} == set()
    sent = all_in_one(bare, [["history"], ["history", "--json"], ["status"], ["log", "shop", TAKEN[0]]])
    assert kinds(sent) <= HARMLESS
    assert text_of(sent).count("\N{ROCKET}") == 1
    assert shown_as("main\u3164") in text_of(sent)


def test_a_branch_beside_one_of_its_own_name_is_another_branch(remote: Remote, gate: TestGate) -> None:
    """`feat/x` can only be there when `feat` is gone: the queue knows both, and says which one is gone."""
    remote.propose("feat", a="1")
    gate.enqueue("feat")
    remote.delete("feat")
    remote.propose("feat/x", b="1")
    gate.enqueue("feat/x")
    gate.drain()
    assert gate.landed() == ["feat/x"]
    assert gate.reason("feat").code == "branch-gone"


def test_the_words_of_a_hostile_server_are_told_without_one_active_byte(
    shop: Mergetui, remote: Remote
) -> None:
    remote.propose("good", a="1")
    remote.refuse(f"\x1b]52;c;{CLIPBOARD}\x07\x1b[2J[/x] no \x1b[31mred")
    shop("enqueue", "shop", "good")
    sent = all_in_one(shop, [["run", "--drain"], ["status"], ["history"], ["why"], ["history", "--json"]])
    assert kinds(sent) <= HARMLESS
    assert not SGR.search(sent)
    assert "[/x] no" in text_of(sent)
