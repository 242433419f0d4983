"""The console among hostile names and output: it sends a terminal what it sends among harmless ones."""

from collections.abc import Callable
from pathlib import Path

import pytest

from mergetui.adapters.journal import FileJournal
from mergetui.events import Ended
from tests.adapters.waiting import eventually
from tests.cli.running import Mergetui, command
from tests.gate.gate import TestGate
from tests.worlds.hostile import CLIPBOARD, MARKER, PAYLOAD, UNTAKEABLE
from tests.worlds.remote import Content, File, Remote
from tests.worlds.terminal_bytes import Terminal, pieces, text_of

pytestmark = [pytest.mark.fault(15), pytest.mark.fault(16), pytest.mark.soak]

SAID = f"\x1b]52;c;{CLIPBOARD}\x07\x1b]0;{MARKER}\x07\x1b[2J\x1b[?1049l\x9b2J\u202e\u200b[/x][@click=x]y[/]"
QUEUED = ["@click=app.quit]", "$(touch${IFS}pwned)", "main\u3164\ufe0f"]
HARMLESS = ["feat/cart", "fix/login", "chore/deps"]


def world(remote: Remote, gate: TestGate, branches: list[str], *, said: str, printed: bytes) -> Mergetui:
    """A queue whose first entry goes red, and branches beside it that could be queued."""
    others = [name.decode("utf-8", "surrogateescape") for name in UNTAKEABLE] if said else ["other"]
    author = said.replace("<", "").replace(">", "") or "Ada"
    for number, branch in enumerate([*branches, *others]):
        files: dict[str, Content] = {f"file-{number}": "1", "payload": File(printed)}
        remote.commit(branch, ["main"], files=files, by=author, message=said or "A subject")
    gate.enqueue(*branches)
    shop = Mergetui(gate.directory)
    shop.configure(remote.url, retest="cat payload; exit 1")
    return shop


def tour(shop: Mergetui) -> bytes:
    """Everything that a console of 120x40 sends from its start to its end, through every screen there is."""
    environment = {**shop.environment, "TERM": "xterm-256color", "TEXTUAL_ANIMATIONS": "none"}
    console = Terminal(command(*shop.places), cwd=shop.directory, env=environment)
    journal = FileJournal(shop.state / "repos" / "shop" / "journal.jsonl")

    def visit(keys: str, shows: str) -> None:
        """Leave what is open, and go where the keys lead."""
        before = len(console.output)

        def there() -> bool:
            console.press_slowly("\x1b", keys)
            return bool(console.shows(shows, since=before))

        eventually(there, within=60)

    try:
        console.until("3 queued")
        visit("\r", "queued by")
        visit("s", "Next step")
        console.press_until("s", lambda: any(isinstance(fact, Ended) for fact in journal.read()))
        console.until("sent back")
        visit("l", "mark, next")
        console.press_slowly("g", "\x04", "\x04", "\x04", "E", "\r")
        visit("w", "Why")
        visit("?", "Keys ·")
        visit(":", "Search")
        visit("e", "none marked")
        console.press_slowly(" ", " ", " ")
        visit("@", "Git commands")
        console.press_slowly("\x1b")
        console.press_until("q", console.has_ended)
        return console.end()
    finally:
        console.close()


@pytest.fixture
def sent(tmp_path: Path) -> Callable[..., bytes]:
    def send(name: str, branches: list[str], *, said: str, printed: bytes) -> bytes:
        directory = tmp_path / name
        directory.mkdir()
        remote = Remote(directory / "remote.git")
        gate = TestGate(remote, directory, retest="cat payload; exit 1")
        return tour(world(remote, gate, branches, said=said, printed=printed))

    return send


def test_hostile_text_makes_the_console_send_nothing_new_to_the_terminal(sent: Callable[..., bytes]) -> None:
    harmless = sent("harmless", HARMLESS, said="", printed=b"\x1b[31mE   red\x1b[0m\nall\ngood")
    hostile = sent("hostile", QUEUED, said=SAID, printed=PAYLOAD)
    usual = {piece.kind for piece in pieces(harmless)}
    assert {piece.kind for piece in pieces(hostile)} - usual == set()
    active = b" ".join(piece.raw for piece in pieces(hostile) if piece.kind != "text")
    assert MARKER.encode() not in active
    assert CLIPBOARD.encode() not in active
    assert f"␛]52;c;{CLIPBOARD}" in text_of(hostile)
    assert not {"DCS", "APC", "PM", "SOS", "OSC 52", "OSC 0", "OSC 8"} & usual
