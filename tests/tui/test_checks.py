"""What the console says of entries and repositories that wait for a check."""

from msgspec.structs import replace

from mergetui.model import Approval
from mergetui.reason import HeldBack
from mergetui.tui.key_table import DEFAULT_KEYS
from mergetui.tui.listed import listed
from mergetui.tui.screens.entry import _rows
from mergetui.tui.wording import standing_of, told
from tests.tui.asking import NOW, knowledge, picture
from tests.tui.fakes import entry, oid

HELD = HeldBack(check="paths", reason="\x1b[2J needs the word of ada")
WAITS = replace(entry(1, "feat/pay"), held_back=HELD, heads=(oid(1),))


def test_an_entry_that_waits_for_a_check_says_for_which() -> None:
    assert told(WAITS, NOW, None) == ("waits for paths: ␛[2J needs the word of ada", "")


def test_the_whole_entry_says_what_it_waits_for_and_whose_word_it_has() -> None:
    words = (
        Approval(by="ada@box", check="paths", heads=(oid(1),), at=NOW),
        Approval(by="bob@box", check=None, heads=(oid(2),), at=NOW),
    )
    known = replace(WAITS, approvals=words)
    rows = list(_rows(known, picture(known), DEFAULT_KEYS))
    assert ("waits for", f"paths: {HELD.reason}") in rows
    assert ("next", "it keeps its place, and its turn comes when the check says yes") in rows
    approved = [says for about, says in rows if about == "approved"]
    assert approved == ["by ada@box for paths", "by bob@box for every check, for earlier heads"]


def test_a_repository_in_a_freeze_says_its_reason() -> None:
    known = knowledge(WAITS, frozen=HeldBack(check="freeze", reason="release day"))
    shown = replace(picture(WAITS), known=known)
    assert standing_of(shown, listed(known.state.entries), NOW).word == "release day"
