"""What git knows of branches, on the screens that show it."""

from pathlib import Path
from typing import Any

import pytest

from mergetui.events import CaughtUp, RetestEnded
from mergetui.forecasting import Clashing, Clean, Distance, FileChange, Unrelated
from mergetui.model import Candidate, Entry, EntryState, Link
from mergetui.reason import Coded, Reason
from mergetui.tui.branch_columns import columns, forecast_words
from mergetui.tui.screens.enqueue import EnqueuePicker
from mergetui.tui.screens.entry import EntryView
from mergetui.tui.screens.forecast import ForecastView
from mergetui.tui.screens.text_view import TextView
from mergetui.tui.sight_words import brief_age, in_full
from mergetui.tui.sights import BranchSight
from tests.tui.asking import HOSTILE, SEEN
from tests.tui.fakes import NOON, TIP, World, ago, entry, oid, queue_of
from tests.tui.seat import Seat, play, seated

CLASH = Clashing(("setup.cfg", "src/app.py"))


def world(directory: Path, *entries: Entry) -> World:
    return World(directory, {"shop": queue_of(*entries)})


def three(directory: Path) -> World:
    made = world(directory, entry(1, "feat/a"), entry(2, "feat/b"), entry(3, "feat/c"))
    forecasts = made.reader().forecasts
    forecasts.update({(TIP, oid(n)): Clean() for n in (1, 2, 3)})
    forecasts.update({(oid(1), oid(2)): CLASH, (oid(1), oid(3)): Clean(), (oid(2), oid(3)): Unrelated()})
    return made


async def open_matrix(seat: Seat) -> None:
    await seat.press("c")
    await seat.until(lambda: isinstance(seat.app.screen, ForecastView))


def row(seat: Seat, branch: str) -> list[str]:
    line = next(line for line in seat.screen.splitlines() if line.strip(" 0123456789").startswith(branch))
    return line.split()[2:]


def test_the_matrix_tells_who_clashes_with_whom(tmp_path: Path) -> None:
    async def scene() -> None:
        async with seated(three(tmp_path)) as seat:
            await open_matrix(seat)
            await seat.until(lambda: "pairs known" not in seat.screen)
            assert row(seat, "feat/a") == ["✓", "╲", "✗", "✓"]
            assert row(seat, "feat/b") == ["✓", "✗", "╲", "✗"]
            assert row(seat, "feat/c") == ["✓", "✓", "✗", "╲"]
            assert "feat/a: ✓ clean with main" in seat.screen
            await seat.press("j", "right")
            assert "feat/b: ✗ 2 files clash with feat/a: setup.cfg, src/app.py" in seat.screen
            await seat.press("right")
            assert "feat/b and itself" in seat.screen
            await seat.press("dollar_sign")
            assert "feat/b: ✗ no common past with feat/c" in seat.screen
            await seat.press("escape")
            await seat.until(lambda: seat.app.screen is seat.main)

    play(scene())


def test_enter_shows_every_path_of_a_conflict(tmp_path: Path) -> None:
    made = world(tmp_path, entry(1, "feat/a"))
    made.reader().forecasts[TIP, oid(1)] = Clashing(tuple(f"src/{n:02}.py" for n in range(30)))

    async def scene() -> None:
        async with seated(made) as seat:
            await open_matrix(seat)
            await seat.until_seen("✗ 30 files clash with main")
            assert "and 22 more" in seat.screen
            await seat.press("enter")
            await seat.until(lambda: isinstance(seat.app.screen, TextView))
            await seat.until_seen("src/29.py")

    play(scene())


def test_what_git_does_not_know_yet_is_marked(tmp_path: Path) -> None:
    made = world(tmp_path, entry(1, "feat/a"))

    async def scene() -> None:
        async with seated(made) as seat:
            await open_matrix(seat)
            await seat.until_seen("feat/a: · with main: not known yet")
            assert row(seat, "feat/a") == ["·", "╲"]
            assert "0 of 1 pairs known" in seat.screen

    play(scene())


def test_an_empty_queue_says_what_to_press(tmp_path: Path) -> None:
    async def scene() -> None:
        async with seated(world(tmp_path)) as seat:
            await open_matrix(seat)
            await seat.until_seen("no branch is queued")
            await seat.press("enter", "j", "right")
            assert isinstance(seat.app.screen, ForecastView)

    play(scene())


def test_beyond_fifty_only_the_first_are_compared_and_it_says_so(tmp_path: Path) -> None:
    made = world(tmp_path, *(entry(number, f"feat/{number:02}") for number in range(1, 61)))

    async def scene() -> None:
        async with seated(made, size=(80, 24)) as seat:
            await open_matrix(seat)
            await seat.until_seen("the first 50 of 60 in the queue")
            await seat.until(lambda: len(made.reader().asked) >= 50 + 50 * 49 // 2)
            asked = {commit for pair in made.reader().asked for commit in pair}
            assert asked == {TIP, *(oid(number) for number in range(1, 51))}
            assert made.reader().asked[:2] == [(TIP, oid(1)), (TIP, oid(2))]
            await seat.press("G", "dollar_sign")
            assert "feat/50 and itself" in seat.screen
            assert "of 50 ›" in seat.screen

    play(scene())


def test_the_cursor_stays_on_its_pair_when_the_queue_changes(tmp_path: Path) -> None:
    made = three(tmp_path)

    async def scene() -> None:
        async with seated(made) as seat:
            await open_matrix(seat)
            await seat.press("j", "right")
            await seat.until_seen("feat/b: ✗ 2 files clash with feat/a")
            made.change(
                lambda _: queue_of(entry(9, "feat/z", rank=0), entry(1, "feat/a"), entry(2, "feat/b"))
            )
            await seat.until_seen("feat/z")
            assert "feat/b: ✗ 2 files clash with feat/a" in seat.screen

    play(scene())


def test_an_entry_shows_its_commits_files_and_forecast(tmp_path: Path) -> None:
    made = world(tmp_path, entry(1, "feat/a"), entry(2, "feat/b"))
    changed = (
        FileChange(path="src/app.py", added=12, removed=3),
        FileChange(path="new.py", before="old.py", added=0, removed=0),
        FileChange(path="logo.png", added=None, removed=None),
    )
    made.reader().tell(TIP, oid(2), by=HOSTILE, subject="Fix the sum", files=changed)
    made.reader().forecasts[oid(1), oid(2)] = CLASH

    async def scene() -> None:
        async with seated(made) as seat:
            await seat.select("feat/b")
            await seat.press("enter")
            await seat.until(lambda: isinstance(seat.app.screen, EntryView))
            await seat.until_seen("✓ clean with main")
            for text in (
                "✗ 2 files clash with feat/a, ahead of it: setup.cfg, src/app.py",
                "1 ahead of main, 2 behind",
                f"Fix the sum · {SEEN}, 4d ago",
                "3 changed, +12 −3",
                "+12 −3",
                "old.py → new.py",
                "not text",
                "none yet: it has not been caught up",
                "nobody advances shop",
            ):
                assert text in seat.screen

    play(scene())


def test_an_entry_tells_of_its_candidate_and_its_retests(tmp_path: Path) -> None:
    made = world(tmp_path, entry(1, "feat/a"))
    link = Link(
        entry="e1",
        branches=("feat/a",),
        heads=(oid(1),),
        commit=oid(7),
        tree=oid(8),
        tips=(oid(7),),
        commits=((),),
    )
    of_the_entry: Any = {"repo": "shop", "branches": ("feat/a",)}
    caught_up = CaughtUp(at=ago(minutes=9), candidate=Candidate(base=TIP, links=(link,)), **of_the_entry)
    ended = RetestEnded(
        at=ago(minutes=5),
        commit=oid(7),
        reason=Coded(Reason.RETEST_FAILED, "exit code 1"),
        seconds=9.0,
        log="r1.log",
        **of_the_entry,
    )
    before = RetestEnded(
        at=ago(days=2), commit=oid(6), reason=None, seconds=9.0, log="r0.log", **of_the_entry
    )
    for fact in (before, caught_up, ended):
        made.wiring.journals["shop"].append(fact)

    async def scene() -> None:
        async with seated(made) as seat:
            await seat.press("enter")
            await seat.until_seen("0000007 on 9f3c2a1")
            assert "of 0000007, 5m00s ago: retest-failed: exit code 1" in seat.screen
            assert "0000006" not in seat.screen

    play(scene())


def test_an_entry_is_shown_before_git_has_told_anything(tmp_path: Path) -> None:
    async def scene() -> None:
        async with seated(world(tmp_path, entry(1, "feat/a"))) as seat:
            await seat.press("enter")
            await seat.until_seen("· with main: not known yet")
            assert "commits     not known yet" in seat.screen
            assert "files       not known yet" in seat.screen
            assert oid(1) in seat.screen

    play(scene())


def test_on_a_wide_screen_the_same_stands_beside_the_queue(tmp_path: Path) -> None:
    made = world(tmp_path, entry(1, "feat/a"), entry(2, "feat/b", state=EntryState.QUEUED))
    made.reader().tell(TIP, oid(1), subject="One")
    made.reader().tell(TIP, oid(2), subject="Two", forecast=CLASH)

    async def scene() -> None:
        async with seated(made, size=(200, 50)) as seat:
            await seat.until_seen("One · Ana Lima, 4d ago")
            await seat.press("j")
            await seat.until_seen("Two · Ana Lima, 4d ago")
            assert "✗ 2 files clash with main" in seat.screen

    play(scene())


def test_the_picker_tells_of_the_branches_on_the_screen(tmp_path: Path) -> None:
    made = world(tmp_path)
    made.refs.known |= {f"x/{number:04}": oid(1000 + number) for number in range(2000)}
    made.reader().tell(TIP, oid(77), distance=Distance(3, 12), forecast=CLASH)
    made.reader().tell(TIP, oid(78), distance=Distance(0, 4))
    for number in range(2000):
        made.reader().tell(TIP, oid(1000 + number))

    async def scene() -> None:
        async with seated(made) as seat:
            await seat.press("e")
            await seat.until(lambda: isinstance(seat.app.screen, EnqueuePicker))
            await seat.until_seen("+3 −12")
            await seat.until_seen("– 0 ahead")
            line = next(line for line in seat.screen.splitlines() if "feat/new" in line)
            assert all(word in line for word in ("4d", "Ana Lima", "✗ 2 files"))
            await seat.until(lambda: "not yet" not in seat.screen)
            assert len(made.reader().asked) < 40

    play(scene())


@pytest.mark.sampled("*-0", "*-?0", "*-1?0")
@pytest.mark.parametrize("width", range(0, 130, 3))
@pytest.mark.parametrize("longest", [5, 30, 200])
def test_columns_leave_room_for_the_branch(width: int, longest: int) -> None:
    taken = sum(column.width for column in columns(width, longest))
    assert taken == 0 or width - taken >= min(max(longest, 24), 40)


def test_what_matters_most_is_shown_first() -> None:
    assert [column.name for column in columns(40, 10)] == ["forecast"]
    assert [column.name for column in columns(69, 24)] == ["apart", "age", "author", "forecast", "note"]


def test_an_author_is_whole_where_no_branch_needs_the_room() -> None:
    assert {column.name: column.width for column in columns(110, 24)}["author"] == 20
    assert {column.name: column.width for column in columns(110, 53)}["author"] == 14
    assert {column.name: column.width for column in columns(110, 90)}["author"] == 11


@pytest.mark.parametrize(
    ("sight", "words"),
    [
        (BranchSight(), "· not yet"),
        (BranchSight(distance=Distance(0, 3), forecast=Clean()), "– 0 ahead"),
        (BranchSight(distance=Distance(1, 3), forecast=Clean()), "✓ clean"),
        (BranchSight(distance=Distance(1, 3), forecast=Clashing(("a",))), "✗ 1 file"),
        (BranchSight(distance=Distance(1, 3), forecast=Unrelated()), "✗ unrelated"),
    ],
)
def test_a_forecast_is_a_glyph_and_a_word(sight: BranchSight, words: str) -> None:
    assert forecast_words(sight) == words


def test_one_file_clashes_and_two_clash() -> None:
    assert in_full(Clashing(("a",)), "main") == "✗ 1 file clashes with main: a"
    assert in_full(CLASH, "main") == "✗ 2 files clash with main: setup.cfg, src/app.py"


def test_an_age_is_one_figure() -> None:
    ages = [ago(seconds=5), ago(minutes=7), ago(hours=30), ago(days=800), ago(seconds=-9), None]
    assert [brief_age(at, NOON) for at in ages] == ["5s", "7m", "1d", "2y", "0s", ""]
