"""The console's pure rules: words, columns, previews, bursts."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
from msgspec.structs import replace
from rich.cells import cell_len

from mergetui.events import Ended, Event, PauseEnded
from mergetui.masking import Mask
from mergetui.model import Entry, EntryState, Priority
from mergetui.reason import Coded, Reason
from mergetui.state import Advance, Pause, Sighting
from mergetui.tui.availability import Ground, why_not
from mergetui.tui.bridge import Picture
from mergetui.tui.following import Followed, captions, ended_red, ending, follow
from mergetui.tui.haste import DELAY, Haste, Recent
from mergetui.tui.messages import PictureTaken
from mergetui.tui.preview import preview
from mergetui.tui.widgets.cells import cut, fit, fit_with_end
from mergetui.tui.widgets.queue_pane import columns_for
from mergetui.tui.wording import countdown, news, notices, roughly, span, told, words
from tests.rules.rails import Rail
from tests.tui.bygone import remember
from tests.tui.fakes import NOON, TIP, World, entry, holder, landed, lease, oid, queue_of

JOE = holder("joe", 77)


@pytest.mark.parametrize(
    ("seconds", "as_span", "as_countdown"),
    [
        (-5, "0s", "0:00"),
        (20, "20s", "0:20"),
        (252, "4m12s", "4:12"),
        (3900, "1h05m", "1:05:00"),
        (273600, "3d04h", "76:00:00"),
    ],
)
def test_ages_and_waits(seconds: int, as_span: str, as_countdown: str) -> None:
    length = timedelta(seconds=seconds)
    assert (span(length), countdown(length)) == (as_span, as_countdown)


@pytest.mark.parametrize(
    ("percent", "usual", "expected"),
    [
        (None, None, "4m12s"),
        (None, 360, "4m12s / ~6m"),
        (42, 360, "42% · 4m12s / ~10m"),
        (2, 360, "2% · 4m12s / ~6m"),
        (42, None, "42% · 4m12s / ~10m"),
    ],
)
def test_a_running_retest_says_how_far_it_is(percent: int | None, usual: int | None, expected: str) -> None:
    running = entry(1, "a", state=EntryState.TESTING, state_since=NOON - timedelta(seconds=252))
    length = timedelta(seconds=usual) if usual is not None else None
    assert told(running, NOON, length, percent) == (expected, "")


def test_an_estimate_is_rough() -> None:
    assert [roughly(timedelta(seconds=s)) for s in (40, 59, 340, 3600)] == ["~40s", "~59s", "~6m", "~60m"]


@pytest.mark.parametrize("width", [0, 1, 2, 5, 9, 40])
@pytest.mark.parametrize("text", ["", "feat/cart", "漢字かな漢字", "a漢b"])
def test_what_is_cut_fills_its_cells_and_no_more(text: str, width: int) -> None:
    assert cell_len(fit(text, width)) == width
    assert cell_len(cut(text, width)) <= width
    assert cell_len(fit_with_end(text, "again in 0:20", width)) == width


def test_the_end_is_never_cut_while_it_fits() -> None:
    whole = "lease busy: held by joe@ci-2 pid 77"
    shown = [fit_with_end(whole, "again in 0:20", width).rstrip() for width in (60, 30, 20)]
    assert shown == [f"{whole}, again in 0:20", "lease busy, again in 0:20", "again in 0:20"]


@pytest.mark.sampled("*-0", "*-?0", "*-1?0")
@pytest.mark.parametrize("width", range(200))
@pytest.mark.parametrize("special", [False, True])
def test_columns_fill_the_width_and_leave_room_for_the_branch(width: int, special: bool) -> None:
    columns = columns_for(width, 12_345, (40, 12), special=special, reasons=True)
    assert min(columns) >= 0
    assert sum(columns) + 2 == max(width, columns.position + 2)
    assert columns.branch >= min(12, width - columns.position - columns.state - 2)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, ""),
        ({"behind": 2}, "2 behind"),
        ({"behind": 0, "attempts": 1}, "up to date · try 2"),
        ({"branches": ("a", "b"), "heads": (oid(1), oid(2))}, "stack of 2"),
        ({"state": EntryState.LANDING, "state_since": NOON - timedelta(seconds=9)}, "9s"),
        ({"state": EntryState.TESTING, "state_since": NOON - timedelta(seconds=9)}, "9s / ~6m"),
        ({"state": EntryState.HELD, "reason": Coded(Reason.DISK_FULL, "")}, "disk full"),
    ],
)
def test_every_state_says_what_there_is_to_say(fields: dict[str, object], expected: str) -> None:
    assert told(entry(1, "a", **fields), NOON, timedelta(minutes=6)) == (expected, "")


def test_words_of_others_are_cleaned() -> None:
    assert words(Coded(Reason.HOOK_REFUSED, "\x1b[2J no")) == "hook refused: ␛[2J no"


def test_only_what_matters_is_news() -> None:
    ended = landed("shop")
    back = replace(ended.run, outcome="sent-back", reason=Coded(Reason.CONFLICT, "a.py"))
    assert news(ended) == ("shop: feat/old landed", True)
    assert news(replace(ended, run=back)) == ("shop: feat/old sent back: conflict: a.py", False)
    assert news(Ended(repo="shop", at=NOON, run=replace(ended.run, outcome="dequeued"))) is None
    assert news(PauseEnded(repo="shop", at=NOON)) is None


def picture(directory: Path, *entries: Entry, **fields: object) -> Picture:
    return World(directory, {"shop": queue_of(*entries, **fields)}).bridge.picture("shop")


def steps(picture: Picture, mask: Mask) -> list[str]:
    lines = preview(picture, mask)
    assert lines is not None
    return lines


def test_a_step_is_told_command_by_command(tmp_path: Path) -> None:
    lines = steps(picture(tmp_path, entry(1, "feat/cart", behind=2), entry(2, "later")), Mask())
    assert lines[0] == "next: feat/cart, by joe, 2 behind main"
    assert [line.split(None, 1)[1] for line in lines if line[:1].isdigit()] == [
        "look         git fetch git@example.org:shop.git",
        "catch up     git rebase 9f3c2a1 0000001",
        "retest       python -m pytest tests/ -q",
        "push branch  git push --force-with-lease=refs/heads/feat/cart:0000001",
        "land         git push COMMIT:refs/heads/main, never forced",
    ]


def _knowing(picture: Picture, **fields: object) -> Picture:
    return replace(picture, known=replace(picture.known, **fields))


def test_a_step_without_a_retest_or_branch_push_does_not_promise_one(tmp_path: Path) -> None:
    known = picture(tmp_path, entry(1, "feat/cart"))
    bare = replace(known.repository, enabled=False, update_branch=False, strategy="squash")
    lines = steps(_knowing(known, repository=bare), Mask())
    assert [line.split()[1] for line in lines if line[:1].isdigit()] == ["look", "catch", "land"]
    assert any("git merge --squash 0000001" in line for line in lines)


def test_there_is_no_step_where_only_somebody_else_goes_on(tmp_path: Path) -> None:
    pause = Pause(by="ana@buildbox", reason="freeze", at=NOON)
    assert preview(picture(tmp_path), Mask()) is None
    assert preview(picture(tmp_path, entry(1, "a"), pause=pause), Mask()) is None
    assert preview(picture(tmp_path, entry(1, "a"), lease=lease("joe")), Mask()) is None


def test_what_a_step_asks_again_is_stepped(tmp_path: Path) -> None:
    down = Sighting(at=NOON, tip=TIP, trouble="no route to host")
    assert preview(picture(tmp_path, entry(1, "a"), seen=down), Mask()) is not None


def test_credentials_in_a_remote_are_not_shown(tmp_path: Path) -> None:
    known = picture(tmp_path, entry(1, "a"))
    remote = replace(known.repository, remote="https://joe:secret@example.org/shop.git")
    assert "secret" not in "\n".join(steps(_knowing(known, repository=remote), Mask()))


def test_a_reason_is_not_cut_for_half_an_author() -> None:
    assert columns_for(77, 9, (18, 13), special=False, reasons=True).author == 0
    assert columns_for(72, 9, (18, 13), special=False, reasons=False).author == 10
    assert columns_for(85, 9, (18, 13), special=False, reasons=True).author == 14


def test_a_long_branch_takes_no_more_than_half_of_a_wide_row_from_its_reason() -> None:
    columns = columns_for(102, 9, (60, 8), special=True, reasons=True)
    assert columns.told >= columns.branch


def test_a_remote_that_is_down_is_noticed_without_its_password(tmp_path: Path) -> None:
    known = picture(tmp_path)
    seen = known.state.seen
    assert seen is not None
    down = replace(known.state, seen=replace(seen, trouble="https://joe:pw@host: no route"))
    lines = notices(replace(_knowing(known, state=down), notice="the store was damaged\nand mended"))
    assert lines[:2] == ["shop: the store was damaged", "shop: and mended"]
    assert lines[2].endswith("https://***@host: no route")


@pytest.mark.parametrize("act", ["step", "auto", "dequeue", "force_release", "log", "undo"])
def test_nothing_acts_before_a_repository_is_read(act: str) -> None:
    assert why_not(act, Ground()) is not None


def test_what_is_in_flight_is_not_retried(tmp_path: Path) -> None:
    flying = entry(1, "a", state=EntryState.TESTING)
    ground = Ground(picture=picture(tmp_path, flying), entries=(flying,))
    assert why_not("retry", ground) == "a is testing already"
    assert why_not("log", ground) == "a has not been tested yet"
    assert why_not("raise", ground) is None


class Metronome:
    """Seconds between two keys that are pressed one after the other."""

    def __init__(self, between: float) -> None:
        self.between, self.now = between, 0.0

    def burst(self, keys: Sequence[str]) -> bool:
        recent = Recent()
        for key in keys:
            self.now += self.between
            recent.note(key, self.now)
        return recent.is_burst(self.between)


@pytest.mark.parametrize(
    ("keys", "between", "expected"),
    [
        ("KKKKKKKKKKKKKKKKKKKK", 0.03, False),
        ("sap", 0.02, False),
        ("sapde", 0.15, False),
        ("sapd", 0.001, True),
        ("dddddddddd", 0.001, True),
    ],
    ids=["a key held down", "a fast hand", "a hand", "a paste", "a paste of one letter"],
)
def test_a_hand_is_told_from_a_paste(keys: str, between: float, expected: bool) -> None:
    assert Metronome(between).burst(keys) is expected


class Laggard:
    """A screen that is busy: it looks at a key only every 60 ms, whenever that came in."""

    def __init__(self) -> None:
        self.now, self.refused = 100.0, 0
        self.did: list[str] = []
        self.waiting: list[tuple[str, float]] = []
        self._timers: list[tuple[float, Callable[[], None]]] = []
        self._haste = Haste(
            self._refuse,
            later=lambda seconds, then: self._timers.append((self.now + seconds, then)),
            monotonic=lambda: self.now,
            is_behind=lambda: bool(self.waiting),
        )

    def work(self) -> None:
        while self.waiting or self._timers:
            self.now += 0.06
            due = [timer for timer in self._timers if timer[0] <= self.now]
            self._timers = [timer for timer in self._timers if timer not in due]
            for _, then in due:
                then()
            if self.waiting:
                key, at = self.waiting.pop(0)
                self._haste.press(key, partial(self.did.append, key), at=at)

    def _refuse(self) -> None:
        self.refused += 1


def test_a_paste_that_is_looked_at_slowly_is_still_a_paste() -> None:
    busy = Laggard()
    busy.waiting = [(key, 99.0 + n / 1000) for n, key in enumerate("sadfpr")]
    busy.work()
    assert (busy.did, busy.refused) == ([], 1)


def test_what_a_hand_pressed_while_the_screen_was_busy_is_done() -> None:
    busy = Laggard()
    busy.waiting = [(key, 98.0 + n / 5) for n, key in enumerate("sadfpr")]
    busy.work()
    assert (busy.did, busy.refused) == (list("sadfpr"), 0)


def test_a_timer_that_is_late_tells_that_keys_may_have_come_in_unseen() -> None:
    timers: list[Callable[[], None]] = []
    did: list[str] = []
    clock = Metronome(0.0)
    haste = Haste(
        lambda: did.append("refused"),
        later=lambda _, then: timers.append(then),
        monotonic=lambda: clock.now,
        is_behind=lambda: False,
    )
    haste.press("s", lambda: did.append("s"), at=0.0)
    clock.now = 1.0
    timers.pop()()
    for n, key in enumerate("adfpr", start=1):
        haste.press(key, partial(did.append, key), at=n / 1000)
    clock.now += DELAY
    timers.pop()()
    assert did == ["refused"]


def test_the_running_log_comes_first_and_stays_after_its_end(tmp_path: Path) -> None:
    flying = entry(1, "a", state=EntryState.TESTING, log="/logs/a")
    other = entry(2, "b", log="/logs/b")
    during = PictureTaken(picture(tmp_path, flying, other))
    shown = follow(None, during, other, by_hand=False)
    assert shown == Followed(repository="shop", entry="e1", branch="a", path=Path("/logs/a"), running=True)
    back = replace(flying, state=EntryState.SENT_BACK)
    after = PictureTaken(picture(tmp_path, back, other))
    kept = follow(shown, after, other, by_hand=False)
    assert kept.path == Path("/logs/a")
    assert ended_red(shown, kept, after)
    assert not ended_red(kept, follow(kept, after, other, by_hand=False), after)
    assert follow(kept, after, other, by_hand=True).path == Path("/logs/b")


def seen(tmp_path: Path, entries: Sequence[Entry], *facts: Event) -> PictureTaken:
    world = World(
        tmp_path, {"shop": queue_of(*entries, advance=Advance(holder=JOE, mode="auto", since=NOON))}
    )
    return PictureTaken(remember(world, facts).bridge.picture("shop"))


def test_when_a_green_retest_ends_the_pane_goes_to_where_the_operator_went_meanwhile(tmp_path: Path) -> None:
    rail, waits = Rail(), entry(2, "b")
    started: list[Event] = [rail.built("a"), rail.started("a")]
    ended = rail.ended("a")
    during = seen(tmp_path, [entry(1, "a", state=EntryState.TESTING), waits], *started)
    after = seen(tmp_path, [waits], *started, ended, rail.over("a"))
    watched = follow(follow(None, during, None, by_hand=False), during, waits, by_hand=True)
    watched = follow(watched, during, waits, by_hand=False)
    assert watched.branch == "a"
    assert follow(watched, after, waits, by_hand=False).branch == "b"


@pytest.mark.parametrize("came", [None, Coded(Reason.RETEST_FAILED, "exit code 1")])
def test_what_ended_stays_where_the_operator_did_not_move_or_it_is_red(
    tmp_path: Path, came: Coded | None
) -> None:
    rail, waits = Rail(), entry(2, "b")
    started: list[Event] = [rail.built("a"), rail.started("a")]
    ended = rail.ended("a", came)
    during = seen(tmp_path, [entry(1, "a", state=EntryState.TESTING), waits], *started)
    after = seen(tmp_path, [waits], *started, ended)
    watched = follow(None, during, waits, by_hand=came is not None)
    assert follow(watched, after, waits, by_hand=False).branch == "a"


def test_the_title_of_a_log_says_how_its_retest_ended(tmp_path: Path) -> None:
    rail = Rail()
    green = entry(1, "a", log=rail.log("a"))
    red = entry(
        2, "b", state=EntryState.SENT_BACK, log="/logs/b", reason=Coded(Reason.RETEST_FAILED, "exit code 1")
    )
    taken = seen(tmp_path, [green, red], rail.built("a"), rail.started("a"), rail.ended("a"))
    titles = [captions(follow(None, taken, one, by_hand=True))[0] for one in (green, red)]
    assert titles == ["4 Retest · passed · a", "4 Retest · red: retest failed: exit code 1 · b"]
    assert [ending(one, taken.picture.train) for one in (green, red)] == [
        "passed",
        "red: retest failed: exit code 1",
    ]


def test_what_was_sent_back_for_something_else_did_not_end_red(tmp_path: Path) -> None:
    back = entry(
        1, "a", state=EntryState.SENT_BACK, log="/logs/a", reason=Coded(Reason.CONFLICT, "setup.cfg")
    )
    taken = seen(tmp_path, [back])
    assert captions(follow(None, taken, back, by_hand=True))[0] == "4 Retest · a"
    assert ending(back, taken.picture.train) == ""


def test_the_pane_of_an_entry_that_is_caught_up_tells_what_comes(tmp_path: Path) -> None:
    flying = entry(1, "a", state=EntryState.CATCHING_UP)
    shown = follow(None, PictureTaken(picture(tmp_path, flying)), flying, by_hand=False)
    assert captions(shown) == ("4 Retest · a", "caught up first, then tested")


def test_the_selected_entry_is_followed_among_several_that_run(tmp_path: Path) -> None:
    first = entry(1, "a", state=EntryState.TESTING, log="/logs/a")
    second = entry(2, "b", state=EntryState.TESTING, log="/logs/b", priority=Priority.LOW)
    taken = PictureTaken(picture(tmp_path, first, second))
    assert follow(None, taken, second, by_hand=True).branch == "b"
